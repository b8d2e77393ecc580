//! The plugin's side of the contract, inside the sandbox only. Private to [`crate::export!`]: it may
//! change with any release.
//!
//! Each entry reads the context, calls the plugin's trait with the real host, and converts back.
//! Generated types stop here; a plugin sees the types of [`crate::source`].
mod bindings;
mod convert;
mod door;

pub use bindings::{fetcher, mapper, prober, puller, receiver, searcher, subscriber};

pub use bindings::fetcher::exports::ordercase::source::fetch::Guest as Fetching;
pub use bindings::mapper::exports::ordercase::source::map::{Guest as Mapping, Input as WitInput};
pub use bindings::prober::exports::ordercase::source::probe::Guest as Probing;
pub use bindings::puller::exports::ordercase::source::pull::{
    Guest as Pulling, Page as WitPage, Window as WitWindow,
};
pub use bindings::receiver::exports::ordercase::source::receive::{
    Guest as Receiving, Hint as WitHint, Reading as WitReading, Webhook as WitWebhook,
};
pub use bindings::searcher::exports::ordercase::source::search::{
    Guest as Searching, Query as WitQuery,
};
pub use bindings::subscriber::exports::ordercase::source::subscribe::{
    Guest as Subscribing, Subscription as WitSubscription,
};

pub use bindings::base::ordercase::source::errors::PluginError as WitError;
pub use bindings::base::ordercase::source::records::{
    Envelope as WitEnvelope, Pulled as WitPulled, RecordRef as WitRef,
};
pub use bindings::base::ordercase::source::types::Context as WitContext;

pub type Probed = Result<Vec<u8>, WitError>;
pub type PulledPage = Result<WitPage, WitError>;
pub type PulledList = Result<Vec<WitPulled>, WitError>;
pub type Mapped = Result<Vec<WitEnvelope>, WitError>;
pub type Read = Result<WitReading, WitError>;
pub type Registered = Result<WitSubscription, WitError>;
pub type Listed = Result<Vec<WitSubscription>, WitError>;
pub type Removed = Result<(), WitError>;

use crate::{
    Fetch, Input, Map, PluginError, Probe, Pull, PullRequest, Query, Receive, Search, Subscribe,
    Webhook, Window,
};
use door::Door;

pub fn probe(plugin: &impl Probe, ctx: &WitContext) -> Probed {
    door::watch_panics();
    let facts = plugin.probe(&Door, &convert::context(ctx)?)?;
    serde_json::to_vec(&facts).map_err(|e| WitError::Internal(format!("facts as JSON: {e}")))
}

pub fn pull(
    plugin: &impl Pull,
    ctx: &WitContext,
    stream: String,
    window: &WitWindow,
    cursor: Option<String>,
    limit: u32,
) -> PulledPage {
    door::watch_panics();
    let request = PullRequest {
        stream,
        window: Window {
            since: convert::instant(window.since.as_deref())?,
            until: convert::instant(window.until.as_deref())?,
        },
        cursor,
        limit,
    };
    let page = plugin.pull(&Door, &convert::context(ctx)?, &request)?;
    Ok(WitPage {
        records: page.records.into_iter().map(convert::pulled).collect(),
        next: page.next,
        total: page.total,
    })
}

pub fn fetch(plugin: &impl Fetch, ctx: &WitContext, target: WitRef) -> PulledList {
    door::watch_panics();
    let target = convert::record_ref(target);
    let records = plugin.fetch(&Door, &convert::context(ctx)?, &target)?;
    Ok(records.into_iter().map(convert::pulled).collect())
}

pub fn search(plugin: &impl Search, ctx: &WitContext, query: WitQuery, limit: u32) -> PulledList {
    door::watch_panics();
    let query = Query {
        by: query.by,
        value: query.value,
    };
    let records = plugin.search(&Door, &convert::context(ctx)?, &query, limit)?;
    Ok(records.into_iter().map(convert::pulled).collect())
}

pub fn map(plugin: &impl Map, ctx: &WitContext, stream: &str, inputs: Vec<WitInput>) -> Mapped {
    door::watch_panics();
    let inputs: Vec<Input> = inputs
        .into_iter()
        .map(|input| Input {
            role: input.role,
            content_type: input.content_type,
            bytes: input.bytes,
        })
        .collect();
    let records = plugin.map(&Door, &convert::context(ctx)?, stream, &inputs)?;
    Ok(records.into_iter().map(convert::envelope).collect())
}

pub fn receive(plugin: &impl Receive, ctx: &WitContext, webhook: WitWebhook) -> Read {
    door::watch_panics();
    let webhook = Webhook {
        topic: webhook.topic,
        headers: webhook
            .headers
            .into_iter()
            .map(|header| (header.name, header.value))
            .collect(),
        body: webhook.body,
        received_at: convert::instant(Some(&webhook.received_at))?
            .ok_or_else(|| PluginError::Internal("received-at is missing".to_owned()))?,
    };
    let reading = plugin.receive(&Door, &convert::context(ctx)?, &webhook)?;
    Ok(WitReading {
        hints: reading
            .hints
            .into_iter()
            .map(|hint| WitHint {
                target: convert::wit_ref(hint.target),
                occurred_at: hint.occurred_at.map(|at| at.to_string()),
            })
            .collect(),
        snapshots: reading
            .snapshots
            .into_iter()
            .map(convert::envelope)
            .collect(),
        ignored: reading.ignored,
    })
}

pub fn register(
    plugin: &impl Subscribe,
    ctx: &WitContext,
    topic: &str,
    address: &str,
) -> Registered {
    door::watch_panics();
    let ctx = convert::context(ctx)?;
    let registered = plugin.register(&Door, &ctx, topic, address)?;
    Ok(convert::subscription(registered))
}

pub fn subscriptions(plugin: &impl Subscribe, ctx: &WitContext) -> Listed {
    door::watch_panics();
    let all = plugin.subscriptions(&Door, &convert::context(ctx)?)?;
    Ok(all.into_iter().map(convert::subscription).collect())
}

pub fn remove(plugin: &impl Subscribe, ctx: &WitContext, id: &str) -> Removed {
    door::watch_panics();
    Ok(plugin.remove(&Door, &convert::context(ctx)?, id)?)
}
