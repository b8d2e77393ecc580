//! The body of a desk event, `zis-event/1`, as `zis-bundle/bundle/event.schema.json` defines it.
//!
//! An event is a hint: it only says which ticket to read. So nothing of it but the ticket's number and
//! its identity for deduplication is ever believed.

use ordercase_model::Instant;
use serde::{Deserialize, Deserializer, Serialize, de::Error as _};
use utoipa::ToSchema;

use crate::http::problem::{Kind, Problem};

/// The only schema that this build reads.
pub const SCHEMA: &str = "zis-event/1";

/// Event types that the bundle forwards.
pub const EVENT_TYPES: [&str; 4] = [
    "ticket.TicketCreated",
    "ticket.CommentAdded",
    "ticket.StatusChanged",
    "ticket.PriorityChanged",
];

/// Something happened to a ticket.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DeskEvent {
    /// `zis-event/1`.
    #[schema(example = "zis-event/1")]
    pub schema: String,
    /// Zendesk's number of the account.
    #[serde(deserialize_with = "number")]
    #[schema(minimum = 1)]
    pub account_id: u64,
    /// The account's subdomain, without `.zendesk.com`.
    #[schema(pattern = "^[a-z0-9][a-z0-9-]{0,62}$")]
    pub subdomain: String,
    /// What happened.
    #[schema(example = "ticket.TicketCreated")]
    pub event_type: String,
    /// Which ticket.
    #[serde(deserialize_with = "number")]
    #[schema(minimum = 1)]
    pub ticket_id: u64,
    /// When, in RFC 3339.
    #[schema(value_type = String, format = DateTime)]
    pub occurred_at: String,
    /// Its place among the events of one save.
    pub sequence: Sequence,
    /// With `ticket.CommentAdded`, which comment.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "optional_number"
    )]
    #[schema(minimum = 1)]
    pub comment_id: Option<u64>,
}

/// One save of a ticket emits several events.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Sequence {
    /// The save.
    #[schema(min_length = 1, max_length = 128)]
    pub id: String,
    /// From 1.
    #[schema(minimum = 1)]
    pub position: u64,
    /// Up to this.
    #[schema(minimum = 1)]
    pub total: u64,
}

/// Zendesk's own webhooks and triggers, which stand in for flows on small plans, write ids as text.
#[derive(Deserialize)]
#[serde(untagged)]
enum Number {
    Number(u64),
    Text(String),
}

impl Number {
    fn read<E: serde::de::Error>(self) -> Result<u64, E> {
        match self {
            Self::Number(number) => Ok(number),
            Self::Text(text) if text.bytes().all(|b| b.is_ascii_digit()) => {
                text.parse().map_err(|_| E::custom("not a number"))
            }
            Self::Text(_) => Err(E::custom("not a number")),
        }
    }
}

/// Reads an id that may be a number or text.
///
/// # Errors
/// When it is neither.
pub fn number<'de, D: Deserializer<'de>>(from: D) -> Result<u64, D::Error> {
    Number::deserialize(from)
        .map_err(|_| D::Error::custom("not a number"))?
        .read()
}

fn optional_number<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u64>, D::Error> {
    Option::<Number>::deserialize(from)
        .map_err(|_| D::Error::custom("not a number"))?
        .map(Number::read)
        .transpose()
}

impl DeskEvent {
    /// Checks what the shape alone does not say.
    ///
    /// # Errors
    /// [`Kind::Malformed`] with the path of the first field that is wrong.
    pub fn check(&self) -> Result<Instant, Problem> {
        let wrong = |path: &str, detail: &str| Err(Problem::new(Kind::Malformed, detail).at(path));
        if self.schema != SCHEMA {
            return wrong(
                "schema",
                "this host reads `zis-event/1`; install its bundle again",
            );
        }
        if self.account_id == 0 {
            return wrong("account_id", "must be at least 1");
        }
        if !is_subdomain(&self.subdomain) {
            return wrong(
                "subdomain",
                "must be a Zendesk subdomain, without `.zendesk.com`",
            );
        }
        if !EVENT_TYPES.contains(&self.event_type.as_str()) {
            return wrong("event_type", "this host does not know the event type");
        }
        if self.ticket_id == 0 || i64::try_from(self.ticket_id).is_err() {
            return wrong("ticket_id", "must be a ticket's number");
        }
        let id = &self.sequence.id;
        if id.is_empty() || id.len() > 128 {
            return wrong("sequence.id", "must have 1 to 128 characters");
        }
        if self.sequence.position == 0 {
            return wrong("sequence.position", "counts from 1");
        }
        if self.sequence.total == 0 {
            return wrong("sequence.total", "must be at least 1");
        }
        if self.comment_id == Some(0) {
            return wrong("comment_id", "must be at least 1");
        }
        match self.occurred_at.parse() {
            Ok(instant) if self.occurred_at.len() <= 40 => Ok(instant),
            _ => wrong(
                "occurred_at",
                "must be a time with a zone such as 2026-01-31T09:05:00Z",
            ),
        }
    }

    /// What makes it the same event when it comes again: type, ticket, save and place in it.
    #[must_use]
    pub fn dedupe_key(&self) -> String {
        format!(
            "{}/{}/{}/{}",
            self.event_type, self.ticket_id, self.sequence.id, self.sequence.position
        )
    }
}

/// Whether a text can be a Zendesk subdomain.
#[must_use]
pub fn is_subdomain(text: &str) -> bool {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    !text.is_empty() && text.len() <= 63 && !text.starts_with('-') && text.bytes().all(plain)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::http::bound;

    fn good() -> Value {
        json!({
            "schema": "zis-event/1", "account_id": 1, "subdomain": "acme",
            "event_type": "ticket.TicketCreated", "ticket_id": 35436,
            "occurred_at": "2026-08-12T08:46:37Z",
            "sequence": {"id": "C20565CD", "position": 1, "total": 9},
        })
    }

    fn refusal(pointer: &str, value: Value) -> Option<String> {
        let mut body = good();
        *body.pointer_mut(pointer).unwrap() = value;
        let bytes = serde_json::to_vec(&body).unwrap();
        bound::parse::<DeskEvent>(&bytes)
            .and_then(|event| event.check())
            .err()
            .and_then(|problem| problem.document(None).path)
    }

    #[test]
    fn the_schemas_own_words_are_kept() {
        let text = include_str!("../../../../../zis-bundle/bundle/event.schema.json");
        let schema: Value = serde_json::from_str(text).unwrap();
        assert_eq!(schema["properties"]["schema"]["const"], SCHEMA);
        assert_eq!(
            schema["properties"]["event_type"]["enum"],
            json!(EVENT_TYPES)
        );
        let event: DeskEvent = serde_json::from_value(good()).unwrap();
        for field in schema["required"].as_array().unwrap() {
            assert!(
                serde_json::to_value(&event)
                    .unwrap()
                    .get(field.as_str().unwrap())
                    .is_some()
            );
        }
        assert!(event.check().is_ok());
        assert_eq!(event.dedupe_key(), "ticket.TicketCreated/35436/C20565CD/1");
    }

    #[test]
    fn ids_may_be_text() {
        let mut body = good();
        body["account_id"] = json!("12345");
        body["comment_id"] = json!("7");
        let event: DeskEvent = serde_json::from_value(body).unwrap();
        assert_eq!((event.account_id, event.comment_id), (12345, Some(7)));
    }

    #[test]
    fn every_refusal_names_its_path() {
        for (pointer, value) in [
            ("/schema", json!("zis-event/2")),
            ("/account_id", json!(0)),
            ("/account_id", json!("1a")),
            ("/ticket_id", json!({"not": "a number"})),
            ("/subdomain", json!("Acme.zendesk.com")),
            ("/event_type", json!("ticket.Created")),
            ("/ticket_id", json!(0)),
            ("/ticket_id", json!(u64::MAX)),
            ("/ticket_id", json!(-1)),
            ("/occurred_at", json!("yesterday")),
            ("/sequence/id", json!("")),
            ("/sequence/position", json!(0)),
            ("/sequence/total", json!(0)),
        ] {
            let path = refusal(pointer, value.clone()).unwrap_or_default();
            assert_eq!(format!("/{}", path.replace('.', "/")), pointer, "{value}");
        }
    }
}
