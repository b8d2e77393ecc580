//! Money: decimal text with a currency, never a float (canonical-model §2).

use std::{cmp::Ordering, fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::model;

/// Why a text is not money.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// Not `-?[0-9]+(\.[0-9]+)?`, or more than 28 digits.
    #[error("`{0}` is not a decimal: digits with at most one point, no exponent, no separators")]
    Decimal(String),
    /// Not three letters.
    #[error("`{0}` is not a currency: three letters of ISO 4217")]
    Currency(String),
    /// Two currencies in one sum.
    #[error("cannot add {0} to {1}")]
    MixedCurrency(Currency, Currency),
}

/// Decimal text with the digits that the source sent; compares by value.
///
/// At most 28 significant digits. `-0.00` reads as `0.00`.
#[derive(Clone, Debug)]
pub struct Decimal {
    text: String,
    value: rust_decimal::Decimal,
}

impl Decimal {
    /// Zero, without decimals.
    #[must_use]
    pub fn zero() -> Self {
        Self {
            text: "0".to_owned(),
            value: rust_decimal::Decimal::ZERO,
        }
    }

    /// The text of a calculated value.
    #[must_use]
    pub fn from_value(value: rust_decimal::Decimal) -> Self {
        let text = value.to_string();
        let text = if value.is_zero() {
            text.trim_start_matches('-').to_owned()
        } else {
            text
        };
        Self { text, value }
    }

    /// The digits as sent.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// For calculations.
    #[must_use]
    pub fn value(&self) -> rust_decimal::Decimal {
        self.value
    }

    /// Whether it is below zero.
    #[must_use]
    pub fn is_negative(&self) -> bool {
        self.value < rust_decimal::Decimal::ZERO
    }

    /// Whether it is zero, with however many decimals.
    #[must_use]
    pub fn is_zero(&self) -> bool {
        self.value.is_zero()
    }
}

impl FromStr for Decimal {
    type Err = MoneyError;

    fn from_str(text: &str) -> Result<Self, MoneyError> {
        let wrong = || MoneyError::Decimal(text.chars().take(64).collect());
        let unsigned = text.strip_prefix('-').unwrap_or(text);
        let (whole, fraction) = unsigned
            .split_once('.')
            .map_or((unsigned, None), |(w, f)| (w, Some(f)));
        let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        if !digits(whole) || fraction.is_some_and(|f| !digits(f)) {
            return Err(wrong());
        }
        let value = rust_decimal::Decimal::from_str_exact(text).map_err(|_| wrong())?;
        let text = if value.is_zero() { unsigned } else { text };
        Ok(Self {
            text: text.to_owned(),
            value,
        })
    }
}

impl PartialEq for Decimal {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

impl Eq for Decimal {}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> Ordering {
        self.value.cmp(&other.value)
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Serialize for Decimal {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for Decimal {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        crate::read::text(d, str::parse::<Self>)
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for Decimal {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Decimal".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "pattern": "^-?[0-9]+(\\.[0-9]+)?$" })
    }
}

/// ISO 4217 code, upper case.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Currency([u8; 3]);

impl Currency {
    /// The three letters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or("XXX")
    }

    /// How many decimals people write: 0 for JPY, 3 for KWD, 2 for most (ISO 4217).
    #[must_use]
    pub fn exponent(&self) -> u32 {
        match self.as_str() {
            "BIF" | "CLP" | "DJF" | "GNF" | "ISK" | "JPY" | "KMF" | "KRW" | "PYG" | "RWF"
            | "UGX" | "UYI" | "VND" | "VUV" | "XAF" | "XOF" | "XPF" => 0,
            "BHD" | "IQD" | "JOD" | "KWD" | "LYD" | "OMR" | "TND" => 3,
            "CLF" | "UYW" => 4,
            _ => 2,
        }
    }
}

impl FromStr for Currency {
    type Err = MoneyError;

    fn from_str(text: &str) -> Result<Self, MoneyError> {
        match text.as_bytes() {
            [a, b, c] if [a, b, c].iter().all(|l| l.is_ascii_alphabetic()) => Ok(Self([
                a.to_ascii_uppercase(),
                b.to_ascii_uppercase(),
                c.to_ascii_uppercase(),
            ])),
            _ => Err(MoneyError::Currency(text.chars().take(16).collect())),
        }
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Currency {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        crate::read::text(d, str::parse::<Self>)
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for Currency {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Currency".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "pattern": "^[A-Z]{3}$" })
    }
}

model! {
    /// An amount in one currency.
    #[derive(Eq)]
    pub struct Money {
        /// Digits as the source sent them.
        pub amount: Decimal,
        /// ISO 4217.
        pub currency: Currency,
    }

    /// The same money in the merchant's currency and in the buyer's; at least one is there.
    #[derive(Default)]
    pub struct MoneyPair {
        /// In the merchant's book-keeping currency.
        pub shop: Option<Money>,
        /// As the buyer saw or paid it.
        pub presentment: Option<Money>,
    }
}

impl Money {
    /// An amount in a currency.
    #[must_use]
    pub fn new(amount: Decimal, currency: Currency) -> Self {
        Self { amount, currency }
    }

    /// The sum of two amounts of one currency.
    ///
    /// # Errors
    /// [`MoneyError::MixedCurrency`] when the currencies differ, [`MoneyError::Decimal`] when the
    /// sum has more than 28 digits.
    pub fn checked_add(&self, other: &Self) -> Result<Self, MoneyError> {
        if self.currency != other.currency {
            return Err(MoneyError::MixedCurrency(other.currency, self.currency));
        }
        let sum = self
            .amount
            .value()
            .checked_add(other.amount.value())
            .ok_or_else(|| MoneyError::Decimal(format!("{} + {}", self.amount, other.amount)))?;
        Ok(Self::new(Decimal::from_value(sum), self.currency))
    }
}

/// As people write it: the currency's decimals, and more only where there are more. Never rounded.
impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut value = self.amount.value().normalize();
        if value.scale() < self.currency.exponent() {
            value.rescale(self.currency.exponent());
        }
        write!(f, "{value} {}", self.currency)
    }
}

impl MoneyPair {
    /// Both sides the same: the buyer paid in the merchant's currency.
    #[must_use]
    pub fn same(money: Money) -> Self {
        Self {
            shop: Some(money.clone()),
            presentment: Some(money),
        }
    }

    /// What to show first: the buyer's side, else the shop's.
    #[must_use]
    pub fn shown(&self) -> Option<&Money> {
        self.presentment.as_ref().or(self.shop.as_ref())
    }

    /// What to calculate with: the shop's side, else the buyer's.
    #[must_use]
    pub fn booked(&self) -> Option<&Money> {
        self.shop.as_ref().or(self.presentment.as_ref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_is_written_with_its_currencys_decimals_and_never_rounded() {
        let written = |amount: &str, currency: &str| {
            Money::new(amount.parse().unwrap(), currency.parse().unwrap()).to_string()
        };
        assert_eq!(written("89.0", "EUR"), "89.00 EUR");
        assert_eq!(written("-4", "USD"), "-4.00 USD");
        assert_eq!(written("23600", "JPY"), "23600 JPY");
        assert_eq!(written("14418.0", "JPY"), "14418 JPY");
        assert_eq!(written("12.5", "KWD"), "12.500 KWD");
        assert_eq!(written("0.0045", "EUR"), "0.0045 EUR");
    }
}
