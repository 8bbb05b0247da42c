-- Commands that wait for a one-time code, which is kept as its SHA-256.
create table confirmations (
    code       bytea primary key check (octet_length(code) = 32),
    person     text not null,
    case_ref   text not null,
    digest     text not null,
    message    bigint not null references messages,
    expires_at timestamptz not null,
    used_at    timestamptz,
    used_by    bigint references messages
);

-- Reply addresses and codes that were not their sender's, so that whoever
-- tries many is noticed.
create table misuses (
    at        timestamptz not null,
    from_addr text not null,
    what      text not null,
    message   bigint references messages
);
create index misuses_at on misuses (at);

-- A key that signed until another took its place verifies until the last token
-- it signed has expired, or until it is revoked.
alter table secrets add made_at timestamptz not null default now(), add revoked_at timestamptz;
