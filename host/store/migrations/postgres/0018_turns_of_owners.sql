-- Work is handed out in turn over the connections and desks of a tenant, too.
DROP INDEX receipts_due;
CREATE INDEX receipts_due ON receipts (lane, tenant_id, owner_id, due_at, receipt_id) WHERE state = 'pending';
