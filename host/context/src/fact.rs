//! One fact: a value or the reason why there is none, and where it came from. Absent is never zero.

use ordercase_model::{Email, Instant, Missing, Money, MoneyPair, Phone, SourceTime, Status, Text};
use serde::{Deserialize, Serialize};

use crate::{limits::TEXT_CHARS_MAX, source::Sourced};

/// Why a fact has no value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Absent {
    /// The source does not tell.
    NotReported,
    /// The connection's token may not read it.
    NotPermitted,
    /// Not read yet.
    NotFetched,
    /// The source blanked it.
    Redacted,
    /// The tenant's field policy hides it.
    Hidden,
}

impl From<Missing> for Absent {
    fn from(missing: Missing) -> Self {
        match missing {
            Missing::NotPermitted => Self::NotPermitted,
            Missing::NotFetched => Self::NotFetched,
            Missing::Redacted => Self::Redacted,
            _ => Self::NotReported,
        }
    }
}

/// A fact with its source. Either `value` or `absent` is there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fact<T> {
    /// The value.
    #[serde(skip_serializing_if = "Option::is_none", default = "Option::default")]
    pub value: Option<T>,
    /// Why there is none.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub absent: Option<Absent>,
    /// Short name of the source, a key of `sources`.
    pub src: String,
}

impl<T> Fact<T> {
    pub(crate) fn known(value: T, src: &str) -> Self {
        Self {
            value: Some(value),
            absent: None,
            src: src.to_owned(),
        }
    }

    pub(crate) fn absent(why: Absent, src: &str) -> Self {
        Self {
            value: None,
            absent: Some(why),
            src: src.to_owned(),
        }
    }

    /// The value at a path of a record, else why it is absent there.
    pub(crate) fn read<R>(value: Option<T>, record: &Sourced<R>, path: &str, src: &str) -> Self {
        match value {
            Some(value) => Self::known(value, src),
            None => Self::absent(record.why_missing(path).into(), src),
        }
    }

    /// The same fact, hidden unless the policy shows it.
    pub(crate) fn shown_if(self, shown: bool) -> Self {
        if shown {
            self
        } else {
            Self::absent(Absent::Hidden, &self.src)
        }
    }
}

/// A status with the source's own word beside it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatusView {
    /// Our word.
    pub status: String,
    /// The source's word.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub raw: Option<String>,
    /// The merchant's own name of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
}

impl<E: Copy + std::fmt::Display> From<&Status<E>> for StatusView {
    fn from(status: &Status<E>) -> Self {
        Self {
            status: status.canonical.to_string(),
            raw: status.raw.as_deref().map(cut),
            label: status.raw_label.as_deref().map(cut),
        }
    }
}

pub(crate) fn at(time: Option<&SourceTime>) -> Option<Instant> {
    time.and_then(|time| time.at)
}

pub(crate) fn money(pair: Option<&MoneyPair>) -> Option<Money> {
    pair.and_then(MoneyPair::shown).cloned()
}

pub(crate) fn text(text: Option<&Text>) -> Option<String> {
    text.map(|text| cut(text.as_str()))
        .filter(|text| !text.is_empty())
}

pub(crate) fn email(email: &Email) -> String {
    cut(&email.value)
}

pub(crate) fn phone(phone: &Phone) -> String {
    cut(phone.e164.as_deref().unwrap_or(&phone.raw))
}

/// A source's text on one line, cut to [`TEXT_CHARS_MAX`].
pub(crate) fn cut(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(TEXT_CHARS_MAX) {
        Some((end, _)) => format!("{}…", line.get(..end).unwrap_or_default()),
        None => line,
    }
}
