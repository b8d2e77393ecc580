//! `ticket.tags`: only what differs is sent, by the endpoints that cannot lose another's tags.

use super::{EffectFailure, EffectOutcome, Ended, TicketTags};
use crate::client::Client;

pub(super) async fn execute(
    client: &Client,
    wanted: &TicketTags,
) -> Result<EffectOutcome, EffectFailure> {
    let standing = client.tags(wanted.ticket_id).await?;
    let add: Vec<String> = wanted
        .add
        .iter()
        .map(|tag| normal(tag))
        .filter(|tag| !tag.is_empty() && !standing.contains(tag))
        .collect();
    let remove: Vec<String> = wanted
        .remove
        .iter()
        .map(|tag| normal(tag))
        .filter(|tag| standing.contains(tag) && !add.contains(tag))
        .collect();
    // Adding first: a failure in between leaves one tag too many, never a ticket without any.
    if !add.is_empty() {
        client.add_tags(wanted.ticket_id, &add).await?;
    }
    if !remove.is_empty() {
        client.remove_tags(wanted.ticket_id, &remove).await?;
    }
    let nothing = add.is_empty() && remove.is_empty();
    Ok(EffectOutcome {
        ended: if nothing {
            Ended::NothingToDo
        } else {
            Ended::Applied
        },
        ..EffectOutcome::default()
    })
}

/// A tag as Zendesk keeps it: lower case, blanks joined, since a blank would split it.
fn normal(tag: &str) -> String {
    tag.trim()
        .to_lowercase()
        .split_whitespace()
        .collect::<Vec<_>>()
        .join("_")
}

#[cfg(test)]
mod tests {
    use super::normal;

    #[test]
    fn a_tag_is_compared_as_zendesk_keeps_it() {
        assert_eq!(normal(" Ordercase Match "), "ordercase_match");
    }
}
