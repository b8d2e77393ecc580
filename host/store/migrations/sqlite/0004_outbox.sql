-- What is to happen outside: effects, committed with the state that caused them, and the journal of attempts.

CREATE TABLE outbox (
    tenant_id     TEXT    NOT NULL,
    desk_id       TEXT    NOT NULL,
    effect_id     TEXT    NOT NULL,
    effect_key    TEXT    NOT NULL, -- deterministic: the same intent twice is one row
    target        TEXT    NOT NULL, -- one in flight, in order of `seq`
    seq           INTEGER NOT NULL,
    coalesce_key  TEXT,
    kind          TEXT    NOT NULL,
    payload       TEXT    NOT NULL,
    state         TEXT    NOT NULL, -- pending | done | superseded | dead
    superseded_by TEXT,
    due_at        INTEGER NOT NULL,
    attempts      INTEGER NOT NULL DEFAULT 0,
    holder        TEXT,
    lease_until   INTEGER,
    last_error    TEXT,
    outcome       TEXT,
    created_at    INTEGER NOT NULL,
    settled_at    INTEGER,
    PRIMARY KEY (tenant_id, effect_id),
    UNIQUE (tenant_id, desk_id, effect_key),
    UNIQUE (tenant_id, desk_id, target, seq)
);
CREATE INDEX outbox_due ON outbox (tenant_id, due_at) WHERE state = 'pending';
CREATE INDEX outbox_waiting ON outbox (tenant_id, desk_id, target, seq) WHERE state = 'pending';

CREATE TABLE journal (
    tenant_id   TEXT    NOT NULL,
    effect_id   TEXT    NOT NULL,
    attempt     INTEGER NOT NULL,
    holder      TEXT    NOT NULL,
    started_at  INTEGER NOT NULL,
    ended_at    INTEGER,
    outcome     TEXT,   -- done | already_done | retry | dead; absent: nobody came back to say
    detail      TEXT,
    PRIMARY KEY (tenant_id, effect_id, attempt)
);
