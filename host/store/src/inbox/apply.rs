//! Settling a webhook with the records that were read because of it: one transaction.

use ordercase_model::Instant;

use super::{ReceiptClaim, Settlement, settle_in};
use crate::{
    Death, ErrorClass, MissingMapping, Store, StoreError,
    db::Scope,
    mapping,
    record::{Applied, Batch, Outcome, keep_raw, write_batch},
};

impl Store {
    /// Writes what was read because of a receipt, and settles it: applied when anything changed, else
    /// superseded, else duplicate; dead when something could not be stored, parked when a mapping is missing. Where the
    /// mappings changed since it was read, it is released instead: the next reading knows them.
    ///
    /// # Errors
    /// [`StoreError::LeaseLost`] when somebody else has the receipt by now, [`StoreError::Doubtful`] when a webhook's
    /// body tells of an unusual step: nothing is written.
    pub async fn apply_receipt(
        &self,
        claim: ReceiptClaim,
        batches: Vec<Batch>,
        now: Instant,
    ) -> Result<(Vec<Applied>, Settlement), StoreError> {
        #[cfg(feature = "simulation")]
        if crate::simulation::is_off(crate::simulation::Mutation::SettledWithRecords) {
            return self.apply_receipt_apart(claim, batches, now).await;
        }
        self.write(Scope::from(&claim.tenant), move |tx| {
            Box::pin(async move {
                let (mut applied, mut parked) = (Vec::new(), None);
                for batch in &batches {
                    let raw = keep_raw(tx, batch, now).await?;
                    let written = write_batch(tx, batch, &raw, now).await?;
                    parked = parked.or_else(|| missing(batch, &written));
                    applied.extend(written);
                }
                let settlement =
                    mapping::in_force(tx, &claim, settlement(&applied, parked)).await?;
                settle_in(tx, &claim, &settlement, now).await?;
                Ok((applied, settlement))
            })
        })
        .await
    }
}

#[cfg(feature = "simulation")]
impl Store {
    /// What the simulation must notice: settled first, stored later.
    async fn apply_receipt_apart(
        &self,
        claim: ReceiptClaim,
        batches: Vec<Batch>,
        now: Instant,
    ) -> Result<(Vec<Applied>, Settlement), StoreError> {
        let scope = Scope::from(&claim.tenant);
        self.settle_receipt(claim, Settlement::Applied, now).await?;
        self.write(scope, move |tx| {
            Box::pin(async move {
                let mut applied = Vec::new();
                for batch in &batches {
                    let raw = keep_raw(tx, batch, now).await?;
                    applied.extend(write_batch(tx, batch, &raw, now).await?);
                }
                Ok((applied, Settlement::Applied))
            })
        })
        .await
    }
}

/// The first mapping for want of which a record of the batch was not stored.
fn missing(batch: &Batch, applied: &[Applied]) -> Option<MissingMapping> {
    applied.iter().find_map(|one| match &one.outcome {
        Outcome::Parked(name) => Some(MissingMapping {
            name: name.clone(),
            revision: batch.mappings,
        }),
        _ => None,
    })
}

/// One word for several outcomes. A refused record is never hidden behind a good one, nor one that waits for a mapping.
fn settlement(applied: &[Applied], parked: Option<MissingMapping>) -> Settlement {
    for one in applied {
        if let Outcome::Refused(reason) = &one.outcome {
            return Settlement::Dead(Death::new(ErrorClass::Schema, reason.as_str()));
        }
    }
    if let Some(missing) = parked {
        return Settlement::Dead(Death::parked(missing));
    }
    if applied.iter().any(|one| one.outcome == Outcome::Applied) {
        Settlement::Applied
    } else if applied.iter().any(|one| one.outcome == Outcome::Superseded) {
        Settlement::Superseded
    } else if applied.is_empty() {
        Settlement::Ignored("nothing was read".to_owned())
    } else {
        Settlement::Duplicate
    }
}
