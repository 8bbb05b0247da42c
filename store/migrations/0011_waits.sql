-- Mails that wait in the inbox because something could not be asked, by their
-- bytes: since when, so that a restart of the daemon does not begin anew.
create table waits (
    sha256 bytea primary key,
    since  timestamptz not null
);
