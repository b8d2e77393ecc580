-- Dead letters carry what decides about them: the class of what went wrong, the plugin that was pinned then, and,
-- once a person put one back to work, since when it is being tried again. Receipts can be replayed by time.

ALTER TABLE receipts ADD COLUMN error_class TEXT COLLATE "C";    -- of a dead one; kept when it is discarded
ALTER TABLE receipts ADD COLUMN plugin_digest TEXT COLLATE "C";  -- pinned when it was last settled; absent for a desk's
ALTER TABLE receipts ADD COLUMN tried_since BIGINT; -- put back to work then: its age counts from here
UPDATE receipts SET error_class = 'unclassified' WHERE state = 'dead';

ALTER TABLE outbox ADD COLUMN error_class TEXT COLLATE "C";
ALTER TABLE outbox ADD COLUMN tried_since BIGINT;
UPDATE outbox SET error_class = 'unclassified' WHERE state = 'dead';

CREATE INDEX receipts_dead_by_time ON receipts (settled_at, receipt_id) WHERE state = 'dead';
CREATE INDEX receipts_dead_by_id ON receipts (receipt_id) WHERE state = 'dead';
CREATE INDEX receipts_by_arrival ON receipts (tenant_id, received_at, receipt_id);
CREATE INDEX outbox_dead_by_time ON outbox (settled_at, effect_id) WHERE state = 'dead';
CREATE INDEX outbox_dead_by_id ON outbox (effect_id) WHERE state = 'dead';
