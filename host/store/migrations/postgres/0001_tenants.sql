-- Who we work for: tenants, their desks (one Zendesk account each), their connections (one shop each, pinned to one
-- plugin digest), the tokens that name them, and their secrets.

-- What SQLite does not have: partitions, and the wall between tenants. The tables of every file are put
-- through these two functions.

-- A big table is split by tenant, so that the schema moves to a sharded PostgreSQL without change.
CREATE FUNCTION ordercase_split(big TEXT) RETURNS VOID LANGUAGE plpgsql AS $$
DECLARE
    partitions CONSTANT INTEGER := 8;
BEGIN
    FOR n IN 0 .. partitions - 1 LOOP
        EXECUTE format('CREATE TABLE %I PARTITION OF %I FOR VALUES WITH (MODULUS %s, REMAINDER %s)',
            big || '_p' || n, big, partitions, n);
    END LOOP;
END $$;

-- Row-level security stands behind the tenant in every statement: a transaction sees the rows of the tenant that
-- it named, `*` sees all, none sees nothing. Forced, because the role that works also owns the tables.
CREATE FUNCTION ordercase_wall(whole TEXT) RETURNS VOID LANGUAGE plpgsql AS $$
DECLARE
    part TEXT;
BEGIN
    FOR part IN
        SELECT whole UNION ALL SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = whole::regclass
    LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', part);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', part);
        EXECUTE format('CREATE POLICY tenant ON %I USING ('
            || 'tenant_id = (SELECT current_setting(''ordercase.tenant'', true)) '
            || 'OR (SELECT current_setting(''ordercase.tenant'', true)) = ''*'')', part);
    END LOOP;
END $$;

CREATE TABLE tenants (
    tenant_id   TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    name        TEXT COLLATE "C" NOT NULL,
    settings    TEXT COLLATE "C" NOT NULL DEFAULT '{}',
    created_at  BIGINT NOT NULL
);

-- A plugin version that a tenant may pin. The component's bytes lie beside the database, named by digest.
CREATE TABLE plugins (
    tenant_id   TEXT COLLATE "C" NOT NULL REFERENCES tenants (tenant_id),
    digest      TEXT COLLATE "C" NOT NULL,
    plugin_id   TEXT COLLATE "C" NOT NULL,
    version     TEXT COLLATE "C" NOT NULL,
    manifest    TEXT COLLATE "C" NOT NULL,
    admitted_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, digest)
);

CREATE TABLE connections (
    tenant_id     TEXT COLLATE "C" NOT NULL REFERENCES tenants (tenant_id),
    connection_id TEXT COLLATE "C" NOT NULL,
    name          TEXT COLLATE "C" NOT NULL,
    plugin_id     TEXT COLLATE "C" NOT NULL,
    plugin_digest TEXT COLLATE "C" NOT NULL,
    settings      TEXT COLLATE "C" NOT NULL,
    shop          TEXT COLLATE "C" NOT NULL DEFAULT '{}', -- the probe's facts
    overrides     TEXT COLLATE "C" NOT NULL DEFAULT '{}', -- the operator's status mappings
    state         TEXT COLLATE "C" NOT NULL,              -- active | paused
    paused_reason TEXT COLLATE "C",
    created_at    BIGINT NOT NULL,
    updated_at    BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, connection_id),
    UNIQUE (tenant_id, name),
    FOREIGN KEY (tenant_id, plugin_digest) REFERENCES plugins (tenant_id, digest)
);

CREATE TABLE desks (
    tenant_id     TEXT COLLATE "C" NOT NULL REFERENCES tenants (tenant_id),
    desk_id       TEXT COLLATE "C" NOT NULL,
    subdomain     TEXT COLLATE "C" NOT NULL,
    account_id    TEXT COLLATE "C",                           -- learnt from the first answer, then fixed
    settings      TEXT COLLATE "C" NOT NULL DEFAULT '{}',  -- field ids, note rule, sync direction
    state         TEXT COLLATE "C" NOT NULL,               -- active | paused
    paused_reason TEXT COLLATE "C",
    created_at    BIGINT NOT NULL,
    updated_at    BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, desk_id),
    UNIQUE (tenant_id, subdomain)
);

-- Bearer and path tokens, as SHA-256 of the token only. The token alone names tenant and owner, so the lookup goes by
-- hash; an attacker who times it learns about hashes, never about tokens.
CREATE TABLE tokens (
    tenant_id   TEXT COLLATE "C" NOT NULL REFERENCES tenants (tenant_id),
    token_hash  TEXT COLLATE "C" NOT NULL,
    purpose     TEXT COLLATE "C" NOT NULL, -- tenant_api | desk_events | webhook_path | ticket_view
    owner_id    TEXT COLLATE "C" NOT NULL,
    created_at  BIGINT NOT NULL,
    expires_at  BIGINT,
    PRIMARY KEY (tenant_id, token_hash)
);
CREATE INDEX tokens_by_hash ON tokens (token_hash);

-- XChaCha20-Poly1305, hex; tenant, owner and slot are authenticated with it, so a row cannot be moved.
CREATE TABLE secrets (
    tenant_id   TEXT COLLATE "C" NOT NULL REFERENCES tenants (tenant_id),
    owner_id    TEXT COLLATE "C" NOT NULL, -- a connection or a desk
    slot        TEXT COLLATE "C" NOT NULL,
    nonce       TEXT COLLATE "C" NOT NULL,
    ciphertext  TEXT COLLATE "C" NOT NULL,
    updated_at  BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, owner_id, slot)
);

CREATE TABLE audit (
    tenant_id   TEXT COLLATE "C" NOT NULL,
    at          BIGINT NOT NULL,
    audit_id    TEXT COLLATE "C" NOT NULL,
    actor       TEXT COLLATE "C" NOT NULL, -- admin, engine, desk, or an agent's id
    action      TEXT COLLATE "C" NOT NULL,
    subject     TEXT COLLATE "C" NOT NULL,
    detail      TEXT COLLATE "C" NOT NULL, -- JSON, no secrets, no personal data
    PRIMARY KEY (tenant_id, at, audit_id)
);

SELECT ordercase_wall('tenants');
SELECT ordercase_wall('plugins');
SELECT ordercase_wall('connections');
SELECT ordercase_wall('desks');
SELECT ordercase_wall('tokens');
SELECT ordercase_wall('secrets');
SELECT ordercase_wall('audit');
