//! How a ticket, comment or audit came to Zendesk.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Channel and source.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Via {
    /// `email`, `web`, `api`, `rule`, `mobile`, `chat` and others. A number is kept as text.
    #[serde(deserialize_with = "channel")]
    pub channel: String,
    /// From, to and relation; its shape depends on the channel.
    pub source: Value,
}

impl Via {
    /// The sender's address, for what came by e-mail.
    #[must_use]
    pub fn from_address(&self) -> Option<&str> {
        self.source.get("from")?.get("address")?.as_str()
    }
}

fn channel<'de, D: serde::Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    Ok(match Value::deserialize(from)? {
        Value::String(text) => text,
        Value::Number(number) => number.to_string(),
        _ => String::new(),
    })
}
