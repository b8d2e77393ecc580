-- Words of a source that an operator must map: which fields, and what waits for a word that is not mapped yet.

ALTER TABLE connections ADD COLUMN required_mappings TEXT COLLATE "C" NOT NULL DEFAULT '[]'; -- source fields
-- Moves with every change of `overrides` or `required_mappings`, so that what was read before it is known.
ALTER TABLE connections ADD COLUMN mappings_revision BIGINT NOT NULL DEFAULT 0;
-- `FIELD=WORD`: the mapping that a dead letter waits for.
ALTER TABLE receipts ADD COLUMN mapping TEXT COLLATE "C";
CREATE INDEX receipts_parked ON receipts (tenant_id, owner_id, mapping) WHERE state = 'dead' AND mapping IS NOT NULL;
