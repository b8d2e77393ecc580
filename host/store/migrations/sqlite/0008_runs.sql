-- What was read when and what it proved: runs (a window of a track each), the holes they found, and what is proven
-- complete.

ALTER TABLE streams ADD COLUMN every INTEGER;  -- seconds between two windows; absent: as the engine is set
ALTER TABLE streams ADD COLUMN phase TEXT NOT NULL DEFAULT 'reading'; -- reading | comparing | proving
ALTER TABLE streams ADD COLUMN run_id TEXT;    -- of the window being read, or read last

CREATE TABLE runs (
    tenant_id        TEXT    NOT NULL,
    connection_id    TEXT    NOT NULL,
    run_id           TEXT    NOT NULL,
    stream           TEXT    NOT NULL,
    track            TEXT    NOT NULL,
    kind             TEXT    NOT NULL,
    phase            TEXT    NOT NULL, -- reading | comparing | proving | done | stopped
    since            INTEGER,
    until            INTEGER,
    started_at       INTEGER NOT NULL,
    updated_at       INTEGER NOT NULL,
    ended_at         INTEGER,
    pages            INTEGER NOT NULL DEFAULT 0,
    records          INTEGER NOT NULL DEFAULT 0,
    total            INTEGER,
    changed          INTEGER NOT NULL DEFAULT 0, -- records that look different since
    holes            INTEGER NOT NULL DEFAULT 0, -- of them, those that nothing had told of
    gone             INTEGER NOT NULL DEFAULT 0, -- records found missing at the source
    gone_unconfirmed INTEGER NOT NULL DEFAULT 0, -- of them, since a person looked
    warnings         TEXT    NOT NULL DEFAULT '[]',
    last_error       TEXT,
    proof            TEXT,                       -- JSON
    PRIMARY KEY (tenant_id, connection_id, run_id),
    FOREIGN KEY (tenant_id, connection_id) REFERENCES connections (tenant_id, connection_id)
);
CREATE INDEX runs_by_start ON runs (tenant_id, connection_id, started_at, run_id);

-- A record that differed from the source although nothing had told of it, and what mended it.
CREATE TABLE holes (
    tenant_id     TEXT    NOT NULL,
    connection_id TEXT    NOT NULL,
    run_id        TEXT    NOT NULL,
    kind          TEXT    NOT NULL,
    source_id     TEXT    NOT NULL,
    stream        TEXT    NOT NULL,
    what          TEXT    NOT NULL, -- absent | stale | deleted | reinstated
    cause         TEXT    NOT NULL, -- not_told | unsubscribed | changed_silently
    found_at      INTEGER NOT NULL,
    repaired_at   INTEGER,
    PRIMARY KEY (tenant_id, connection_id, run_id, kind, source_id)
);
CREATE INDEX holes_by_time ON holes (tenant_id, connection_id, found_at);

-- Per stream: every record that the source changed from `since` (from its first one when absent) through `through` was
-- read after that change.
CREATE TABLE coverage (
    tenant_id     TEXT    NOT NULL,
    connection_id TEXT    NOT NULL,
    stream        TEXT    NOT NULL,
    kind          TEXT    NOT NULL,
    since         INTEGER,
    through       INTEGER NOT NULL,
    gap_from      INTEGER, -- nothing is proven between these two
    gap_until     INTEGER,
    run_id        TEXT    NOT NULL, -- proved it last
    track         TEXT    NOT NULL,
    proved_at     INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, connection_id, stream)
);

-- Orders that are not final, for rolling re-reads.
CREATE INDEX records_open ON records (tenant_id, connection_id, kind, seen_at)
    WHERE deleted = 0 AND state IN ('pending', 'open', 'on_hold');

-- Streams that were opened before get their new tracks.
INSERT INTO streams (tenant_id, connection_id, stream, track, kind, comparability, page_limit, lane, state, due_at)
    SELECT tenant_id, connection_id, stream, 'reconcile', kind, comparability, page_limit, 'reconcile', 'pending', due_at
    FROM streams WHERE track = 'poll';
INSERT INTO streams (tenant_id, connection_id, stream, track, kind, comparability, page_limit, lane, state, due_at)
    SELECT tenant_id, connection_id, stream, 'sweep', kind, comparability, page_limit, 'reconcile', 'pending', due_at
    FROM streams WHERE track = 'poll';
INSERT INTO streams (tenant_id, connection_id, stream, track, kind, comparability, page_limit, lane, state, due_at)
    SELECT tenant_id, connection_id, stream, 'reread', kind, comparability, page_limit, 'reconcile', 'pending', due_at
    FROM streams WHERE track = 'poll' AND kind = 'order' AND comparability = 'equality';
