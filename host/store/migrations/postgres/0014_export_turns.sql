-- Whose turn it is to read a desk's ticket export, and when it is due: replicas read each desk once, not once each.

CREATE TABLE desk_export_turns (
    tenant_id   TEXT COLLATE "C" NOT NULL,
    desk_id     TEXT COLLATE "C" NOT NULL,
    due_at      BIGINT NOT NULL,
    holder      TEXT COLLATE "C",
    lease_until BIGINT,
    PRIMARY KEY (tenant_id, desk_id),
    FOREIGN KEY (tenant_id, desk_id) REFERENCES desks (tenant_id, desk_id)
);

SELECT ordercase_wall('desk_export_turns');
