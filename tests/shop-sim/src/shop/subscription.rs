//! Webhook subscriptions made through the API: what stands there, and what the mutations answer.
//!
//! Strict where Shopify is: `uri` or the older `callbackUrl`, https only, one address for a topic once, no topic of
//! the app's own configuration. The texts of the refusals are Shopify's where they are known (shopify_app#263,
//! shopify-cli#311).

use serde_json::{Map, Value, json};

use super::Shop;
use crate::clock::{utc, wall_seconds};

/// One subscription.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub(crate) struct Subscription {
    pub(crate) number: u64,
    /// `ORDERS_CREATE`.
    pub(crate) topic: String,
    pub(crate) uri: String,
    pub(crate) format: String,
    pub(crate) created_at: String,
}

impl Subscription {
    fn gid(&self) -> String {
        format!("gid://shopify/WebhookSubscription/{}", self.number)
    }

    /// In the API's shape.
    fn node(&self) -> Value {
        json!({
            "__typename": "WebhookSubscription",
            "id": self.gid(), "legacyResourceId": self.number.to_string(),
            "topic": self.topic, "uri": self.uri, "callbackUrl": self.uri, "format": self.format,
            "createdAt": self.created_at, "updatedAt": self.created_at,
            "filter": null, "name": null, "includeFields": [], "metafieldNamespaces": [], "metafields": [],
            "endpoint": { "__typename": "WebhookHttpEndpoint", "callbackUrl": self.uri },
            "apiVersion": { "__typename": "ApiVersion", "handle": crate::http::VERSION,
                            "displayName": crate::http::VERSION, "supported": true },
        })
    }
}

/// `orders/create` as the API spells it.
pub(crate) fn constant(topic: &str) -> String {
    topic.replace('/', "_").to_ascii_uppercase()
}

fn refused(field: &[&str], message: &str) -> Value {
    json!({
        "__typename": "WebhookSubscriptionCreatePayload", "webhookSubscription": null,
        "userErrors": [{ "__typename": "UserError", "field": field, "message": message }],
    })
}

impl Shop {
    /// `webhookSubscriptionCreate`.
    pub(crate) fn subscribe(&mut self, topic: &str, input: &Value) -> Value {
        const WHERE: &str = "webhookSubscription";
        let text = |key: &str| input.get(key).and_then(Value::as_str);
        let (key, uri) = match (text("uri"), text("callbackUrl")) {
            (Some(uri), None) => ("uri", uri),
            (None, Some(uri)) => ("callbackUrl", uri),
            _ => return refused(&[WHERE, "uri"], "Address can't be blank"),
        };
        let at = [WHERE, key];
        if self.refused_topics.iter().any(|refused| refused == topic) {
            let message = "You cannot create a webhook subscription with the specified topic";
            return refused(&["topic"], message);
        }
        match url::Url::parse(uri) {
            Ok(url) if url.scheme() == "https" && url.host_str().is_some() => {}
            Ok(url) if url.scheme() == "http" => {
                return refused(&at, "Address protocol http:// is not supported");
            }
            _ => return refused(&at, "Address is invalid"),
        }
        let taken = |one: &Subscription| one.topic == topic && one.uri == uri;
        if self.subscriptions.iter().any(taken) {
            return refused(&at, "Address for this topic has already been taken");
        }
        let made = self.add_subscription(topic, uri, text("format").unwrap_or("JSON"));
        json!({
            "__typename": "WebhookSubscriptionCreatePayload",
            "webhookSubscription": made.node(), "userErrors": [],
        })
    }

    pub(crate) fn add_subscription(
        &mut self,
        topic: &str,
        uri: &str,
        format: &str,
    ) -> Subscription {
        self.subscriptions_made += 1;
        let made = Subscription {
            number: 1_200_000_000_000 + self.subscriptions_made,
            topic: topic.to_owned(),
            uri: uri.to_owned(),
            format: format.to_owned(),
            created_at: utc(wall_seconds()),
        };
        self.subscriptions.push(made.clone());
        made
    }

    /// `webhookSubscriptionDelete`.
    pub(crate) fn unsubscribe(&mut self, id: &str) -> Value {
        let before = self.subscriptions.len();
        self.subscriptions.retain(|one| one.gid() != id);
        let gone = self.subscriptions.len() < before;
        let errors = if gone {
            json!([])
        } else {
            json!([{ "__typename": "UserError", "field": ["id"],
                     "message": "Webhook subscription does not exist" }])
        };
        json!({
            "__typename": "WebhookSubscriptionDeletePayload",
            "deletedWebhookSubscriptionId": gone.then_some(id), "userErrors": errors,
        })
    }

    /// What stands there, oldest first, as the list's own filters leave it.
    pub(crate) fn subscriptions(&self, arguments: &Map<String, Value>) -> Vec<Value> {
        let topics = arguments.get("topics").and_then(Value::as_array);
        let uri = arguments
            .get("uri")
            .or_else(|| arguments.get("callbackUrl"))
            .and_then(Value::as_str);
        let asked = |one: &&Subscription| {
            topics.is_none_or(|all| all.iter().any(|topic| *topic == *one.topic))
                && uri.is_none_or(|uri| uri == one.uri)
        };
        let all = self.subscriptions.iter().filter(asked);
        all.map(Subscription::node).collect()
    }

    /// One, by its global id.
    pub(crate) fn subscription(&self, id: &str) -> Option<Value> {
        let found = self.subscriptions.iter().find(|one| one.gid() == id);
        found.map(Subscription::node)
    }

    /// Loses those of a topic, or all, or those of one address; returns how many. Nobody is told.
    pub(crate) fn lose_subscriptions(&mut self, topic: Option<&str>, uri: Option<&str>) -> usize {
        let before = self.subscriptions.len();
        self.subscriptions.retain(|one| {
            topic.is_some_and(|topic| topic != one.topic) || uri.is_some_and(|uri| uri != one.uri)
        });
        before - self.subscriptions.len()
    }

    /// Where a delivery of a topic goes: to the one address for everything, and to those that subscribed.
    pub(crate) fn receivers(&self, topic: &str) -> Vec<String> {
        let topic = constant(topic);
        let subscribed = self.subscriptions.iter().filter(|one| one.topic == topic);
        let mut all: Vec<String> = self.webhook_address.iter().cloned().collect();
        all.extend(subscribed.map(|one| one.uri.clone()));
        all.sort_unstable();
        all.dedup();
        all
    }
}
