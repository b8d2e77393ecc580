//! Disconnecting a shop: its work stops at once, its webhooks are removed at the platform as far as that goes, then
//! its secrets are deleted. Records stay until retention takes them.

use ordercase_model::Instant;

use super::{
    CheckState, SubscriptionCheck, SubscriptionRow, check_columns, lost, read_check,
    work::{proof, put_rows},
};
use crate::{
    ConnectionKey, HolderId, NewAudit, Owner, Store, StoreError,
    account::{self, Moves, Via},
    db::{Scope, Tx, args, dialect, statements},
    limits::cut,
    signal::{Lane, Queue},
    tenant::audit_in,
};

/// What a disconnection found when it began.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Leaving {
    /// The caller holds the work and may remove the webhooks now.
    Held(SubscriptionCheck),
    /// Somebody is at the platform for it right now, and goes on with the removal.
    UnderWay,
    /// It was disconnected before.
    Left,
}

/// How a disconnection ended.
#[derive(Clone, Debug)]
pub struct Departure {
    /// The claimed work.
    pub check: SubscriptionCheck,
    /// The topics, each removed or left behind.
    pub rows: Vec<SubscriptionRow>,
    /// Why some were left behind.
    pub error: Option<String>,
    /// The deed.
    pub audit: NewAudit,
    /// Now.
    pub now: Instant,
}

statements! {
    /// The row is locked, so that two disconnections stand in line.
    LOOK = dialect::locked!("SELECT state, lease_until FROM subscription_checks
            WHERE tenant_id = $1 AND connection_id = $2");
    STOP = "UPDATE connections SET state = 'leaving', paused_reason = NULL, updated_at = $3
            WHERE tenant_id = $1 AND connection_id = $2 AND state NOT IN ('leaving', 'left')";
    NO_TOKEN = "DELETE FROM tokens WHERE tenant_id = $1 AND purpose = 'webhook_path' AND owner_id = $2";
    LEAVE = "UPDATE subscription_checks SET state = 'leaving', attempts = 0, due_at = $3,
                since = CASE WHEN state = 'leaving' THEN since ELSE CAST($3 AS BIGINT) END
            WHERE tenant_id = $1 AND connection_id = $2";
    HOLD = concat!("UPDATE subscription_checks SET holder = $3, lease_until = $4
            WHERE tenant_id = $1 AND connection_id = $2 RETURNING ", check_columns!());
    RETRY = "UPDATE subscription_checks SET due_at = $4, last_error = $5, attempts = attempts + 1,
                holder = NULL, lease_until = NULL
            WHERE tenant_id = $1 AND connection_id = $2 AND holder = $3 AND state = 'leaving'";
    END = "UPDATE subscription_checks SET state = 'left', since = $4, last_error = $5,
                holder = NULL, lease_until = NULL
            WHERE tenant_id = $1 AND connection_id = $2 AND holder = $3 AND state = 'leaving'";
    /// The name is free again; the id in it keeps it apart from the next one.
    GONE = "UPDATE connections SET state = 'left', name = name || ' (disconnected ' || connection_id || ')',
                updated_at = $3
            WHERE tenant_id = $1 AND connection_id = $2";
    NO_SECRETS = "DELETE FROM secrets WHERE tenant_id = $1 AND owner_id = $2";
    WAITING = "SELECT stream, COUNT(*) AS n FROM receipts
            WHERE tenant_id = $1 AND owner_id = $2 AND state = 'pending' GROUP BY stream";
    IGNORE = "UPDATE receipts SET state = 'ignored', reason = 'the shop was disconnected', settled_at = $3,
                holder = NULL, lease_until = NULL
            WHERE tenant_id = $1 AND owner_id = $2 AND state = 'pending'";
}

impl Store {
    /// Begins to disconnect a shop: nothing is asked of it any more but to remove our webhooks, and what it sends
    /// is refused. Doing it again makes the removal due again.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when there is no such connection.
    pub async fn begin_leaving(
        &self,
        connection: &ConnectionKey,
        holder: &HolderId,
        now: Instant,
        lease_until: Instant,
    ) -> Result<Leaving, StoreError> {
        let (key, holder) = (connection.clone(), holder.clone());
        self.write_admission(Scope::from(&connection.tenant), move |tx| {
            Box::pin(async move {
                let place = || args![&key.tenant, &key.connection];
                let missing = || StoreError::missing("connection", &key.connection);
                let row = tx.conn.first(LOOK, place()).await?.ok_or_else(missing)?;
                if row.parse::<CheckState>("state")? == CheckState::Left {
                    return Ok(Leaving::Left);
                }
                let held = row.opt_instant("lease_until")?.is_some_and(|at| at > now);
                let at = || [place(), args![now]].concat();
                tx.conn.run(STOP, at()).await?;
                tx.conn.run(NO_TOKEN, place()).await?;
                tx.conn.run(LEAVE, at()).await?;
                tx.touched.add(Queue::Lane(Lane::Poll));
                if held {
                    return Ok(Leaving::UnderWay);
                }
                let args = [place(), args![&holder, lease_until]].concat();
                let row = tx.conn.first(HOLD, args).await?.ok_or_else(missing)?;
                Ok(Leaving::Held(read_check(&row)?))
            })
        })
        .await
    }

    /// Notes that the webhooks could not be removed yet.
    ///
    /// # Errors
    /// [`StoreError::LeaseLost`] when somebody else has the work by now.
    pub async fn retry_leaving(
        &self,
        check: &SubscriptionCheck,
        at: Instant,
        error: &str,
    ) -> Result<(), StoreError> {
        let mut args = proof(check);
        args.extend(args![at, cut(error)]);
        let lost = lost(check);
        self.write(Scope::from(&check.connection.tenant), move |tx| {
            Box::pin(async move {
                match tx.conn.run(RETRY, args).await? {
                    0 => Err(lost),
                    _ => Ok(()),
                }
            })
        })
        .await
    }

    /// Ends a disconnection: secrets go, what waited in the inbox is settled as ignored, the name is free.
    ///
    /// # Errors
    /// [`StoreError::LeaseLost`] when somebody else has the work by now: nothing is kept.
    pub async fn finish_leaving(&self, departure: Departure) -> Result<(), StoreError> {
        let tenant = departure.check.connection.tenant.clone();
        self.write_admission(Scope::from(&tenant), move |tx| {
            Box::pin(async move {
                let (check, now) = (&departure.check, departure.now);
                let key = &check.connection;
                let mut end = proof(check);
                end.extend(args![now, departure.error.as_deref().map(cut)]);
                if tx.conn.run(END, end).await? == 0 {
                    return Err(lost(check));
                }
                put_rows(&mut tx.conn, key, &departure.rows).await?;
                let place = args![&key.tenant, &key.connection];
                tx.conn.run(NO_SECRETS, place.clone()).await?;
                tx.conn.run(NO_TOKEN, place.clone()).await?;
                tx.conn.run(GONE, [place, args![now]].concat()).await?;
                ignore_waiting(tx, key, now).await?;
                audit_in(&mut tx.conn, &key.tenant, &departure.audit, now).await
            })
        })
        .await
    }
}

/// What came in and was not worked off: the accounts move with it.
pub(crate) async fn ignore_waiting(
    tx: &mut Tx,
    key: &ConnectionKey,
    now: Instant,
) -> Result<(), StoreError> {
    let owner = Owner::Connection(key.connection.clone());
    let place = args![&key.tenant, owner.id()];
    let waiting = tx.conn.all(WAITING, place.clone()).await?;
    if waiting.is_empty() {
        return Ok(());
    }
    tx.conn.run(IGNORE, [place, args![now]].concat()).await?;
    for row in &waiting {
        let n = row.int("n")?;
        let moves = Moves {
            pending: -n,
            ignored: n,
            ..Moves::default()
        };
        let stream = row.text("stream")?;
        let conn = &mut tx.conn;
        account::record(conn, &key.tenant, owner.id(), &stream, Via::Inbox, moves).await?;
    }
    Ok(())
}
