-- The help desk's side: what we last saw of a ticket, its case, the case's comments, and which records a ticket shows.

CREATE TABLE ticket_mirrors (
    tenant_id   TEXT    NOT NULL,
    desk_id     TEXT    NOT NULL,
    ticket_id   INTEGER NOT NULL,
    class       TEXT    NOT NULL, -- match class
    body        TEXT    NOT NULL, -- JSON of the desk
    revision    INTEGER NOT NULL, -- every commit of the ticket adds one; two writers cannot both win
    created_at  INTEGER NOT NULL,
    updated_at  INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, desk_id, ticket_id),
    FOREIGN KEY (tenant_id, desk_id) REFERENCES desks (tenant_id, desk_id)
);

CREATE TABLE cases (
    tenant_id   TEXT    NOT NULL,
    desk_id     TEXT    NOT NULL,
    ticket_id   INTEGER NOT NULL,
    case_id     TEXT    NOT NULL,
    number      INTEGER NOT NULL, -- counts up per desk
    subject     TEXT    NOT NULL,
    status      TEXT    NOT NULL,
    priority    TEXT,
    body        TEXT    NOT NULL, -- JSON of the desk: fields, people, merge base
    created_at  INTEGER NOT NULL,
    updated_at  INTEGER NOT NULL,
    closed_at   INTEGER,
    PRIMARY KEY (tenant_id, desk_id, ticket_id),
    UNIQUE (tenant_id, case_id),
    UNIQUE (tenant_id, desk_id, number),
    FOREIGN KEY (tenant_id, desk_id) REFERENCES desks (tenant_id, desk_id)
);
CREATE INDEX cases_by_id ON cases (case_id);

CREATE TABLE case_numbers (
    tenant_id   TEXT    NOT NULL,
    desk_id     TEXT    NOT NULL,
    last        INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, desk_id)
);

CREATE TABLE case_comments (
    tenant_id   TEXT    NOT NULL,
    desk_id     TEXT    NOT NULL,
    ticket_id   INTEGER NOT NULL,
    comment_key TEXT    NOT NULL, -- identity on both sides, made by the desk
    remote_id   INTEGER,          -- the ticket comment, once known
    origin      TEXT    NOT NULL, -- ticket | case
    author      TEXT    NOT NULL,
    body        TEXT    NOT NULL,
    public      INTEGER NOT NULL,
    detail      TEXT    NOT NULL DEFAULT '{}',
    created_at  INTEGER NOT NULL,
    updated_at  INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, desk_id, ticket_id, comment_key),
    FOREIGN KEY (tenant_id, desk_id, ticket_id) REFERENCES cases (tenant_id, desk_id, ticket_id)
);

-- A ticket follows the records it shows ...
CREATE TABLE ticket_records (
    tenant_id     TEXT    NOT NULL,
    desk_id       TEXT    NOT NULL,
    ticket_id     INTEGER NOT NULL,
    connection_id TEXT    NOT NULL,
    kind          TEXT    NOT NULL,
    source_id     TEXT    NOT NULL,
    PRIMARY KEY (tenant_id, desk_id, ticket_id, connection_id, kind, source_id)
) WITHOUT ROWID;
CREATE INDEX ticket_records_by_record ON ticket_records (tenant_id, connection_id, kind, source_id);

-- ... and the keys that it looked for, so that a record which arrives later finds it.
CREATE TABLE ticket_watches (
    tenant_id   TEXT    NOT NULL,
    desk_id     TEXT    NOT NULL,
    ticket_id   INTEGER NOT NULL,
    key_kind    TEXT    NOT NULL,
    key_value   TEXT    NOT NULL,
    PRIMARY KEY (tenant_id, desk_id, ticket_id, key_kind, key_value)
) WITHOUT ROWID;
CREATE INDEX ticket_watches_by_key ON ticket_watches (tenant_id, key_kind, key_value);
