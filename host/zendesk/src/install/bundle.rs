//! What the installer must know of a bundle: its job specs, the one connection that it uses, and
//! whether the account has the same.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::InstallError;

/// Facts of the bundle to install.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct BundleFacts {
    pub(super) name: String,
    pub(super) connection: String,
    pub(super) job_specs: Vec<String>,
    resources: Value,
}

impl BundleFacts {
    /// Reads them, and refuses a template that was not filled in.
    pub(super) fn read(bundle: &Value) -> Result<Self, InstallError> {
        let unfit = |reason: &str| InstallError::BundleUnfit {
            reason: reason.to_owned(),
        };
        let text = bundle.to_string();
        if text.contains("{{integration}}") || text.contains("{{host}}") {
            return Err(unfit("it still holds {{integration}} or {{host}}"));
        }
        let name = bundle.get("name").and_then(Value::as_str);
        let resources = bundle.get("resources").and_then(Value::as_object);
        let (Some(name), Some(resources)) = (name, resources) else {
            return Err(unfit("it has no name or no resources"));
        };
        let connections: BTreeSet<&str> = resources
            .values()
            .filter_map(|resource| resource.pointer("/properties/definition/connectionName"))
            .filter_map(Value::as_str)
            .collect();
        let mut connections = connections.into_iter();
        let (Some(connection), None) = (connections.next(), connections.next()) else {
            return Err(unfit("its actions do not all use the same one connection"));
        };
        let job_specs = job_specs(resources);
        if job_specs.is_empty() {
            return Err(unfit("it has no job spec, so no event would start it"));
        }
        Ok(Self {
            name: name.to_owned(),
            connection: connection.to_owned(),
            job_specs,
            resources: Value::Object(resources.clone()),
        })
    }

    /// Whether a bundle of the account says the same. Keys that the registry adds do not count.
    pub(super) fn equals(&self, found: &Value) -> bool {
        found.get("name").and_then(Value::as_str) == Some(&self.name)
            && found.get("resources") == Some(&self.resources)
    }
}

fn job_specs(resources: &Map<String, Value>) -> Vec<String> {
    resources
        .values()
        .filter(|resource| resource.get("type").and_then(Value::as_str) == Some("ZIS::JobSpec"))
        .filter_map(|resource| resource.pointer("/properties/name")?.as_str())
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn bundle() -> Value {
        json!({
            "zis_template_version": "2019-10-14", "name": "ordercase",
            "resources": {
                "post": {"type": "ZIS::Action::Http", "properties": {"name": "post", "definition": {
                    "method": "POST", "url": "https://o.example/v1", "connectionName": "ordercase_host"}}},
                "job": {"type": "ZIS::JobSpec", "properties": {"name": "created", "event_source": "support"}},
            }
        })
    }

    #[test]
    fn the_facts_are_read_and_compared_whatever_the_registry_adds() {
        let facts = BundleFacts::read(&bundle()).unwrap();
        assert_eq!(
            (facts.connection.as_str(), facts.job_specs.as_slice()),
            ("ordercase_host", ["created".to_owned()].as_slice())
        );
        let mut found = bundle();
        found["uuid"] = json!("u");
        assert!(facts.equals(&found));
        found["resources"]["job"]["properties"]["name"] = json!("other");
        assert!(!facts.equals(&found));
    }

    #[test]
    fn what_could_never_run_is_refused_before_anything_is_changed() {
        let mut template = bundle();
        template["resources"]["post"]["properties"]["definition"]["url"] =
            json!("https://{{host}}/v1");
        let mut jobless = bundle();
        jobless["resources"].as_object_mut().unwrap().remove("job");
        let mut two = bundle();
        two["resources"]["more"] = json!({"type": "ZIS::Action::Http",
            "properties": {"definition": {"connectionName": "another"}}});
        for unfit in [template, jobless, two, json!([])] {
            let error = BundleFacts::read(&unfit).unwrap_err();
            assert!(matches!(error, InstallError::BundleUnfit { .. }), "{error}");
        }
    }
}
