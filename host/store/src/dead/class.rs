//! Why something died, in the words that a person sorts by.

use serde::{Deserialize, Serialize};

use crate::MissingMapping;

/// The class of what went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorClass {
    /// What came in does not have the promised shape.
    Malformed,
    /// A record breaks a hard rule of the canonical model.
    Schema,
    /// A mapping that it needs is missing, or a setting cannot work.
    Mapping,
    /// Credentials did not open the door.
    Credentials,
    /// The other side did not answer until the retries ran out.
    Transport,
    /// The other side asked to slow down, or the target kept changing, until the retries ran out.
    Exhausted,
    /// The other side took it for impossible: gone, closed, invalid.
    Refused,
    /// The plugin failed: trap, limit, invalid output.
    Plugin,
    /// The plugin or the host cannot do this.
    Unsupported,
    /// It died before classes were kept.
    Unclassified,
}

impl ErrorClass {
    /// All classes.
    pub const ALL: [Self; 10] = [
        Self::Malformed,
        Self::Schema,
        Self::Mapping,
        Self::Credentials,
        Self::Transport,
        Self::Exhausted,
        Self::Refused,
        Self::Plugin,
        Self::Unsupported,
        Self::Unclassified,
    ];

    /// The text in SQL and JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::Schema => "schema",
            Self::Mapping => "mapping",
            Self::Credentials => "credentials",
            Self::Transport => "transport",
            Self::Exhausted => "exhausted",
            Self::Refused => "refused",
            Self::Plugin => "plugin",
            Self::Unsupported => "unsupported",
            Self::Unclassified => "unclassified",
        }
    }
}

impl std::str::FromStr for ErrorClass {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|class| class.as_str() == text);
        found.ok_or_else(|| {
            let all: Vec<&str> = Self::ALL.iter().map(|class| class.as_str()).collect();
            format!("there is no such error class; there are {}", all.join(", "))
        })
    }
}

/// What a person reads about something that died.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Death {
    /// Class.
    pub class: ErrorClass,
    /// The sentence: no secrets, no personal data.
    pub reason: String,
    /// The mapping that it waits for. When it is added, the letter goes back to work on its own.
    pub mapping: Option<MissingMapping>,
}

impl Death {
    /// Of that class, for this reason.
    #[must_use]
    pub fn new(class: ErrorClass, reason: impl Into<String>) -> Self {
        Self {
            class,
            reason: reason.into(),
            mapping: None,
        }
    }

    /// The name of the mapping that it waits for, as the row keeps it.
    pub(crate) fn mapping_name(&self) -> Option<&str> {
        self.mapping.as_ref().map(|missing| missing.name.as_str())
    }

    /// Parked for a mapping.
    #[must_use]
    pub fn parked(missing: MissingMapping) -> Self {
        Self {
            class: ErrorClass::Mapping,
            reason: missing.to_string(),
            mapping: Some(missing),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_class_reads_back() {
        for class in ErrorClass::ALL {
            assert_eq!(class.as_str().parse(), Ok(class));
            assert_eq!(serde_json::to_value(class).unwrap(), class.as_str());
        }
        assert!("' OR 1=1".parse::<ErrorClass>().is_err());
    }
}
