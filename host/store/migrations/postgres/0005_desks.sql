-- The help desk's side: what we last saw of a ticket, its case, the case's comments, and which records a ticket shows.

CREATE TABLE ticket_mirrors (
    tenant_id   TEXT COLLATE "C" NOT NULL,
    desk_id     TEXT COLLATE "C" NOT NULL,
    ticket_id   BIGINT NOT NULL,
    class       TEXT COLLATE "C" NOT NULL, -- match class
    body        TEXT COLLATE "C" NOT NULL, -- JSON of the desk
    revision    BIGINT NOT NULL, -- every commit of the ticket adds one; two writers cannot both win
    created_at  BIGINT NOT NULL,
    updated_at  BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, desk_id, ticket_id),
    FOREIGN KEY (tenant_id, desk_id) REFERENCES desks (tenant_id, desk_id)
) PARTITION BY HASH (tenant_id);
SELECT ordercase_split('ticket_mirrors');

CREATE TABLE cases (
    tenant_id   TEXT COLLATE "C" NOT NULL,
    desk_id     TEXT COLLATE "C" NOT NULL,
    ticket_id   BIGINT NOT NULL,
    case_id     TEXT COLLATE "C" NOT NULL,
    number      BIGINT NOT NULL, -- counts up per desk
    subject     TEXT COLLATE "C" NOT NULL,
    status      TEXT COLLATE "C" NOT NULL,
    priority    TEXT COLLATE "C",
    body        TEXT COLLATE "C" NOT NULL, -- JSON of the desk: fields, people, merge base
    created_at  BIGINT NOT NULL,
    updated_at  BIGINT NOT NULL,
    closed_at   BIGINT,
    PRIMARY KEY (tenant_id, desk_id, ticket_id),
    UNIQUE (tenant_id, case_id),
    UNIQUE (tenant_id, desk_id, number),
    FOREIGN KEY (tenant_id, desk_id) REFERENCES desks (tenant_id, desk_id)
) PARTITION BY HASH (tenant_id);
SELECT ordercase_split('cases');
CREATE INDEX cases_by_id ON cases (case_id);

CREATE TABLE case_numbers (
    tenant_id   TEXT COLLATE "C" NOT NULL,
    desk_id     TEXT COLLATE "C" NOT NULL,
    last        BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, desk_id)
);

CREATE TABLE case_comments (
    tenant_id   TEXT COLLATE "C" NOT NULL,
    desk_id     TEXT COLLATE "C" NOT NULL,
    ticket_id   BIGINT NOT NULL,
    comment_key TEXT COLLATE "C" NOT NULL, -- identity on both sides, made by the desk
    remote_id   BIGINT,          -- the ticket comment, once known
    origin      TEXT COLLATE "C" NOT NULL, -- ticket | case
    author      TEXT COLLATE "C" NOT NULL,
    body        TEXT COLLATE "C" NOT NULL,
    public      BIGINT NOT NULL,
    detail      TEXT COLLATE "C" NOT NULL DEFAULT '{}',
    created_at  BIGINT NOT NULL,
    updated_at  BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, desk_id, ticket_id, comment_key),
    FOREIGN KEY (tenant_id, desk_id, ticket_id) REFERENCES cases (tenant_id, desk_id, ticket_id)
) PARTITION BY HASH (tenant_id);
SELECT ordercase_split('case_comments');

-- A ticket follows the records it shows ...
CREATE TABLE ticket_records (
    tenant_id     TEXT COLLATE "C" NOT NULL,
    desk_id       TEXT COLLATE "C" NOT NULL,
    ticket_id     BIGINT NOT NULL,
    connection_id TEXT COLLATE "C" NOT NULL,
    kind          TEXT COLLATE "C" NOT NULL,
    source_id     TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (tenant_id, desk_id, ticket_id, connection_id, kind, source_id)
) PARTITION BY HASH (tenant_id);
SELECT ordercase_split('ticket_records');
CREATE INDEX ticket_records_by_record ON ticket_records (tenant_id, connection_id, kind, source_id);

-- ... and the keys that it looked for, so that a record which arrives later finds it.
CREATE TABLE ticket_watches (
    tenant_id   TEXT COLLATE "C" NOT NULL,
    desk_id     TEXT COLLATE "C" NOT NULL,
    ticket_id   BIGINT NOT NULL,
    key_kind    TEXT COLLATE "C" NOT NULL,
    key_value   TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (tenant_id, desk_id, ticket_id, key_kind, key_value)
) PARTITION BY HASH (tenant_id);
SELECT ordercase_split('ticket_watches');
CREATE INDEX ticket_watches_by_key ON ticket_watches (tenant_id, key_kind, key_value);

SELECT ordercase_wall('ticket_mirrors');
SELECT ordercase_wall('cases');
SELECT ordercase_wall('case_numbers');
SELECT ordercase_wall('case_comments');
SELECT ordercase_wall('ticket_records');
SELECT ordercase_wall('ticket_watches');
