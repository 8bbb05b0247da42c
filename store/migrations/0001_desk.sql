-- The desk from nothing: what came in, what it made of it, what it sends.

-- Bytes, kept once under their SHA-256, in rows of at most 1 MiB so that a
-- large attachment is never held whole by the driver.
create table blobs (
    sha256     bytea primary key check (octet_length(sha256) = 32),
    size       bigint not null check (size >= 0),
    created_at timestamptz not null default now()
);
create table chunks (
    sha256 bytea not null references blobs,
    n      int not null check (n >= 0),
    bytes  bytea not null check (octet_length(bytes) <= 1048576),
    primary key (sha256, n)
);
alter table chunks alter bytes set storage external;

-- A case is the sum of its events; this row is that sum, with the columns that
-- are asked for often. head is the hash of the last event.
create table cases (
    ref           text primary key check (ref ~ '^T[0-9]{4}-[0-9]{4,7}$'),
    seq           int not null check (seq > 0),
    head          bytea not null check (octet_length(head) = 32),
    state         text not null check (state in (
        'REGISTERED', 'TRIAGE', 'INVESTIGATING', 'AWAITING_CLIENT', 'SUSPENDED', 'REPORT_REVIEW', 'COMMITTEE_PRE',
        'DECISION_DRAFT', 'DECIDED', 'APPEAL_LODGED', 'APPEAL_REVIEW', 'APPEAL_DECIDED', 'REMEDY', 'EXTERNAL',
        'CLOSED', 'ARCHIVED', 'NOT_COMPLAINT', 'DECLINED', 'REFERRED', 'MERGED', 'WITHDRAWN', 'NOT_PURSUED')),
    open          boolean not null,
    complainant   text not null,
    name          text not null,
    subject       text not null,
    handler       text not null,
    assignee      text not null,
    registered_at timestamptz not null,
    due           date,
    next_at       timestamptz,
    closed_at     timestamptz,
    body          jsonb not null
);
create index cases_due on cases (next_at) where open and next_at is not null;
create index cases_complainant on cases (complainant);
create index cases_handler on cases (handler) where open;

-- A received mail. body is the parsed mail as JSON; the bytes are blobs.
-- duplicate_of names a mail of the same content under another Message-ID.
create table messages (
    id           bigint generated always as identity primary key,
    sha256       bytea not null unique references blobs,
    message_id   text not null,
    content_hash text not null,
    class        text not null,
    from_addr    text not null,
    subject      text not null,
    case_ref     text references cases,
    duplicate_of bigint references messages,
    received_at  timestamptz not null,
    body         json not null
);
create unique index messages_copy on messages (message_id, content_hash) where message_id <> '';
create index messages_content on messages (content_hash) where content_hash <> '';
create index messages_case on messages (case_ref) where case_ref is not null;

-- Where and as which bytes a mail arrived. A server that gives a UID twice
-- must not make us lose the second mail, so the bytes belong to the key.
create table arrivals (
    mailbox     text not null,
    uidvalidity bigint not null check (uidvalidity between 0 and 4294967295),
    uid         bigint not null check (uid between 0 and 4294967295),
    sha256      bytea not null references blobs,
    message     bigint not null references messages,
    at          timestamptz not null,
    primary key (mailbox, uidvalidity, uid, sha256)
);
create index arrivals_message on arrivals (message);

-- The log: only ever added to, and chained within its stream (a case, or the
-- desk itself): hash = sha256(prev_hash, seq, at, by, kind, payload_hash).
create table events (
    stream       text not null,
    seq          int not null check (seq > 0),
    at           timestamptz not null,
    by           text not null,
    kind         text not null,
    message      bigint references messages,
    prev_hash    bytea not null check (octet_length(prev_hash) = 32),
    payload_hash bytea not null check (octet_length(payload_hash) = 32),
    hash         bytea not null check (octet_length(hash) = 32),
    primary key (stream, seq)
);
-- What an event says. json, not jsonb: the hash is of these very bytes. Erasing
-- a person's data empties body and leaves the chain whole.
create table payloads (
    stream    text not null,
    seq       int not null,
    body      json,
    erased_at timestamptz,
    primary key (stream, seq),
    foreign key (stream, seq) references events,
    check ((body is null) = (erased_at is not null))
);

create function append_only() returns trigger language plpgsql as $$
begin
    raise exception 'the table % is only ever added to', tg_table_name using errcode = 'integrity_constraint_violation';
end $$;
create trigger events_append_only before update or delete or truncate on events
    for each statement execute function append_only();
create trigger payloads_append_only before delete or truncate on payloads
    for each statement execute function append_only();
create trigger payloads_erase_only before update on payloads
    for each row when (new.body is not null or old.body is null or (new.stream, new.seq) is distinct from (old.stream, old.seq))
    execute function append_only();

-- Numbers without gaps: the row's lock is held until the number is used.
create table counters (
    series text not null,
    year   int not null,
    n      int not null check (n > 0),
    primary key (series, year)
);

-- Issued letters: the register of 发文字号.
create table letters (
    series     text not null,
    year       int not null,
    number     int not null check (number > 0),
    case_ref   text not null references cases,
    no         int not null check (no > 0),
    kind       text not null,
    issued_at  timestamptz not null,
    draft_hash text not null,
    pdf_sha256 bytea check (octet_length(pdf_sha256) = 32),
    primary key (series, year, number),
    unique (case_ref, no)
);

-- Outgoing mail. key names the effect, so that nothing is said twice. epoch
-- counts claims and fences the results of earlier ones; attempt counts
-- submissions begun. Leases and due times are by the database's clock.
create table outbox (
    id          bigint generated always as identity primary key,
    key         text not null unique check (key <> ''),
    case_ref    text references cases,
    to_addr     text not null check (to_addr <> ''),
    auto        boolean not null,
    mail        json not null,
    created_at  timestamptz not null,
    state       text not null default 'ready' check (state in
        ('ready', 'composing', 'sending', 'retry', 'accepted', 'failed', 'in_doubt', 'settled')),
    held        boolean not null default false,
    due_at      timestamptz not null default now(),
    epoch       bigint not null default 0,
    attempt     int not null default 0,
    owner       text not null default '',
    lease_until timestamptz,
    frozen      bytea references blobs,
    frozen_at   timestamptz,
    message_id  text unique,
    mail_from   text,
    rcpt_to     text,
    first_at    timestamptz,
    sending_at  timestamptz,
    done_at     timestamptz,
    code        int not null default 0,
    reply       text not null default '',
    journal_at  timestamptz,
    settled_by  text not null default '',
    settled_why text not null default '',
    check ((state in ('composing', 'sending')) = (lease_until is not null)),
    check ((frozen is null) = (message_id is null) and (frozen is null) = (mail_from is null) and (frozen is null) = (rcpt_to is null)),
    check (frozen is not null or state in ('ready', 'composing', 'retry', 'failed')),
    check (state <> 'settled' or settled_by <> '')
);
create index outbox_due on outbox (due_at, id) where state in ('ready', 'retry') and not held;
create index outbox_order on outbox (case_ref, to_addr, id) where state in ('ready', 'composing', 'sending', 'retry');
create index outbox_lease on outbox (lease_until) where lease_until is not null;
create index outbox_case on outbox (case_ref);
create index outbox_auto on outbox (to_addr, created_at) where auto;
create index outbox_auto_at on outbox (created_at) where auto;

-- Every submission begun and how it ended; state is empty while it is not known.
create table attempts (
    outbox   bigint not null references outbox,
    epoch    bigint not null,
    owner    text not null,
    began_at timestamptz not null,
    ended_at timestamptz,
    state    text not null default '',
    code     int not null default 0,
    reply    text not null default '',
    primary key (outbox, epoch)
);

-- Mail that was kept but not taken in, and mail for a person to place.
create table quarantine (
    id          bigint generated always as identity primary key,
    sha256      bytea not null references blobs,
    message     bigint references messages,
    mailbox     text not null,
    uidvalidity bigint not null,
    uid         bigint not null,
    from_addr   text not null,
    subject     text not null,
    reason      text not null check (reason <> ''),
    guess       text not null,
    held_at     timestamptz not null,
    state       text not null default 'held' check (state in ('held', 'retry', 'taken', 'discarded')),
    by          text not null default '',
    why         text not null default '',
    changed_at  timestamptz,
    unique (sha256, mailbox, uidvalidity, uid),
    check (state <> 'discarded' or why <> '')
);
create index quarantine_open on quarantine (state, id) where state in ('held', 'retry');

-- The staff register and the working-day tables as they stand; how they came
-- to be so is in the stream of the desk.
create table staff (
    address    text primary key check (address = lower(address) and address <> ''),
    name       text not null,
    department text not null,
    roles      text not null,
    manager    text not null,
    active     boolean not null,
    licence    text not null
);
create table calendars (
    jurisdiction text not null,
    year         int not null check (year between 1949 and 9999),
    status       text not null check (status in ('official', 'provisional')),
    body         json not null,
    primary key (jurisdiction, year)
);

-- Secrets that the desk makes for itself, newest first within a name.
create table secrets (
    name text not null,
    n    int not null check (n > 0),
    key  bytea not null check (octet_length(key) >= 32),
    primary key (name, n)
);

-- Who holds something of which there is one: each new holder has a higher epoch.
create table epochs (
    name  text primary key,
    epoch bigint not null check (epoch > 0)
);

-- Texts are compressed by lz4 where the server has it (PostgreSQL 14, built
-- with it): the default costs a tenth of the time of taking in a mail.
do $$
begin
    execute 'alter table messages alter body set compression lz4';
    execute 'alter table payloads alter body set compression lz4';
    execute 'alter table cases alter body set compression lz4';
    execute 'alter table outbox alter mail set compression lz4';
exception when feature_not_supported or syntax_error or invalid_parameter_value then
    null;
end $$;
