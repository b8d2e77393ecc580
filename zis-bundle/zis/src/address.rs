//! Addresses of resources: `zis:{integration}:{kind}:{name}`, and the seven built-ins of Zendesk.
//!
//! The integration's name is part of every address, so a bundle that moves to another account has
//! to be re-keyed everywhere ([`crate::Bundle::rekey`]); a half re-keyed bundle still uploads and
//! fails when it runs.

use std::fmt;

use crate::limits::INTEGRATION_CHARS_MAX;

/// The integration that owns the built-ins.
const COMMON: &str = "common";

/// What an address points at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum AddressKind {
    /// An HTTP action of a bundle, or a built-in action.
    Action,
    /// A flow.
    Flow,
    /// A job spec.
    JobSpec,
    /// The built-in jq transformation.
    Transform,
}

impl AddressKind {
    /// The word inside the address.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Action => "action",
            Self::Flow => "flow",
            Self::JobSpec => "job_spec",
            Self::Transform => "transform",
        }
    }
}

/// Zendesk's own actions; the list is complete as far as any source shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BuiltIn {
    /// Reads the integration's settings of one scope.
    LoadConfig,
    /// Merges into the integration's settings.
    PatchConfig,
    /// Lists links.
    LoadLinks,
    /// Creates a link.
    CreateLink,
    /// Changes a link.
    PatchLink,
    /// Deletes a link.
    DeleteLink,
    /// Runs a jq expression.
    Jq,
}

impl BuiltIn {
    /// The built-in of this full address.
    #[must_use]
    pub fn of(address: &str) -> Option<Self> {
        Some(match address {
            "zis:common:action:LoadConfig" => Self::LoadConfig,
            "zis:common:action:PatchConfig" => Self::PatchConfig,
            "zis:common:action:LoadLinks" => Self::LoadLinks,
            "zis:common:action:CreateLink" => Self::CreateLink,
            "zis:common:action:PatchLink" => Self::PatchLink,
            "zis:common:action:DeleteLink" => Self::DeleteLink,
            "zis:common:transform:Jq" => Self::Jq,
            _ => return None,
        })
    }
}

/// A parsed address.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Address {
    /// Owner of the resource.
    pub integration: String,
    /// What it is.
    pub kind: AddressKind,
    /// `properties.name` of the resource, never its key.
    pub name: String,
}

impl Address {
    /// An address of `integration`.
    #[must_use]
    pub fn new(integration: &str, kind: AddressKind, name: &str) -> Self {
        Self {
            integration: integration.to_owned(),
            kind,
            name: name.to_owned(),
        }
    }

    /// Parses an address; `None` where the text has another form.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.splitn(4, ':');
        let (zis, integration, kind, name) =
            (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let kind = match kind {
            "action" => AddressKind::Action,
            "flow" => AddressKind::Flow,
            "job_spec" => AddressKind::JobSpec,
            "transform" => AddressKind::Transform,
            _ => return None,
        };
        let well_formed = zis == "zis" && is_integration_name(integration) && !name.is_empty();
        well_formed.then(|| Self::new(integration, kind, name))
    }

    /// True for Zendesk's own resources, which no bundle owns.
    #[must_use]
    pub fn is_common(&self) -> bool {
        self.integration == COMMON
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "zis:{}:{}:{}",
            self.integration,
            self.kind.as_str(),
            self.name
        )
    }
}

/// True for a name that the registry takes for an integration.
#[must_use]
pub fn is_integration_name(name: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'_' | b'-');
    (1..=INTEGRATION_CHARS_MAX).contains(&name.len()) && name.bytes().all(allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_survives_parsing_and_printing() {
        for text in [
            "zis:acme_1:flow:ticket-created-flow",
            "zis:9-x:action:zendesk.get_ticket",
            "zis:a:job_spec:name:with:colons",
            "zis:common:transform:Jq",
        ] {
            assert_eq!(Address::parse(text).unwrap().to_string(), text);
        }
    }

    #[test]
    fn what_the_registry_would_not_resolve_is_no_address() {
        for text in [
            "",
            "zis:Acme:flow:x",
            "zis:acme:flow:",
            "zis:acme:task:x",
            "zis:acme:flow",
        ] {
            assert_eq!(Address::parse(text), None, "{text}");
        }
        assert!(!is_integration_name(&"a".repeat(65)));
        assert!(is_integration_name(&"a".repeat(64)));
    }
}
