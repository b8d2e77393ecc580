//! Webhooks registered at the shop: `webhookSubscriptions` and its two mutations (commerce-apis §1).
//!
//! The list holds what this app registered through the API for this shop; topics of the app's own
//! configuration are not in it and cannot be registered, which the manifest says of each. Addresses go by
//! `uri`, which replaced `callbackUrl` before 2026-10.

use ordercase_sdk::graphql::Responses;
use ordercase_sdk::lenient::{List, Maybe, Word};
use ordercase_sdk::{Host, PluginError, Subscription};
use serde::Deserialize;
use serde_json::json;

use crate::api::{Api, role};
use crate::limits::{PAGE_SUBSCRIPTIONS, PAGES_SUBSCRIPTIONS_MAX};
use crate::query;

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Listed<'a> {
    #[serde(borrow)]
    webhook_subscriptions: Maybe<Connection<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Connection<'a> {
    #[serde(borrow)]
    page_info: Maybe<PageInfo<'a>>,
    nodes: List<Node<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct PageInfo<'a> {
    has_next_page: bool,
    #[serde(borrow)]
    end_cursor: Word<'a>,
}

#[derive(Clone, Default, Deserialize)]
#[serde(default)]
struct Node<'a> {
    #[serde(borrow)]
    id: Word<'a>,
    topic: Word<'a>,
    uri: Word<'a>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Created<'a> {
    #[serde(borrow)]
    webhook_subscription_create: Maybe<Payload<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Deleted<'a> {
    #[serde(borrow)]
    webhook_subscription_delete: Maybe<Payload<'a>>,
}

/// What either mutation answers.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Payload<'a> {
    #[serde(borrow)]
    webhook_subscription: Maybe<Node<'a>>,
    deleted_webhook_subscription_id: Word<'a>,
    user_errors: List<UserError<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct UserError<'a> {
    #[serde(borrow)]
    field: List<Word<'a>>,
    message: Word<'a>,
}

impl UserError<'_> {
    fn is_at(&self, name: &str) -> bool {
        self.field.iter().any(|part| part.get() == Some(name))
    }

    fn text(&self) -> &str {
        self.message.get().unwrap_or("no reason given")
    }
}

pub(crate) fn register(
    host: &dyn Host,
    topic: &str,
    address: &str,
) -> Result<Subscription, PluginError> {
    let variables = json!({
        "topic": constant(topic)?,
        "webhook": { "uri": address, "format": "JSON" },
    });
    let responses = Responses::default();
    let api = Api::new(host, &responses);
    let answer = api.ask::<Created<'_>>(role::SUBSCRIBE, query::SUBSCRIBE, &variables)?;
    let payload = answer.data.webhook_subscription_create.0;
    let payload = payload.ok_or_else(|| nothing("webhookSubscriptionCreate"))?;
    if let Some(made) = payload.webhook_subscription.get() {
        return subscription(made);
    }
    let refused: Vec<&UserError<'_>> = payload.user_errors.iter().collect();
    // Somebody was faster, with the same: what is there is what was asked for.
    if refused
        .iter()
        .any(|error| error.text().contains("already been taken"))
    {
        let same = |known: &Subscription| known.topic == topic && known.address == address;
        if let Some(known) = subscriptions(host)?.into_iter().find(same) {
            return Ok(known);
        }
    }
    let Some(first) = refused.first() else {
        return Err(nothing("webhookSubscriptionCreate"));
    };
    Err(if first.is_at("topic") {
        PluginError::InvalidConfig {
            field: "access_token".to_owned(),
            message: format!(
                "the shop refuses to register `{topic}`: {}; the app needs the scope that reads it",
                first.text()
            ),
        }
    } else {
        PluginError::Upstream {
            status: 422,
            message: format!("the shop refuses to register `{topic}`: {}", first.text()),
        }
    })
}

pub(crate) fn subscriptions(host: &dyn Host) -> Result<Vec<Subscription>, PluginError> {
    let responses = Responses::default();
    let api = Api::new(host, &responses);
    let mut all = Vec::new();
    let mut after: Option<String> = None;
    for _ in 0..PAGES_SUBSCRIPTIONS_MAX {
        let variables = json!({ "first": PAGE_SUBSCRIPTIONS, "after": after });
        let answer =
            api.ask::<Listed<'_>>(role::SUBSCRIPTIONS, query::SUBSCRIPTIONS, &variables)?;
        let page = answer.data.webhook_subscriptions.0;
        let page = page.ok_or_else(|| nothing("webhookSubscriptions"))?;
        for node in page.nodes.iter() {
            all.push(subscription(node)?);
        }
        let info = page.page_info.0.unwrap_or_default();
        match info.end_cursor.owned() {
            Some(cursor) if info.has_next_page => after = Some(cursor),
            _ => return Ok(all),
        }
    }
    // Half a list would have what is missing from it registered twice.
    Err(PluginError::Unsupported(format!(
        "the shop holds more than {} subscriptions of this app",
        all.len()
    )))
}

pub(crate) fn remove(host: &dyn Host, id: &str) -> Result<(), PluginError> {
    let responses = Responses::default();
    let api = Api::new(host, &responses);
    let variables = json!({ "id": id });
    let answer = api.ask::<Deleted<'_>>(role::UNSUBSCRIBE, query::UNSUBSCRIBE, &variables)?;
    let payload = answer.data.webhook_subscription_delete.0;
    let payload = payload.ok_or_else(|| nothing("webhookSubscriptionDelete"))?;
    if payload.deleted_webhook_subscription_id.get().is_some() {
        return Ok(());
    }
    let first = payload.user_errors.iter().next();
    Err(match first {
        Some(error) if error.is_at("id") => PluginError::NotFound(error.text().to_owned()),
        Some(error) => PluginError::Upstream {
            status: 422,
            message: error.text().to_owned(),
        },
        None => nothing("webhookSubscriptionDelete"),
    })
}

fn subscription(node: &Node<'_>) -> Result<Subscription, PluginError> {
    let id = node.id.owned();
    let topic = node.topic.get().map(topic_of);
    match (id, topic) {
        (Some(id), Some(topic)) => Ok(Subscription {
            id,
            topic,
            address: node.uri.owned().unwrap_or_default(),
        }),
        _ => Err(PluginError::Malformed(
            "a webhook subscription has no id or no topic".to_owned(),
        )),
    }
}

/// `orders/create` is `ORDERS_CREATE` in the API.
fn constant(topic: &str) -> Result<String, PluginError> {
    let plain = |b: u8| b.is_ascii_lowercase() || b == b'_' || b == b'/';
    if topic.is_empty() || !topic.bytes().all(plain) {
        return Err(PluginError::Unsupported(format!(
            "`{topic}` is no topic of Shopify"
        )));
    }
    Ok(topic.replace('/', "_").to_ascii_uppercase())
}

/// The way back. Where the slash was, the constant does not tell: before the verb, which has two words in
/// the topics named here.
fn topic_of(constant: &str) -> String {
    const LONG_VERBS: [&str; 3] = ["partially_fulfilled", "data_request", "scopes_update"];
    let text = constant.to_ascii_lowercase();
    let long = LONG_VERBS.iter().find_map(|verb| {
        let family = text.strip_suffix(verb)?.strip_suffix('_')?;
        Some(format!("{family}/{verb}"))
    });
    long.unwrap_or_else(|| match text.rsplit_once('_') {
        Some((family, verb)) => format!("{family}/{verb}"),
        None => text,
    })
}

fn nothing(field: &str) -> PluginError {
    PluginError::Malformed(format!("the answer to `{field}` is empty"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Topics of the manifest, with what stands behind each.
    fn topics() -> Vec<(String, bool)> {
        let manifest = include_str!("../plugin.toml");
        let (_, topics) = manifest.split_once("[webhooks.topics]").unwrap();
        let lines = topics.lines().filter(|line| line.starts_with('"'));
        lines
            .map(|line| {
                let (name, rest) = line[1..].split_once('"').unwrap();
                (name.to_owned(), rest.contains("registered-by = \"app\""))
            })
            .collect()
    }

    #[test]
    fn every_topic_of_the_manifest_becomes_a_constant_and_comes_back() {
        let topics = topics();
        assert!(topics.len() > 25);
        for (topic, _) in topics {
            assert_eq!(topic_of(&constant(&topic).unwrap()), topic);
        }
        assert!(matches!(
            constant("orders/*"),
            Err(PluginError::Unsupported(_))
        ));
        assert!(matches!(constant(""), Err(PluginError::Unsupported(_))));
    }

    #[test]
    fn the_privacy_topics_are_the_apps_own_matter() {
        let own: Vec<String> = topics()
            .into_iter()
            .filter_map(|(topic, own)| own.then_some(topic))
            .collect();
        assert_eq!(
            own,
            ["customers/data_request", "customers/redact", "shop/redact"]
        );
    }
}
