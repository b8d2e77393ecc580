//! The built-in actions that the emulator knows: `LoadConfig` and `Jq`.

use std::cell::Cell;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::error::FlowError;
use super::jq;
use super::ports::ConfigPort;
use super::switches::{LoadConfigShape, Switches};
use crate::reference::Reference;
use crate::template::{Resolver, has_placeholder};

/// Loads the integration's settings.
pub(super) fn load_config(
    parameters: &Value,
    configs: &dyn ConfigPort,
    switches: &Switches,
) -> Result<Value, FlowError> {
    let scope = parameters.get("scope").and_then(Value::as_str);
    let scope = scope.ok_or_else(|| FlowError::new("LoadConfig needs the parameter \"scope\""))?;
    let found = configs.load(scope);
    let config = found
        .ok_or_else(|| FlowError::new(format!("there is no config of the scope \"{scope}\"")))?;
    Ok(match switches.load_config_shape {
        LoadConfigShape::Settings => config,
        LoadConfigShape::Wrapped => json!({ "config": config }),
    })
}

/// The parameters of a jq state. `expr.$` may be jq with placeholders, which is why it does not
/// follow the rule for `.$` keys.
pub(super) fn jq_parameters(template: &Value, resolver: &Resolver<'_>) -> Result<Value, FlowError> {
    let mut rest = template.as_object().cloned().unwrap_or_else(Map::new);
    let expression = match rest.remove("expr.$") {
        Some(Value::String(text)) if has_placeholder(&text) => {
            Some(Value::from(resolver.text(&text)?))
        }
        Some(Value::String(text)) if text.parse::<Reference>().is_ok() => {
            Some(resolver.path(&text)?)
        }
        other => other,
    };
    let mut resolved = resolver.parameters(&Value::Object(rest))?;
    if let (Some(expression), Some(fields)) = (expression, resolved.as_object_mut()) {
        fields.insert("expr".to_owned(), expression);
    }
    Ok(resolved)
}

/// Runs jq; the second value is what is worth noting.
pub(super) fn transform(
    template: &Value,
    parameters: &Value,
    now: Timestamp,
    switches: &Switches,
    fuel: &Cell<u64>,
) -> Result<(Value, Option<String>), FlowError> {
    let expression = parameters.get("expr").and_then(Value::as_str);
    let expression = expression.ok_or_else(|| FlowError::new("Jq needs the parameter \"expr\""))?;
    let data = parameters.get("data").cloned().unwrap_or(Value::Null);
    let written_as_text = template.get("data").is_some_and(Value::is_string);
    let data = match &data {
        Value::String(text) if written_as_text => serde_json::from_str(text).map_err(|error| {
            FlowError::new(format!("the parameter \"data\" is no JSON: {error}"))
        })?,
        _ => data,
    };
    let ran = jq::run(expression, &data, now, switches.jq_multi, fuel);
    ran.map_err(|error| FlowError::new(format!("jq: {error}")))
}
