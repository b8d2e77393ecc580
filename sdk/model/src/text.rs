//! Texts that people typed: cleaned, bounded, and comparable where they identify someone.

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

use crate::{model, open_enum};

/// Unicode text in NFC, without control characters but line breaks and tabs, at most 64 KiB.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Text(String);

impl Text {
    /// Longest text kept, in bytes; the rest is cut at a character.
    pub const BYTES_MAX: usize = 64 * 1024;

    /// Cleans a text: NFC, control characters out, cut to [`Self::BYTES_MAX`].
    #[must_use]
    pub fn new(raw: &str) -> Self {
        if raw.len() <= Self::BYTES_MAX && is_clean(raw) {
            return Self(raw.to_owned());
        }
        let mut out = String::with_capacity(raw.len().min(Self::BYTES_MAX));
        for c in raw
            .nfc()
            .filter(|c| !c.is_control() || matches!(c, '\n' | '\t'))
        {
            if out.len() + c.len_utf8() > Self::BYTES_MAX {
                break;
            }
            out.push(c);
        }
        Self(out)
    }

    /// A cleaned and trimmed text; `None` when nothing is left.
    #[must_use]
    pub fn non_empty(raw: &str) -> Option<Self> {
        let text = Self::new(raw.trim());
        (!text.0.is_empty()).then_some(text)
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whether a text is as it would be after cleaning. Nearly all are, and most are ASCII, which one look settles.
fn is_clean(raw: &str) -> bool {
    let kept = |byte: u8| !byte.is_ascii_control() || matches!(byte, b'\n' | b'\t');
    if raw.is_ascii() {
        return raw.bytes().all(kept);
    }
    !raw.chars()
        .any(|c| c.is_control() && !matches!(c, '\n' | '\t'))
        && unicode_normalization::is_nfc_quick(raw.chars())
            == unicode_normalization::IsNormalized::Yes
}

impl std::fmt::Display for Text {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<&str> for Text {
    fn from(raw: &str) -> Self {
        Self::new(raw)
    }
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        crate::read::text(d, |raw| Ok::<_, std::convert::Infallible>(Self::new(raw)))
    }
}

open_enum! {
    /// What kind of address an e-mail is.
    pub enum EmailKind {
        /// Belongs to the person.
        Direct = "direct",
        /// A marketplace's relay; never an identity key.
        Relay = "relay",
        /// Blanked out in part; never an identity key.
        Masked = "masked",
    }
}

model! {
    /// An e-mail address. **Personal.**
    #[derive(Eq)]
    pub struct Email {
        /// As the source sent it.
        pub value: String,
        /// Trimmed, lower case; dots and plus parts stay.
        pub normalised: String,
        /// What kind of address it is.
        #[serde(default)]
        pub kind: EmailKind,
    }

    /// A telephone number. **Personal.**
    #[derive(Eq)]
    pub struct Phone {
        /// As the source sent it.
        pub raw: String,
        /// `+` and digits; only when the country is known.
        pub e164: Option<String>,
    }
}

impl Email {
    /// A direct address; `None` when empty or without an `@`.
    #[must_use]
    pub fn direct(value: &str) -> Option<Self> {
        Self::of_kind(value, EmailKind::Direct)
    }

    /// An address of that kind; `None` when empty or without an `@`.
    #[must_use]
    pub fn of_kind(value: &str, kind: EmailKind) -> Option<Self> {
        let value = value.trim();
        let (local, domain) = value.rsplit_once('@')?;
        if local.is_empty() || domain.is_empty() || value.len() > 320 {
            return None;
        }
        Some(Self {
            value: value.to_owned(),
            normalised: value.to_lowercase(),
            kind,
        })
    }
}

impl Phone {
    /// A number as sent; `e164` when it already carries its country (`+` and 7 to 15 digits).
    #[must_use]
    pub fn new(raw: &str) -> Option<Self> {
        let raw = raw.trim();
        let digits: String = raw.chars().filter(char::is_ascii_digit).collect();
        if digits.is_empty() {
            return None;
        }
        let international = raw.starts_with('+') && (7..=15).contains(&digits.len());
        let e164 = international.then(|| format!("+{digits}"));
        Some(Self {
            raw: raw.chars().take(64).collect(),
            e164,
        })
    }
}

/// The search form of a number that people quote: ASCII letters and digits, upper case
/// (canonical-model §4.1): `#1001` becomes `1001`.
#[must_use]
pub fn number_search(number: &str) -> String {
    number
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|c| c.to_ascii_uppercase())
        .collect()
}
