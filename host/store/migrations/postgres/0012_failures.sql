-- What went wrong, apart from how often somebody took it: a host that was killed with the work in its hands is no
-- failure of the work.
ALTER TABLE receipts ADD COLUMN failures BIGINT NOT NULL DEFAULT 0;
ALTER TABLE outbox ADD COLUMN failures BIGINT NOT NULL DEFAULT 0;
