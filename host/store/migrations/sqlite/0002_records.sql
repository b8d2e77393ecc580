-- What is true at the shops: canonical records, the keys they are found by, the raw answers they came from.

CREATE TABLE records (
    tenant_id         TEXT    NOT NULL,
    connection_id     TEXT    NOT NULL,
    kind              TEXT    NOT NULL,
    source_id         TEXT    NOT NULL,
    parent_kind       TEXT,
    parent_id         TEXT,
    schema_id         TEXT    NOT NULL,
    body              TEXT,              -- absent while only a tombstone is known
    body_hash         TEXT    NOT NULL,  -- SHA-256 of `body`
    completeness      TEXT    NOT NULL,  -- full | partial:core,lines,...
    missing           TEXT    NOT NULL DEFAULT '{}',
    warnings          TEXT    NOT NULL DEFAULT '[]',
    api_version       TEXT,
    plugin_digest     TEXT    NOT NULL,
    raw_refs          TEXT    NOT NULL DEFAULT '[]',
    -- The stamp of the newest snapshot: what the next one is compared with.
    source_version    TEXT,
    source_updated_at INTEGER,
    observed_at       INTEGER NOT NULL,
    event_at          INTEGER,
    path              TEXT    NOT NULL,
    snapshot_hash     TEXT    NOT NULL,  -- SHA-256 of the body as it was emitted
    stamps            TEXT,              -- JSON, only groups whose stamp differs from the columns above
    seen_at           INTEGER NOT NULL,  -- newest moment at which the source had it
    gone_at           INTEGER,           -- newest moment at which the source did not
    gone_reason       TEXT,
    merged_into       TEXT,
    purged            INTEGER NOT NULL DEFAULT 0,
    deleted           INTEGER NOT NULL DEFAULT 0,
    -- For lists.
    placed_at         INTEGER,
    state             TEXT,
    first_seen_at     INTEGER NOT NULL,
    changed_at        INTEGER NOT NULL,
    revision          INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, connection_id, kind, source_id),
    FOREIGN KEY (tenant_id, connection_id) REFERENCES connections (tenant_id, connection_id)
);
CREATE INDEX records_by_parent ON records (tenant_id, connection_id, parent_kind, parent_id) WHERE parent_id IS NOT NULL;
CREATE INDEX records_by_placed ON records (tenant_id, connection_id, kind, placed_at);

CREATE TABLE record_keys (
    tenant_id     TEXT NOT NULL,
    key_kind      TEXT NOT NULL, -- email | phone | phone_digits | number | number_search | number_digits | tracking | customer | ref
    key_value     TEXT NOT NULL,
    connection_id TEXT NOT NULL,
    kind          TEXT NOT NULL,
    source_id     TEXT NOT NULL,
    PRIMARY KEY (tenant_id, key_kind, key_value, connection_id, kind, source_id)
) WITHOUT ROWID;
CREATE INDEX record_keys_by_record ON record_keys (tenant_id, connection_id, kind, source_id);

-- One body of a raw set, stored once and shared by all records of its page.
CREATE TABLE raw_bodies (
    tenant_id     TEXT    NOT NULL,
    connection_id TEXT    NOT NULL,
    raw_id        TEXT    NOT NULL, -- SHA-256 of role, type and bytes
    role          TEXT    NOT NULL,
    content_type  TEXT    NOT NULL,
    encoding      TEXT    NOT NULL, -- text | base64
    body          TEXT    NOT NULL,
    stored_at     INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, connection_id, raw_id)
);
