-- While there is a row without an end all outgoing mail rests: the database has
-- gone back behind what the desk has sent, and somebody must look first.
create table rests (
    id       bigint generated always as identity primary key,
    since    timestamptz not null,
    reason   text not null check (reason <> ''),
    ended_at timestamptz,
    ended_by text not null default '',
    why      text not null default ''
);
create unique index rests_one on rests ((true)) where ended_at is null;
