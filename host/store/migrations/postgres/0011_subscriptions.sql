-- Webhooks registered at the platforms: which topics stand there, since when one was missing, and the work of looking.

-- One row per connection: the work. `watched`: looked at every hour; `leaving`: what is ours is being removed;
-- `left`: done, the connection is gone.
CREATE TABLE subscription_checks (
    tenant_id     TEXT COLLATE "C" NOT NULL,
    connection_id TEXT COLLATE "C" NOT NULL,
    state         TEXT COLLATE "C" NOT NULL, -- watched | leaving | left
    since         BIGINT NOT NULL, -- of that state
    due_at        BIGINT NOT NULL,
    attempts      BIGINT NOT NULL DEFAULT 0,
    holder        TEXT COLLATE "C",
    lease_until   BIGINT,
    condition     TEXT COLLATE "C" NOT NULL, -- unchecked | registered | incomplete | no_address | forwarder | failing
    checked_at    BIGINT,          -- last answer of the platform
    last_error    TEXT COLLATE "C",
    PRIMARY KEY (tenant_id, connection_id),
    FOREIGN KEY (tenant_id, connection_id) REFERENCES connections (tenant_id, connection_id)
);
CREATE INDEX subscription_checks_due ON subscription_checks (due_at) WHERE state <> 'left';

CREATE TABLE subscriptions (
    tenant_id     TEXT COLLATE "C" NOT NULL,
    connection_id TEXT COLLATE "C" NOT NULL,
    topic         TEXT COLLATE "C" NOT NULL,
    platform_id   TEXT COLLATE "C",
    address       TEXT COLLATE "C",             -- without the token, where it carries one
    state         TEXT COLLATE "C" NOT NULL, -- registered | missing | removed | left_behind
    checked_at    BIGINT,          -- last seen at the platform
    missing_since BIGINT,
    last_error    TEXT COLLATE "C",
    PRIMARY KEY (tenant_id, connection_id, topic),
    FOREIGN KEY (tenant_id, connection_id) REFERENCES connections (tenant_id, connection_id)
);

-- While one of these was open, what happened at the shop may not have been told.
CREATE TABLE subscription_gaps (
    tenant_id     TEXT COLLATE "C" NOT NULL,
    connection_id TEXT COLLATE "C" NOT NULL,
    topic         TEXT COLLATE "C" NOT NULL,
    since         BIGINT NOT NULL, -- last seen there
    until         BIGINT,          -- registered again; still missing when absent
    PRIMARY KEY (tenant_id, connection_id, topic, since),
    FOREIGN KEY (tenant_id, connection_id) REFERENCES connections (tenant_id, connection_id)
);

-- The rows of every tenant, for this one statement.
SELECT set_config('ordercase.tenant', '*', true);
INSERT INTO subscription_checks (tenant_id, connection_id, state, since, due_at, condition)
SELECT tenant_id, connection_id, 'watched', created_at, 0, 'unchecked' FROM connections;

SELECT ordercase_wall('subscription_checks');
SELECT ordercase_wall('subscriptions');
SELECT ordercase_wall('subscription_gaps');
