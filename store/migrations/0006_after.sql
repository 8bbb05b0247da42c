-- What was promised is carried out, and the client asked, after the end of a
-- case too: a closed case may have something coming. Most have nothing.
drop index cases_due;
create index cases_due on cases (next_at) where next_at is not null;
