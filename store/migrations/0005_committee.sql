-- Members of the committee sit in a capacity, for a term, and some of them in
-- the place of another.
alter table staff add capacity text not null default '', add term date, add alternate_for text not null default '';

-- A meeting of the committee is a stream of its own; this row is its sum. head
-- is the hash of the last event.
create table meetings (
    ref    text primary key check (ref ~ '^M[0-9]{4}-[0-9]{4,7}$'),
    seq    int not null check (seq > 0),
    head   bytea not null check (octet_length(head) = 32),
    starts timestamptz not null,
    body   jsonb not null
);
create index meetings_starts on meetings (starts);

-- Minutes are letters too: of a meeting, and of no case.
alter table letters alter case_ref drop not null, add meeting text references meetings,
    add check (num_nonnulls(case_ref, meeting) = 1);
