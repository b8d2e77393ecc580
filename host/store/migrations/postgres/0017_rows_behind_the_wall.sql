-- Migrations 7 and 8 changed rows without saying whose, so behind the wall they saw none. What they would have done:
UPDATE receipts SET error_class = 'unclassified' WHERE state = 'dead' AND error_class IS NULL;
UPDATE outbox SET error_class = 'unclassified' WHERE state = 'dead' AND error_class IS NULL;
INSERT INTO streams (tenant_id, connection_id, stream, track, kind, comparability, page_limit, lane, state, due_at)
    SELECT tenant_id, connection_id, stream, 'reconcile', kind, comparability, page_limit, 'reconcile', 'pending', due_at
    FROM streams WHERE track = 'poll'
    ON CONFLICT (tenant_id, connection_id, stream, track) DO NOTHING;
INSERT INTO streams (tenant_id, connection_id, stream, track, kind, comparability, page_limit, lane, state, due_at)
    SELECT tenant_id, connection_id, stream, 'sweep', kind, comparability, page_limit, 'reconcile', 'pending', due_at
    FROM streams WHERE track = 'poll'
    ON CONFLICT (tenant_id, connection_id, stream, track) DO NOTHING;
INSERT INTO streams (tenant_id, connection_id, stream, track, kind, comparability, page_limit, lane, state, due_at)
    SELECT tenant_id, connection_id, stream, 'reread', kind, comparability, page_limit, 'reconcile', 'pending', due_at
    FROM streams WHERE track = 'poll' AND kind = 'order' AND comparability = 'equality'
    ON CONFLICT (tenant_id, connection_id, stream, track) DO NOTHING;
