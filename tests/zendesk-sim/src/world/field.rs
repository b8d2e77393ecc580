//! Ticket fields. A value for a field that does not exist, or of the wrong kind, is dropped without
//! a word, as Zendesk does.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::World;
use crate::clock::iso;

/// A ticket field.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Field {
    pub(crate) id: u64,
    pub(crate) kind: String,
    pub(crate) title: String,
    pub(crate) agent_description: Option<String>,
    pub(crate) active: bool,
    pub(crate) required: bool,
    pub(crate) visible_in_portal: bool,
    pub(crate) editable_in_portal: bool,
    pub(crate) removable: bool,
    pub(crate) options: Vec<FieldOption>,
    pub(crate) position: u32,
    pub(crate) created_at: i64,
    pub(crate) updated_at: i64,
}

/// A choice of a drop-down.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct FieldOption {
    pub(crate) name: String,
    pub(crate) value: String,
}

/// Types that an admin may make.
pub(crate) const CUSTOM_TYPES: [&str; 10] = [
    "text",
    "textarea",
    "checkbox",
    "date",
    "integer",
    "decimal",
    "regexp",
    "partialcreditcard",
    "multiselect",
    "tagger",
];

/// Fields that every account has.
pub(crate) const SYSTEM_FIELDS: [(&str, &str); 7] = [
    ("subject", "Subject"),
    ("description", "Description"),
    ("status", "Status"),
    ("tickettype", "Type"),
    ("priority", "Priority"),
    ("group", "Group"),
    ("assignee", "Assignee"),
];

impl Field {
    pub(crate) fn is_custom(&self) -> bool {
        self.removable
    }

    /// The value as the field keeps it, or `None` where it keeps nothing of it.
    pub(crate) fn keep(&self, value: &Value) -> Option<Value> {
        if value.is_null() {
            return Some(Value::Null);
        }
        let known = |tag: &str| self.options.iter().any(|option| option.value == tag);
        match (self.kind.as_str(), value) {
            ("checkbox", Value::Bool(_)) => Some(value.clone()),
            ("tagger", Value::String(tag)) => known(tag).then(|| value.clone()),
            ("multiselect", Value::Array(tags)) => tags
                .iter()
                .all(|tag| tag.as_str().is_some_and(known))
                .then(|| value.clone()),
            ("checkbox" | "tagger" | "multiselect", _) => None,
            ("integer" | "decimal", Value::Number(number)) => Some(json!(number.to_string())),
            ("integer", Value::String(text)) => text.parse::<i64>().ok().map(|_| value.clone()),
            ("decimal", Value::String(text)) => text.parse::<f64>().ok().map(|_| value.clone()),
            // An empty text is no value.
            (_, Value::String(text)) if text.is_empty() => Some(Value::Null),
            (_, Value::String(_)) => Some(value.clone()),
            (_, Value::Number(number)) => Some(json!(number.to_string())),
            _ => None,
        }
    }
}

impl World {
    pub(crate) fn show_field(&self, field: &Field) -> Value {
        let mut shown = json!({
            "id": field.id,
            "url": self.url(&format!("ticket_fields/{}", field.id)),
            "type": field.kind,
            "title": field.title,
            "raw_title": field.title,
            "description": "",
            "raw_description": "",
            "position": field.position,
            "active": field.active,
            "required": field.required,
            "collapsed_for_agents": false,
            "regexp_for_validation": null,
            "title_in_portal": field.title,
            "raw_title_in_portal": field.title,
            "visible_in_portal": field.visible_in_portal,
            "editable_in_portal": field.editable_in_portal,
            "required_in_portal": false,
            "agent_can_edit": true,
            "tag": null,
            "created_at": iso(field.created_at),
            "updated_at": iso(field.updated_at),
            "removable": field.removable,
            "key": null,
            "agent_description": field.agent_description,
        });
        if matches!(field.kind.as_str(), "tagger" | "multiselect")
            && let Value::Object(map) = &mut shown
        {
            let options = json!(
                field
                    .options
                    .iter()
                    .map(|option| json!({
                        "id": option.value.len(), "name": option.name, "raw_name": option.name,
                        "value": option.value, "default": false,
                    }))
                    .collect::<Vec<_>>()
            );
            map.insert("custom_field_options".to_owned(), options);
        }
        shown
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(kind: &str) -> Field {
        Field {
            id: 1,
            kind: kind.to_owned(),
            title: String::new(),
            agent_description: None,
            active: true,
            required: false,
            visible_in_portal: false,
            editable_in_portal: false,
            removable: true,
            options: vec![FieldOption {
                name: "A".to_owned(),
                value: "a".to_owned(),
            }],
            position: 1,
            created_at: 0,
            updated_at: 0,
        }
    }

    #[test]
    fn a_value_of_the_wrong_kind_is_dropped() {
        assert_eq!(field("tagger").keep(&json!("b")), None);
        assert_eq!(field("tagger").keep(&json!("a")), Some(json!("a")));
        assert_eq!(field("checkbox").keep(&json!("yes")), None);
        assert_eq!(field("text").keep(&json!({"a": 1})), None);
        assert_eq!(field("text").keep(&json!("")), Some(Value::Null));
        assert_eq!(field("integer").keep(&json!("x")), None);
    }
}
