//! Ordercase's own bundle, compiled in so that an installer needs no file.

use crate::model::Bundle;
use crate::parse::BundleError;

/// The template: `{{integration}}` and `{{host}}` are filled by [`Bundle::rekey`].
pub const TEMPLATE: &str = include_str!("../../bundle/bundle.json");

/// JSON schema of the body that the flows post.
pub const EVENT_SCHEMA: &str = include_str!("../../bundle/event.schema.json");

/// Name and version of that body.
pub const EVENT_SCHEMA_NAME: &str = "zis-event/1";

/// Name of the bearer connection that holds the desk's token; its allowed domain is the host.
pub const CONNECTION: &str = "ordercase_host";

/// Where the flows post, on the host.
pub const EVENT_PATH: &str = "/v1/events/zendesk";

/// The event types that start a flow.
pub const EVENT_TYPES: [&str; 4] = [
    "ticket.TicketCreated",
    "ticket.CommentAdded",
    "ticket.StatusChanged",
    "ticket.PriorityChanged",
];

/// The template, parsed.
///
/// # Errors
/// Never for the template as it is committed; a test holds it to that.
pub fn template() -> Result<Bundle, BundleError> {
    Bundle::parse(TEMPLATE)
}
