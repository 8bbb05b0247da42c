-- What a new complaint may look like: the same words as an earlier mail, or the
-- number of a court case or contract that an open case names too.
create index messages_words on messages (md5(body ->> 'own_words')) where case_ref is not null;
create index cases_marks on cases using gin ((body -> 'marks')) where open;
