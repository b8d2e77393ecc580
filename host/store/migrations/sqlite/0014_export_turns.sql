-- Whose turn it is to read a desk's ticket export, and when it is due: replicas read each desk once, not once each.

CREATE TABLE desk_export_turns (
    tenant_id   TEXT    NOT NULL,
    desk_id     TEXT    NOT NULL,
    due_at      INTEGER NOT NULL,
    holder      TEXT,
    lease_until INTEGER,
    PRIMARY KEY (tenant_id, desk_id),
    FOREIGN KEY (tenant_id, desk_id) REFERENCES desks (tenant_id, desk_id)
);
