//! What a plugin may implement: one trait per export of the contract, each with the types of its
//! call. Implement what the source has; leave out what it has not.

use ordercase_model::{Instant, Record, RecordRef, ShopFacts};

use crate::{Ambient, Context, Host, PluginError};

/// Says what kind of shop this is.
pub trait Probe {
    /// Facts of the shop; `scopes` and `capabilities` tell what later calls can do.
    ///
    /// # Errors
    /// When the shop cannot be reached or refuses.
    fn probe(&self, host: &dyn Host, ctx: &Context) -> Result<ShopFacts, PluginError>;
}

/// Records changed or placed within `[since, until)`; an open end is absent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Window {
    /// From here.
    pub since: Option<Instant>,
    /// To before here.
    pub until: Option<Instant>,
}

/// Which page is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PullRequest {
    /// Stream of the manifest.
    pub stream: String,
    /// Which records.
    pub window: Window,
    /// Where the page before ended.
    pub cursor: Option<String>,
    /// Upper bound of records, 1 to 250.
    pub limit: u32,
}

/// A record read over HTTP, with the exchanges behind it.
#[derive(Clone, Debug)]
pub struct Pulled {
    /// The record.
    pub record: Record,
    /// Numbers of the exchanges of this call that it came from.
    pub exchanges: Vec<u32>,
}

/// A page of a stream.
#[derive(Clone, Debug, Default)]
pub struct Page {
    /// Records.
    pub records: Vec<Pulled>,
    /// Where the next page starts; absent on the last.
    pub next: Option<String>,
    /// How many records the window holds in all, where the source tells.
    pub total: Option<u64>,
}

/// Reads streams page by page.
pub trait Pull {
    /// One page.
    ///
    /// # Errors
    /// When the source fails, or the cursor is not ours.
    fn pull(
        &self,
        host: &dyn Host,
        ctx: &Context,
        request: &PullRequest,
    ) -> Result<Page, PluginError>;
}

/// Reads one record.
pub trait Fetch {
    /// The record first, then whatever else the same answers hold.
    ///
    /// # Errors
    /// [`PluginError::NotFound`] when it is gone.
    fn fetch(
        &self,
        host: &dyn Host,
        ctx: &Context,
        target: &RecordRef,
    ) -> Result<Vec<Pulled>, PluginError>;
}

/// What people quote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    /// `email`, `phone`, `order_number` or `tracking_number`.
    pub by: String,
    /// The text.
    pub value: String,
}

/// Finds records by what people quote.
pub trait Search {
    /// At most `limit` records.
    ///
    /// # Errors
    /// [`PluginError::Unsupported`] when the source cannot search by that.
    fn search(
        &self,
        host: &dyn Host,
        ctx: &Context,
        query: &Query,
        limit: u32,
    ) -> Result<Vec<Pulled>, PluginError>;
}

/// One body of a raw set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Input {
    /// The request's role, `webhook:<topic>`, or empty when only the shape can tell.
    pub role: String,
    /// Content type as sent.
    pub content_type: String,
    /// The bytes as sent.
    pub bytes: Vec<u8>,
}

/// Turns source bytes into canonical records. Pure.
pub trait Map {
    /// The records in the inputs; nothing to emit, such as a draft, is an empty list.
    ///
    /// # Errors
    /// [`PluginError::Malformed`] when an input has no shape that the plugin knows.
    fn map(
        &self,
        ambient: &dyn Ambient,
        ctx: &Context,
        stream: &str,
        inputs: &[Input],
    ) -> Result<Vec<Record>, PluginError>;
}

/// A webhook that the host has verified and stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Webhook {
    /// Topic.
    pub topic: String,
    /// Headers.
    pub headers: Vec<(String, String)>,
    /// Body as sent.
    pub body: Vec<u8>,
    /// When the host got it.
    pub received_at: Instant,
}

impl Webhook {
    /// The first header of that name, whatever its case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(n, _)| n.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }
}

/// "This record changed": the host reads it back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hint {
    /// The record.
    pub target: RecordRef,
    /// When it changed, where the webhook tells.
    pub occurred_at: Option<Instant>,
}

/// What follows from a webhook.
#[derive(Clone, Debug, Default)]
pub struct Reading {
    /// Records to read back.
    pub hints: Vec<Hint>,
    /// Records that the webhook holds whole; only for topics that the manifest declares `full`.
    pub snapshots: Vec<Record>,
    /// Why nothing follows, when nothing does.
    pub ignored: Option<String>,
}

impl Reading {
    /// Nothing follows, and why.
    #[must_use]
    pub fn ignored(why: impl Into<String>) -> Self {
        Self {
            ignored: Some(why.into()),
            ..Self::default()
        }
    }

    /// One record is to be read back.
    #[must_use]
    pub fn hint(target: RecordRef, occurred_at: Option<Instant>) -> Self {
        Self {
            hints: vec![Hint {
                target,
                occurred_at,
            }],
            ..Self::default()
        }
    }
}

/// Reads webhooks. Pure.
pub trait Receive {
    /// What follows from it.
    ///
    /// # Errors
    /// [`PluginError::Malformed`] when the body does not have the topic's shape.
    fn receive(
        &self,
        ambient: &dyn Ambient,
        ctx: &Context,
        webhook: &Webhook,
    ) -> Result<Reading, PluginError>;
}

/// "Deliveries of this topic go to that address", at the platform.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscription {
    /// The platform's id of it.
    pub id: String,
    /// Topic as the manifest names it, which is how deliveries name it.
    pub topic: String,
    /// Address as the platform holds it.
    pub address: String,
}

/// Registers webhooks at the platform. The host decides what, where and when, and checks what is there by the
/// list; a plugin whose platform cannot do this leaves the trait out.
pub trait Subscribe {
    /// Registers a topic of the manifest at an https address; where the platform has that very pair already,
    /// the one that it has.
    ///
    /// # Errors
    /// [`PluginError::Unsupported`] for a topic that the platform does not know; what the platform refuses as
    /// [`PluginError::InvalidConfig`] with its words.
    fn register(
        &self,
        host: &dyn Host,
        ctx: &Context,
        topic: &str,
        address: &str,
    ) -> Result<Subscription, PluginError>;

    /// All that the platform holds for this app and shop, ours and others', to the last page: what is not in
    /// the list is registered again.
    ///
    /// # Errors
    /// When the list cannot be read to its end.
    fn subscriptions(
        &self,
        host: &dyn Host,
        ctx: &Context,
    ) -> Result<Vec<Subscription>, PluginError>;

    /// Removes one by the platform's id.
    ///
    /// # Errors
    /// [`PluginError::NotFound`] when it is gone already.
    fn remove(&self, host: &dyn Host, ctx: &Context, id: &str) -> Result<(), PluginError>;
}
