-- What came in and what to read next: receipts, streams, and the accounts that prove nothing was dropped.

CREATE TABLE receipts (
    tenant_id   TEXT    NOT NULL,
    receipt_id  TEXT    NOT NULL,
    owner_kind  TEXT    NOT NULL, -- connection | desk
    owner_id    TEXT    NOT NULL,
    stream      TEXT    NOT NULL, -- whose account it counts in
    kind        TEXT    NOT NULL, -- webhook | desk_event | record_change
    topic       TEXT    NOT NULL,
    dedupe_key  TEXT    NOT NULL,
    entity_key  TEXT    NOT NULL, -- one at a time per owner and entity
    lane        TEXT    NOT NULL, -- agent | live | poll | backfill
    headers     TEXT    NOT NULL DEFAULT '[]',
    encoding    TEXT    NOT NULL, -- text | base64
    body        TEXT    NOT NULL,
    occurred_at INTEGER,
    received_at INTEGER NOT NULL,
    state       TEXT    NOT NULL, -- pending | applied | superseded | duplicate | ignored | dead
    reason      TEXT,
    repeats     INTEGER NOT NULL DEFAULT 0, -- deliveries after the first
    due_at      INTEGER NOT NULL,
    attempts    INTEGER NOT NULL DEFAULT 0,
    holder      TEXT,
    lease_until INTEGER,
    last_error  TEXT,
    settled_at  INTEGER,
    PRIMARY KEY (tenant_id, receipt_id),
    UNIQUE (tenant_id, owner_id, dedupe_key)
);
CREATE INDEX receipts_due ON receipts (lane, tenant_id, due_at, receipt_id) WHERE state = 'pending';
CREATE INDEX receipts_by_entity ON receipts (tenant_id, owner_id, entity_key, due_at) WHERE state = 'pending';
CREATE INDEX receipts_dead ON receipts (tenant_id, settled_at) WHERE state = 'dead';

-- A stream's tracks: `backfill` walks all of history once, `poll` reads what changed, again and again.
CREATE TABLE streams (
    tenant_id     TEXT    NOT NULL,
    connection_id TEXT    NOT NULL,
    stream        TEXT    NOT NULL,
    track         TEXT    NOT NULL, -- backfill | poll
    kind          TEXT    NOT NULL,
    comparability TEXT    NOT NULL,
    page_limit    INTEGER NOT NULL,
    lane          TEXT    NOT NULL,
    state         TEXT    NOT NULL, -- pending | done | parked
    since         INTEGER,          -- of the window being read
    until         INTEGER,
    cursor        TEXT,
    watermark     INTEGER,          -- newest change time seen, by the source's clock
    pages         INTEGER NOT NULL DEFAULT 0,
    records       INTEGER NOT NULL DEFAULT 0,
    total         INTEGER,
    restarts      INTEGER NOT NULL DEFAULT 0,
    due_at        INTEGER NOT NULL,
    attempts      INTEGER NOT NULL DEFAULT 0,
    holder        TEXT,
    lease_until   INTEGER,
    last_error    TEXT,
    started_at    INTEGER,
    finished_at   INTEGER,
    PRIMARY KEY (tenant_id, connection_id, stream, track),
    FOREIGN KEY (tenant_id, connection_id) REFERENCES connections (tenant_id, connection_id)
);
CREATE INDEX streams_due ON streams (lane, tenant_id, due_at) WHERE state = 'pending';

-- received = applied + superseded + duplicate + ignored + dead + pending, per stream and way in, at any moment.
-- Rows of `via = 'inbox'` must also equal a recount of `receipts`.
CREATE TABLE accounts (
    tenant_id   TEXT    NOT NULL,
    owner_id    TEXT    NOT NULL,
    stream      TEXT    NOT NULL,
    via         TEXT    NOT NULL, -- inbox | page
    received    INTEGER NOT NULL DEFAULT 0,
    applied     INTEGER NOT NULL DEFAULT 0,
    superseded  INTEGER NOT NULL DEFAULT 0,
    duplicate   INTEGER NOT NULL DEFAULT 0,
    ignored     INTEGER NOT NULL DEFAULT 0,
    dead        INTEGER NOT NULL DEFAULT 0,
    pending     INTEGER NOT NULL DEFAULT 0,
    unverified  INTEGER NOT NULL DEFAULT 0, -- never received: refused at the door
    PRIMARY KEY (tenant_id, owner_id, stream, via)
);
