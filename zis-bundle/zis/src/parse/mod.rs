//! From text to [`Bundle`], refusing what the registry refuses.
//!
//! The registry checks shape: known resource types, names, the fields of each state and the
//! operators of Choice rules. It does not look at paths, field ids or connections; those are the
//! linter's business. All problems of a bundle are reported at once, each with its path, because the
//! registry's own message names neither place nor cause.

mod action;
mod choice;
mod node;
mod state;

use std::collections::BTreeMap;

use serde_json::Value;

use crate::finding::{Finding, Severity};
use crate::limits::{BUNDLE_BYTES_MAX, RESOURCES_MAX};
use crate::model::{Bundle, Flow, HttpAction, JobSpec, TEMPLATE_VERSION};
use crate::strict;
use node::{Node, Problems};

/// Why a text is no bundle.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum BundleError {
    /// The text is longer than any bundle may be.
    #[error("the bundle has {bytes} bytes, more than {max}; split it over several integrations")]
    TooLarge {
        /// Size of the text.
        bytes: usize,
        /// The bound.
        max: usize,
    },
    /// The text is not strict JSON.
    #[error(
        "the bundle is not strict JSON: {0}; remove comments, trailing commas and repeated keys"
    )]
    Json(String),
    /// The registry would refuse it, for these reasons.
    #[error("the registry would refuse this bundle:\n{}", lines(.0))]
    Refused(Vec<Finding>),
}

impl BundleError {
    /// The reasons, where the text was JSON.
    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        match self {
            Self::Refused(findings) => findings,
            Self::TooLarge { .. } | Self::Json(_) => &[],
        }
    }
}

fn lines(findings: &[Finding]) -> String {
    findings
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join("\n")
}

impl Bundle {
    /// Reads a bundle.
    ///
    /// # Errors
    /// [`BundleError`] with every reason for which the registry would refuse it.
    pub fn parse(text: &str) -> Result<Self, BundleError> {
        if text.len() > BUNDLE_BYTES_MAX {
            return Err(BundleError::TooLarge {
                bytes: text.len(),
                max: BUNDLE_BYTES_MAX,
            });
        }
        let document = strict::from_str(text).map_err(|e| BundleError::Json(e.to_string()))?;
        Self::from_value(document)
    }

    /// Reads a bundle from JSON that is parsed already.
    ///
    /// # Errors
    /// As [`Bundle::parse`].
    pub fn from_value(document: Value) -> Result<Self, BundleError> {
        let mut problems = Problems::default();
        let parts = top(&Node::root(&document), &mut problems);
        let findings = problems.into_findings();
        let refused = findings
            .iter()
            .any(|finding| finding.severity == Severity::Error);
        match parts {
            Some(parts) if !refused => Ok(parts.into_bundle(document)),
            _ => Err(BundleError::Refused(findings)),
        }
    }
}

#[derive(Default)]
struct Parts {
    name: String,
    description: Option<String>,
    flows: BTreeMap<String, Flow>,
    actions: BTreeMap<String, HttpAction>,
    job_specs: BTreeMap<String, JobSpec>,
}

impl Parts {
    fn into_bundle(self, document: Value) -> Bundle {
        let Self {
            name,
            description,
            flows,
            actions,
            job_specs,
        } = self;
        Bundle {
            name,
            description,
            flows,
            actions,
            job_specs,
            document,
        }
    }
}

fn top(root: &Node<'_>, problems: &mut Problems) -> Option<Parts> {
    root.object(problems)?;
    if let Some((version, at)) = root.text("zis_template_version", problems)
        && version != TEMPLATE_VERSION
    {
        problems.add(
            "B02",
            at,
            format!("the template version is \"{version}\""),
            format!("write \"{TEMPLATE_VERSION}\"; it names the schema, not your bundle's version"),
        );
    }
    let mut parts = Parts::default();
    if let Some((name, at)) = root.text("name", problems) {
        if name.is_empty() {
            problems.add("B03", at, "the name is empty", "name the bundle");
        }
        name.clone_into(&mut parts.name);
    }
    parts.description = root
        .optional_text("description", problems)
        .map(|(text, _)| text.to_owned());
    let resources = root.required("resources", problems)?;
    let count = resources.object(problems)?.len();
    if count == 0 || count > RESOURCES_MAX {
        problems.add(
            "B03",
            resources.path(),
            format!("the bundle has {count} resources"),
            format!("declare 1 to {RESOURCES_MAX}: a flow, its actions and its job specs"),
        );
        return None;
    }
    for (key, node) in resources.entries() {
        resource(key, &node, &mut parts, problems);
    }
    Some(parts)
}

fn resource(key: &str, node: &Node<'_>, parts: &mut Parts, problems: &mut Problems) -> Option<()> {
    node.object(problems)?;
    let kind = node.text("type", problems);
    let properties = node.required("properties", problems)?;
    properties.object(problems)?;
    let (name, name_at) = properties.text("name", problems)?;
    let (kind, kind_at) = kind?;
    let taken = match kind {
        "ZIS::Flow" => {
            let machine =
                state::machine(&properties.required("definition", problems)?, 0, problems);
            let flow = Flow {
                key: key.to_owned(),
                name: name.to_owned(),
                machine: machine?,
            };
            parts.flows.insert(name.to_owned(), flow).is_some()
        }
        "ZIS::Action::Http" => {
            let definition = properties.required("definition", problems)?;
            let action = action::action(key, name, &definition, problems)?;
            parts.actions.insert(name.to_owned(), action).is_some()
        }
        "ZIS::JobSpec" => {
            let job = job_spec(key, name, &properties, problems)?;
            parts.job_specs.insert(name.to_owned(), job).is_some()
        }
        other => {
            problems.add(
                "B04",
                kind_at,
                format!("\"{other}\" is no resource type"),
                "use ZIS::Flow, ZIS::Action::Http or ZIS::JobSpec",
            );
            false
        }
    };
    if name.is_empty() || taken {
        let what = if taken {
            format!("a second {kind} is named \"{name}\" (Bundle contains duplicated resources)")
        } else {
            "the name is empty".to_owned()
        };
        problems.add(
            "B05",
            name_at,
            what,
            "give each resource of a type its own properties.name",
        );
    }
    Some(())
}

fn job_spec(
    key: &str,
    name: &str,
    properties: &Node<'_>,
    problems: &mut Problems,
) -> Option<JobSpec> {
    let source = properties.text("event_source", problems);
    let event = properties.text("event_type", problems);
    let flow = properties.text("flow_name", problems);
    Some(JobSpec {
        key: key.to_owned(),
        name: name.to_owned(),
        event_source: source?.0.to_owned(),
        event_type: event?.0.to_owned(),
        flow_name: flow?.0.to_owned(),
    })
}

#[cfg(test)]
mod tests;
