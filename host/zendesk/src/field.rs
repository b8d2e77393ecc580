//! Custom ticket fields.

use http::Method;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::call::Call;
use crate::client::Client;
use crate::error::ZendeskError;
use crate::limits::LIST_PAGES_MAX;
use crate::page::Pages;

/// A ticket field.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct TicketField {
    /// Zendesk's id; beyond 32 bits.
    pub id: u64,
    /// `text`, `textarea`, `tagger` and others; also the system fields.
    #[serde(rename = "type")]
    pub kind: String,
    /// Title as agents see it.
    pub title: String,
    /// Words for agents; ours carry the mark by which a field is found again.
    pub agent_description: Option<String>,
    /// Whether it is in use.
    pub active: bool,
    /// Whether an admin may remove it; system fields may not.
    pub removable: Option<bool>,
}

#[derive(Deserialize)]
struct OneField {
    ticket_field: TicketField,
}

impl Client {
    /// All ticket fields, system fields included.
    ///
    /// # Errors
    /// See [`ZendeskError`].
    pub async fn ticket_fields(&self) -> Result<Vec<TicketField>, ZendeskError> {
        let mut pages = Pages::new(self, LIST_PAGES_MAX, || {
            Call::get("/api/v2/ticket_fields.json")
        });
        let mut fields = Vec::new();
        while let Some(mut page) = pages.next().await? {
            fields.extend(page.rows::<TicketField>("ticket_fields", "ticket fields")?);
        }
        Ok(fields)
    }

    /// Makes a field that agents see and customers do not.
    ///
    /// # Errors
    /// See [`ZendeskError`].
    pub async fn create_ticket_field(
        &self,
        kind: &str,
        title: &str,
        agent_description: &str,
    ) -> Result<TicketField, ZendeskError> {
        let body = json!({ "ticket_field": {
            "type": kind,
            "title": title,
            "agent_description": agent_description,
            "visible_in_portal": false,
            "editable_in_portal": false,
            "required": false,
        }});
        let call = Call::write(Method::POST, "/api/v2/ticket_fields.json", Some(body));
        Ok(self.json::<OneField>(call).await?.ticket_field)
    }

    /// Removes a field, and its values from every ticket.
    ///
    /// # Errors
    /// See [`ZendeskError`].
    pub async fn delete_ticket_field(&self, id: u64) -> Result<(), ZendeskError> {
        let path = format!("/api/v2/ticket_fields/{id}.json");
        self.done(Call::write(Method::DELETE, path, None).repeatable())
            .await
    }
}
