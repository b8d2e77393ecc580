//! Between the contract's types and the SDK's.

use ordercase_model::{Completeness, Instant, Kind, Record, RecordRef};

use super::bindings::base::ordercase::source::{
    errors::{ConfigError, HttpError as WitHttpError, UpstreamError},
    records::{Completeness as WitCompleteness, MissingField},
};
use super::{WitContext, WitEnvelope, WitError, WitPulled, WitRef, WitSubscription};
use crate::{Context, HttpError, PluginError, Pulled, Subscription};

pub(super) fn context(ctx: &WitContext) -> Result<Context, PluginError> {
    Context::parse(
        &ctx.settings,
        &ctx.shop,
        &ctx.overrides,
        ctx.api_version.clone(),
    )
}

pub(super) fn instant(text: Option<&str>) -> Result<Option<Instant>, PluginError> {
    text.map(str::parse)
        .transpose()
        .map_err(|error| PluginError::Internal(format!("the host sent {error}")))
}

pub(super) fn record_ref(target: WitRef) -> RecordRef {
    RecordRef {
        kind: Kind::from_text(&target.kind),
        source_id: target.source_id,
    }
}

pub(super) fn wit_ref(target: RecordRef) -> WitRef {
    WitRef {
        kind: target.kind.as_str().to_owned(),
        source_id: target.source_id,
    }
}

pub(super) fn pulled(pulled: Pulled) -> WitPulled {
    WitPulled {
        envelope: envelope(pulled.record),
        exchanges: pulled.exchanges,
    }
}

pub(super) fn subscription(subscription: Subscription) -> WitSubscription {
    WitSubscription {
        id: subscription.id,
        topic: subscription.topic,
        address: subscription.address,
    }
}

pub(super) fn envelope(record: Record) -> WitEnvelope {
    WitEnvelope {
        schema: record.schema,
        kind: record.kind.as_str().to_owned(),
        source_id: record.source_id,
        parent: record.parent.map(wit_ref),
        source_version: record.source_version,
        source_updated_at: record.source_updated_at.map(|at| at.to_string()),
        api_version: record.api_version,
        completeness: match record.completeness {
            Completeness::Full => WitCompleteness::Full,
            Completeness::Partial(groups) => WitCompleteness::Partial(
                groups
                    .iter()
                    .map(|group| group.as_str().to_owned())
                    .collect(),
            ),
        },
        missing: record
            .missing
            .into_iter()
            .map(|(field, reason)| MissingField {
                field,
                reason: reason.as_str().to_owned(),
            })
            .collect(),
        warnings: record.warnings,
        body: Box::<str>::from(record.body).into_string().into_bytes(),
    }
}

impl From<PluginError> for WitError {
    fn from(error: PluginError) -> Self {
        match error {
            PluginError::AuthExpired(text) => Self::AuthExpired(text),
            PluginError::RateLimited(ms) => Self::RateLimited(ms),
            PluginError::NotFound(text) => Self::NotFound(text),
            PluginError::InvalidConfig { field, message } => {
                Self::InvalidConfig(ConfigError { field, message })
            }
            PluginError::Malformed(text) => Self::Malformed(text),
            PluginError::Upstream { status, message } => {
                Self::Upstream(UpstreamError { status, message })
            }
            PluginError::InvalidCursor(text) => Self::InvalidCursor(text),
            PluginError::Unsupported(text) => Self::Unsupported(text),
            PluginError::Internal(text) => Self::Internal(text),
        }
    }
}

impl From<WitHttpError> for HttpError {
    fn from(error: WitHttpError) -> Self {
        match error {
            WitHttpError::Denied(why) => Self::Denied(why),
            WitHttpError::RateLimited(ms) => Self::RateLimited(ms),
            WitHttpError::Timeout => Self::Timeout,
            WitHttpError::TooLarge => Self::TooLarge,
            WitHttpError::Tls(why) => Self::Tls(why),
            WitHttpError::Dns(why) => Self::Dns(why),
            WitHttpError::Connection(why) => Self::Connection(why),
            WitHttpError::BudgetSpent => Self::BudgetSpent,
        }
    }
}
