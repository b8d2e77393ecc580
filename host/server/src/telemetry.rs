//! Logs: JSON lines on standard error, one per event, readable alone and queryable by field.
//!
//! Never in a log: bodies, e-mail addresses, phone numbers, names of people, tokens, URLs with a query.
//! A request's span carries the route's template, not its path, so that no id or token of a path gets
//! in by accident. `tests/canary.rs` plants values and looks for them.

use tracing::Subscriber;
use tracing_subscriber::{
    EnvFilter, fmt::MakeWriter, layer::SubscriberExt as _, registry::LookupSpan,
};

/// A subscriber that writes JSON lines to `writer`.
///
/// # Errors
/// When the filter cannot be read.
pub fn subscriber<W>(
    filter: &str,
    writer: W,
) -> anyhow::Result<impl Subscriber + for<'a> LookupSpan<'a> + Send + Sync + use<W>>
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let filter = EnvFilter::builder()
        .parse(filter)
        .map_err(|error| anyhow::anyhow!("--log: {error}"))?;
    let lines = tracing_subscriber::fmt::layer()
        .json()
        .flatten_event(true)
        .with_current_span(true)
        .with_span_list(false)
        .with_writer(writer);
    Ok(tracing_subscriber::registry().with(filter).with(lines))
}

/// Starts logging for the process.
///
/// # Errors
/// When the filter cannot be read or logging already started.
pub fn start(filter: &str) -> anyhow::Result<()> {
    tracing::subscriber::set_global_default(subscriber(filter, std::io::stderr)?)?;
    Ok(())
}
