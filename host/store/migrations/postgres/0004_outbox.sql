-- What is to happen outside: effects, committed with the state that caused them, and the journal of attempts.

CREATE TABLE outbox (
    tenant_id     TEXT COLLATE "C" NOT NULL,
    desk_id       TEXT COLLATE "C" NOT NULL,
    effect_id     TEXT COLLATE "C" NOT NULL,
    effect_key    TEXT COLLATE "C" NOT NULL, -- deterministic: the same intent twice is one row
    target        TEXT COLLATE "C" NOT NULL, -- one in flight, in order of `seq`
    seq           BIGINT NOT NULL,
    coalesce_key  TEXT COLLATE "C",
    kind          TEXT COLLATE "C" NOT NULL,
    payload       TEXT COLLATE "C" NOT NULL,
    state         TEXT COLLATE "C" NOT NULL, -- pending | done | superseded | dead
    superseded_by TEXT COLLATE "C",
    due_at        BIGINT NOT NULL,
    attempts      BIGINT NOT NULL DEFAULT 0,
    holder        TEXT COLLATE "C",
    lease_until   BIGINT,
    last_error    TEXT COLLATE "C",
    outcome       TEXT COLLATE "C",
    created_at    BIGINT NOT NULL,
    settled_at    BIGINT,
    PRIMARY KEY (tenant_id, effect_id),
    UNIQUE (tenant_id, desk_id, effect_key),
    UNIQUE (tenant_id, desk_id, target, seq)
) PARTITION BY HASH (tenant_id);
SELECT ordercase_split('outbox');
CREATE INDEX outbox_due ON outbox (tenant_id, due_at) WHERE state = 'pending';
CREATE INDEX outbox_waiting ON outbox (tenant_id, desk_id, target, seq) WHERE state = 'pending';

CREATE TABLE journal (
    tenant_id   TEXT COLLATE "C" NOT NULL,
    effect_id   TEXT COLLATE "C" NOT NULL,
    attempt     BIGINT NOT NULL,
    holder      TEXT COLLATE "C" NOT NULL,
    started_at  BIGINT NOT NULL,
    ended_at    BIGINT,
    outcome     TEXT COLLATE "C",   -- done | already_done | retry | dead; absent: nobody came back to say
    detail      TEXT COLLATE "C",
    PRIMARY KEY (tenant_id, effect_id, attempt)
) PARTITION BY HASH (tenant_id);
SELECT ordercase_split('journal');

SELECT ordercase_wall('outbox');
SELECT ordercase_wall('journal');
