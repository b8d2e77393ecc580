//! What to do next: works off the inbox, reads the streams, executes the outbox. Knows the store and the
//! model; shops, plugins and help desks are behind three traits that the server implements.
//!
//! | Trait | Is |
//! |---|---|
//! | [`Source`] | a shop through its plugin: pages, single records, the reading of a webhook |
//! | [`DeskHandler`] | the use case of a ticket event or a record change |
//! | [`EffectExecutor`] | the only writer to the help desk |
//!
//! [`Subscriber`] looks after the webhooks that are registered at the platforms, behind [`Platform`].
//!
//! [`Engine::run`] starts one dispatcher per lane and one for the outbox. A dispatcher claims due work under
//! a lease, runs a bounded number of jobs, and sleeps until a commit feeds its queue or the next job is
//! due. Nothing is held in memory that the database does not hold too: a killed process loses the lease, never
//! the work. [`Certificate`] says what is proven complete. [`Replayer`] tells stored records again and works stored receipts off again. What a failure leads to is a total function ([`classify`], [`classify_effect`],
//! [`classify_desk`]); when the next attempt comes is a pure one ([`Backoff`]).

mod certificate;
mod clock;
mod desk;
mod dispatch;
mod effect;
mod engine;
mod failure;
mod inbox;
pub mod limits;
mod mutation;
mod on_demand;
mod outbox;
mod progress;
mod replay;
mod retention;
mod retry;
#[cfg(feature = "simulation")]
pub mod simulation;
mod source;
mod stream;
mod subscribe;

pub use certificate::{Certificate, Counts, Evidence, HoleCount, PathState, StreamCertificate};
pub use clock::Clock;
pub use desk::{DeskFailure, DeskHandler, Handled};
pub use effect::{EffectExecutor, EffectFailure};
pub use engine::{Engine, EngineOptions};
pub use failure::{
    Decision, Tried, class_of_desk, class_of_effect, class_of_source, classify, classify_desk,
    classify_effect,
};
pub use on_demand::{OnDemand, OnDemandError};
pub use progress::StreamProgress;
pub use replay::{
    FieldDiff, Mapper, ReceiptReplay, RecordReplay, ReplayError, ReplayVerdict, ReplayedPage,
    ReplayedRecord, Replayer, ReworkedPage,
};
pub use retry::Backoff;
pub use source::{
    Hint, Page, Pull, ReadRecord, Reading, Search, Source, SourceFailure, WebhookReading,
};
pub use subscribe::{Callback, Disconnected, Platform, Subscriber, Subscription, Wanted};

#[cfg(test)]
mod tests;
