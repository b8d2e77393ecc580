//! What a merchant fills in to connect a shop: plain settings, and slots for secrets.

use std::{collections::BTreeMap, fmt};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::Manifest;
use crate::limits;

/// One field of the settings.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Setting {
    /// What its values are.
    #[serde(rename = "type")]
    pub kind: SettingKind,
    /// Label.
    pub title: String,
    /// Help.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// Whether it must be filled in.
    #[serde(default)]
    pub required: bool,
    /// What a text must look like.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pattern: Option<Pattern>,
    /// Value when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<Value>,
}

/// What the values of a setting are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SettingKind {
    /// Text.
    String,
    /// Whole number.
    Integer,
    /// Yes or no.
    Boolean,
}

impl SettingKind {
    /// Whether the value is of this kind.
    #[must_use]
    pub fn holds(self, value: &Value) -> bool {
        match self {
            Self::String => value.is_string(),
            Self::Integer => value.is_i64() || value.is_u64(),
            Self::Boolean => value.is_boolean(),
        }
    }

    const fn noun(self) -> &'static str {
        match self {
            Self::String => "text",
            Self::Integer => "a whole number",
            Self::Boolean => "true or false",
        }
    }
}

/// A slot for a secret of the connection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct SecretSlot {
    /// Label.
    pub title: String,
    /// Help.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// Whether it must be filled in.
    #[serde(default)]
    pub required: bool,
}

/// A regular expression, compiled within a size limit; matching takes linear time.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Pattern(regex::Regex);

impl Pattern {
    /// Whether the text matches.
    #[must_use]
    pub fn matches(&self, text: &str) -> bool {
        self.0.is_match(text)
    }

    /// The expression.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl TryFrom<String> for Pattern {
    type Error = regex::Error;

    fn try_from(text: String) -> Result<Self, regex::Error> {
        regex::RegexBuilder::new(&text)
            .size_limit(limits::PATTERN_BYTES_MAX)
            .build()
            .map(Self)
    }
}

impl From<Pattern> for String {
    fn from(pattern: Pattern) -> Self {
        pattern.as_str().to_owned()
    }
}

/// What is wrong with a merchant's settings.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct SettingProblem {
    /// The field.
    pub field: String,
    /// What to do about it, for the merchant.
    pub message: String,
}

impl fmt::Display for SettingProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "setting `{}`: {}", self.field, self.message)
    }
}

impl Manifest {
    /// Checks a merchant's settings and fills in defaults.
    ///
    /// # Errors
    /// Every field that will not do.
    pub fn check_settings(&self, settings: &Value) -> Result<Value, Vec<SettingProblem>> {
        let Some(given) = settings.as_object() else {
            return Err(vec![problem("settings", "must be a JSON object")]);
        };
        let unknown = given.keys().filter(|key| !self.settings.contains_key(*key));
        let known = || self.settings.keys().cloned().collect::<Vec<_>>().join(", ");
        let mut problems: Vec<_> = unknown
            .map(|key| problem(key, format!("is not one of {}", known())))
            .collect();
        let mut out = Map::new();
        for (name, setting) in &self.settings {
            match (given.get(name), &setting.default) {
                (Some(value), _) if !value.is_null() => match setting.check(value) {
                    Ok(()) => drop(out.insert(name.clone(), value.clone())),
                    Err(message) => problems.push(problem(name, message)),
                },
                (_, Some(default)) => drop(out.insert(name.clone(), default.clone())),
                (_, None) if setting.required => {
                    problems.push(problem(name, format!("is required ({})", setting.title)));
                }
                _ => {}
            }
        }
        if problems.is_empty() {
            Ok(Value::Object(out))
        } else {
            Err(problems)
        }
    }

    /// The required secret slots that are not among `filled`.
    #[must_use]
    pub fn missing_secrets<'a>(&'a self, filled: &BTreeMap<String, ()>) -> Vec<&'a str> {
        let required = self.secrets.iter().filter(|(_, slot)| slot.required);
        required
            .map(|(name, _)| name.as_str())
            .filter(|name| !filled.contains_key(*name))
            .collect()
    }
}

impl Setting {
    /// Checks one value.
    ///
    /// # Errors
    /// What is wrong with it, for the merchant.
    pub fn check(&self, value: &Value) -> Result<(), String> {
        if !self.kind.holds(value) {
            return Err(format!("must be {}", self.kind.noun()));
        }
        let Some(text) = value.as_str() else {
            return Ok(());
        };
        if text.len() > limits::SETTING_BYTES_MAX {
            return Err(format!(
                "is longer than {} bytes",
                limits::SETTING_BYTES_MAX
            ));
        }
        match &self.pattern {
            Some(pattern) if !pattern.matches(text) => {
                Err(format!("does not match {}", pattern.as_str()))
            }
            _ => Ok(()),
        }
    }
}

fn problem(field: impl Into<String>, message: impl Into<String>) -> SettingProblem {
    SettingProblem {
        field: field.into(),
        message: message.into(),
    }
}
