//! Flows and their states.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::choice::rule;
use super::node::{Node, Problems};
use crate::limits::{NESTING_MAX, STATES_MAX};
use crate::model::{
    ActionState, After, Catch, ChoiceState, Machine, MapState, PassState, State, StateKind, Wait,
};

/// Reads `{StartAt, States}`.
pub(super) fn machine(node: &Node<'_>, depth: usize, problems: &mut Problems) -> Option<Machine> {
    node.object(problems)?;
    if depth > NESTING_MAX {
        problems.add(
            "F13",
            node.path(),
            "Map nests too deep",
            "move the inner work to jq",
        );
        return None;
    }
    let start = node.text("StartAt", problems);
    let list = node.required("States", problems)?;
    let count = list.object(problems)?.len();
    if count == 0 || count > STATES_MAX {
        let what = format!("there are {count} states");
        problems.add(
            "F01",
            list.path(),
            what,
            format!("declare 1 to {STATES_MAX} states"),
        );
        return None;
    }
    let mut states = BTreeMap::new();
    for (name, node) in list.entries() {
        if let Some(state) = state(&node, depth, problems) {
            states.insert(name.to_owned(), state);
        }
    }
    let start_at = start?.0.to_owned();
    (states.len() == count).then_some(Machine { start_at, states })
}

fn state(node: &Node<'_>, depth: usize, problems: &mut Problems) -> Option<State> {
    node.object(problems)?;
    let (word, at) = node.text("Type", problems)?;
    let (known, kind): (&[&str], _) = match word {
        "Action" => (&ACTION, action(node, problems)),
        "Choice" => (&["Choices", "Default"], choice(node, problems)),
        "Map" => (&MAP, map(node, depth, problems)),
        "Wait" => (
            &["Seconds", "SecondsPath", "Next", "End"],
            wait(node, problems),
        ),
        "Pass" => (
            &["Result", "ResultPath", "Next", "End"],
            pass(node, problems),
        ),
        "Succeed" => (&["Message"], succeed(node, problems)),
        "Fail" => (&["Error", "Cause"], fail(node, problems)),
        other => {
            let what = format!("\"{other}\" is no state type");
            let fix = "use Action, Choice, Map, Wait, Pass, Succeed or Fail";
            problems.add("F03", at, what, fix);
            return None;
        }
    };
    if matches!(word, "Choice" | "Succeed" | "Fail") {
        for field in ["Next", "End"].into_iter().filter_map(|key| node.get(key)) {
            let what = format!("a {word} state has no Next and no End of its own");
            problems.add("F02", field.path(), what, "remove the field");
        }
    }
    let unknown = unknown(node, known);
    kind.map(|kind| State { kind, unknown })
}

const ACTION: [&str; 6] = [
    "ActionName",
    "Parameters",
    "ResultPath",
    "Catch",
    "Next",
    "End",
];
const MAP: [&str; 6] = [
    "ItemsPath",
    "Iterator",
    "ResultPath",
    "Catch",
    "Next",
    "End",
];

fn unknown(node: &Node<'_>, known: &[&str]) -> Map<String, Value> {
    let fields = node.entries();
    let fields =
        fields.filter(|(key, _)| !matches!(*key, "Type" | "Comment") && !known.contains(key));
    fields
        .map(|(key, field)| (key.to_owned(), field.value().clone()))
        .collect()
}

fn owned(text: Option<(&str, String)>) -> Option<String> {
    text.map(|(text, _)| text.to_owned())
}

fn after(node: &Node<'_>, problems: &mut Problems) -> Option<After> {
    match (node.get("Next"), node.get("End")) {
        (Some(next), None) => next
            .as_text(problems)
            .map(|(text, _)| After::Next(text.to_owned())),
        (None, Some(end)) if end.value() == &Value::Bool(true) => Some(After::End),
        (None, Some(end)) => {
            problems.add(
                "F02",
                end.path(),
                "End is not true",
                "write \"End\": true or a Next",
            );
            None
        }
        (next, _) => {
            let what = if next.is_some() {
                "both Next and End"
            } else {
                "neither Next nor End"
            };
            let fix = "write exactly one of \"Next\" and \"End\": true";
            problems.add("F02", node.path(), format!("the state has {what}"), fix);
            None
        }
    }
}

fn catches(node: &Node<'_>, problems: &mut Problems) -> Vec<Catch> {
    let items = node
        .get("Catch")
        .and_then(|list| list.items(problems))
        .unwrap_or_default();
    items
        .iter()
        .filter_map(|item| catch(item, problems))
        .collect()
}

fn catch(item: &Node<'_>, problems: &mut Problems) -> Option<Catch> {
    item.object(problems)?;
    let errors = item.required("ErrorEquals", problems)?;
    if errors.value() != &serde_json::json!(["States.ALL"]) {
        let what = "ErrorEquals is not [\"States.ALL\"]";
        problems.add("F14", errors.path(), what, "ZIS knows no other error name");
    }
    let next = item.text("Next", problems);
    let result_path = owned(item.optional_text("ResultPath", problems));
    Some(Catch {
        next: next?.0.to_owned(),
        result_path,
    })
}

fn action(node: &Node<'_>, problems: &mut Problems) -> Option<StateKind> {
    let name = node.text("ActionName", problems);
    let parameters = node.get("Parameters");
    if let Some(parameters) = &parameters {
        parameters.object(problems)?;
    }
    let result_path = owned(node.optional_text("ResultPath", problems));
    let catch = catches(node, problems);
    let after = after(node, problems);
    Some(StateKind::Action(ActionState {
        action_name: name?.0.to_owned(),
        parameters: parameters.map(|node| node.value().clone()),
        result_path,
        catch,
        after: after?,
    }))
}

fn choice(node: &Node<'_>, problems: &mut Problems) -> Option<StateKind> {
    let list = node.required("Choices", problems)?;
    let items = list.items(problems)?;
    if items.is_empty() {
        problems.add("F09", list.path(), "there is no rule", "add at least one");
    }
    let rules: Vec<_> = items.iter().map(|item| rule(item, problems)).collect();
    let default = owned(node.optional_text("Default", problems));
    let rules = rules.into_iter().collect::<Option<Vec<_>>>()?;
    Some(StateKind::Choice(ChoiceState { rules, default }))
}

fn map(node: &Node<'_>, depth: usize, problems: &mut Problems) -> Option<StateKind> {
    let items = node.text("ItemsPath", problems);
    let iterator = node.required("Iterator", problems);
    let iterator = iterator.and_then(|inner| machine(&inner, depth + 1, problems));
    let result_path = owned(node.optional_text("ResultPath", problems));
    let catch = catches(node, problems);
    let after = after(node, problems);
    Some(StateKind::Map(MapState {
        items_path: items?.0.to_owned(),
        iterator: iterator?,
        result_path,
        catch,
        after: after?,
    }))
}

fn wait(node: &Node<'_>, problems: &mut Problems) -> Option<StateKind> {
    let wait = match (node.get("Seconds"), node.get("SecondsPath")) {
        (Some(seconds), None) => match seconds.value().as_f64() {
            Some(number) if number > 0.0 => Some(Wait::Seconds(number)),
            _ => {
                problems.add(
                    "F11",
                    seconds.path(),
                    "that is no wait",
                    "write a number above 0",
                );
                None
            }
        },
        (None, Some(path)) => path
            .as_text(problems)
            .map(|(text, _)| Wait::Path(text.to_owned())),
        _ => {
            let fix = "write exactly one of Seconds and SecondsPath; ZIS knows no Timestamp here";
            problems.add("F11", node.path(), "the wait has no single length", fix);
            None
        }
    };
    let after = after(node, problems);
    Some(StateKind::Wait {
        wait: wait?,
        after: after?,
    })
}

fn pass(node: &Node<'_>, problems: &mut Problems) -> Option<StateKind> {
    let result_path = owned(node.optional_text("ResultPath", problems));
    let after = after(node, problems)?;
    let result = node.get("Result").map(|result| result.value().clone());
    Some(StateKind::Pass(PassState {
        result,
        result_path,
        after,
    }))
}

fn succeed(node: &Node<'_>, problems: &mut Problems) -> Option<StateKind> {
    let message = owned(node.optional_text("Message", problems));
    Some(StateKind::Succeed { message })
}

fn fail(node: &Node<'_>, problems: &mut Problems) -> Option<StateKind> {
    let text = |key: &str, problems: &mut Problems| {
        let found = node.optional_text(key, problems);
        if found.is_none() {
            let what = format!("a Fail state without {key}");
            problems.add("F12", node.path(), what, "add both Error and Cause");
        }
        owned(found)
    };
    let error = text("Error", problems);
    let cause = text("Cause", problems);
    Some(StateKind::Fail {
        error: error?,
        cause: cause?,
    })
}
