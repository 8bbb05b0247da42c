-- The daily digest and the recount of limits walk the open cases, however many
-- closed ones lie beside them.
create index cases_open on cases (ref) where open;
