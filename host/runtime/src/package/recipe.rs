//! How a plugin's webhooks are verified: a recipe that the host follows, so that no plugin code
//! runs before a delivery is known to be real.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// How webhooks are verified and told apart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Webhooks {
    /// How they are signed.
    pub scheme: Scheme,
    /// Hash of the signature.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub algorithm: Option<Algorithm>,
    /// How the signature is written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encoding: Option<Encoding>,
    /// Header of the signature.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature_header: Option<String>,
    /// Text before the signature in that header, such as `sha256=`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature_prefix: Option<String>,
    /// What is signed: a template over `{body}` and `{header:<name>}`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signed: Option<String>,
    /// Slot of the key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slot: Option<String>,
    /// Header of the topic.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub topic_header: Option<String>,
    /// JSON pointer to the topic in the body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub topic_pointer: Option<String>,
    /// Header of the delivery's id; without it, the content's hash is the id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id_header: Option<String>,
    /// Header of the event's time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_header: Option<String>,
    /// What each topic brings, and who registers it.
    #[serde(default)]
    pub topics: BTreeMap<String, Topic>,
}

/// A topic: what it brings, and who registers it at the platform. Written as the delivery alone
/// (`"orders/create" = "hint"`) where the host registers it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "TopicText", into = "TopicText")]
pub struct Topic {
    /// What a webhook of it brings.
    pub delivery: Delivery,
    /// Who registers it.
    pub registered_by: RegisteredBy,
}

/// Who registers a topic at the platform.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RegisteredBy {
    /// The host, through the plugin's `subscribe`.
    #[default]
    Host,
    /// The app's own configuration at the platform: no call can register it, and no list shows it.
    App,
}

/// The two ways to write a topic.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum TopicText {
    Short(Delivery),
    Long(LongTopic),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct LongTopic {
    delivery: Delivery,
    #[serde(default)]
    registered_by: RegisteredBy,
}

impl From<TopicText> for Topic {
    fn from(text: TopicText) -> Self {
        match text {
            TopicText::Short(delivery) => delivery.into(),
            TopicText::Long(LongTopic {
                delivery,
                registered_by,
            }) => Self {
                delivery,
                registered_by,
            },
        }
    }
}

impl From<Topic> for TopicText {
    fn from(topic: Topic) -> Self {
        match topic.registered_by {
            RegisteredBy::Host => Self::Short(topic.delivery),
            registered_by @ RegisteredBy::App => Self::Long(LongTopic {
                delivery: topic.delivery,
                registered_by,
            }),
        }
    }
}

impl From<Delivery> for Topic {
    fn from(delivery: Delivery) -> Self {
        Self {
            delivery,
            registered_by: RegisteredBy::Host,
        }
    }
}

impl Webhooks {
    /// The topics that the host registers, in their order.
    pub fn registered_by_host(&self) -> impl Iterator<Item = &str> {
        let ours = |topic: &Topic| topic.registered_by == RegisteredBy::Host;
        let topics = self.topics.iter().filter(move |(_, topic)| ours(topic));
        topics.map(|(name, _)| name.as_str())
    }
}

/// How webhooks are signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scheme {
    /// A keyed hash.
    Hmac,
    /// Not signed: worth a hint and no more.
    None,
}

/// Hash of a signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Algorithm {
    /// SHA-1, for platforms that have nothing newer.
    Sha1,
    /// SHA-256.
    Sha256,
    /// SHA-512.
    Sha512,
}

/// How a signature is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Encoding {
    /// Base64 with padding.
    Base64,
    /// Hexadecimal.
    Hex,
}

/// What a webhook brings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Delivery {
    /// The whole record with its version.
    Full,
    /// That a record changed; it is read back.
    Hint,
    /// Nothing that we keep.
    None,
}
