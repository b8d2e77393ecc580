//! Ticket fields that the desk fills. A field is found again by a mark in its words for agents, so an
//! admin may rename it; one of the same title is adopted.

use super::report::UninstallReport;
use super::{Action, InstallError, InstallReport, Item};
use crate::client::Client;
use crate::field::TicketField;

/// Our keys and the titles that agents see.
pub const FIELDS: [(&str, &str); 7] = [
    ("match", "Ordercase match"),
    ("order_number", "Ordercase order number"),
    ("order_status", "Ordercase order status"),
    ("payment_status", "Ordercase payment status"),
    ("fulfilment_status", "Ordercase fulfilment status"),
    ("tracking", "Ordercase tracking"),
    ("case", "Ordercase case"),
];

/// All of them are plain texts: a drop-down would refuse a shop's own words.
const KIND: &str = "text";

/// Makes the fields that are missing and reads all of them back.
pub(super) async fn ensure(
    client: &Client,
    dry: bool,
    report: &mut InstallReport,
) -> Result<(), InstallError> {
    let standing = client.ticket_fields().await?;
    let mut made = false;
    for (key, title) in FIELDS {
        let found = find(&standing, key, title);
        let action = if found.is_some() {
            Action::Unchanged
        } else {
            Action::Created
        };
        report.note(Item::Field, title, action);
        if let Some(field) = found {
            report.fields.insert(key.to_owned(), field.id.to_string());
        } else if !dry {
            warn_of_namesakes(&standing, title, report);
            client.create_ticket_field(KIND, title, &words(key)).await?;
            made = true;
        }
    }
    if made {
        read_back(client, report).await?;
    }
    Ok(())
}

async fn read_back(client: &Client, report: &mut InstallReport) -> Result<(), InstallError> {
    let standing = client.ticket_fields().await?;
    let mut missing = Vec::new();
    for (key, title) in FIELDS {
        match find(&standing, key, title) {
            Some(field) => {
                report.fields.insert(key.to_owned(), field.id.to_string());
            }
            None => missing.push(format!("field {title}")),
        }
    }
    if missing.is_empty() {
        Ok(())
    } else {
        Err(InstallError::NotThere { missing })
    }
}

/// An account that has a field of this name in another shape keeps it; agents should know.
fn warn_of_namesakes(standing: &[TicketField], title: &str, report: &mut InstallReport) {
    if standing.iter().any(|field| field.title == title) {
        report.warnings.push(format!(
            "a field called `{title}` exists but is inactive or no text field; a second one was made"
        ));
    }
}

/// Removes our own fields, by their marks only.
pub(super) async fn remove(
    client: &Client,
    report: &mut UninstallReport,
) -> Result<(), InstallError> {
    for field in client.ticket_fields().await? {
        if FIELDS.iter().any(|(key, _)| is_marked(&field, key)) {
            client.delete_ticket_field(field.id).await?;
            report.note(Item::Field, &field.title);
        }
    }
    Ok(())
}

fn find<'a>(standing: &'a [TicketField], key: &str, title: &str) -> Option<&'a TicketField> {
    let usable = |field: &&TicketField| field.active && field.kind == KIND;
    let marked = standing
        .iter()
        .filter(usable)
        .find(|field| is_marked(field, key));
    marked.or_else(|| {
        standing
            .iter()
            .filter(usable)
            .find(|field| field.title == title)
    })
}

fn is_marked(field: &TicketField, key: &str) -> bool {
    let words = field.agent_description.as_deref().unwrap_or_default();
    words.contains(&mark(key))
}

fn mark(key: &str) -> String {
    format!("[ordercase:{key}]")
}

fn words(key: &str) -> String {
    format!(
        "Filled by Ordercase; what is typed here is overwritten. {}",
        mark(key)
    )
}
