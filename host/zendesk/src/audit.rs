//! Audits: the history of a ticket, where our own writes carry their op id.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::budget::Meter;
use crate::call::Call;
use crate::client::Client;
use crate::error::ZendeskError;
use crate::limits::PAGE_SIZE;
use crate::via::Via;

/// The key of our op id in an audit's custom metadata.
pub const OP_KEY: &str = "ordercase_op";
/// The key of a note's identity in an audit's custom metadata.
pub const NOTE_KEY: &str = "ordercase_note";

/// One change of a ticket.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Audit {
    /// Zendesk's id.
    pub id: u64,
    /// The ticket.
    pub ticket_id: u64,
    /// Who made the change.
    pub author_id: Option<i64>,
    /// When, as sent.
    pub created_at: Option<String>,
    /// How it came in.
    pub via: Via,
    /// `custom`: what the writer said; `system`: where it came from.
    pub metadata: Value,
    /// What changed.
    pub events: Vec<AuditEvent>,
}

/// One part of a change.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct AuditEvent {
    /// Zendesk's id.
    pub id: u64,
    /// `Create`, `Change`, `Comment`, `Notification` and others.
    #[serde(rename = "type")]
    pub kind: String,
    /// The property that changed; a custom field's id as text.
    pub field_name: Option<String>,
    /// Its value now.
    pub value: Value,
}

impl Audit {
    /// The op id of our own write.
    #[must_use]
    pub fn op_id(&self) -> Option<&str> {
        self.custom(OP_KEY)
    }

    /// The identity of the note that this change brought.
    #[must_use]
    pub fn note_key(&self) -> Option<&str> {
        self.custom(NOTE_KEY)
    }

    fn custom(&self, key: &str) -> Option<&str> {
        self.metadata.get("custom")?.get(key)?.as_str()
    }

    /// Whether this change set one of those properties.
    #[must_use]
    pub fn touches(&self, properties: &[&str]) -> bool {
        self.events.iter().any(|event| {
            let name = event.field_name.as_deref().unwrap_or_default();
            event.kind == "Change" && properties.contains(&name)
        })
    }
}

#[derive(Deserialize)]
struct AuditPage {
    audits: Vec<Audit>,
    #[serde(default)]
    next_page: Option<String>,
}

impl Client {
    /// The newest audits of a ticket, newest first, within `pages_max` pages of 100.
    ///
    /// # Errors
    /// See [`ZendeskError`].
    pub async fn newest_audits(
        &self,
        ticket: u64,
        pages_max: usize,
    ) -> Result<Vec<Audit>, ZendeskError> {
        let path = format!("/api/v2/tickets/{ticket}/audits.json");
        let mut audits = Vec::new();
        for number in 1..=pages_max {
            // By number, not by cursor: with a cursor Zendesk ignores the order without a word.
            let call = Call::get(path.clone())
                .query("sort_order", "desc")
                .query("per_page", PAGE_SIZE.to_string())
                .query("page", number.to_string())
                .meter(Meter::Audits);
            let page: AuditPage = self.json(call).await?;
            audits.extend(page.audits);
            if page.next_page.is_none() {
                break;
            }
        }
        // An account that ignores the order answers oldest first; within the bound that is mended.
        audits.sort_by_key(|audit| std::cmp::Reverse(audit.id));
        Ok(audits)
    }
}
