//! Numbers as the text that was sent. Shops send `199.90` as text or as a JSON number; a float
//! would lose digits, so neither is ever parsed as one.

use std::borrow::Cow;
use std::fmt;

use ordercase_model::Decimal;
use serde::{Deserialize, Deserializer, de::Error as _};
use serde_json::value::RawValue;

/// The text of a JSON number or string, as sent; borrowed from the JSON where it has no escapes.
///
/// Reads straight from JSON text only: not through [`serde_json::Value`], `flatten` or `untagged`,
/// which would have parsed the number already.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecimalText<'a>(Cow<'a, str>);

impl DecimalText<'_> {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The number with its digits kept; `None` when the text is no decimal. A leading plus and
    /// surrounding blanks are forgiven, an exponent is written out.
    #[must_use]
    pub fn decimal(&self) -> Option<Decimal> {
        let text = self.0.trim();
        let text = text.strip_prefix('+').unwrap_or(text);
        text.parse().ok().or_else(|| {
            let value = rust_decimal::Decimal::from_scientific(text).ok()?;
            Some(Decimal::from_value(value))
        })
    }

    /// The number without its sign: refunds and discounts are positive in the model.
    #[must_use]
    pub fn magnitude(&self) -> Option<Decimal> {
        self.decimal().map(|decimal| magnitude(&decimal))
    }
}

/// A number without its sign, its digits kept.
#[must_use]
pub fn magnitude(decimal: &Decimal) -> Decimal {
    let text = decimal.as_str().trim_start_matches('-');
    text.parse().unwrap_or_else(|_| decimal.clone())
}

impl<'a> From<&'a str> for DecimalText<'a> {
    fn from(text: &'a str) -> Self {
        Self(Cow::Borrowed(text))
    }
}

impl From<String> for DecimalText<'_> {
    fn from(text: String) -> Self {
        Self(Cow::Owned(text))
    }
}

impl fmt::Display for DecimalText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for DecimalText<'a> {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let raw = <&'de RawValue>::deserialize(d)?.get();
        match raw.as_bytes().first() {
            Some(b'"') => {
                // Digits have no escapes, so nearly every text is what lies between its quotes.
                let plain = raw
                    .get(1..raw.len() - 1)
                    .filter(|text| !text.contains('\\'));
                match plain {
                    Some(text) => Ok(Self::from(text)),
                    None => serde_json::from_str::<String>(raw)
                        .map(Self::from)
                        .map_err(D::Error::custom),
                }
            }
            Some(b'-' | b'0'..=b'9') => Ok(Self::from(raw)),
            _ => Err(D::Error::custom("expected a number, or a number as text")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Option<String> {
        let text: DecimalText = serde_json::from_str(json).ok()?;
        text.decimal().map(|d| d.as_str().to_owned())
    }

    #[test]
    fn digits_survive_as_text_and_as_number() {
        assert_eq!(read("\"71.510000\"").as_deref(), Some("71.510000"));
        assert_eq!(read("71.510000").as_deref(), Some("71.510000"));
        assert_eq!(
            read("0.1000000000000000055").as_deref(),
            Some("0.1000000000000000055")
        );
        assert_eq!(read("23600").as_deref(), Some("23600"));
    }

    #[test]
    fn an_exponent_is_written_out_and_a_plus_forgiven() {
        assert_eq!(read("1.5e2").as_deref(), Some("150"));
        assert_eq!(read("\" +3.20 \"").as_deref(), Some("3.20"));
    }

    #[test]
    fn what_is_no_number_is_none_or_refused() {
        assert_eq!(read("\"free\""), None);
        assert_eq!(read("\"\""), None);
        assert!(serde_json::from_str::<DecimalText>("null").is_err());
        assert!(serde_json::from_str::<DecimalText>("[1]").is_err());
    }

    #[test]
    fn a_magnitude_keeps_its_digits() {
        assert_eq!(
            DecimalText::from("-12.50")
                .magnitude()
                .map(|d| d.to_string())
                .as_deref(),
            Some("12.50")
        );
    }
}
