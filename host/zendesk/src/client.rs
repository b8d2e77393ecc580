//! The client: one account, one credential, one governor; every call goes through [`Client::call`].
//!
//! A call waits for its budget, is sent, and is judged. 429 always waits and repeats, because
//! nothing was applied; a failed call that changes nothing repeats a few times; a write whose answer
//! was lost goes back to the caller, who asks first. Sleeps are bounded singly and in sum; a longer
//! wait goes back as [`ZendeskError::RetryAfter`], so no worker hangs. An account that fails again and
//! again is left alone for a while.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::StatusCode;
use ordercase_breaker::Resting;
use serde::de::DeserializeOwned;

use crate::auth::Auth;
use crate::budget::{Admission, Governor, Lane, Meter, Plan, RateHeaders};
use crate::call::Call;
use crate::clock::{Clock, MonotonicClock};
use crate::dial::DevConnect;
use crate::error::ZendeskError;
use crate::limits::{PATIENCE, SLEEP_MAX, TRIES_MAX};
use crate::transport::{Incoming, Outgoing, SendError, Transport};
use crate::verdict::{Verdict, is_ill, judge, log_answer};

/// What a client needs.
#[derive(Clone)]
pub struct ClientConfig {
    /// The account: `{subdomain}.zendesk.com`.
    pub subdomain: String,
    /// The credential.
    pub auth: Auth,
    /// The plan, for its limits; answers correct it.
    pub plan: Plan,
    /// Hosts dialled elsewhere, in development.
    pub dev_connect: Vec<DevConnect>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// The most that one call may sleep before it goes back to the caller.
    pub patience: Duration,
    /// Varies the jitter between clients.
    pub seed: u64,
}

impl ClientConfig {
    /// An account and a credential, everything else as usual.
    #[must_use]
    pub fn new(subdomain: impl Into<String>, auth: Auth) -> Self {
        Self {
            subdomain: subdomain.into(),
            auth,
            plan: Plan::default(),
            dev_connect: Vec::new(),
            clock: Arc::new(MonotonicClock::new()),
            patience: PATIENCE,
            seed: 1,
        }
    }
}

/// A client of one account. Clones share the connection pool and the governor.
#[derive(Clone)]
pub struct Client {
    inner: Arc<Inner>,
    lane: Lane,
}

struct Inner {
    subdomain: String,
    auth: Auth,
    transport: Transport,
    governor: Arc<Mutex<Governor>>,
    clock: Arc<dyn Clock>,
    patience: Duration,
    jitter: AtomicU64,
}

impl std::fmt::Debug for Client {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Client")
            .field("subdomain", &self.inner.subdomain)
            .field("auth", &self.inner.auth)
            .field("lane", &self.lane)
            .finish_non_exhaustive()
    }
}

impl Client {
    /// A client of one account.
    ///
    /// # Errors
    /// [`ZendeskError::Setup`] when the subdomain is no name.
    pub fn new(config: ClientConfig) -> Result<Self, ZendeskError> {
        let valid = !config.subdomain.is_empty()
            && config.subdomain.len() <= 63
            && config
                .subdomain
                .chars()
                .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
        if !valid {
            return Err(ZendeskError::Setup {
                reason: "a subdomain is 1 to 63 characters of a-z, 0-9 and -".to_owned(),
            });
        }
        let host = format!("{}.zendesk.com", config.subdomain);
        Ok(Self {
            inner: Arc::new(Inner {
                transport: Transport::new(&host, &config.dev_connect)?,
                subdomain: config.subdomain,
                auth: config.auth,
                governor: Arc::new(Mutex::new(Governor::new(config.plan))),
                clock: config.clock,
                patience: config.patience,
                jitter: AtomicU64::new(config.seed.max(1)),
            }),
            lane: Lane::default(),
        })
    }

    /// The same client for calls that somebody else waits for.
    #[must_use]
    pub fn lane(&self, lane: Lane) -> Self {
        Self {
            inner: Arc::clone(&self.inner),
            lane,
        }
    }

    /// The account's subdomain.
    #[must_use]
    pub fn subdomain(&self) -> &str {
        &self.inner.subdomain
    }

    /// The credential in use.
    #[must_use]
    pub fn auth(&self) -> &Auth {
        &self.inner.auth
    }

    /// Requests per minute of the account: as its answers state it, else as the plan says.
    #[must_use]
    pub fn known_limit(&self) -> u32 {
        self.inner.governor().limit()
    }

    /// The same account with another credential, sharing the governor: limits are the account's.
    ///
    /// # Errors
    /// [`ZendeskError::Setup`] when the HTTP client cannot be built.
    pub fn with_auth(&self, auth: Auth) -> Result<Self, ZendeskError> {
        Ok(Self {
            inner: Arc::new(Inner {
                subdomain: self.inner.subdomain.clone(),
                auth,
                transport: self.inner.transport.clone(),
                governor: Arc::clone(&self.inner.governor),
                clock: Arc::clone(&self.inner.clock),
                patience: self.inner.patience,
                jitter: AtomicU64::new(self.inner.next_jitter() | 1),
            }),
            lane: self.lane,
        })
    }

    /// Makes a call and reads its JSON.
    pub(crate) async fn json<T: DeserializeOwned>(&self, call: Call) -> Result<T, ZendeskError> {
        let what = call.what();
        let answer = self.call(call).await?;
        serde_json::from_slice(&answer.body).map_err(|error| ZendeskError::Shape {
            what,
            // Line and column, not the text: it may be personal.
            reason: format!(
                "{:?} at {}:{}",
                error.classify(),
                error.line(),
                error.column()
            ),
        })
    }

    /// Makes a call and ignores what a 2xx says.
    pub(crate) async fn done(&self, call: Call) -> Result<(), ZendeskError> {
        self.call(call).await.map(drop)
    }

    /// Makes a call: waits for the budget, sends, judges, repeats where that is right.
    pub(crate) async fn call(&self, call: Call) -> Result<Incoming, ZendeskError> {
        let body = call.encode()?;
        let mut slept = Duration::ZERO;
        let mut tries = 0;
        loop {
            self.wait_for_budget(call.meter, &mut slept).await?;
            tries += 1;
            match self.try_once(&call, body.as_ref()).await? {
                Verdict::Done(answer) => return Ok(answer),
                Verdict::Fail(error) => return Err(error),
                Verdict::Wait(wait, reason) => self.sleep(wait, &mut slept, reason).await?,
                Verdict::Again(error) if tries >= TRIES_MAX => return Err(error),
                Verdict::Again(_) => {
                    let wait = self.inner.jittered(Duration::from_millis(250 << tries));
                    self.sleep(wait, &mut slept, "Zendesk failed").await?;
                }
            }
        }
    }

    async fn try_once(&self, call: &Call, body: Option<&Bytes>) -> Result<Verdict, ZendeskError> {
        let outgoing = Outgoing {
            method: call.method.clone(),
            path: &call.path,
            query: &call.query,
            body,
            authorization: self.inner.auth.header()?,
        };
        let sent = self.inner.transport.send(outgoing).await;
        let well = sent.as_ref().is_ok_and(|answer| !is_ill(answer));
        let now = self.inner.clock.now();
        self.inner.governor().answered(now, well);
        let answer = match sent {
            Ok(answer) => answer,
            Err(SendError::NotSent(reason)) => {
                return Ok(Verdict::Again(ZendeskError::Retry { reason }));
            }
            Err(SendError::AnswerLost(reason)) if call.repeatable => {
                return Ok(Verdict::Again(ZendeskError::Retry { reason }));
            }
            Err(SendError::AnswerLost(reason)) => {
                return Ok(Verdict::Fail(ZendeskError::AnswerLost { reason }));
            }
        };
        let rate = RateHeaders::read(&answer.headers);
        let mut governor = self.inner.governor();
        governor.observe(now, &rate);
        if answer.status == StatusCode::TOO_MANY_REQUESTS {
            governor.refused(now, call.meter, rate.wait(), &rate);
        }
        drop(governor);
        log_answer(call, &answer);
        Ok(judge(call, answer, &rate))
    }

    async fn wait_for_budget(
        &self,
        meter: Meter,
        slept: &mut Duration,
    ) -> Result<(), ZendeskError> {
        loop {
            let admission = self
                .inner
                .governor()
                .admit(self.inner.clock.now(), self.lane, meter);
            match admission {
                Admission::Go => return Ok(()),
                Admission::Wait(wait) => self.sleep(wait, slept, "our share is used up").await?,
                Admission::Rest(Resting { failures, wait }) => {
                    let seconds = wait.as_secs().max(1);
                    let reason = format!(
                        "it failed {failures} times in a row and is asked again in {seconds} s"
                    );
                    return Err(ZendeskError::Retry { reason });
                }
            }
        }
    }

    async fn sleep(
        &self,
        wait: Duration,
        slept: &mut Duration,
        reason: &str,
    ) -> Result<(), ZendeskError> {
        let sum = *slept + wait;
        if wait > SLEEP_MAX || sum > self.inner.patience {
            return Err(ZendeskError::RetryAfter {
                after: wait,
                reason: reason.to_owned(),
            });
        }
        *slept = sum;
        self.inner.clock.sleep(wait).await;
        Ok(())
    }
}

impl Inner {
    fn governor(&self) -> MutexGuard<'_, Governor> {
        // A panic while counting leaves counters that are at worst one off.
        self.governor.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Half to all of `wait`, varied so that clients do not march in step.
    fn jittered(&self, wait: Duration) -> Duration {
        let thousandth = u32::try_from(self.next_jitter() % 500).unwrap_or_default();
        wait * (500 + thousandth) / 1000
    }

    fn next_jitter(&self) -> u64 {
        let step = |mut x: u64| {
            x ^= x << 13;
            x ^= x >> 7;
            x ^ (x << 17)
        };
        let update = self
            .jitter
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |x| Some(step(x)));
        update.unwrap_or_else(|x| x)
    }
}
