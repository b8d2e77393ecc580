//! Tickets: reading, filing, changing.

use http::Method;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::audit::Audit;
use crate::budget::Meter;
use crate::call::Call;
use crate::client::Client;
use crate::error::ZendeskError;
use crate::user::User;
use crate::via::Via;

/// The value of one custom field.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FieldValue {
    /// The field.
    pub id: u64,
    /// Text, number, boolean, array of tags or null, as the field's type has it.
    #[serde(default)]
    pub value: Value,
}

/// A ticket as Zendesk shows it. **Personal.**
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Ticket {
    /// Zendesk's id; beyond 32 bits.
    pub id: u64,
    /// Another system's id.
    pub external_id: Option<String>,
    /// Subject.
    pub subject: Option<String>,
    /// Text of the first comment.
    pub description: Option<String>,
    /// `new`, `open`, `pending`, `hold`, `solved`, `closed`; in exports also `deleted`.
    pub status: String,
    /// `low`, `normal`, `high`, `urgent`.
    pub priority: Option<String>,
    /// `problem`, `incident`, `question`, `task`.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// How it came in.
    pub via: Via,
    /// Who asks.
    pub requester_id: Option<u64>,
    /// Who filed it.
    pub submitter_id: Option<u64>,
    /// Who works on it.
    pub assignee_id: Option<u64>,
    /// Agents who follow it.
    pub follower_ids: Vec<u64>,
    /// People in copy.
    pub email_cc_ids: Vec<u64>,
    /// Tags.
    pub tags: Vec<String>,
    /// Custom fields.
    pub custom_fields: Vec<FieldValue>,
    /// When it was made, as sent.
    pub created_at: Option<String>,
    /// When it last changed, as sent: the stamp of a safe update.
    pub updated_at: Option<String>,
    /// Unix seconds of any last change, also of those that leave `updated_at` alone.
    pub generated_timestamp: Option<i64>,
}

impl Ticket {
    /// The value of a custom field; null counts as absent.
    #[must_use]
    pub fn field(&self, id: u64) -> Option<&Value> {
        self.custom_fields
            .iter()
            .find(|field| field.id == id)
            .map(|field| &field.value)
            .filter(|value| !value.is_null())
    }
}

/// A ticket with the people whom it names.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct TicketWithUsers {
    /// The ticket.
    pub ticket: Ticket,
    /// Requester, submitter, assignee and others, as far as they still exist.
    #[serde(default)]
    pub users: Vec<User>,
}

/// A ticket after a change, with the change's audit.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Changed {
    /// The ticket as it is now.
    pub ticket: Ticket,
    /// What the change did. Absent or without id where nothing changed.
    #[serde(default)]
    pub audit: Option<Audit>,
}

/// A change of one ticket: only what is named changes.
#[derive(Clone, Debug, Default)]
pub struct TicketChange {
    pub(crate) properties: Map<String, Value>,
}

impl TicketChange {
    /// Sets a property, such as `status`.
    #[must_use]
    pub fn set(mut self, property: &str, value: impl Into<Value>) -> Self {
        self.properties.insert(property.to_owned(), value.into());
        self
    }

    /// Adds a comment; whether people outside see it is always said, never inherited.
    #[must_use]
    pub fn comment(self, html_body: &str, public: bool) -> Self {
        self.set(
            "comment",
            json!({ "html_body": html_body, "public": public }),
        )
    }

    /// Refuses to overtake a change made after `updated_stamp`.
    #[must_use]
    pub fn safe(self, updated_stamp: &str) -> Self {
        self.set("safe_update", true)
            .set("updated_stamp", updated_stamp)
    }
}

impl Client {
    /// One ticket, with the people whom it names.
    ///
    /// # Errors
    /// See [`ZendeskError`].
    pub async fn ticket(&self, id: u64) -> Result<TicketWithUsers, ZendeskError> {
        let call = Call::get(format!("/api/v2/tickets/{id}.json")).query("include", "users");
        self.json(call).await
    }

    /// Tickets that carry another system's id. Read from the database, so nothing lags.
    ///
    /// # Errors
    /// See [`ZendeskError`].
    pub async fn tickets_by_external_id(&self, id: &str) -> Result<Vec<Ticket>, ZendeskError> {
        #[derive(Deserialize)]
        struct Answer {
            tickets: Vec<Ticket>,
        }
        let call = Call::get("/api/v2/tickets.json").query("external_id", id);
        Ok(self.json::<Answer>(call).await?.tickets)
    }

    /// Files a ticket. Look its `external_id` up before a retry: a lost answer may hide a ticket.
    ///
    /// # Errors
    /// See [`ZendeskError`].
    pub async fn create_ticket(&self, ticket: &TicketChange) -> Result<Changed, ZendeskError> {
        let body = json!({ "ticket": ticket.properties });
        self.json(Call::write(
            Method::POST,
            "/api/v2/tickets.json",
            Some(body),
        ))
        .await
    }

    /// Changes a ticket. Whoever retries after [`ZendeskError::AnswerLost`] reads the audits first.
    ///
    /// # Errors
    /// See [`ZendeskError`].
    pub async fn update_ticket(
        &self,
        id: u64,
        change: &TicketChange,
    ) -> Result<Changed, ZendeskError> {
        let path = format!("/api/v2/tickets/{id}.json");
        let body = json!({ "ticket": change.properties });
        let call = Call::write(Method::PUT, path, Some(body)).meter(Meter::TicketUpdate(id));
        self.json(call).await
    }
}
