//! Ticket events and record changes for the engine: [`DeskHandler`] over the desk.

use std::sync::Arc;

use async_trait::async_trait;
use ordercase_desk::{Desk, DeskError, HelpDeskError, RecordsChanged, TicketEvent};
use ordercase_store::{Owner, Receipt, RecordChange, TicketKey};
use ordercase_sync::{DeskFailure, DeskHandler, Handled};
use serde::Deserialize;

use crate::{clock::Clock, http::v1::event};

/// Works off what concerns tickets.
pub struct TicketDesk {
    desk: Desk,
    clock: Arc<dyn Clock>,
}

impl TicketDesk {
    /// Over that desk.
    #[must_use]
    pub fn new(desk: Desk, clock: Arc<dyn Clock>) -> Self {
        Self { desk, clock }
    }
}

/// What is read of a desk event's body: which ticket. Everything else is asked of the help desk.
#[derive(Deserialize)]
struct Which {
    #[serde(deserialize_with = "event::number")]
    ticket_id: u64,
}

fn ticket(receipt: &Receipt) -> Result<TicketKey, DeskFailure> {
    let Owner::Desk(desk) = &receipt.owner else {
        return Err(DeskFailure::Broken(
            "an event that belongs to no desk".to_owned(),
        ));
    };
    let which: Which = serde_json::from_slice(&receipt.body)
        .map_err(|_| DeskFailure::Broken("an event that names no ticket".to_owned()))?;
    Ok(TicketKey {
        tenant: receipt.tenant.clone(),
        desk: desk.clone(),
        ticket_id: which.ticket_id,
    })
}

#[async_trait]
impl DeskHandler for TicketDesk {
    async fn handle(&self, receipt: &Receipt) -> Result<Handled, DeskFailure> {
        let event = TicketEvent {
            ticket: ticket(receipt)?,
            receipt: Some(receipt.claim()),
        };
        // The desk settles the receipt in the transaction of what followed.
        let handled = self.desk.handle_event(&event, self.clock.now()).await;
        handled.map(|_| Handled::Settled).map_err(explain)
    }

    async fn record_changed(
        &self,
        receipt: &Receipt,
        ticket: &TicketKey,
        change: &RecordChange,
    ) -> Result<Handled, DeskFailure> {
        let change = RecordsChanged {
            ticket: ticket.clone(),
            records: change.records.clone(),
            receipt: Some(receipt.claim()),
        };
        let handled = self.desk.record_changed(&change, self.clock.now()).await;
        handled.map(|_| Handled::Settled).map_err(explain)
    }
}

/// What the engine does next about a failed event: a total function.
fn explain(error: DeskError) -> DeskFailure {
    let text = error.to_string();
    match error {
        DeskError::HelpDesk(HelpDeskError::Later {
            after_seconds: Some(after),
            ..
        }) => DeskFailure::RateLimited {
            after_ms: Some(after.saturating_mul(1000)),
        },
        DeskError::HelpDesk(HelpDeskError::Later { .. }) => DeskFailure::Unavailable(text),
        DeskError::HelpDesk(HelpDeskError::Refused(_)) => DeskFailure::Credentials(text),
        DeskError::Contested(_) => DeskFailure::Conflict(text),
        DeskError::Store(error) if error.is_passing() => DeskFailure::Unavailable(text),
        DeskError::Store(ordercase_store::StoreError::LeaseLost { .. }) => {
            DeskFailure::Conflict(text)
        }
        _ => DeskFailure::Broken(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_may_pass_is_tried_again() {
        let later = |after_seconds| {
            DeskError::HelpDesk(HelpDeskError::Later {
                reason: "r".to_owned(),
                after_seconds,
            })
        };
        assert!(matches!(
            explain(later(Some(7))),
            DeskFailure::RateLimited {
                after_ms: Some(7000)
            }
        ));
        assert!(matches!(explain(later(None)), DeskFailure::Unavailable(_)));
        let refused = DeskError::HelpDesk(HelpDeskError::Refused("r".to_owned()));
        assert!(matches!(explain(refused), DeskFailure::Credentials(_)));
        assert!(matches!(
            explain(DeskError::Contested(1)),
            DeskFailure::Conflict(_)
        ));
        assert!(matches!(
            explain(DeskError::Refused("r".to_owned())),
            DeskFailure::Broken(_)
        ));
        let shape = DeskError::HelpDesk(HelpDeskError::Shape("s".to_owned()));
        assert!(matches!(explain(shape), DeskFailure::Broken(_)));
    }
}
