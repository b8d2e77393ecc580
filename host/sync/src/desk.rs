//! The use case of a ticket event or a record change, as the engine sees it.

use async_trait::async_trait;
use ordercase_store::{Receipt, RecordChange, Settlement, TicketKey};

/// Works off what concerns tickets. The server implements this over the desk.
#[async_trait]
pub trait DeskHandler: Send + Sync + 'static {
    /// A help desk's event. Whoever commits with the receipt's claim answers [`Handled::Settled`].
    async fn handle(&self, receipt: &Receipt) -> Result<Handled, DeskFailure>;

    /// Records changed that a ticket shows or waits for.
    async fn record_changed(
        &self,
        receipt: &Receipt,
        ticket: &TicketKey,
        change: &RecordChange,
    ) -> Result<Handled, DeskFailure>;
}

/// How the work on a receipt ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Handled {
    /// It was settled in the transaction of what followed.
    Settled,
    /// To be settled like this.
    Settle(Settlement),
}

/// Why a ticket could not be worked on, cut by what the engine does next.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DeskFailure {
    /// Credentials do not open the door: the desk waits for a person.
    #[error("the help desk refuses the credentials: {0}")]
    Credentials(String),
    /// Too fast.
    #[error("the help desk asks to slow down")]
    RateLimited {
        /// How long to wait, where it said so, milliseconds.
        after_ms: Option<u64>,
    },
    /// Network, time-out, 5xx, database: it may pass.
    #[error("it cannot be done now: {0}")]
    Unavailable(String),
    /// The ticket was committed meanwhile: again at once.
    #[error("the ticket changed meanwhile: {0}")]
    Conflict(String),
    /// Trying again brings the same.
    #[error("it cannot be done: {0}")]
    Broken(String),
}
