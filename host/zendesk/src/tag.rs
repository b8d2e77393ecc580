//! Tags, only by their own endpoints: a ticket update would replace the whole set.

use http::Method;
use serde::Deserialize;
use serde_json::json;

use crate::budget::Meter;
use crate::call::Call;
use crate::client::Client;
use crate::error::ZendeskError;

#[derive(Deserialize)]
struct Tags {
    tags: Vec<String>,
}

impl Client {
    /// The tags of a ticket.
    ///
    /// # Errors
    /// See [`ZendeskError`].
    pub async fn tags(&self, ticket: u64) -> Result<Vec<String>, ZendeskError> {
        let call = Call::get(path(ticket));
        Ok(self.json::<Tags>(call).await?.tags)
    }

    /// Adds tags; those already there stay. Sending it twice changes nothing more.
    ///
    /// # Errors
    /// See [`ZendeskError`].
    pub async fn add_tags(&self, ticket: u64, tags: &[String]) -> Result<(), ZendeskError> {
        self.done(write(Method::PUT, ticket, tags)).await
    }

    /// Removes tags; those not there do not matter. Sending it twice changes nothing more.
    ///
    /// # Errors
    /// See [`ZendeskError`].
    pub async fn remove_tags(&self, ticket: u64, tags: &[String]) -> Result<(), ZendeskError> {
        self.done(write(Method::DELETE, ticket, tags)).await
    }
}

fn path(ticket: u64) -> String {
    format!("/api/v2/tickets/{ticket}/tags.json")
}

fn write(method: Method, ticket: u64, tags: &[String]) -> Call {
    Call::write(method, path(ticket), Some(json!({ "tags": tags })))
        .meter(Meter::TicketUpdate(ticket))
        .repeatable()
}
