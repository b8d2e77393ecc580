//! Keeping what one works on. A lease is short, so that a killed holder's work is soon another's; whoever lives
//! asks for more time while it works.

use ordercase_model::Instant;

use crate::{
    ConnectionKey, Effect, EffectId, HolderId, Receipt, ReceiptClaim, Store, StoreError,
    StreamTrack, TenantId, Track,
    db::{Scope, args, statements},
};

statements! {
    /// Whoever asks may have been asleep since it looked at the clock: who holds another of the same entity or target
    /// by now is in the table.
    RECEIPT = "UPDATE receipts SET lease_until = CASE WHEN lease_until > $4 THEN lease_until ELSE $4 END
        WHERE tenant_id = $1 AND receipt_id = $2 AND holder = $3 AND state = 'pending' AND lease_until > $5
            AND NOT EXISTS (
                SELECT 1 FROM receipts b
                WHERE b.tenant_id = receipts.tenant_id AND b.owner_id = receipts.owner_id
                    AND b.entity_key = receipts.entity_key AND b.state = 'pending'
                    AND b.receipt_id <> receipts.receipt_id AND b.lease_until > $5)";
    STREAM = "UPDATE streams SET lease_until = CASE WHEN lease_until > $6 THEN lease_until ELSE $6 END
        WHERE tenant_id = $1 AND connection_id = $2 AND stream = $3 AND track = $4 AND holder = $5
            AND state = 'pending' AND lease_until > $7";
    EFFECT = "UPDATE outbox SET lease_until = CASE WHEN lease_until > $4 THEN lease_until ELSE $4 END
        WHERE tenant_id = $1 AND effect_id = $2 AND holder = $3 AND state = 'pending' AND lease_until > $5
            AND NOT EXISTS (
                SELECT 1 FROM outbox b
                WHERE b.tenant_id = outbox.tenant_id AND b.desk_id = outbox.desk_id AND b.target = outbox.target
                    AND b.state = 'pending' AND b.effect_id <> outbox.effect_id AND b.lease_until > $5)";
}

/// What is held, and by whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lease {
    /// A receipt.
    Receipt(ReceiptClaim),
    /// A track of a stream.
    Stream {
        /// Connection.
        connection: ConnectionKey,
        /// Stream.
        stream: String,
        /// Track.
        track: Track,
        /// Who holds it.
        holder: Option<HolderId>,
    },
    /// An effect.
    Effect {
        /// Tenant.
        tenant: TenantId,
        /// Effect.
        id: EffectId,
        /// Who holds it.
        holder: Option<HolderId>,
    },
}

impl From<&Receipt> for Lease {
    fn from(receipt: &Receipt) -> Self {
        Self::Receipt(receipt.claim())
    }
}

impl From<&StreamTrack> for Lease {
    fn from(track: &StreamTrack) -> Self {
        Self::Stream {
            connection: track.connection.clone(),
            stream: track.stream.clone(),
            track: track.track,
            holder: track.holder.clone(),
        }
    }
}

impl From<&Effect> for Lease {
    fn from(effect: &Effect) -> Self {
        Self::Effect {
            tenant: effect.desk.tenant.clone(),
            id: effect.id.clone(),
            holder: effect.holder.clone(),
        }
    }
}

impl Store {
    /// Keeps a lease until then; `false` when it is lost: it is done, or it ran out before `now`. A request that
    /// was on its way for long never makes a lease shorter than a later one made it. A lease that ran
    /// out never comes back, even where nobody took the same piece of work: somebody may have taken another of
    /// the same entity, and where somebody did, `now` may be as old as it likes. On PostgreSQL a claim that is being committed at that
    /// very moment is not seen.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn renew(
        &self,
        lease: &Lease,
        now: Instant,
        until: Instant,
    ) -> Result<bool, StoreError> {
        let (tenant, sql, mut args) = match lease {
            Lease::Receipt(claim) => {
                let args = args![&claim.tenant, &claim.id, claim.holder.as_ref()];
                (&claim.tenant, RECEIPT, args)
            }
            Lease::Stream {
                connection,
                stream,
                track,
                holder,
            } => {
                let (tenant, id) = (&connection.tenant, &connection.connection);
                let args = args![tenant, id, stream, track.as_str(), holder.as_ref()];
                (tenant, STREAM, args)
            }
            Lease::Effect { tenant, id, holder } => {
                (tenant, EFFECT, args![tenant, id, holder.as_ref()])
            }
        };
        args.extend(args![until, now]);
        self.write(Scope::from(tenant), move |tx| {
            Box::pin(async move { Ok(tx.conn.run(sql, args).await? > 0) })
        })
        .await
    }
}
