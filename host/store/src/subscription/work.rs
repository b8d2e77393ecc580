//! Handing the work out, keeping what was found, and telling it.

use ordercase_model::Instant;

use super::{
    CheckCommit, SubscriptionCheck, SubscriptionGap, SubscriptionRow, check_columns, lost,
    read_check,
};
use crate::{
    ConnectionKey, HolderId, Store, StoreError,
    db::{Conn, Scope, Tx, args, dialect, statements},
    limits::{LIST_ROWS_MAX, cut},
    signal::{Lane, Queue},
    tenant::audit_in,
};

statements! {
    OPEN = "INSERT INTO subscription_checks (tenant_id, connection_id, state, since, due_at, condition)
            VALUES ($1, $2, 'watched', $3, $3, 'unchecked') ON CONFLICT (tenant_id, connection_id) DO NOTHING";
    CLAIM = dialect::claim!("SELECT s.tenant_id, s.connection_id
                FROM subscription_checks s JOIN connections c
                    ON c.tenant_id = s.tenant_id AND c.connection_id = s.connection_id
                WHERE s.due_at <= $1 AND (s.lease_until IS NULL OR s.lease_until <= $1)
                    AND (s.state = 'leaving' OR (s.state = 'watched' AND c.state = 'active'))
                ORDER BY s.due_at, s.tenant_id, s.connection_id LIMIT $2", of "s",
            "UPDATE subscription_checks SET holder = $3, lease_until = $4
                WHERE (tenant_id, connection_id) IN (SELECT tenant_id, connection_id FROM due)
            RETURNING ", check_columns!());
    RENEW = "UPDATE subscription_checks SET lease_until = $4
            WHERE tenant_id = $1 AND connection_id = $2 AND holder = $3 AND state <> 'left'";
    NEXT_DUE = "SELECT MIN(CASE WHEN s.lease_until > s.due_at THEN s.lease_until ELSE s.due_at END) AS at
            FROM subscription_checks s JOIN connections c
                ON c.tenant_id = s.tenant_id AND c.connection_id = s.connection_id
            WHERE s.state = 'leaving' OR (s.state = 'watched' AND c.state = 'active')";
    /// A shop that is being disconnected meanwhile is due at once.
    SETTLE = "UPDATE subscription_checks SET condition = $4, last_error = $5, attempts = $6,
                checked_at = COALESCE($7, checked_at), due_at = CASE WHEN state = 'leaving' THEN CAST($9 AS BIGINT) ELSE CAST($8 AS BIGINT) END,
                holder = NULL, lease_until = NULL
            WHERE tenant_id = $1 AND connection_id = $2 AND holder = $3 AND state <> 'left'";
    SOON = "UPDATE subscription_checks SET due_at = $3
            WHERE tenant_id = $1 AND connection_id = $2 AND state = 'watched' AND due_at > $3";
    PUT = "INSERT INTO subscriptions (tenant_id, connection_id, topic, platform_id, address, state, checked_at,
                missing_since, last_error)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
            ON CONFLICT (tenant_id, connection_id, topic) DO UPDATE SET platform_id = excluded.platform_id,
                address = excluded.address, state = excluded.state, checked_at = excluded.checked_at,
                missing_since = excluded.missing_since, last_error = excluded.last_error";
    PUT_GAP = "INSERT INTO subscription_gaps (tenant_id, connection_id, topic, since, until)
            VALUES ($1, $2, $3, $4, $5)
            ON CONFLICT (tenant_id, connection_id, topic, since) DO UPDATE SET until = excluded.until";
    GET = concat!("SELECT ", check_columns!(), " FROM subscription_checks
            WHERE tenant_id = $1 AND connection_id = $2");
    LIST = "SELECT topic, platform_id, address, state, checked_at, missing_since, last_error FROM subscriptions
            WHERE tenant_id = $1 AND connection_id = $2 ORDER BY topic LIMIT $3";
    GAPS = "SELECT topic, since, until FROM subscription_gaps
            WHERE tenant_id = $1 AND connection_id = $2 AND since < $4 AND (until IS NULL OR until > $3)
            ORDER BY since, topic LIMIT $5";
    FREE = "UPDATE subscription_checks SET holder = NULL, lease_until = NULL
            WHERE state <> 'left' AND holder IS NOT NULL";
}

impl Store {
    /// Takes due work, longest waiting first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn claim_subscription_checks(
        &self,
        limit: u32,
        holder: &HolderId,
        now: Instant,
        lease_until: Instant,
    ) -> Result<Vec<SubscriptionCheck>, StoreError> {
        let args = args![now, limit, holder, lease_until];
        self.write(Scope::All, move |tx| {
            Box::pin(async move {
                let rows = tx.conn.all(CLAIM, args).await?;
                rows.iter().map(read_check).collect()
            })
        })
        .await
    }

    /// Keeps claimed work until then; `false` when it is somebody else's by now.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn renew_subscription_check(
        &self,
        check: &SubscriptionCheck,
        until: Instant,
    ) -> Result<bool, StoreError> {
        let mut args = proof(check);
        args.push(until.into());
        self.write(Scope::from(&check.connection.tenant), move |tx| {
            Box::pin(async move { Ok(tx.conn.run(RENEW, args).await? > 0) })
        })
        .await
    }

    /// When the next work may be due.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn next_subscription_check_due(&self) -> Result<Option<Instant>, StoreError> {
        let mut conn = self.reader(Scope::All).await?;
        match conn.first(NEXT_DUE, Vec::new()).await? {
            Some(row) => row.opt_instant("at"),
            None => Ok(None),
        }
    }

    /// Keeps what a look came to, with its gaps and deeds, and gives the work back.
    ///
    /// # Errors
    /// [`StoreError::LeaseLost`] when somebody else has it by now: nothing is kept.
    pub async fn commit_subscription_check(&self, commit: CheckCommit) -> Result<(), StoreError> {
        let tenant = commit.check.connection.tenant.clone();
        self.write(Scope::from(&tenant), move |tx| {
            Box::pin(async move {
                let check = &commit.check;
                let mut args = proof(check);
                let attempts = if commit.failed { check.attempts + 1 } else { 0 };
                args.extend(args![
                    commit.condition.as_str(),
                    commit.error.as_deref().map(cut),
                    attempts,
                    commit.checked_at,
                    commit.next,
                    commit.now
                ]);
                if tx.conn.run(SETTLE, args).await? == 0 {
                    return Err(lost(check));
                }
                put_rows(&mut tx.conn, &check.connection, &commit.rows).await?;
                for gap in &commit.gaps {
                    let key = &check.connection;
                    let place = args![&key.tenant, &key.connection, &gap.topic];
                    let args = [place, args![gap.since, gap.until]].concat();
                    tx.conn.run(PUT_GAP, args).await?;
                }
                for audit in &commit.audits {
                    audit_in(&mut tx.conn, &check.connection.tenant, audit, commit.now).await?;
                }
                tx.touched.add(Queue::Lane(Lane::Poll));
                Ok(())
            })
        })
        .await
    }

    /// The work of a connection.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn subscription_check(
        &self,
        connection: &ConnectionKey,
    ) -> Result<Option<SubscriptionCheck>, StoreError> {
        let mut conn = self.reader(&connection.tenant).await?;
        let args = args![&connection.tenant, &connection.connection];
        let row = conn.first(GET, args).await?;
        row.as_ref().map(read_check).transpose()
    }

    /// Makes a connection's next look due now.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn check_subscriptions_soon(
        &self,
        connection: &ConnectionKey,
        now: Instant,
    ) -> Result<(), StoreError> {
        let args = args![&connection.tenant, &connection.connection, now];
        self.write(&connection.tenant, move |tx| {
            Box::pin(async move {
                tx.conn.run(SOON, args).await?;
                tx.touched.add(Queue::Lane(Lane::Poll));
                Ok(())
            })
        })
        .await
    }

    /// The topics of a connection and where each stands.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn subscriptions(
        &self,
        connection: &ConnectionKey,
    ) -> Result<Vec<SubscriptionRow>, StoreError> {
        let mut conn = self.reader(&connection.tenant).await?;
        let args = args![&connection.tenant, &connection.connection, LIST_ROWS_MAX];
        let rows = conn.all(LIST, args).await?;
        rows.iter()
            .map(|row| {
                Ok(SubscriptionRow {
                    topic: row.text("topic")?,
                    platform_id: row.opt_text("platform_id")?,
                    address: row.opt_text("address")?,
                    state: row.parse("state")?,
                    checked_at: row.opt_instant("checked_at")?,
                    missing_since: row.opt_instant("missing_since")?,
                    last_error: row.opt_text("last_error")?,
                })
            })
            .collect()
    }

    /// The gaps of a connection that touch `[from, to)`, oldest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn subscription_gaps(
        &self,
        connection: &ConnectionKey,
        from: Instant,
        to: Instant,
    ) -> Result<Vec<SubscriptionGap>, StoreError> {
        let mut conn = self.reader(&connection.tenant).await?;
        let place = args![&connection.tenant, &connection.connection];
        let args = [place, args![from, to, LIST_ROWS_MAX]].concat();
        let rows = conn.all(GAPS, args).await?;
        rows.iter()
            .map(|row| {
                Ok(SubscriptionGap {
                    topic: row.text("topic")?,
                    since: row.instant("since")?,
                    until: row.opt_instant("until")?,
                })
            })
            .collect()
    }

    /// Whether a topic of the connection did not stand at its platform at some moment of `[from, to)`, so that a
    /// webhook of that time may never have been sent. Where the host does not register, it does not know: `false`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn unsubscribed_during(
        &self,
        connection: &ConnectionKey,
        from: Instant,
        to: Instant,
    ) -> Result<bool, StoreError> {
        let gaps = self.subscription_gaps(connection, from, to).await?;
        Ok(!gaps.is_empty())
    }
}

/// `$1` to `$3`: the work and who must hold it.
pub(super) fn proof(check: &SubscriptionCheck) -> Vec<crate::db::Arg> {
    args![
        &check.connection.tenant,
        &check.connection.connection,
        check.holder.as_ref()
    ]
}

pub(super) async fn put_rows(
    conn: &mut Conn,
    connection: &ConnectionKey,
    rows: &[SubscriptionRow],
) -> Result<(), StoreError> {
    for row in rows {
        let args = args![
            &connection.tenant,
            &connection.connection,
            &row.topic,
            row.platform_id.as_deref(),
            row.address.as_deref(),
            row.state.as_str(),
            row.checked_at,
            row.missing_since,
            row.last_error.as_deref().map(cut)
        ];
        conn.run(PUT, args).await?;
    }
    Ok(())
}

/// A new connection's work, due at once.
pub(crate) async fn open(
    tx: &mut Tx,
    connection: &ConnectionKey,
    now: Instant,
) -> Result<(), StoreError> {
    let args = args![&connection.tenant, &connection.connection, now];
    tx.conn.run(OPEN, args).await?;
    tx.touched.add(Queue::Lane(Lane::Poll));
    Ok(())
}

/// Whether a topic did not stand at the platform at that moment, seen from within a transaction.
pub(crate) async fn missing_at(
    conn: &mut Conn,
    connection: &ConnectionKey,
    at: Instant,
) -> Result<bool, StoreError> {
    let place = args![&connection.tenant, &connection.connection];
    let args = [place, args![at, at.plus_seconds(1), 1_i64]].concat();
    Ok(conn.first(GAPS, args).await?.is_some())
}

/// Frees what an ended process held.
pub(crate) async fn free(tx: &mut Tx) -> Result<(), StoreError> {
    tx.conn.run(FREE, Vec::new()).await?;
    Ok(())
}
