//! What the host knows about the connection that a call serves. Never a secret.

use std::collections::BTreeMap;

use ordercase_model::ShopFacts;
use serde_json::Value;

use crate::PluginError;

/// Handed to every call.
#[derive(Clone, Debug, Default)]
pub struct Context {
    /// The merchant's settings, valid against the manifest.
    pub settings: Value,
    /// Facts of the last probe; empty before the first.
    pub shop: ShopFacts,
    /// The operator's status mappings.
    pub overrides: Overrides,
    /// The platform API version that the manifest pins.
    pub api_version: String,
}

impl Context {
    /// Reads the three JSON parts as the host sends them.
    ///
    /// # Errors
    /// [`PluginError::InvalidConfig`] naming the part that cannot be read.
    pub fn parse(
        settings: &[u8],
        shop: &[u8],
        overrides: &[u8],
        api_version: String,
    ) -> Result<Self, PluginError> {
        Ok(Self {
            settings: part("settings", settings)?,
            shop: part("shop", shop)?,
            overrides: part("overrides", overrides)?,
            api_version,
        })
    }

    /// A setting as text; `None` when absent or not text.
    #[must_use]
    pub fn setting(&self, field: &str) -> Option<&str> {
        self.settings.get(field)?.as_str()
    }
}

fn part<T: serde::de::DeserializeOwned + Default>(
    field: &str,
    json: &[u8],
) -> Result<T, PluginError> {
    if json.is_empty() {
        return Ok(T::default());
    }
    serde_json::from_slice(json).map_err(|error| PluginError::InvalidConfig {
        field: field.to_owned(),
        message: format!("cannot be read: {error}"),
    })
}

/// The operator's status mappings: source field, raw value, axis, canonical value. They run before
/// a plugin's own tables; raw values compare without regard to case.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(transparent)]
pub struct Overrides(BTreeMap<String, BTreeMap<String, BTreeMap<String, String>>>);

impl Overrides {
    /// The canonical value that the operator set for a raw value of a source field on an axis.
    #[must_use]
    pub fn get(&self, field: &str, raw: &str, axis: &str) -> Option<&str> {
        let of_field = self.0.get(field)?;
        let of_raw = of_field.get(raw).or_else(|| {
            of_field
                .iter()
                .find(|(key, _)| key.eq_ignore_ascii_case(raw))
                .map(|(_, value)| value)
        })?;
        of_raw.get(axis).map(String::as_str)
    }
}
