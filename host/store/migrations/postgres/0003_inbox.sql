-- What came in and what to read next: receipts, streams, and the accounts that prove nothing was dropped.

CREATE TABLE receipts (
    tenant_id   TEXT COLLATE "C" NOT NULL,
    receipt_id  TEXT COLLATE "C" NOT NULL,
    owner_kind  TEXT COLLATE "C" NOT NULL, -- connection | desk
    owner_id    TEXT COLLATE "C" NOT NULL,
    stream      TEXT COLLATE "C" NOT NULL, -- whose account it counts in
    kind        TEXT COLLATE "C" NOT NULL, -- webhook | desk_event | record_change
    topic       TEXT COLLATE "C" NOT NULL,
    dedupe_key  TEXT COLLATE "C" NOT NULL,
    entity_key  TEXT COLLATE "C" NOT NULL, -- one at a time per owner and entity
    lane        TEXT COLLATE "C" NOT NULL, -- agent | live | poll | backfill
    headers     TEXT COLLATE "C" NOT NULL DEFAULT '[]',
    encoding    TEXT COLLATE "C" NOT NULL, -- text | base64
    body        TEXT COLLATE "C" NOT NULL,
    occurred_at BIGINT,
    received_at BIGINT NOT NULL,
    state       TEXT COLLATE "C" NOT NULL, -- pending | applied | superseded | duplicate | ignored | dead
    reason      TEXT COLLATE "C",
    repeats     BIGINT NOT NULL DEFAULT 0, -- deliveries after the first
    due_at      BIGINT NOT NULL,
    attempts    BIGINT NOT NULL DEFAULT 0,
    holder      TEXT COLLATE "C",
    lease_until BIGINT,
    last_error  TEXT COLLATE "C",
    settled_at  BIGINT,
    PRIMARY KEY (tenant_id, receipt_id),
    UNIQUE (tenant_id, owner_id, dedupe_key)
) PARTITION BY HASH (tenant_id);
SELECT ordercase_split('receipts');
CREATE INDEX receipts_due ON receipts (lane, tenant_id, due_at, receipt_id) WHERE state = 'pending';
CREATE INDEX receipts_by_entity ON receipts (tenant_id, owner_id, entity_key, due_at) WHERE state = 'pending';
CREATE INDEX receipts_dead ON receipts (tenant_id, settled_at) WHERE state = 'dead';

-- A stream's tracks: `backfill` walks all of history once, `poll` reads what changed, again and again.
CREATE TABLE streams (
    tenant_id     TEXT COLLATE "C" NOT NULL,
    connection_id TEXT COLLATE "C" NOT NULL,
    stream        TEXT COLLATE "C" NOT NULL,
    track         TEXT COLLATE "C" NOT NULL, -- backfill | poll
    kind          TEXT COLLATE "C" NOT NULL,
    comparability TEXT COLLATE "C" NOT NULL,
    page_limit    BIGINT NOT NULL,
    lane          TEXT COLLATE "C" NOT NULL,
    state         TEXT COLLATE "C" NOT NULL, -- pending | done | parked
    since         BIGINT,          -- of the window being read
    until         BIGINT,
    cursor        TEXT COLLATE "C",
    watermark     BIGINT,          -- newest change time seen, by the source's clock
    pages         BIGINT NOT NULL DEFAULT 0,
    records       BIGINT NOT NULL DEFAULT 0,
    total         BIGINT,
    restarts      BIGINT NOT NULL DEFAULT 0,
    due_at        BIGINT NOT NULL,
    attempts      BIGINT NOT NULL DEFAULT 0,
    holder        TEXT COLLATE "C",
    lease_until   BIGINT,
    last_error    TEXT COLLATE "C",
    started_at    BIGINT,
    finished_at   BIGINT,
    PRIMARY KEY (tenant_id, connection_id, stream, track),
    FOREIGN KEY (tenant_id, connection_id) REFERENCES connections (tenant_id, connection_id)
);
CREATE INDEX streams_due ON streams (lane, tenant_id, due_at) WHERE state = 'pending';

-- received = applied + superseded + duplicate + ignored + dead + pending, per stream and way in, at any moment.
-- Rows of `via = 'inbox'` must also equal a recount of `receipts`.
CREATE TABLE accounts (
    tenant_id   TEXT COLLATE "C" NOT NULL,
    owner_id    TEXT COLLATE "C" NOT NULL,
    stream      TEXT COLLATE "C" NOT NULL,
    via         TEXT COLLATE "C" NOT NULL, -- inbox | page
    received    BIGINT NOT NULL DEFAULT 0,
    applied     BIGINT NOT NULL DEFAULT 0,
    superseded  BIGINT NOT NULL DEFAULT 0,
    duplicate   BIGINT NOT NULL DEFAULT 0,
    ignored     BIGINT NOT NULL DEFAULT 0,
    dead        BIGINT NOT NULL DEFAULT 0,
    pending     BIGINT NOT NULL DEFAULT 0,
    unverified  BIGINT NOT NULL DEFAULT 0, -- never received: refused at the door
    PRIMARY KEY (tenant_id, owner_id, stream, via)
);

SELECT ordercase_wall('receipts');
SELECT ordercase_wall('streams');
SELECT ordercase_wall('accounts');
