//! What an operator says about a source's words, and its bounds. Pure.

use std::collections::{BTreeMap, BTreeSet};

use ordercase_model::axis_values;

use super::{
    MappingName,
    name::{is_field, is_word},
};
use crate::limits::{MAPPING_FIELDS_MAX, MAPPING_TEXT_CHARS_MAX, MAPPING_WORDS_MAX};

/// Axis and canonical value of a word.
pub type Meaning = BTreeMap<String, String>;
/// Source field, word, axis, canonical value: what plugins are told.
pub type Overrides = BTreeMap<String, BTreeMap<String, Meaning>>;

/// What an operator says about a source's words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mappings {
    /// Which word means what.
    pub overrides: Overrides,
    /// Source fields whose words must all be mapped; a record with another word waits.
    pub required: Vec<String>,
}

/// A mapping that cannot be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct MappingsError {
    /// Where it stands: `overrides.state.OnHold.order`.
    pub path: String,
    reason: String,
}

impl Mappings {
    /// Whether the words of that mapping are given a meaning. Words compare without regard to case, as plugins do.
    #[must_use]
    pub fn has(&self, name: &MappingName) -> bool {
        let words = self.overrides.get(name.field());
        words.is_some_and(|words| {
            words
                .iter()
                .any(|(word, axes)| word.eq_ignore_ascii_case(name.word()) && !axes.is_empty())
        })
    }

    /// Whether everything can be and is within its bounds.
    ///
    /// # Errors
    /// The first that is not.
    pub fn check(&self) -> Result<(), MappingsError> {
        let words: usize = self.overrides.values().map(BTreeMap::len).sum();
        bounded(
            "overrides",
            "fields",
            self.overrides.len(),
            MAPPING_FIELDS_MAX,
        )?;
        bounded("overrides", "words", words, MAPPING_WORDS_MAX)?;
        bounded(
            "required",
            "fields",
            self.required.len(),
            MAPPING_FIELDS_MAX,
        )?;
        for (at, field) in self.required.iter().enumerate() {
            fit(format!("required[{at}]"), field)?;
        }
        for (field, words) in &self.overrides {
            fit(format!("overrides.{field}"), field)?;
            let mut seen = BTreeSet::new();
            for (word, axes) in words {
                let path = format!("overrides.{field}.{word}");
                if !seen.insert(word.to_ascii_lowercase()) {
                    return refuse(path, "the word is there twice, in another case".to_owned());
                }
                meaning(path, word, axes)?;
            }
        }
        Ok(())
    }
}

fn refuse(path: String, reason: String) -> Result<(), MappingsError> {
    Err(MappingsError { path, reason })
}

fn bounded(path: &str, what: &str, count: usize, most: usize) -> Result<(), MappingsError> {
    if count <= most {
        return Ok(());
    }
    refuse(
        path.to_owned(),
        format!("{count} {what}, {most} are the limit"),
    )
}

fn fit(path: String, field: &str) -> Result<(), MappingsError> {
    if is_field(field) {
        return Ok(());
    }
    let reason = format!(
        "a field has 1 to {MAPPING_TEXT_CHARS_MAX} characters, no equals sign and no control characters"
    );
    refuse(path, reason)
}

fn meaning(path: String, word: &str, axes: &Meaning) -> Result<(), MappingsError> {
    if !is_word(word) {
        let reason = format!(
            "a word has 1 to {MAPPING_TEXT_CHARS_MAX} characters, none of them a control character, and is no e-mail \
             address or telephone number"
        );
        return refuse(path, reason);
    }
    if axes.is_empty() {
        let reason = "it means nothing: name an axis with its value, or leave the word out";
        return refuse(path, reason.to_owned());
    }
    for (axis, value) in axes {
        let path = format!("{path}.{axis}");
        let Some(values) = axis_values(axis) else {
            let all = ordercase_model::AXES.join(", ");
            return refuse(path, format!("there is no such axis; there are {all}"));
        };
        if !values.contains(&value.as_str()) {
            let all = values.join(", ");
            return refuse(path, format!("no value of the axis; there are {all}"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn mappings(overrides: Value, required: &[&str]) -> Mappings {
        Mappings {
            overrides: serde_json::from_value(overrides).unwrap(),
            required: required.iter().map(|&field| field.to_owned()).collect(),
        }
    }

    #[test]
    fn a_word_is_mapped_in_any_case_once_it_means_something() {
        let some = mappings(
            json!({"state": {"OnHold": {"order": "open"}, "Odd": {}}}),
            &[],
        );
        let has = |name: &str| some.has(&name.parse().unwrap());
        assert!(has("state=OnHold") && has("state=ONHOLD"));
        assert!(!has("state=Odd") && !has("state=Other") && !has("other=OnHold"));
    }

    #[test]
    fn what_cannot_be_is_refused_where_it_stands() {
        let long = "w".repeat(MAPPING_TEXT_CHARS_MAX + 1);
        let many: BTreeMap<String, Value> = (0..=MAPPING_WORDS_MAX)
            .map(|n| (n.to_string(), json!({"order": "open"})))
            .collect();
        let fields: Vec<String> = (0..=MAPPING_FIELDS_MAX).map(|n| n.to_string()).collect();
        let fields: Vec<&str> = fields.iter().map(String::as_str).collect();
        for (bad, path) in [
            (
                json!({"s": {"W": {"colour": "open"}}}),
                "overrides.s.W.colour",
            ),
            (
                json!({"s": {"W": {"order": "openish"}}}),
                "overrides.s.W.order",
            ),
            (
                json!({"s": {"W": {"order": "unknown"}}}),
                "overrides.s.W.order",
            ),
            (json!({"s": {"W": {}}}), "overrides.s.W"),
            (
                json!({"s": {"a@example.com": {"order": "open"}}}),
                "overrides.s.a@example.com",
            ),
            (
                json!({"s": {"W": {"order": "open"}, "w": {"order": "open"}}}),
                "overrides.s.w",
            ),
            (json!({"s=t": {}}), "overrides.s=t"),
            (json!({"s": many}), "overrides"),
        ] {
            assert_eq!(mappings(bad, &[]).check().unwrap_err().path, path);
        }
        let path = |bad: Mappings| bad.check().unwrap_err().path;
        assert_eq!(path(mappings(json!({}), &["ok", ""])), "required[1]");
        assert_eq!(path(mappings(json!({}), &fields)), "required");
        let word = mappings(json!({"s": {long: {"order": "open"}}}), &[]);
        assert!(path(word).starts_with("overrides.s.www"));
        let good = json!({"s": {"W": {"order": "open", "payment": "paid"}}});
        assert_eq!(mappings(good, &["s"]).check(), Ok(()));
    }
}
