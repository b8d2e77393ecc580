//! `plugin.toml`: who a plugin is, what it reads, where it may go, and with which credentials.

use std::{collections::BTreeMap, fmt, str::FromStr};

use ordercase_model::{Comparability, Kind};
use serde::{Deserialize, Serialize};

use super::{
    ManifestError, Origin, SecretSlot, Setting, Webhooks, check,
    section::{self, section},
};
use crate::limits;

/// A plugin's manifest, read and found consistent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Who the plugin is.
    pub plugin: PluginInfo,
    /// Where it may go. The first is the one that a request without an alias means.
    #[serde(default)]
    pub origins: Vec<Origin>,
    /// What the merchant fills in.
    #[serde(default)]
    pub settings: BTreeMap<String, Setting>,
    /// Credentials, by slot. The plugin never sees them.
    #[serde(default)]
    pub secrets: BTreeMap<String, SecretSlot>,
    /// What it reads.
    #[serde(default)]
    pub streams: BTreeMap<String, Stream>,
    /// How its webhooks are verified.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub webhooks: Option<Webhooks>,
}

/// Identity and surface of a plugin.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct PluginInfo {
    /// `^[a-z][a-z0-9-]{1,39}$`.
    pub id: String,
    /// For people.
    pub name: String,
    /// Of the plugin, `major.minor.patch`.
    pub version: String,
    /// The contract: `ordercase:source@0.1.0`.
    pub wit: String,
    /// The platform's API version, handed to every call.
    pub api_version: String,
    /// Which limits hold.
    #[serde(default)]
    pub tier: Tier,
    /// What it implements; exactly the component's exports.
    pub exports: Vec<Export>,
    /// SPDX expression.
    pub licence: String,
    /// Where its author is reached.
    pub contact: String,
}

/// Which limits hold for a plugin.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum Tier {
    /// Compiled languages.
    #[default]
    Rust,
    /// Languages that bring an interpreter along: more memory, more time, fewer at once.
    Interpreter,
}

impl fmt::Display for Tier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Rust => "rust",
            Self::Interpreter => "interpreter",
        })
    }
}

/// One export of the contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Export {
    /// Shop facts.
    Probe,
    /// Pages of a stream.
    Pull,
    /// One record by id.
    Fetch,
    /// Records by what people quote.
    Search,
    /// From source bytes to records, pure.
    Map,
    /// Verified webhooks, pure.
    Receive,
    /// Webhooks registered at the platform.
    Subscribe,
}

impl Export {
    /// Every export, in the order of the contract.
    pub const ALL: [Self; 7] = [
        Self::Probe,
        Self::Pull,
        Self::Fetch,
        Self::Search,
        Self::Map,
        Self::Receive,
        Self::Subscribe,
    ];

    /// Name of the interface; of its function too, where it has only one.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Probe => "probe",
            Self::Pull => "pull",
            Self::Fetch => "fetch",
            Self::Search => "search",
            Self::Map => "map",
            Self::Receive => "receive",
            Self::Subscribe => "subscribe",
        }
    }

    /// Whether the export may reach out. The others have a budget of no effects at all.
    #[must_use]
    pub const fn may_reach_out(self) -> bool {
        !matches!(self, Self::Map | Self::Receive)
    }
}

impl fmt::Display for Export {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Export {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let named = |export: &Self| export.as_str() == text;
        Self::ALL.into_iter().find(named).ok_or(())
    }
}

/// A stream of records of one kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Stream {
    /// What its records are.
    pub kind: Kind,
    /// How their versions compare.
    pub version: Comparability,
    /// Most records of a page.
    pub page_limit: u32,
}

impl Manifest {
    /// Reads and checks the text of a `plugin.toml`.
    ///
    /// # Errors
    /// When it is no TOML of that shape, or with every inconsistency found.
    pub fn parse(text: &str) -> Result<Self, ManifestError> {
        if text.len() > limits::MANIFEST_BYTES_MAX {
            return Err(ManifestError::TooLong {
                bytes: text.len(),
                bytes_max: limits::MANIFEST_BYTES_MAX,
            });
        }
        let manifest: Self =
            toml::from_str(text).map_err(|error| ManifestError::Shape(error.to_string()))?;
        check::check(&manifest)?;
        Ok(manifest)
    }

    /// Reads the manifest that a component carries, without running any of it.
    ///
    /// # Errors
    /// As [`Manifest::parse`], and when there is no such section or more than one.
    pub fn of_component(component: &[u8]) -> Result<Self, ManifestError> {
        let bytes = section(component)?;
        let text = std::str::from_utf8(bytes).map_err(|error| {
            ManifestError::Shape(format!("the `{}` section: {error}", section::SECTION))
        })?;
        Self::parse(text)
    }

    /// The origin of that alias; the first without one.
    #[must_use]
    pub fn origin(&self, alias: Option<&str>) -> Option<&Origin> {
        match alias {
            Some(alias) => self.origins.iter().find(|origin| origin.alias == alias),
            None => self.origins.first(),
        }
    }

    /// Whether the plugin implements the export.
    #[must_use]
    pub fn exports(&self, export: Export) -> bool {
        self.plugin.exports.contains(&export)
    }

    /// Whether a record of that kind may leave the plugin.
    #[must_use]
    pub fn emits(&self, kind: Kind) -> bool {
        kind == Kind::Tombstone || self.streams.values().any(|stream| stream.kind == kind)
    }
}

#[cfg(test)]
mod tests;
