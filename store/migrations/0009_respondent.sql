-- How often something was upheld against a person is asked by the person: no
-- walk over closed cases. Cases on which no report is approved are left out, so
-- that taking a complaint in costs nothing.
create index cases_respondent on cases using gin ((body -> 'allegations') jsonb_path_ops) where body #>> '{report,approved_at}' is not null;
