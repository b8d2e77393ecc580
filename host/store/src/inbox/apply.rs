//! Settling a webhook with the records that were read because of it: one transaction.

use ordercase_model::Instant;

use super::{ReceiptClaim, Settlement, settle_in};
use crate::{
    Death, ErrorClass, Store, StoreError,
    db::Scope,
    record::{Applied, Batch, Outcome, write_batch},
};

impl Store {
    /// Writes what was read because of a receipt, and settles it: applied when anything changed, else
    /// superseded, else duplicate; dead when nothing could be stored.
    ///
    /// # Errors
    /// [`StoreError::LeaseLost`] when somebody else has the receipt by now: nothing is written.
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
                let mut applied = Vec::new();
                for batch in &batches {
                    applied.extend(write_batch(tx, batch, now).await?);
                }
                let settlement = settlement(&applied);
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
                    applied.extend(write_batch(tx, batch, now).await?);
                }
                Ok((applied, Settlement::Applied))
            })
        })
        .await
    }
}

/// One word for several outcomes. A refused record is never hidden behind a good one.
fn settlement(applied: &[Applied]) -> Settlement {
    for one in applied {
        if let Outcome::Refused(reason) = &one.outcome {
            return Settlement::Dead(Death::new(ErrorClass::Schema, reason.as_str()));
        }
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
