//! Handing work out: due receipts of a lane, one per entity, in turn over tenants and over the connections and
//! desks of each, under a lease.

use ordercase_model::Instant;

use super::{ClaimRequest, Receipt, ReceiptState, read_receipt, receipt_columns};
#[cfg(feature = "simulation")]
use crate::mutation::mutated;
use crate::{
    Lane, ReceiptId, Store, StoreError, TenantId,
    db::{Line, Scope, Sql, Tx, args, dialect, statements},
    limits::LIST_ROWS_MAX,
    turn::Round,
};

/// Tenants with waiting work in lane `$1`, as `t (id)` whose last row is NULL: jumps from one to the next along the
/// index.
macro_rules! waiting_tenants {
    () => {
        "WITH RECURSIVE t (id) AS (
             SELECT (SELECT MIN(tenant_id) FROM receipts WHERE state = 'pending' AND lane = $1)
             UNION ALL
             SELECT (SELECT MIN(tenant_id) FROM receipts
                     WHERE state = 'pending' AND lane = $1 AND tenant_id > t.id)
             FROM t WHERE t.id IS NOT NULL)"
    };
}

/// Whether a connection or desk is neither paused nor gone.
macro_rules! worked_for {
    ($tenant:literal, $owner:literal) => {
        concat!(
            " AND NOT EXISTS (SELECT 1 FROM connections c WHERE c.tenant_id = ",
            $tenant,
            " AND c.connection_id = ",
            $owner,
            " AND c.state <> 'active') AND NOT EXISTS (SELECT 1 FROM desks d WHERE d.tenant_id = ",
            $tenant,
            " AND d.desk_id = ",
            $owner,
            " AND d.state = 'paused')"
        )
    };
}

statements! {
    TENANTS = concat!(waiting_tenants!(), " SELECT id FROM t WHERE id IS NOT NULL");
    /// Connections and desks of a tenant with due work in a lane that are worked for, along the index in the same way.
    OWNERS = concat!("WITH RECURSIVE t (id) AS (
                  SELECT (SELECT MIN(owner_id) FROM receipts
                          WHERE state = 'pending' AND lane = $2 AND tenant_id = $1)
                  UNION ALL
                  SELECT (SELECT MIN(owner_id) FROM receipts
                          WHERE state = 'pending' AND lane = $2 AND tenant_id = $1 AND owner_id > t.id)
                  FROM t WHERE t.id IS NOT NULL)
              SELECT id FROM t WHERE EXISTS (
                  SELECT 1 FROM receipts
                  WHERE state = 'pending' AND lane = $2 AND tenant_id = $1 AND owner_id = t.id AND due_at <= $3)",
              worked_for!("$1", "t.id"));
    /// Another receipt of the same entity holds one back while it is leased in any lane, or when it is
    /// due earlier in the same lane.
    CLAIM = dialect::claim!("SELECT r.receipt_id FROM receipts r
                 WHERE r.tenant_id = $1 AND r.lane = $2 AND r.owner_id = $7 AND r.state = 'pending'
                     AND r.due_at <= $3 AND (r.lease_until IS NULL OR r.lease_until <= $3)
                     AND NOT EXISTS (
                         SELECT 1 FROM receipts b
                         WHERE b.tenant_id = r.tenant_id AND b.owner_id = r.owner_id
                             AND b.entity_key = r.entity_key AND b.state = 'pending'
                             AND b.receipt_id <> r.receipt_id
                             AND (b.lease_until > $3
                                 OR (b.lane = r.lane AND b.due_at <= $3
                                     AND (b.due_at, b.receipt_id) < (r.due_at, r.receipt_id))))
                 ORDER BY r.due_at, r.receipt_id LIMIT $6", of "r",
             "UPDATE receipts SET holder = $4, lease_until = $5, attempts = attempts + 1
                 WHERE tenant_id = $1 AND receipt_id IN (SELECT receipt_id FROM due)
             RETURNING ", receipt_columns!());
    /// Of each connection and desk that is worked for: the first that nobody holds, and when the first of all is free.
    /// However many wait, a few rows of each are read.
    NEXT_DUE = concat!(waiting_tenants!(), ",
               o (tenant_id, owner_id) AS (
                   SELECT t.id, (SELECT MIN(owner_id) FROM receipts
                                 WHERE state = 'pending' AND lane = $1 AND tenant_id = t.id)
                   FROM t WHERE t.id IS NOT NULL
                   UNION ALL
                   SELECT o.tenant_id, (SELECT MIN(owner_id) FROM receipts
                                        WHERE state = 'pending' AND lane = $1 AND tenant_id = o.tenant_id
                                            AND owner_id > o.owner_id)
                   FROM o WHERE o.owner_id IS NOT NULL),
               worked (tenant_id, owner_id) AS (
                   SELECT o.tenant_id, o.owner_id FROM o WHERE o.owner_id IS NOT NULL", worked_for!("o.tenant_id", "o.owner_id"), ")
               SELECT MIN(first.at) AS at FROM (
                   SELECT (SELECT r.due_at FROM receipts r
                           WHERE r.state = 'pending' AND r.lane = $1 AND r.tenant_id = w.tenant_id
                               AND r.owner_id = w.owner_id AND r.lease_until IS NULL
                           ORDER BY r.due_at, r.receipt_id LIMIT 1) AS at
                   FROM worked w
                   UNION ALL
                   SELECT (SELECT CASE WHEN r.lease_until > r.due_at THEN r.lease_until ELSE r.due_at END
                           FROM receipts r
                           WHERE r.state = 'pending' AND r.lane = $1 AND r.tenant_id = w.tenant_id
                               AND r.owner_id = w.owner_id
                           ORDER BY r.due_at, r.receipt_id LIMIT 1)
                   FROM worked w) first");
    GET = concat!("SELECT ", receipt_columns!(), " FROM receipts WHERE tenant_id = $1 AND receipt_id = $2");
    BY_STATE = concat!("SELECT ", receipt_columns!(), " FROM receipts
             WHERE tenant_id = $1 AND state = $2 ORDER BY received_at DESC, receipt_id LIMIT $3");
}

fn claim() -> Sql {
    #[cfg(feature = "simulation")]
    if mutated!(OneReceiptPerEntity) {
        return crate::simulation::without(CLAIM, "AND NOT EXISTS (");
    }
    CLAIM
}

/// Takes due receipts of a tenant, in turn over its connections and desks.
async fn claim_of(
    tx: &mut Tx,
    ask: &ClaimRequest,
    tenant: &str,
    most: u32,
) -> Result<Vec<Receipt>, StoreError> {
    let lane = ask.lane.as_str();
    let due = args![tenant, lane, ask.now];
    let mut round = Round::begin(tx, format!("{lane}/{tenant}"), most, OWNERS, due).await?;
    let mut taken = Vec::new();
    while let Some((owner, most)) = round.next() {
        let args = args![
            tenant,
            lane,
            ask.now,
            &ask.holder,
            ask.lease_until,
            most,
            &owner
        ];
        let rows = tx.conn.all(claim(), args).await?;
        round.took(&mut tx.turns, &owner, rows.len());
        for row in &rows {
            taken.push(read_receipt(row)?);
        }
    }
    Ok(taken)
}

impl Store {
    /// Takes due receipts of a lane. Each is the holder's until the lease ends or it is settled.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn claim_receipts(&self, ask: ClaimRequest) -> Result<Vec<Receipt>, StoreError> {
        self.write(Scope::All, move |tx| {
            Box::pin(async move {
                let lane = ask.lane.as_str();
                let mut round = Round::begin(tx, lane, ask.limit, TENANTS, args![lane]).await?;
                let mut taken = Vec::new();
                while let Some((tenant, most)) = round.next() {
                    if !tx.conn.alone(&tenant, Line::Receipts).await? {
                        continue;
                    }
                    let rows = claim_of(tx, &ask, &tenant, most).await?;
                    round.took(&mut tx.turns, &tenant, rows.len());
                    taken.extend(rows);
                }
                taken.sort_by(|a, b| (a.due_at, &a.id).cmp(&(b.due_at, &b.id)));
                Ok(taken)
            })
        })
        .await
    }

    /// When the next receipt of a lane may be due: earlier than now when one is waiting already.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn next_receipt_due(&self, lane: Lane) -> Result<Option<Instant>, StoreError> {
        let mut conn = self.reader(Scope::All).await?;
        match conn.first(NEXT_DUE, args![lane.as_str()]).await? {
            Some(row) => row.opt_instant("at"),
            None => Ok(None),
        }
    }

    /// One receipt.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn receipt(
        &self,
        tenant: &TenantId,
        id: &ReceiptId,
    ) -> Result<Option<Receipt>, StoreError> {
        let mut conn = self.reader(tenant).await?;
        let row = conn.first(GET, args![tenant, id]).await?;
        row.as_ref().map(read_receipt).transpose()
    }

    /// Receipts of a state, newest first; dead letters are `ReceiptState::Dead`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn receipts(
        &self,
        tenant: &TenantId,
        state: ReceiptState,
    ) -> Result<Vec<Receipt>, StoreError> {
        let mut conn = self.reader(tenant).await?;
        let rows = conn
            .all(BY_STATE, args![tenant, state.as_str(), LIST_ROWS_MAX])
            .await?;
        rows.iter().map(read_receipt).collect()
    }
}
