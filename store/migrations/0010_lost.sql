-- The Message-IDs of those of our own mails that the database has forgotten for
-- good. A person has been told of each, so that they hold nothing again.
alter table rests add lost text[] not null default '{}';
create index rests_lost on rests using gin (lost);
