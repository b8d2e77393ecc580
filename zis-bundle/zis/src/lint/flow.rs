//! The shape of a machine: does every way lead somewhere, and end.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Findings, state_path, states};
use crate::model::{Catch, Comparison, Family, Machine, Operand, Operator, State, StateKind, Test};
use crate::reference::Reference;

pub(super) fn lint(machine: &Machine, place: &str, findings: &mut Findings) {
    if !machine.states.contains_key(&machine.start_at) {
        let what = format!("there is no state \"{}\"", machine.start_at);
        findings.error(
            "F01",
            &format!("{place}.StartAt"),
            what,
            "name a state of this flow",
        );
    }
    for (_, state, path) in states(machine, place) {
        targets(machine, state, &path, findings);
        fields(state, &path, findings);
        results(state, &path, findings);
        match &state.kind {
            StateKind::Choice(choice) => {
                if choice.default.is_none() {
                    let what = "the Choice has no Default";
                    findings.warn("F07", &path, what, "say what happens when no rule holds");
                }
                for (i, rule) in choice.rules.iter().enumerate() {
                    test(&rule.test, &format!("{path}.Choices[{i}]"), 0, findings);
                }
            }
            StateKind::Map(map) => lint(&map.iterator, &format!("{path}.Iterator"), findings),
            _ => {}
        }
    }
    endings(machine, place, findings);
}

fn targets(machine: &Machine, state: &State, path: &str, findings: &mut Findings) {
    for (field, next) in state.kind.successors() {
        if !machine.states.contains_key(next) {
            let what = format!("there is no state \"{next}\"");
            findings.error(
                "F01",
                &format!("{path}.{field}"),
                what,
                "name a state of this flow",
            );
        }
    }
}

fn fields(state: &State, path: &str, findings: &mut Findings) {
    for key in state.unknown.keys() {
        let path = format!("{path}.{key}");
        if matches!(key.as_str(), "Retry" | "TimeoutSeconds") {
            let what = format!("sources disagree whether {key} exists");
            findings.warn(
                "F16",
                &path,
                what,
                "use Catch with a counter and Wait instead",
            );
        } else if matches!(key.as_str(), "InputPath" | "OutputPath" | "ResultSelector") {
            let what = format!("ZIS has no {key}");
            findings.warn("F16", &path, what, "shape the data with jq and ResultPath");
        } else {
            let what = format!("a {} state has no field \"{key}\"", state.kind.word());
            findings.warn("F03", &path, what, "remove it or correct its spelling");
        }
    }
}

/// Where outputs and errors go.
fn results(state: &State, path: &str, findings: &mut Findings) {
    let (result_path, catch): (_, &[Catch]) = match &state.kind {
        StateKind::Action(action) => (&action.result_path, &action.catch),
        StateKind::Map(map) => (&map.result_path, &map.catch),
        StateKind::Pass(pass) => (&pass.result_path, &[]),
        _ => return,
    };
    let at = format!("{path}.ResultPath");
    match result_path {
        Some(result) => overwrites(result, &at, findings),
        None if !state.kind.ends() => {
            let what = "there is no ResultPath, and sources disagree what happens to the output";
            findings.warn(
                "F05",
                path,
                what,
                "say where it goes, for example \"$.result\"",
            );
        }
        None => {}
    }
    for (i, catch) in catch.iter().enumerate() {
        let at = format!("{path}.Catch[{i}]");
        match &catch.result_path {
            Some(result) => overwrites(result, &format!("{at}.ResultPath"), findings),
            None => {
                let what = "the error replaces the whole document, the event included";
                findings.warn("F14", &at, what, "add \"ResultPath\": \"$.error\"");
            }
        }
    }
    if let StateKind::Action(action) = &state.kind
        && !action.action_name.starts_with("zis:common:")
        && action.catch.is_empty()
    {
        let what = "nothing catches the call's errors, so one failure loses the event";
        findings.warn("F15", path, what, "add a Catch");
    }
}

fn overwrites(result: &str, path: &str, findings: &mut Findings) {
    match result.parse::<Reference>() {
        Err(error) => findings.warn("P06", path, error.to_string(), "write a reference path"),
        Ok(reference) if reference.is_root() || reference.root_key() == Some("input") => {
            let what = "the result overwrites the event";
            findings.warn("F06", path, what, "store it beside $.input");
        }
        Ok(_) => {}
    }
}

fn test(rule: &Test, path: &str, depth: usize, findings: &mut Findings) {
    if depth == 2 && !matches!(rule, Test::Compare(_)) {
        let what = "And, Or and Not inside one another are not documented";
        findings.warn("F09", path, what, "use several rules or Choice states");
    }
    match rule {
        Test::And(tests) | Test::Or(tests) => {
            for inner in tests {
                test(inner, path, depth + 1, findings);
            }
        }
        Test::Not(inner) => test(inner, path, depth + 1, findings),
        Test::Compare(comparison) => compare(comparison, path, findings),
    }
}

fn compare(comparison: &Comparison, path: &str, findings: &mut Findings) {
    if let Err(error) = comparison.variable.parse::<Reference>() {
        findings.error(
            "P06",
            path,
            error.to_string(),
            "Variable takes a reference path",
        );
    }
    let Operator::Ordered {
        family, operand, ..
    } = &comparison.operator
    else {
        return;
    };
    match operand {
        Operand::Path(other) => {
            if let Err(error) = other.parse::<Reference>() {
                findings.error(
                    "P06",
                    path,
                    error.to_string(),
                    "...Path takes a reference path",
                );
            }
        }
        Operand::Literal(literal) => {
            let fits = match family {
                Family::String | Family::Timestamp => literal.is_string(),
                Family::Numeric => literal.is_number(),
                Family::Boolean => literal.is_boolean(),
            };
            if !fits {
                let what = format!("{literal} is not of the operator's type, so it never holds");
                findings.warn("F10", path, what, "use the operator of the literal's type");
            }
            if literal.as_str().is_some_and(|text| text.starts_with("$.")) {
                let what = "the literal looks like a path and is compared as text";
                findings.warn("F10", path, what, "use the operator that ends in Path");
            }
        }
    }
}

/// States that nothing reaches, and states from which nothing ends.
fn endings(machine: &Machine, place: &str, findings: &mut Findings) {
    let reached = closure(BTreeSet::from([machine.start_at.as_str()]), |name| {
        let state = machine.states.get(name);
        state
            .map(|state| state.kind.successors())
            .unwrap_or_default()
            .into_iter()
            .map(|(_, n)| n)
    });
    let ending = machine
        .states
        .iter()
        .filter(|(_, state)| state.kind.ends() || may_stop(state));
    let ending: BTreeSet<&str> = ending.map(|(name, _)| name.as_str()).collect();
    let ends = closure(ending, |target| {
        let leads = move |state: &State| {
            state
                .kind
                .successors()
                .into_iter()
                .any(|(_, next)| next == target)
        };
        let before = machine.states.iter().filter(move |(_, state)| leads(state));
        before.map(|(name, _)| name.as_str())
    });
    for name in machine.states.keys() {
        let path = state_path(place, name);
        if !reached.contains(name.as_str()) {
            findings.warn(
                "F04",
                &path,
                "nothing leads to this state",
                "remove it or lead to it",
            );
        } else if !ends.contains(name.as_str()) {
            let what = "no way from this state ever ends";
            findings.error(
                "F04",
                &path,
                what,
                "lead to a Succeed or Fail state, or set End",
            );
        }
    }
}

/// A Choice without Default may stop the flow with an error; that is an end of a kind.
const fn may_stop(state: &State) -> bool {
    matches!(&state.kind, StateKind::Choice(choice) if choice.default.is_none())
}

fn closure<'m, I>(start: BTreeSet<&'m str>, next: impl Fn(&'m str) -> I) -> BTreeSet<&'m str>
where
    I: Iterator<Item = &'m str>,
{
    let mut open: Vec<_> = start.iter().copied().collect();
    let mut seen = start;
    while let Some(name) = open.pop() {
        for name in next(name) {
            if seen.insert(name) {
                open.push(name);
            }
        }
    }
    seen
}

/// True where a value could be a path by mistake.
pub(super) fn looks_like_path(value: &Value) -> bool {
    value
        .as_str()
        .is_some_and(|text| text.starts_with("$.") && text.parse::<Reference>().is_ok())
}
