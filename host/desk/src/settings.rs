//! A desk's settings, as the installer and the operator write them: `desks.settings` in the store.

use std::collections::{BTreeMap, BTreeSet};

use ordercase_cases::Policy;
use ordercase_context::FieldPolicy;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

/// Settings that the desk reads; others may stand beside them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct DeskSettings {
    /// Custom field ids by the keys of [`ordercase_context::FIELD_KEYS`]; a key without a field is not
    /// written.
    #[serde(deserialize_with = "field_ids")]
    pub fields: BTreeMap<String, String>,
    /// Whether an internal note is written, once per order.
    #[serde(deserialize_with = "switch")]
    pub note_rule: bool,
    /// Whether changes of a case go back to its ticket.
    #[serde(deserialize_with = "switch")]
    pub two_way: bool,
    /// Who wins a field that both sides changed.
    pub sync_policy: Policy,
    /// Addresses that belong to the merchant or are known to be shared; they identify nobody.
    pub shared_addresses: BTreeSet<String>,
    /// What agents see in the sidebar.
    pub agent_policy: FieldPolicy,
    /// What is written into tickets.
    pub ticket_policy: FieldPolicy,
}

impl Default for DeskSettings {
    fn default() -> Self {
        Self {
            fields: BTreeMap::new(),
            note_rule: false,
            two_way: true,
            sync_policy: Policy::default(),
            shared_addresses: BTreeSet::new(),
            agent_policy: FieldPolicy::agent(),
            ticket_policy: FieldPolicy::ticket(),
        }
    }
}

impl DeskSettings {
    /// Reads settings. The error says which field cannot be read.
    ///
    /// # Errors
    /// When a known field has another shape.
    pub fn read(settings: &Value) -> Result<Self, String> {
        if settings.is_null() {
            return Ok(Self::default());
        }
        serde_json::from_value(settings.clone()).map_err(|error| error.to_string())
    }

    pub(crate) fn shared(&self) -> BTreeSet<String> {
        self.shared_addresses
            .iter()
            .filter_map(|address| ordercase_identity::address_key(address))
            .collect()
    }
}

/// Field ids as numbers or texts; empty ones are left out.
fn field_ids<'de, D: Deserializer<'de>>(from: D) -> Result<BTreeMap<String, String>, D::Error> {
    let ids = BTreeMap::<String, Value>::deserialize(from)?;
    Ok(ids
        .into_iter()
        .filter_map(|(key, id)| match id {
            Value::String(id) if !id.is_empty() => Some((key, id)),
            Value::Number(id) => Some((key, id.to_string())),
            _ => None,
        })
        .collect())
}

/// `true`, `"on"`, and their opposites.
fn switch<'de, D: Deserializer<'de>>(from: D) -> Result<bool, D::Error> {
    match Value::deserialize(from)? {
        Value::Bool(on) => Ok(on),
        Value::String(word) if word == "on" => Ok(true),
        Value::String(word) if word == "off" => Ok(false),
        _ => Err(serde::de::Error::custom("expected true, false, on or off")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_note_rule_is_off_by_default_and_field_ids_may_be_numbers() {
        let settings = DeskSettings::read(
            &json!({"fields": {"match": 4_611_686, "case": "7", "tracking": null}}),
        );
        let settings = settings.unwrap();
        assert!(!settings.note_rule && settings.two_way);
        let ids: Vec<(&str, &str)> = settings
            .fields
            .iter()
            .map(|(key, id)| (key.as_str(), id.as_str()))
            .collect();
        assert_eq!(ids, [("case", "7"), ("match", "4611686")]);
        assert!(
            DeskSettings::read(&json!({"note_rule": "on", "other": 1}))
                .unwrap()
                .note_rule
        );
        assert!(DeskSettings::read(&json!({"note_rule": 3})).is_err());
    }
}
