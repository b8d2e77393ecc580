-- What was deleted stays counted: the accounts of receipts whose rows are gone.

CREATE TABLE kept_accounts (
    tenant_id   TEXT COLLATE "C"    NOT NULL,
    owner_id    TEXT COLLATE "C"    NOT NULL,
    stream      TEXT COLLATE "C"    NOT NULL,
    received    BIGINT NOT NULL DEFAULT 0,
    applied     BIGINT NOT NULL DEFAULT 0,
    superseded  BIGINT NOT NULL DEFAULT 0,
    duplicate   BIGINT NOT NULL DEFAULT 0,
    ignored     BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (tenant_id, owner_id, stream)
);

SELECT ordercase_wall('kept_accounts');

CREATE INDEX receipts_settled ON receipts (tenant_id, settled_at) WHERE state IN ('applied', 'superseded', 'duplicate', 'ignored');
CREATE INDEX outbox_settled ON outbox (tenant_id, settled_at) WHERE state IN ('done', 'superseded');
CREATE INDEX journal_by_time ON journal (tenant_id, started_at);
CREATE INDEX raw_bodies_by_time ON raw_bodies (tenant_id, stored_at);
