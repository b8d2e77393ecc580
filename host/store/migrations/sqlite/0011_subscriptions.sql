-- Webhooks registered at the platforms: which topics stand there, since when one was missing, and the work of looking.

-- One row per connection: the work. `watched`: looked at every hour; `leaving`: what is ours is being removed;
-- `left`: done, the connection is gone.
CREATE TABLE subscription_checks (
    tenant_id     TEXT    NOT NULL,
    connection_id TEXT    NOT NULL,
    state         TEXT    NOT NULL, -- watched | leaving | left
    since         INTEGER NOT NULL, -- of that state
    due_at        INTEGER NOT NULL,
    attempts      INTEGER NOT NULL DEFAULT 0,
    holder        TEXT,
    lease_until   INTEGER,
    condition     TEXT    NOT NULL, -- unchecked | registered | incomplete | no_address | forwarder | failing
    checked_at    INTEGER,          -- last answer of the platform
    last_error    TEXT,
    PRIMARY KEY (tenant_id, connection_id),
    FOREIGN KEY (tenant_id, connection_id) REFERENCES connections (tenant_id, connection_id)
);
CREATE INDEX subscription_checks_due ON subscription_checks (due_at) WHERE state <> 'left';

CREATE TABLE subscriptions (
    tenant_id     TEXT    NOT NULL,
    connection_id TEXT    NOT NULL,
    topic         TEXT    NOT NULL,
    platform_id   TEXT,
    address       TEXT,             -- without the token, where it carries one
    state         TEXT    NOT NULL, -- registered | missing | removed | left_behind
    checked_at    INTEGER,          -- last seen at the platform
    missing_since INTEGER,
    last_error    TEXT,
    PRIMARY KEY (tenant_id, connection_id, topic),
    FOREIGN KEY (tenant_id, connection_id) REFERENCES connections (tenant_id, connection_id)
);

-- While one of these was open, what happened at the shop may not have been told.
CREATE TABLE subscription_gaps (
    tenant_id     TEXT    NOT NULL,
    connection_id TEXT    NOT NULL,
    topic         TEXT    NOT NULL,
    since         INTEGER NOT NULL, -- last seen there
    until         INTEGER,          -- registered again; still missing when absent
    PRIMARY KEY (tenant_id, connection_id, topic, since),
    FOREIGN KEY (tenant_id, connection_id) REFERENCES connections (tenant_id, connection_id)
);

INSERT INTO subscription_checks (tenant_id, connection_id, state, since, due_at, condition)
SELECT tenant_id, connection_id, 'watched', created_at, 0, 'unchecked' FROM connections;
