-- How many automatic mails have gone out within the hour, and how many letters
-- were issued within the day.
create index outbox_auto_first on outbox (first_at) where auto and first_at is not null;
create index letters_issued on letters (issued_at);
drop index outbox_auto_at;
