-- What is true at the shops: canonical records, the keys they are found by, the raw answers they came from.

CREATE TABLE records (
    tenant_id         TEXT COLLATE "C" NOT NULL,
    connection_id     TEXT COLLATE "C" NOT NULL,
    kind              TEXT COLLATE "C" NOT NULL,
    source_id         TEXT COLLATE "C" NOT NULL,
    parent_kind       TEXT COLLATE "C",
    parent_id         TEXT COLLATE "C",
    schema_id         TEXT COLLATE "C" NOT NULL,
    body              TEXT COLLATE "C",              -- absent while only a tombstone is known
    body_hash         TEXT COLLATE "C" NOT NULL,  -- SHA-256 of `body`
    completeness      TEXT COLLATE "C" NOT NULL,  -- full | partial:core,lines,...
    missing           TEXT COLLATE "C" NOT NULL DEFAULT '{}',
    warnings          TEXT COLLATE "C" NOT NULL DEFAULT '[]',
    api_version       TEXT COLLATE "C",
    plugin_digest     TEXT COLLATE "C" NOT NULL,
    raw_refs          TEXT COLLATE "C" NOT NULL DEFAULT '[]',
    -- The stamp of the newest snapshot: what the next one is compared with.
    source_version    TEXT COLLATE "C",
    source_updated_at BIGINT,
    observed_at       BIGINT NOT NULL,
    event_at          BIGINT,
    path              TEXT COLLATE "C" NOT NULL,
    snapshot_hash     TEXT COLLATE "C" NOT NULL,  -- SHA-256 of the body as it was emitted
    stamps            TEXT COLLATE "C",              -- JSON, only groups whose stamp differs from the columns above
    seen_at           BIGINT NOT NULL,  -- newest moment at which the source had it
    gone_at           BIGINT,           -- newest moment at which the source did not
    gone_reason       TEXT COLLATE "C",
    merged_into       TEXT COLLATE "C",
    purged            BIGINT NOT NULL DEFAULT 0,
    deleted           BIGINT NOT NULL DEFAULT 0,
    -- For lists.
    placed_at         BIGINT,
    state             TEXT COLLATE "C",
    first_seen_at     BIGINT NOT NULL,
    changed_at        BIGINT NOT NULL,
    revision          BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, connection_id, kind, source_id),
    FOREIGN KEY (tenant_id, connection_id) REFERENCES connections (tenant_id, connection_id)
) PARTITION BY HASH (tenant_id);
SELECT ordercase_split('records');
CREATE INDEX records_by_parent ON records (tenant_id, connection_id, parent_kind, parent_id) WHERE parent_id IS NOT NULL;
CREATE INDEX records_by_placed ON records (tenant_id, connection_id, kind, placed_at);

CREATE TABLE record_keys (
    tenant_id     TEXT COLLATE "C" NOT NULL,
    key_kind      TEXT COLLATE "C" NOT NULL, -- email | phone | phone_digits | number | number_search | number_digits | tracking | customer | ref
    key_value     TEXT COLLATE "C" NOT NULL,
    connection_id TEXT COLLATE "C" NOT NULL,
    kind          TEXT COLLATE "C" NOT NULL,
    source_id     TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (tenant_id, key_kind, key_value, connection_id, kind, source_id)
) PARTITION BY HASH (tenant_id);
SELECT ordercase_split('record_keys');
CREATE INDEX record_keys_by_record ON record_keys (tenant_id, connection_id, kind, source_id);

-- One body of a raw set, stored once and shared by all records of its page.
CREATE TABLE raw_bodies (
    tenant_id     TEXT COLLATE "C" NOT NULL,
    connection_id TEXT COLLATE "C" NOT NULL,
    raw_id        TEXT COLLATE "C" NOT NULL, -- SHA-256 of role, type and bytes
    role          TEXT COLLATE "C" NOT NULL,
    content_type  TEXT COLLATE "C" NOT NULL,
    encoding      TEXT COLLATE "C" NOT NULL, -- text | base64
    body          TEXT COLLATE "C" NOT NULL,
    stored_at     BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, connection_id, raw_id)
) PARTITION BY HASH (tenant_id);
SELECT ordercase_split('raw_bodies');

SELECT ordercase_wall('records');
SELECT ordercase_wall('record_keys');
SELECT ordercase_wall('raw_bodies');
