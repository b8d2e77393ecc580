//! Disconnecting: our webhooks are removed at the platform as far as that goes; then the store lets go of the
//! secrets. Tried again for a day; then, or when trying again cannot help, what is left behind is told by name.

use ordercase_model::Instant;
use ordercase_store::{
    ConnectionKey, Departure, Leaving, NewAudit, StoreError, SubscriptionCheck, SubscriptionRow,
    SubscriptionState,
};
use serde_json::json;

use super::{Subscriber, Subscription, plan::is_ours};
use crate::{
    SourceFailure,
    failure::{Decision, Tried, classify},
    limits::{LEAVING_SECONDS_MAX, SUBSCRIPTION_LEASE_SECONDS},
};

/// What became of a disconnection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Disconnected {
    /// It is done.
    Done {
        /// Webhooks removed at the platform.
        removed: usize,
        /// Topics that could not be removed; the platform goes on sending, and is refused.
        left_behind: Vec<String>,
        /// Why.
        error: Option<String>,
    },
    /// The platform does not take it now; it is tried again.
    Retrying {
        /// When.
        at: Instant,
        /// What it said.
        error: String,
    },
    /// Another look is at the platform right now; the removal follows it.
    UnderWay,
    /// It was done before.
    Before,
}

impl Subscriber {
    /// Disconnects a shop: its work stops at once, its webhooks are removed, then its secrets are deleted. Records
    /// stay.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when there is no such connection; else when the database fails.
    pub async fn disconnect(&self, connection: &ConnectionKey) -> Result<Disconnected, StoreError> {
        let inner = &self.0;
        let now = inner.clock.now();
        let until = now.plus_seconds(SUBSCRIPTION_LEASE_SECONDS);
        let leaving = inner
            .store
            .begin_leaving(connection, &inner.claimant(), now, until)
            .await?;
        match leaving {
            Leaving::Held(check) => self.leave(&check).await,
            Leaving::UnderWay => Ok(Disconnected::UnderWay),
            Leaving::Left => Ok(Disconnected::Before),
        }
    }

    /// Removes what is ours, and ends the connection when that is done or cannot be.
    pub(super) async fn leave(
        &self,
        check: &SubscriptionCheck,
    ) -> Result<Disconnected, StoreError> {
        let mut ours = Vec::new();
        let mut removed = 0;
        let outcome = self.remove_ours(check, &mut ours, &mut removed).await?;
        let Err(failure) = outcome else {
            return self.finish(check, removed, None).await;
        };
        let now = self.0.clock.now();
        let tried = Tried {
            attempt: check.attempts + 1,
            since: check.since,
            now,
            seed: check.connection.connection.as_str(),
            // The day that is given to it ends it.
            ends: false,
        };
        let worn = now.seconds_since(check.since) >= LEAVING_SECONDS_MAX;
        match classify(&failure, &tried) {
            Decision::Retry { at } if !worn => {
                let error = failure.to_string();
                self.0.store.retry_leaving(check, at, &error).await?;
                Ok(Disconnected::Retrying { at, error })
            }
            _ => {
                let left = ours.split_off(removed);
                self.finish(check, removed, Some((left, failure))).await
            }
        }
    }

    async fn remove_ours(
        &self,
        check: &SubscriptionCheck,
        ours: &mut Vec<Subscription>,
        removed: &mut usize,
    ) -> Result<Result<(), SourceFailure>, StoreError> {
        let (inner, key) = (&self.0, &check.connection);
        let wanted = match inner.platform.wanted(key).await {
            Ok(wanted) if !wanted.can_register => return Ok(Ok(())),
            Ok(wanted) => wanted,
            Err(failure) => return Ok(Err(failure)),
        };
        match inner.platform.list(key).await {
            Ok(listed) => {
                ours.extend(listed.into_iter().filter(|one| is_ours(one, &wanted.path)));
            }
            Err(failure) => return Ok(Err(failure)),
        }
        for one in ours.iter() {
            self.keep(check).await?;
            match inner.platform.remove(key, &one.id).await {
                Ok(()) | Err(SourceFailure::NotFound(_)) => *removed += 1,
                Err(failure) => return Ok(Err(failure)),
            }
        }
        Ok(Ok(()))
    }

    async fn finish(
        &self,
        check: &SubscriptionCheck,
        removed: usize,
        failed: Option<(Vec<Subscription>, SourceFailure)>,
    ) -> Result<Disconnected, StoreError> {
        let inner = &self.0;
        let known = inner.store.subscriptions(&check.connection).await?;
        let (left, error) = match failed {
            Some((left, failure)) => (left, Some(failure.to_string())),
            None => (Vec::new(), None),
        };
        let stood = |row: &SubscriptionRow| row.state == SubscriptionState::Registered;
        // Where the platform did not even give its list, what was last seen there is what is left.
        let unknown = error.is_some() && removed == 0 && left.is_empty();
        let stays = |row: &SubscriptionRow| {
            stood(row) && (unknown || left.iter().any(|one| one.topic == row.topic))
        };
        let rows: Vec<SubscriptionRow> = known
            .into_iter()
            .map(|row| SubscriptionRow {
                state: if stays(&row) {
                    SubscriptionState::LeftBehind
                } else {
                    SubscriptionState::Removed
                },
                missing_since: None,
                last_error: stays(&row).then(|| error.clone()).flatten(),
                ..row
            })
            .collect();
        let behind = rows
            .iter()
            .filter(|row| row.state == SubscriptionState::LeftBehind);
        let left_behind: Vec<String> = behind.map(|row| row.topic.clone()).collect();
        let audit = NewAudit {
            actor: "admin".to_owned(),
            action: "connection.disconnected".to_owned(),
            subject: check.connection.connection.to_string(),
            detail: json!({ "removed": removed, "left_behind": left_behind, "error": error }),
        };
        tracing::info!(
            tenant.id = %check.connection.tenant, connection.id = %check.connection.connection,
            removed, left_behind = left_behind.len(), "a shop was disconnected"
        );
        let departure = Departure {
            check: check.clone(),
            rows,
            error: error.clone(),
            audit,
            now: inner.clock.now(),
        };
        inner.store.finish_leaving(departure).await?;
        Ok(Disconnected::Done {
            removed,
            left_behind,
            error,
        })
    }
}
