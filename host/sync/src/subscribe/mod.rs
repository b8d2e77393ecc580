//! Webhooks at the platforms: registered when a shop is connected, looked for every hour, registered again when
//! they are gone, removed when the shop is disconnected.
//!
//! What is due is a row per connection in the store, claimed under a lease, so of many replicas one looks. What is
//! right is decided in `plan`; this file asks the platform, acts, and keeps what was found: a topic that was
//! missing leaves a gap, because what happened meanwhile may never have been told. A failure here never pauses the
//! connection: polling and reading go on without webhooks.

mod leave;
mod plan;

pub use leave::Disconnected;

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use async_trait::async_trait;
use ordercase_model::Instant;
use ordercase_store::{
    CheckCommit, CheckState, Condition, ConnectionKey, HolderId, Lane, Queue, Store, StoreError,
    SubscriptionCheck,
};
use tokio_util::sync::CancellationToken;

use crate::{
    Clock, SourceFailure,
    clock::plus_ms,
    failure::{Decision, Tried, classify},
    limits::{
        REFUSALS_MAX, STORE_DOWN_SECONDS, SUBSCRIPTION_CHECKS, SUBSCRIPTION_IDLE_SECONDS_MAX,
        SUBSCRIPTION_LEASE_SECONDS,
    },
    retry,
};
use plan::{Before, Done, Found, Plan};

/// "Deliveries of this topic go to that address", at the platform.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscription {
    /// The platform's id.
    pub id: String,
    /// Topic, as the manifest names it.
    pub topic: String,
    /// Address, as the platform holds it.
    pub address: String,
}

/// Where webhooks of a connection are to go.
#[derive(Clone, PartialEq, Eq)]
pub struct Callback {
    /// The whole address. It may carry a token: not for logs.
    pub address: String,
    /// The same for people and the store.
    pub shown: String,
}

impl std::fmt::Debug for Callback {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Callback").field(&self.shown).finish()
    }
}

/// What a connection's plugin and host allow.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Whether the plugin can register; without it the shop's own forwarder sends.
    pub can_register: bool,
    /// Topics that the host registers.
    pub topics: Vec<String>,
    /// The path that every address of the connection has, on whichever host: what points there is ours.
    pub path: String,
    /// The address; `None` when nobody told the host under which address it is reached.
    pub callback: Option<Callback>,
}

/// Platforms as this module sees them. The server implements it over the plugins.
#[async_trait]
pub trait Platform: Send + Sync + 'static {
    /// What is to be registered for a connection.
    async fn wanted(&self, connection: &ConnectionKey) -> Result<Wanted, SourceFailure>;

    /// All that the platform holds for this app and shop.
    async fn list(&self, connection: &ConnectionKey) -> Result<Vec<Subscription>, SourceFailure>;

    /// Registers a topic.
    async fn register(
        &self,
        connection: &ConnectionKey,
        topic: &str,
        address: &str,
    ) -> Result<Subscription, SourceFailure>;

    /// Removes one by the platform's id.
    async fn remove(&self, connection: &ConnectionKey, id: &str) -> Result<(), SourceFailure>;
}

/// Looks after the webhooks of all connections. Clones share everything.
#[derive(Clone)]
pub struct Subscriber(Arc<Inner>);

struct Inner {
    store: Store,
    platform: Arc<dyn Platform>,
    clock: Arc<dyn Clock>,
    holder: HolderId,
    /// Time between two looks, seconds.
    interval_seconds: i64,
    claims: AtomicU64,
}

impl Subscriber {
    /// Puts it together; nothing runs yet. `holder` is one per process, new at every start; `interval_seconds` is the
    /// longest time between two looks, usually [`crate::limits::SUBSCRIPTION_CHECK_SECONDS`].
    #[must_use]
    pub fn new(
        store: Store,
        platform: Arc<dyn Platform>,
        clock: Arc<dyn Clock>,
        holder: HolderId,
        interval_seconds: i64,
    ) -> Self {
        Self(Arc::new(Inner {
            store,
            platform,
            clock,
            holder,
            interval_seconds,
            claims: AtomicU64::new(0),
        }))
    }

    /// Works until told to stop; a look under way ends between two calls to the platform.
    pub async fn run(&self, stop: CancellationToken) {
        let inner = &self.0;
        let mut signal = inner.store.signal(Queue::Lane(Lane::Poll));
        while !stop.is_cancelled() {
            // Before claiming: whatever is fed from here on wakes us again.
            signal.mark_unchanged();
            let wake = match self.work_due(&stop).await {
                Ok(0) => self.next_due().await,
                Ok(_) => continue,
                Err(error) => Err(error),
            };
            let wake = wake.unwrap_or_else(|error| {
                tracing::error!(%error, "the subscription checks cannot be read");
                inner.clock.now().plus_seconds(STORE_DOWN_SECONDS)
            });
            tokio::select! {
                () = stop.cancelled() => return,
                _fed = signal.changed() => {}
                () = inner.clock.sleep_until(wake) => {}
            }
        }
    }

    /// Works off what is due; returns how many connections that were.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn work_due(&self, stop: &CancellationToken) -> Result<usize, StoreError> {
        let inner = &self.0;
        let now = inner.clock.now();
        let until = now.plus_seconds(SUBSCRIPTION_LEASE_SECONDS);
        let claimed = inner
            .store
            .claim_subscription_checks(SUBSCRIPTION_CHECKS, &inner.claimant(), now, until)
            .await?;
        let jobs = claimed.iter().map(|check| self.work(check, stop));
        for ended in futures::future::join_all(jobs).await {
            match ended {
                Ok(()) | Err(StoreError::LeaseLost { .. }) => {}
                Err(error) => tracing::warn!(%error, "a subscription check could not be kept"),
            }
        }
        Ok(claimed.len())
    }

    async fn next_due(&self) -> Result<Instant, StoreError> {
        let idle = self.0.clock.now();
        let idle = idle.plus_seconds(SUBSCRIPTION_IDLE_SECONDS_MAX);
        let due = self.0.store.next_subscription_check_due().await?;
        // Due and not to be had: another replica has it.
        let soon = self.0.clock.now().plus_seconds(1);
        Ok(due.unwrap_or(idle).min(idle).max(soon))
    }

    async fn work(
        &self,
        check: &SubscriptionCheck,
        stop: &CancellationToken,
    ) -> Result<(), StoreError> {
        match check.state {
            CheckState::Leaving => self.leave(check).await.map(|_| ()),
            CheckState::Watched | CheckState::Left => self.look(check, stop).await,
        }
    }

    /// Looks once, mends what is amiss, keeps what was found.
    async fn look(
        &self,
        check: &SubscriptionCheck,
        stop: &CancellationToken,
    ) -> Result<(), StoreError> {
        let (inner, key) = (&self.0, &check.connection);
        let wanted = match inner.platform.wanted(key).await {
            Ok(wanted) => wanted,
            Err(failure) => return self.failing(check, &failure).await,
        };
        if !wanted.can_register {
            return self.quiet(check, Condition::Forwarder, None).await;
        }
        let Some(callback) = &wanted.callback else {
            let error = "nobody told the host its public address: start `serve` with --public-url";
            return self.quiet(check, Condition::NoAddress, Some(error)).await;
        };
        let listed = match inner.platform.list(key).await {
            Ok(listed) => listed,
            Err(failure) => return self.failing(check, &failure).await,
        };
        let before = Before {
            connection: &key.connection,
            rows: inner.store.subscriptions(key).await?,
            since: check.since,
            now: inner.clock.now(),
        };
        let plan = Plan::of(&wanted.topics, &wanted.path, callback, listed);
        let (done, failure) = self.mend(check, &plan, callback, stop).await?;
        let found = Found::of(&before, &wanted.topics, callback, &plan, &done);
        if !found.lost.is_empty() {
            tracing::warn!(
                tenant.id = %key.tenant, connection.id = %key.connection, topics = ?found.lost,
                "the platform had lost webhooks of this connection"
            );
        }
        let all = plan.present.len() + done.registered.len() == wanted.topics.len();
        let error = failure.as_ref().map(ToString::to_string);
        let error = error.or_else(|| done.refused.values().next().cloned());
        inner
            .store
            .commit_subscription_check(CheckCommit {
                condition: if all {
                    Condition::Registered
                } else {
                    Condition::Incomplete
                },
                failed: failure.is_some(),
                next: self.next_after(check, failure.as_ref()),
                checked_at: Some(before.now),
                rows: found.rows,
                gaps: found.gaps,
                audits: found.audits,
                now: before.now,
                check: check.clone(),
                error,
            })
            .await
    }

    /// Registers what is missing, then removes what is superseded. One topic that is refused keeps no other from
    /// being registered; the failure that would hit every call ends it.
    async fn mend(
        &self,
        check: &SubscriptionCheck,
        plan: &Plan,
        callback: &Callback,
        stop: &CancellationToken,
    ) -> Result<(Done, Option<SourceFailure>), StoreError> {
        let (inner, key) = (&self.0, &check.connection);
        let mut done = Done::default();
        let mut failure = None;
        let mut in_a_row = 0;
        for topic in &plan.missing {
            if stop.is_cancelled() || in_a_row >= REFUSALS_MAX {
                break;
            }
            self.keep(check).await?;
            let registered = inner.platform.register(key, topic, &callback.address);
            match registered.await {
                Ok(made) => {
                    in_a_row = 0;
                    done.registered.insert(topic.clone(), made);
                }
                Err(refused) => {
                    done.refused.insert(topic.clone(), refused.to_string());
                    if is_topics_own(&refused) {
                        continue;
                    }
                    in_a_row = if is_everybodys(&refused) {
                        REFUSALS_MAX
                    } else {
                        in_a_row + 1
                    };
                    failure = Some(refused);
                }
            }
        }
        if stop.is_cancelled() && done.registered.len() < plan.missing.len() {
            failure.get_or_insert(SourceFailure::Unavailable(
                "the host was stopped".to_owned(),
            ));
        }
        for old in &plan.superseded {
            // An old address may still lead here: it stays until the new one stands.
            let replaced = plan.present.contains_key(&old.topic)
                || done.registered.contains_key(&old.topic)
                || !plan.missing.contains(&old.topic);
            if !replaced || stop.is_cancelled() || in_a_row >= REFUSALS_MAX {
                continue;
            }
            self.keep(check).await?;
            match inner.platform.remove(key, &old.id).await {
                Ok(()) | Err(SourceFailure::NotFound(_)) => done.removed.push(old.clone()),
                Err(refused) => {
                    in_a_row += 1;
                    failure = Some(refused);
                }
            }
        }
        Ok((done, failure))
    }

    /// Keeps the work for the next call.
    async fn keep(&self, check: &SubscriptionCheck) -> Result<(), StoreError> {
        let until = self.0.clock.now().plus_seconds(SUBSCRIPTION_LEASE_SECONDS);
        if self.0.store.renew_subscription_check(check, until).await? {
            return Ok(());
        }
        Err(StoreError::LeaseLost {
            what: "subscription check",
            id: check.connection.connection.to_string(),
        })
    }

    async fn quiet(
        &self,
        check: &SubscriptionCheck,
        condition: Condition,
        error: Option<&str>,
    ) -> Result<(), StoreError> {
        let commit = self.bare(check, condition, error.map(str::to_owned), None);
        self.0.store.commit_subscription_check(commit).await
    }

    async fn failing(
        &self,
        check: &SubscriptionCheck,
        failure: &SourceFailure,
    ) -> Result<(), StoreError> {
        tracing::info!(
            tenant.id = %check.connection.tenant, connection.id = %check.connection.connection,
            %failure, "the platform could not be asked for its webhooks"
        );
        let error = Some(failure.to_string());
        let commit = self.bare(check, Condition::Failing, error, Some(failure));
        self.0.store.commit_subscription_check(commit).await
    }

    fn bare(
        &self,
        check: &SubscriptionCheck,
        condition: Condition,
        error: Option<String>,
        failure: Option<&SourceFailure>,
    ) -> CheckCommit {
        CheckCommit {
            condition,
            failed: failure.is_some(),
            error,
            checked_at: None,
            rows: Vec::new(),
            gaps: Vec::new(),
            audits: Vec::new(),
            next: self.next_after(check, failure),
            now: self.0.clock.now(),
            check: check.clone(),
        }
    }

    /// When to look again: within the interval, spread by connection; sooner after a failure that may pass.
    fn next_after(&self, check: &SubscriptionCheck, failure: Option<&SourceFailure>) -> Instant {
        let now = self.0.clock.now();
        let seed = check.connection.connection.as_str();
        let interval_ms = self.0.interval_seconds.unsigned_abs().saturating_mul(1_000);
        let jitter = retry::random(0, seed) % (interval_ms / 10).max(1);
        let usual = plus_ms(now, interval_ms.saturating_sub(jitter));
        let tried = Tried {
            attempt: check.attempts + 1,
            since: now,
            now,
            seed,
            ends: false,
        };
        match failure.map(|failure| classify(failure, &tried)) {
            Some(Decision::Retry { at } | Decision::Restart { at }) => at.min(usual),
            _ => usual,
        }
    }
}

impl Inner {
    /// A holder per claim: where our own lease ran out and we took the work again, the first job is refused
    /// like a stranger's.
    fn claimant(&self) -> HolderId {
        let number = self.claims.fetch_add(1, Ordering::Relaxed);
        HolderId::new(format!("{}.w{number}", self.holder)).unwrap_or_else(|_| self.holder.clone())
    }
}

/// Whether a refusal concerns the one topic: a scope that the app lacks, a topic that the platform does not know.
fn is_topics_own(refused: &SourceFailure) -> bool {
    matches!(
        refused,
        SourceFailure::Config(_)
            | SourceFailure::Mapping(_)
            | SourceFailure::Unsupported(_)
            | SourceFailure::NotFound(_)
    )
}

/// Whether a refusal would meet the next call as well.
fn is_everybodys(refused: &SourceFailure) -> bool {
    matches!(
        refused,
        SourceFailure::Credentials(_) | SourceFailure::RateLimited { .. }
    )
}
