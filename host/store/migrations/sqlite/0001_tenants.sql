-- Who we work for: tenants, their desks (one Zendesk account each), their connections (one shop each, pinned to one
-- plugin digest), the tokens that name them, and their secrets.

CREATE TABLE tenants (
    tenant_id   TEXT    NOT NULL PRIMARY KEY,
    name        TEXT    NOT NULL,
    settings    TEXT    NOT NULL DEFAULT '{}',
    created_at  INTEGER NOT NULL
);

-- A plugin version that a tenant may pin. The component's bytes lie beside the database, named by digest.
CREATE TABLE plugins (
    tenant_id   TEXT    NOT NULL REFERENCES tenants (tenant_id),
    digest      TEXT    NOT NULL,
    plugin_id   TEXT    NOT NULL,
    version     TEXT    NOT NULL,
    manifest    TEXT    NOT NULL,
    admitted_at INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, digest)
);

CREATE TABLE connections (
    tenant_id     TEXT    NOT NULL REFERENCES tenants (tenant_id),
    connection_id TEXT    NOT NULL,
    name          TEXT    NOT NULL,
    plugin_id     TEXT    NOT NULL,
    plugin_digest TEXT    NOT NULL,
    settings      TEXT    NOT NULL,
    shop          TEXT    NOT NULL DEFAULT '{}', -- the probe's facts
    overrides     TEXT    NOT NULL DEFAULT '{}', -- the operator's status mappings
    state         TEXT    NOT NULL,              -- active | paused
    paused_reason TEXT,
    created_at    INTEGER NOT NULL,
    updated_at    INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, connection_id),
    UNIQUE (tenant_id, name),
    FOREIGN KEY (tenant_id, plugin_digest) REFERENCES plugins (tenant_id, digest)
);

CREATE TABLE desks (
    tenant_id     TEXT    NOT NULL REFERENCES tenants (tenant_id),
    desk_id       TEXT    NOT NULL,
    subdomain     TEXT    NOT NULL,
    account_id    TEXT,                           -- learnt from the first answer, then fixed
    settings      TEXT    NOT NULL DEFAULT '{}',  -- field ids, note rule, sync direction
    state         TEXT    NOT NULL,               -- active | paused
    paused_reason TEXT,
    created_at    INTEGER NOT NULL,
    updated_at    INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, desk_id),
    UNIQUE (tenant_id, subdomain)
);

-- Bearer and path tokens, as SHA-256 of the token only. The token alone names tenant and owner, so the lookup goes by
-- hash; an attacker who times it learns about hashes, never about tokens.
CREATE TABLE tokens (
    tenant_id   TEXT    NOT NULL REFERENCES tenants (tenant_id),
    token_hash  TEXT    NOT NULL,
    purpose     TEXT    NOT NULL, -- tenant_api | desk_events | webhook_path | ticket_view
    owner_id    TEXT    NOT NULL,
    created_at  INTEGER NOT NULL,
    expires_at  INTEGER,
    PRIMARY KEY (tenant_id, token_hash)
);
CREATE INDEX tokens_by_hash ON tokens (token_hash);

-- XChaCha20-Poly1305, hex; tenant, owner and slot are authenticated with it, so a row cannot be moved.
CREATE TABLE secrets (
    tenant_id   TEXT    NOT NULL REFERENCES tenants (tenant_id),
    owner_id    TEXT    NOT NULL, -- a connection or a desk
    slot        TEXT    NOT NULL,
    nonce       TEXT    NOT NULL,
    ciphertext  TEXT    NOT NULL,
    updated_at  INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, owner_id, slot)
);

CREATE TABLE audit (
    tenant_id   TEXT    NOT NULL,
    at          INTEGER NOT NULL,
    audit_id    TEXT    NOT NULL,
    actor       TEXT    NOT NULL, -- admin, engine, desk, or an agent's id
    action      TEXT    NOT NULL,
    subject     TEXT    NOT NULL,
    detail      TEXT    NOT NULL, -- JSON, no secrets, no personal data
    PRIMARY KEY (tenant_id, at, audit_id)
);
