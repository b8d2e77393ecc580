//! Single properties of a ticket: which values Zendesk takes, what a change does besides, and the
//! audit event that it leaves. Unknown properties are ignored without a word.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::World;
use super::ids::Kind;
use super::ticket::Ticket;
use super::user::NewUser;
use crate::http::answer::ApiError;

/// Collects the audit events of one save.
pub(crate) struct Ledger {
    /// `Create` for a new ticket, else `Change`.
    pub(crate) kind: &'static str,
    pub(crate) events: Vec<Value>,
}

impl Ledger {
    fn record(&mut self, world: &mut World, field: &str, value: &Value, previous: &Value) {
        let mut event = json!({
            "id": world.next_id(Kind::Event), "type": self.kind, "field_name": field, "value": value,
        });
        if self.kind == "Change"
            && let Value::Object(map) = &mut event
        {
            map.insert("previous_value".to_owned(), previous.clone());
        }
        self.events.push(event);
    }
}

impl World {
    /// Applies every property of `input` that is there.
    pub(crate) fn set_properties(
        &mut self,
        ticket: &mut Ticket,
        input: &Map<String, Value>,
        ledger: &mut Ledger,
        now: i64,
    ) -> Result<(), ApiError> {
        self.set_plain(ticket, input, ledger)?;
        self.set_people(ticket, input, ledger, now)?;
        self.set_status(ticket, input, ledger)?;
        self.set_custom_fields(ticket, input, ledger);
        if let Some(tags) = input.get("tags") {
            self.set_tags(ticket, &normal_tags(tags), ledger);
        }
        Ok(())
    }

    fn set_plain(
        &mut self,
        ticket: &mut Ticket,
        input: &Map<String, Value>,
        ledger: &mut Ledger,
    ) -> Result<(), ApiError> {
        for field in ["subject", "external_id", "priority", "type"] {
            let Some(value) = input.get(field) else {
                continue;
            };
            let text = optional_text(field, value)?;
            match (field, text.as_deref()) {
                ("priority", Some(text)) => {
                    one_of(field, text, &["low", "normal", "high", "urgent"])?;
                }
                ("type", Some(text)) => {
                    one_of(field, text, &["problem", "incident", "question", "task"])?;
                }
                _ => {}
            }
            let slot = match field {
                "subject" => &mut ticket.subject,
                "external_id" => &mut ticket.external_id,
                "priority" => &mut ticket.priority,
                _ => &mut ticket.kind,
            };
            if *slot != text {
                let previous = std::mem::replace(slot, text.clone());
                ledger.record(self, field, &json!(text), &json!(previous));
            }
        }
        Ok(())
    }

    fn set_people(
        &mut self,
        ticket: &mut Ticket,
        input: &Map<String, Value>,
        ledger: &mut Ledger,
        now: i64,
    ) -> Result<(), ApiError> {
        if let Some(requester) = self.wanted_requester(input, now)?
            && requester != ticket.requester_id
        {
            let previous = std::mem::replace(&mut ticket.requester_id, requester);
            ledger.record(self, "requester_id", &json!(requester), &json!(previous));
        }
        if let Some(value) = input.get("assignee_id") {
            let assignee = value.as_u64();
            let agent = assignee
                .and_then(|id| self.users.get(&id))
                .is_some_and(super::user::User::is_staff);
            if assignee.is_some() && !agent {
                return Err(ApiError::record_invalid(
                    "assignee_id",
                    "Assignee: is invalid",
                    None,
                ));
            }
            if assignee != ticket.assignee_id {
                let previous = std::mem::replace(&mut ticket.assignee_id, assignee);
                ledger.record(self, "assignee_id", &json!(assignee), &json!(previous));
                // Whoever takes a new ticket opens it, for good.
                if assignee.is_some() && ticket.status == "new" {
                    self.change_status(ticket, "open", ledger);
                }
            }
        }
        Ok(())
    }

    /// The requester that the input names by id or describes; described ones are made.
    fn wanted_requester(
        &mut self,
        input: &Map<String, Value>,
        now: i64,
    ) -> Result<Option<u64>, ApiError> {
        if let Some(id) = input.get("requester_id").and_then(Value::as_u64) {
            return match self.users.get(&id) {
                Some(_) => Ok(Some(id)),
                None => Err(ApiError::record_invalid(
                    "requester",
                    "Requester: is invalid",
                    None,
                )),
            };
        }
        let Some(value) = input.get("requester") else {
            return Ok(None);
        };
        let new: NewUser = serde_json::from_value(value.clone())
            .map_err(|_| ApiError::record_invalid("requester", "Requester: is invalid", None))?;
        let known = new
            .email
            .as_deref()
            .and_then(|email| self.user_by_email(email));
        if known.is_none() && new.name.as_deref().unwrap_or_default().trim().is_empty() {
            return Err(ApiError::record_invalid(
                "requester",
                "Requester: Name:  is too short (minimum is 1 characters)",
                None,
            ));
        }
        // A stranger's verification is not for API clients to state.
        let new = NewUser {
            verified: None,
            role: None,
            ..new
        };
        Ok(Some(self.find_or_make_user(&new, now)))
    }

    fn set_status(
        &mut self,
        ticket: &mut Ticket,
        input: &Map<String, Value>,
        ledger: &mut Ledger,
    ) -> Result<(), ApiError> {
        let Some(value) = input.get("status") else {
            return Ok(());
        };
        let status = value.as_str().unwrap_or_default();
        one_of(
            "status",
            status,
            &["new", "open", "pending", "hold", "solved", "closed"],
        )?;
        if status == ticket.status {
            return Ok(());
        }
        if status == "new" && ledger.kind == "Change" {
            return Err(ApiError::record_invalid(
                "status",
                "Status: cannot be changed to new",
                None,
            ));
        }
        if status == "solved"
            && let Some(field) = self.required_field_missing(ticket, input)
        {
            let words = format!("{field}: is required when solving a ticket");
            return Err(ApiError::record_invalid("base", &words, None));
        }
        self.change_status(ticket, status, ledger);
        Ok(())
    }

    fn required_field_missing(
        &self,
        ticket: &Ticket,
        input: &Map<String, Value>,
    ) -> Option<String> {
        let given = custom_values(input);
        let missing = |id: u64| {
            let value = given
                .iter()
                .find(|(given, _)| *given == id)
                .map(|(_, value)| value);
            value
                .or_else(|| ticket.custom.get(&id))
                .is_none_or(Value::is_null)
        };
        self.fields
            .values()
            .find(|field| field.is_custom() && field.active && field.required && missing(field.id))
            .map(|field| field.title.clone())
    }

    fn change_status(&mut self, ticket: &mut Ticket, status: &str, ledger: &mut Ledger) {
        let previous = std::mem::replace(&mut ticket.status, status.to_owned());
        ledger.record(self, "status", &json!(status), &json!(previous));
    }

    fn set_custom_fields(
        &mut self,
        ticket: &mut Ticket,
        input: &Map<String, Value>,
        ledger: &mut Ledger,
    ) {
        for (id, value) in custom_values(input) {
            let field = self
                .fields
                .get(&id)
                .filter(|field| field.is_custom() && field.active);
            let Some(kept) = field.and_then(|field| field.keep(&value)) else {
                continue;
            };
            let standing = ticket.custom.get(&id).cloned().unwrap_or(Value::Null);
            if standing != kept {
                ledger.record(self, &id.to_string(), &kept, &standing);
                ticket.custom.insert(id, kept);
            }
        }
    }

    /// Replaces the whole set of tags.
    pub(crate) fn set_tags(&mut self, ticket: &mut Ticket, tags: &[String], ledger: &mut Ledger) {
        if tags != ticket.tags {
            let previous = std::mem::replace(&mut ticket.tags, tags.to_vec());
            ledger.record(self, "tags", &json!(tags), &json!(previous));
        }
    }
}

fn custom_values(input: &Map<String, Value>) -> Vec<(u64, Value)> {
    let list = input.get("custom_fields").and_then(Value::as_array);
    list.into_iter()
        .flatten()
        .filter_map(|entry| {
            let id = entry.get("id")?;
            let id = id.as_u64().or_else(|| id.as_str()?.parse().ok())?;
            Some((id, entry.get("value").cloned().unwrap_or(Value::Null)))
        })
        .collect()
}

/// Tags as Zendesk keeps them: lower case, split at blanks and commas, once each, in order.
pub(crate) fn normal_tags(value: &Value) -> Vec<String> {
    let texts: Vec<&str> = match value {
        Value::String(text) => vec![text.as_str()],
        Value::Array(list) => list.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    let tags: BTreeSet<String> = texts
        .iter()
        .flat_map(|text| text.split([' ', ',']))
        .filter(|tag| !tag.is_empty())
        .map(str::to_lowercase)
        .collect();
    tags.into_iter().collect()
}

fn optional_text(field: &str, value: &Value) -> Result<Option<String>, ApiError> {
    match value {
        Value::Null => Ok(None),
        Value::String(text) if text.is_empty() => Ok(None),
        Value::String(text) => Ok(Some(text.clone())),
        Value::Number(number) => Ok(Some(number.to_string())),
        _ => Err(ApiError::record_invalid(
            field,
            &format!("{field}: is invalid"),
            None,
        )),
    }
}

fn one_of(field: &str, value: &str, allowed: &[&str]) -> Result<(), ApiError> {
    if allowed.contains(&value) {
        return Ok(());
    }
    let words = format!("{field}: {value} is not included in the list");
    Err(ApiError::record_invalid(
        field,
        &words,
        Some("InvalidValue"),
    ))
}
