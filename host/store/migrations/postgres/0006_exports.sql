-- Where each desk's ticket export was read to. It moves in the transaction that stores the page's receipts.

CREATE TABLE desk_exports (
    tenant_id   TEXT COLLATE "C" NOT NULL,
    desk_id     TEXT COLLATE "C" NOT NULL,
    cursor      TEXT COLLATE "C" NOT NULL,
    read_at     BIGINT NOT NULL, -- when the page was asked for
    PRIMARY KEY (tenant_id, desk_id),
    FOREIGN KEY (tenant_id, desk_id) REFERENCES desks (tenant_id, desk_id)
);

SELECT ordercase_wall('desk_exports');
