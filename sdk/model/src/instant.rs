//! Points in time: UTC only, and what a shop-local stamp looked like before (canonical-model §2).

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{model, open_enum};

/// Why a text is no instant.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a time with a zone such as 2026-01-31T09:05:00Z")]
pub struct InstantError {
    text: String,
}

/// A point in time, written as RFC 3339 in UTC with at most nine decimals.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(jiff::Timestamp);

impl Instant {
    /// From microseconds since 1970, the form in the store; `None` outside years -9999 to 9999.
    #[must_use]
    pub fn from_micros(micros: i64) -> Option<Self> {
        jiff::Timestamp::from_microsecond(micros).ok().map(Self)
    }

    /// Microseconds since 1970, rounded down.
    #[must_use]
    pub fn micros(self) -> i64 {
        self.0.as_microsecond()
    }

    /// The underlying timestamp.
    #[must_use]
    pub fn timestamp(self) -> jiff::Timestamp {
        self.0
    }

    /// This instant moved by a number of seconds, held at the ends of the calendar.
    #[must_use]
    pub fn plus_seconds(self, seconds: i64) -> Self {
        let moved = self
            .0
            .saturating_add(jiff::SignedDuration::from_secs(seconds));
        Self(moved.unwrap_or(self.0))
    }

    /// Seconds from `earlier` to here; negative when `earlier` is later.
    #[must_use]
    pub fn seconds_since(self, earlier: Self) -> i64 {
        self.0.as_second() - earlier.0.as_second()
    }
}

impl From<jiff::Timestamp> for Instant {
    fn from(timestamp: jiff::Timestamp) -> Self {
        Self(timestamp)
    }
}

impl FromStr for Instant {
    type Err = InstantError;

    fn from_str(text: &str) -> Result<Self, InstantError> {
        text.parse().map(Self).map_err(|_| InstantError {
            text: text.chars().take(64).collect(),
        })
    }
}

impl fmt::Display for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Serialize for Instant {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Instant {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        crate::read::text(d, str::parse::<Self>)
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for Instant {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Instant".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "format": "date-time", "pattern": "Z$" })
    }
}

open_enum! {
    /// Where the zone of a source's time came from.
    pub enum TimeZoneSource {
        /// The text carried it.
        Source = "source",
        /// The shop's settings say it.
        ShopSetting = "shop_setting",
        /// Nobody says; UTC was assumed, with a warning.
        AssumedUtc = "assumed_utc",
    }
}

model! {
    /// A time with the text it was read from.
    #[derive(Eq)]
    pub struct SourceTime {
        /// The instant; absent when the text cannot be read.
        pub at: Option<Instant>,
        /// The source's text.
        pub raw: String,
        /// Where the zone came from.
        #[serde(default)]
        pub zone: TimeZoneSource,
    }
}

impl SourceTime {
    /// Reads a time that carries its own zone; keeps the text when it cannot be read.
    #[must_use]
    pub fn zoned(raw: &str) -> Self {
        Self {
            at: raw.parse().ok(),
            raw: raw.to_owned(),
            zone: TimeZoneSource::Source,
        }
    }
}
