//! Ticket effects for the engine: [`EffectExecutor`] over the Zendesk client, the only writer to tickets.

use std::sync::Arc;

use async_trait::async_trait;
use ordercase_store::Effect;
use ordercase_sync::{EffectExecutor, EffectFailure};
use ordercase_zendesk::{
    Client, EffectFailure as ZendeskFailure, EffectOutcome, Lane, ZendeskError, effects::Ended,
};
use serde_json::{Value, json};

use super::desks::Desks;

/// Writes to the tickets of every desk.
pub struct TicketWriter {
    desks: Arc<Desks>,
}

impl TicketWriter {
    /// Over these clients.
    #[must_use]
    pub fn new(desks: Arc<Desks>) -> Self {
        Self { desks }
    }

    async fn client(&self, effect: &Effect) -> Result<Client, EffectFailure> {
        let found = self
            .desks
            .client(&effect.desk.tenant, &effect.desk.desk)
            .await;
        let client = found.map_err(|error| match error {
            // Nothing was sent: the desk's credentials are missing, a person's matter.
            ZendeskError::Setup { reason } => EffectFailure::Credentials(reason),
            error => explain(&error.into()),
        })?;
        Ok(client.lane(Lane::Live))
    }
}

#[async_trait]
impl EffectExecutor for TicketWriter {
    async fn execute(&self, effect: &Effect) -> Result<Value, EffectFailure> {
        let client = self.client(effect).await?;
        // The client asks the audits itself before any attempt but the first.
        let earlier = effect.attempts.saturating_sub(1);
        let outcome =
            ordercase_zendesk::execute(&client, &effect.kind, &effect.payload, earlier).await;
        let outcome = match outcome {
            // The ticket is gone, or somebody set the same property meanwhile. Nothing is left to do: what
            // they did comes in as an event of its own and is decided anew.
            Err(ZendeskFailure::Gone) => return Ok(json!({ "ended": "gone" })),
            Err(ZendeskFailure::Stale) => return Ok(json!({ "ended": "stale" })),
            outcome => outcome.map_err(|failure| explain(&failure))?,
        };
        if !outcome.fields_not_kept.is_empty() {
            tracing::warn!(
                tenant.id = %effect.desk.tenant, desk.id = %effect.desk.desk, effect.id = %effect.id,
                fields = ?outcome.fields_not_kept,
                "the ticket did not keep some fields: install the desk again"
            );
        }
        Ok(answer(&outcome))
    }

    async fn did_it_happen(&self, effect: &Effect) -> Result<Option<Value>, EffectFailure> {
        let part = |key: &str| effect.payload.get(key);
        let ticket = part("ticket_id").and_then(Value::as_u64);
        let op = part("op_id").and_then(Value::as_str);
        // Tags are added and removed by name: doing it again changes nothing, and leaves no op id.
        let (Some(ticket), Some(op), "ticket.update") = (ticket, op, effect.kind.as_str()) else {
            return Ok(None);
        };
        let client = self.client(effect).await?;
        let found = match ordercase_zendesk::did_it_happen(&client, ticket, op).await {
            Err(ZendeskFailure::Gone) => return Ok(Some(json!({ "ended": "gone" }))),
            found => found.map_err(|failure| explain(&failure))?,
        };
        Ok(found.map(|audit| json!({ "ended": "already_applied", "audit_id": audit })))
    }
}

fn answer(outcome: &EffectOutcome) -> Value {
    let ended = match outcome.ended {
        Ended::Applied => "applied",
        Ended::AlreadyApplied => "already_applied",
        Ended::NothingToDo => "nothing_to_do",
    };
    json!({
        "ended": ended,
        "audit_id": outcome.audit_id,
        "updated_stamp": outcome.updated_stamp,
        "fields_not_kept": outcome.fields_not_kept,
    })
}

/// What the engine does next about a failed write: a total function.
fn explain(failure: &ZendeskFailure) -> EffectFailure {
    let text = failure.to_string();
    match failure {
        ZendeskFailure::RetryAfter { after, .. } => EffectFailure::RateLimited {
            after_ms: u64::try_from(after.as_millis()).ok(),
        },
        ZendeskFailure::Retry { .. } => EffectFailure::Unavailable(text),
        ZendeskFailure::Credentials { .. } => EffectFailure::Credentials(text),
        ZendeskFailure::Stale => EffectFailure::Conflict(text),
        ZendeskFailure::Gone | ZendeskFailure::Refused { .. } => EffectFailure::Refused(text),
    }
}
