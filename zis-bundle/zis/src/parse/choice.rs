//! Choice rules, where the registry is strictest and least helpful.

use super::node::{Node, Problems};
use crate::limits::NESTING_MAX;
use crate::model::{Comparison, Operand, Operator, Rule, Test, choice_operator};

const OPERATORS: &str = "use StringEquals, Numeric..., BooleanEquals, Timestamp..., IsPresent or IsNull, \
                         and reshape the value with jq first where that is not enough";

/// Reads one rule of `Choices`.
pub(super) fn rule(node: &Node<'_>, problems: &mut Problems) -> Option<Rule> {
    node.object(problems)?;
    let test = test(node, 0, problems);
    let next = node.text("Next", problems);
    Some(Rule {
        test: test?,
        next: next?.0.to_owned(),
    })
}

fn test(node: &Node<'_>, depth: usize, problems: &mut Problems) -> Option<Test> {
    node.object(problems)?;
    if depth > NESTING_MAX {
        problems.add(
            "F09",
            node.path(),
            "the rule nests too deep",
            "split it over Choice states",
        );
        return None;
    }
    let conditions: Vec<_> = node
        .entries()
        .filter(|(key, _)| !matches!(*key, "Next" | "Comment" | "Variable"))
        .collect();
    let [(key, operand)] = conditions.as_slice() else {
        let what = format!("the rule has {} conditions", conditions.len());
        let fix = "write exactly one of And, Or, Not, or Variable with one operator";
        problems.add("F09", node.path(), what, fix);
        return None;
    };
    match *key {
        "And" => many(operand, depth, problems).map(Test::And),
        "Or" => many(operand, depth, problems).map(Test::Or),
        "Not" => test(operand, depth + 1, problems).map(|inner| Test::Not(Box::new(inner))),
        operator => comparison(node, operator, operand, problems).map(Test::Compare),
    }
}

fn many(node: &Node<'_>, depth: usize, problems: &mut Problems) -> Option<Vec<Test>> {
    let items = node.items(problems)?;
    if items.is_empty() {
        problems.add(
            "F09",
            node.path(),
            "the list is empty",
            "add at least one condition",
        );
        return None;
    }
    let tests: Vec<_> = items
        .iter()
        .map(|item| test(item, depth + 1, problems))
        .collect();
    tests.into_iter().collect()
}

fn comparison(
    rule: &Node<'_>,
    name: &str,
    operand: &Node<'_>,
    problems: &mut Problems,
) -> Option<Comparison> {
    let operator = operator(name, operand, problems);
    let variable = rule.text("Variable", problems);
    Some(Comparison {
        variable: variable?.0.to_owned(),
        operator: operator?,
    })
}

fn operator(name: &str, operand: &Node<'_>, problems: &mut Problems) -> Option<Operator> {
    if matches!(name, "IsPresent" | "IsNull") {
        let Some(wanted) = operand.value().as_bool() else {
            operand.wrong_type("true or false", problems);
            return None;
        };
        let present = name == "IsPresent";
        return Some(if present {
            Operator::IsPresent(wanted)
        } else {
            Operator::IsNull(wanted)
        });
    }
    let Some((family, order, is_path)) = choice_operator(name) else {
        let what = format!(
            "the operator \"{name}\" is not supported; the registry answers \
             BundleValidationError \"And is required\""
        );
        problems.add("F08", operand.path(), what, OPERATORS);
        return None;
    };
    let operand = if is_path {
        Operand::Path(operand.as_text(problems)?.0.to_owned())
    } else if operand.value().is_object() || operand.value().is_array() {
        operand.wrong_type("text, a number or a boolean", problems);
        return None;
    } else {
        Operand::Literal(operand.value().clone())
    };
    Some(Operator::Ordered {
        family,
        order,
        operand,
    })
}
