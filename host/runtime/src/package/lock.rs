//! The canonical lock of a component, and the capability digest that consent hangs on.
//!
//! Two versions of a plugin with one capability digest may replace each other without asking; one
//! that asks for more needs the tenant's consent. So the digest covers what a plugin may do, and not
//! which bytes do it: those have the component's digest.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{Export, Manifest, Method};

/// What was admitted: the bytes and what they may do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lock {
    /// What they may do.
    pub capabilities: Capabilities,
    /// SHA-256 of [`Lock::capabilities`].
    pub capability_digest: String,
    /// SHA-256 of the component.
    pub component: String,
    /// Id of the plugin.
    pub id: String,
    /// Version of the plugin.
    pub version: String,
}

/// What a plugin may do. Sorted throughout, so that one set has one text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Capabilities {
    /// Interfaces that it provides.
    pub exports: BTreeSet<Export>,
    /// Interfaces that it asks for.
    pub imports: BTreeSet<String>,
    /// Where it may go.
    pub origins: BTreeSet<OriginGrant>,
    /// Slots that it may have filled.
    pub secrets: BTreeSet<String>,
    /// Topics that it listens to.
    pub topics: BTreeSet<String>,
    /// The contract.
    pub wit: String,
}

/// One thing that may be done at one place.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct OriginGrant {
    /// With this credential: scheme and slots.
    pub auth: String,
    /// With this method.
    pub method: Method,
    /// Below this path.
    pub path_prefix: String,
    /// At this URL template.
    pub url: String,
}

/// How the capabilities of a version differ from those of the one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// The same.
    Same,
    /// Less, and nothing new: recorded.
    Narrower,
    /// Something new: the tenant must agree.
    Wider,
}

impl Capabilities {
    /// What this manifest with these imports may do.
    #[must_use]
    pub fn of(manifest: &Manifest, imports: impl IntoIterator<Item = String>) -> Self {
        let grants = manifest.origins.iter().flat_map(|origin| {
            let auth = format!(
                "{}({})",
                origin.auth.scheme(),
                origin.auth.slots().join(",")
            );
            let pairs = origin.methods.iter().flat_map(|method| {
                origin
                    .path_prefixes
                    .iter()
                    .map(move |prefix| (*method, prefix))
            });
            pairs.map(move |(method, prefix)| OriginGrant {
                auth: auth.clone(),
                method,
                path_prefix: prefix.clone(),
                url: origin.url.as_str().to_owned(),
            })
        });
        let topics = manifest
            .webhooks
            .iter()
            .flat_map(|w| w.topics.keys().cloned());
        Self {
            exports: manifest.plugin.exports.iter().copied().collect(),
            imports: imports.into_iter().collect(),
            origins: grants.collect(),
            secrets: manifest.secrets.keys().cloned().collect(),
            topics: topics.collect(),
            wit: manifest.plugin.wit.clone(),
        }
    }

    /// SHA-256 of the canonical JSON, in hexadecimal.
    #[must_use]
    pub fn digest(&self) -> String {
        // Fields are declared in alphabetical order and every set is sorted: one text per set.
        // Text into memory: writing cannot fail, and an empty text would only widen every change.
        let canonical = serde_json::to_vec(self).unwrap_or_default();
        hex::encode(Sha256::digest(canonical))
    }

    /// How these differ from `before`.
    #[must_use]
    pub fn change_from(&self, before: &Self) -> Change {
        if self == before {
            return Change::Same;
        }
        let within = self.wit == before.wit
            && self.exports.is_subset(&before.exports)
            && self.imports.is_subset(&before.imports)
            && self.origins.is_subset(&before.origins)
            && self.secrets.is_subset(&before.secrets)
            && self.topics.is_subset(&before.topics);
        if within {
            Change::Narrower
        } else {
            Change::Wider
        }
    }
}

impl Lock {
    /// The lock of that component.
    #[must_use]
    pub fn new(manifest: &Manifest, capabilities: Capabilities, component_digest: String) -> Self {
        Self {
            capability_digest: capabilities.digest(),
            capabilities,
            component: component_digest,
            id: manifest.plugin.id.clone(),
            version: manifest.plugin.version.clone(),
        }
    }
}
