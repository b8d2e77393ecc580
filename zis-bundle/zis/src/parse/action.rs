//! `ZIS::Action::Http`.

use super::node::{Node, Problems};
use crate::model::{Body, Header, HttpAction, Method, Target, Text};

/// Reads the definition of an HTTP action.
pub(super) fn action(
    key: &str,
    name: &str,
    definition: &Node<'_>,
    problems: &mut Problems,
) -> Option<HttpAction> {
    definition.object(problems)?;
    let method = method(definition, problems);
    let target = target(definition, problems);
    let headers = pairs(definition, "headers", problems);
    let mut query = pairs(definition, "queryParams", problems);
    query.extend(pairs(definition, "query", problems));
    let dynamic_body = definition.optional_text("requestBody.$", problems);
    let body = match (definition.get("requestBody"), dynamic_body) {
        (None, None) => None,
        (Some(body), None) => Some(Body::Template(body.value().clone())),
        (None, Some((path, _))) => Some(Body::Dynamic(path.to_owned())),
        (Some(_), Some((_, at))) => {
            problems.add(
                "H01",
                at,
                "there are two request bodies",
                "keep one of them",
            );
            None
        }
    };
    let connection = definition.optional_text("connectionName", problems);
    Some(HttpAction {
        key: key.to_owned(),
        name: name.to_owned(),
        method: method?,
        target: target?,
        headers,
        query,
        body,
        connection_name: connection.map(|(text, _)| text.to_owned()),
    })
}

fn method(definition: &Node<'_>, problems: &mut Problems) -> Option<Method> {
    let (text, at) = definition.text("method", problems)?;
    let method = Method::of(text);
    if method.is_none() {
        let what = format!("\"{text}\" is no method");
        problems.add(
            "H01",
            at,
            what,
            "use GET, POST, PUT, PATCH or DELETE, in capitals",
        );
    }
    method
}

fn target(definition: &Node<'_>, problems: &mut Problems) -> Option<Target> {
    let url = text(definition, "url", problems).map(Target::Url);
    let path = text(definition, "path", problems).map(Target::Path);
    match (url, path) {
        (Some(target), None) | (None, Some(target)) => Some(target),
        (both, _) => {
            let what = if both.is_some() {
                "both url and path"
            } else {
                "neither url nor path"
            };
            let fix = "write url for an external address or path for the Zendesk API";
            problems.add("H01", definition.path(), format!("there is {what}"), fix);
            None
        }
    }
}

/// The text under `key` or `key.$`.
fn text(node: &Node<'_>, key: &str, problems: &mut Problems) -> Option<Text> {
    let dynamic = node.optional_text(&format!("{key}.$"), problems);
    let (text, dynamic) = match dynamic {
        Some((text, _)) => (text, true),
        None => (node.optional_text(key, problems)?.0, false),
    };
    Some(Text {
        text: text.to_owned(),
        dynamic,
    })
}

fn pairs(definition: &Node<'_>, key: &str, problems: &mut Problems) -> Vec<Header> {
    let Some(node) = definition.get(key) else {
        return Vec::new();
    };
    if node.value().is_object() {
        let fix = "write a list of {\"key\": ..., \"value\": ...}";
        problems.add("H02", node.path(), format!("{key} is an object"), fix);
        return Vec::new();
    }
    let items = node.items(problems).unwrap_or_default();
    items
        .iter()
        .filter_map(|item| pair(item, problems))
        .collect()
}

fn pair(item: &Node<'_>, problems: &mut Problems) -> Option<Header> {
    item.object(problems)?;
    let (key, _) = item.text("key", problems)?;
    let value = text(item, "value", problems);
    if value.is_none() {
        let what = format!("\"{key}\" has no text as its value");
        problems.add("H02", item.path(), what, "add \"value\" or \"value.$\"");
    }
    Some(Header {
        key: key.to_owned(),
        value: value?,
    })
}
