-- dot_at is committed before the final dot of a submission leaves: without it
-- the relay cannot have the mail. tell_at is when staff are told of a doubt for
-- which no evidence has come; null: it is no doubt, or they were told.
alter table outbox add dot_at timestamptz, add tell_at timestamptz;
update outbox set dot_at = sending_at where state = 'sending';
create index outbox_tell on outbox (tell_at) where state = 'in_doubt' and tell_at is not null;
