-- What was read when and what it proved: runs (a window of a track each), the holes they found, and what is proven
-- complete.

ALTER TABLE streams ADD COLUMN every BIGINT;  -- seconds between two windows; absent: as the engine is set
ALTER TABLE streams ADD COLUMN phase TEXT COLLATE "C" NOT NULL DEFAULT 'reading'; -- reading | comparing | proving
ALTER TABLE streams ADD COLUMN run_id TEXT COLLATE "C";    -- of the window being read, or read last

CREATE TABLE runs (
    tenant_id        TEXT COLLATE "C"    NOT NULL,
    connection_id    TEXT COLLATE "C"    NOT NULL,
    run_id           TEXT COLLATE "C"    NOT NULL,
    stream           TEXT COLLATE "C"    NOT NULL,
    track            TEXT COLLATE "C"    NOT NULL,
    kind             TEXT COLLATE "C"    NOT NULL,
    phase            TEXT COLLATE "C"    NOT NULL, -- reading | comparing | proving | done | stopped
    since            BIGINT,
    until            BIGINT,
    started_at       BIGINT NOT NULL,
    updated_at       BIGINT NOT NULL,
    ended_at         BIGINT,
    pages            BIGINT NOT NULL DEFAULT 0,
    records          BIGINT NOT NULL DEFAULT 0,
    total            BIGINT,
    changed          BIGINT NOT NULL DEFAULT 0, -- records that look different since
    holes            BIGINT NOT NULL DEFAULT 0, -- of them, those that nothing had told of
    gone             BIGINT NOT NULL DEFAULT 0, -- records found missing at the source
    gone_unconfirmed BIGINT NOT NULL DEFAULT 0, -- of them, since a person looked
    warnings         TEXT COLLATE "C"    NOT NULL DEFAULT '[]',
    last_error       TEXT COLLATE "C",
    proof            TEXT COLLATE "C",                       -- JSON
    PRIMARY KEY (tenant_id, connection_id, run_id),
    FOREIGN KEY (tenant_id, connection_id) REFERENCES connections (tenant_id, connection_id)
);
CREATE INDEX runs_by_start ON runs (tenant_id, connection_id, started_at, run_id);

-- A record that differed from the source although nothing had told of it, and what mended it.
CREATE TABLE holes (
    tenant_id     TEXT COLLATE "C"    NOT NULL,
    connection_id TEXT COLLATE "C"    NOT NULL,
    run_id        TEXT COLLATE "C"    NOT NULL,
    kind          TEXT COLLATE "C"    NOT NULL,
    source_id     TEXT COLLATE "C"    NOT NULL,
    stream        TEXT COLLATE "C"    NOT NULL,
    what          TEXT COLLATE "C"    NOT NULL, -- absent | stale | deleted | reinstated
    cause         TEXT COLLATE "C"    NOT NULL, -- not_told | unsubscribed | changed_silently
    found_at      BIGINT NOT NULL,
    repaired_at   BIGINT,
    PRIMARY KEY (tenant_id, connection_id, run_id, kind, source_id)
);
CREATE INDEX holes_by_time ON holes (tenant_id, connection_id, found_at);

-- Per stream: every record that the source changed from `since` (from its first one when absent) through `through` was
-- read after that change.
CREATE TABLE coverage (
    tenant_id     TEXT COLLATE "C"    NOT NULL,
    connection_id TEXT COLLATE "C"    NOT NULL,
    stream        TEXT COLLATE "C"    NOT NULL,
    kind          TEXT COLLATE "C"    NOT NULL,
    since         BIGINT,
    through       BIGINT NOT NULL,
    gap_from      BIGINT, -- nothing is proven between these two
    gap_until     BIGINT,
    run_id        TEXT COLLATE "C"    NOT NULL, -- proved it last
    track         TEXT COLLATE "C"    NOT NULL,
    proved_at     BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, connection_id, stream)
);

SELECT ordercase_wall('runs');
SELECT ordercase_wall('holes');
SELECT ordercase_wall('coverage');

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
