-- What was deleted stays counted: the accounts of receipts whose rows are gone.

CREATE TABLE kept_accounts (
    tenant_id   TEXT    NOT NULL,
    owner_id    TEXT    NOT NULL,
    stream      TEXT    NOT NULL,
    received    INTEGER NOT NULL DEFAULT 0,
    applied     INTEGER NOT NULL DEFAULT 0,
    superseded  INTEGER NOT NULL DEFAULT 0,
    duplicate   INTEGER NOT NULL DEFAULT 0,
    ignored     INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (tenant_id, owner_id, stream)
);

CREATE INDEX receipts_settled ON receipts (tenant_id, settled_at) WHERE state IN ('applied', 'superseded', 'duplicate', 'ignored');
CREATE INDEX outbox_settled ON outbox (tenant_id, settled_at) WHERE state IN ('done', 'superseded');
CREATE INDEX journal_by_time ON journal (tenant_id, started_at);
CREATE INDEX raw_bodies_by_time ON raw_bodies (tenant_id, stored_at);
