//! Choice: rules in order, first that holds wins. A value of another type than the operator's makes
//! a comparison false; only a path that leads nowhere is an error.

use std::cmp::Ordering;

use jiff::Timestamp;
use serde_json::Value;

use super::error::FlowError;
use super::switches::{ChoiceMissing, Switches};
use crate::model::{ChoiceState, Comparison, Family, Operand, Operator, Order, Test};
use crate::reference::Reference;

/// The state to go to.
pub(super) fn choose<'s>(
    state: &'s ChoiceState,
    document: &Value,
    switches: &Switches,
) -> Result<&'s str, FlowError> {
    for rule in &state.rules {
        if holds(&rule.test, document, switches)? {
            return Ok(&rule.next);
        }
    }
    let default = state.default.as_deref();
    default.ok_or_else(|| FlowError::new("no rule of the Choice holds and it has no Default"))
}

fn holds(test: &Test, document: &Value, switches: &Switches) -> Result<bool, FlowError> {
    match test {
        Test::And(tests) => {
            for test in tests {
                if !holds(test, document, switches)? {
                    return Ok(false);
                }
            }
            Ok(true)
        }
        Test::Or(tests) => {
            for test in tests {
                if holds(test, document, switches)? {
                    return Ok(true);
                }
            }
            Ok(false)
        }
        Test::Not(test) => holds(test, document, switches).map(|held| !held),
        Test::Compare(comparison) => compare(comparison, document, switches),
    }
}

fn compare(
    comparison: &Comparison,
    document: &Value,
    switches: &Switches,
) -> Result<bool, FlowError> {
    let find = |path: &str| -> Result<Option<&Value>, FlowError> {
        let reference: Reference = path.parse()?;
        match reference.find(document) {
            None if switches.choice_missing == ChoiceMissing::Error => {
                reference.get(document).map(Some).map_err(FlowError::from)
            }
            found => Ok(found),
        }
    };
    match &comparison.operator {
        Operator::IsPresent(wanted) => {
            let found = comparison.variable.parse::<Reference>()?.find(document);
            let present = found.is_some_and(|value| !value.is_null() || switches.is_present_null);
            Ok(present == *wanted)
        }
        Operator::IsNull(wanted) => {
            Ok(find(&comparison.variable)?.is_some_and(|value| value.is_null() == *wanted))
        }
        Operator::Ordered {
            family,
            order,
            operand,
        } => {
            let left = find(&comparison.variable)?;
            let right = match operand {
                Operand::Literal(value) => Some(value),
                Operand::Path(path) => find(path)?,
            };
            let (Some(left), Some(right)) = (left, right) else {
                return Ok(false);
            };
            Ok(relates(*family, *order, left, right))
        }
    }
}

fn relates(family: Family, order: Order, left: &Value, right: &Value) -> bool {
    let compared = match family {
        Family::String => left.as_str().zip(right.as_str()).map(|(l, r)| l.cmp(r)),
        Family::Boolean => left.as_bool().zip(right.as_bool()).map(|(l, r)| l.cmp(&r)),
        Family::Numeric => numbers(left, right),
        Family::Timestamp => instant(left).zip(instant(right)).map(|(l, r)| l.cmp(&r)),
    };
    compared.is_some_and(|compared| order.holds(compared))
}

fn numbers(left: &Value, right: &Value) -> Option<Ordering> {
    match (left.as_i64(), right.as_i64()) {
        (Some(left), Some(right)) => Some(left.cmp(&right)),
        _ => left.as_f64()?.partial_cmp(&right.as_f64()?),
    }
}

fn instant(value: &Value) -> Option<Timestamp> {
    value.as_str()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::Bundle;

    /// The state chosen by `choices` over `document`.
    fn chosen(choices: &Value, document: &Value, switches: &Switches) -> Result<String, String> {
        let bundle = json!({
            "zis_template_version": "2019-10-14", "name": "t", "resources": {"f": {
                "type": "ZIS::Flow", "properties": {"name": "f", "definition": {
                    "StartAt": "C", "States": {
                        "C": {"Type": "Choice", "Choices": choices, "Default": "no"},
                        "yes": {"Type": "Succeed"}, "no": {"Type": "Succeed"}
                    }}}}}
        });
        let bundle = Bundle::from_value(bundle).map_err(|e| e.to_string())?;
        let state = &bundle.flow("f").unwrap().machine.states["C"];
        let crate::model::StateKind::Choice(choice) = &state.kind else {
            unreachable!()
        };
        choose(choice, document, switches)
            .map(str::to_owned)
            .map_err(|e| e.cause)
    }

    fn holds_for(rule: Value, document: &Value) -> bool {
        let mut rule = rule;
        rule["Next"] = json!("yes");
        chosen(&json!([rule]), document, &Switches::default()).unwrap() == "yes"
    }

    #[test]
    fn comparisons_are_typed() {
        let document = json!({"s": "b", "n": 2, "f": 2.5, "t": "2026-01-01T00:00:00Z", "y": true,
                              "z": null, "m": 3, "id": 9_007_199_254_740_992_i64});
        let held = [
            json!({"Variable": "$.s", "StringEquals": "b"}),
            json!({"Variable": "$.s", "StringGreaterThan": "a"}),
            json!({"Variable": "$.id", "NumericLessThan": 9_007_199_254_740_993_i64}),
            json!({"Variable": "$.n", "NumericEquals": 2}),
            json!({"Variable": "$.f", "NumericLessThanEquals": 2.5}),
            json!({"Variable": "$.n", "NumericLessThanPath": "$.m"}),
            json!({"Variable": "$.y", "BooleanEquals": true}),
            json!({"Variable": "$.t", "TimestampLessThan": "2026-01-01T01:00:00+00:30"}),
            json!({"Variable": "$.z", "IsNull": true}),
            json!({"Variable": "$.z", "IsPresent": true}),
            json!({"Variable": "$.gone", "IsPresent": false}),
            json!({"Not": {"Variable": "$.s", "StringEquals": "a"}}),
            json!({"And": [{"Variable": "$.n", "NumericGreaterThan": 1},
                           {"Variable": "$.y", "BooleanEquals": true}]}),
            json!({"Or": [{"Variable": "$.n", "NumericGreaterThan": 9},
                          {"Variable": "$.y", "BooleanEquals": true}]}),
        ];
        for rule in held {
            assert!(holds_for(rule.clone(), &document), "{rule}");
        }
        let not_held = [
            json!({"Variable": "$.n", "StringEquals": "2"}),
            json!({"Variable": "$.s", "NumericEquals": 0}),
            json!({"Variable": "$.z", "NumericGreaterThanEquals": 0}),
            json!({"Variable": "$.s", "TimestampEquals": "b"}),
            json!({"Variable": "$.gone", "IsPresent": true}),
        ];
        for rule in not_held {
            assert!(!holds_for(rule.clone(), &document), "{rule}");
        }
    }

    #[test]
    fn the_first_rule_that_holds_wins() {
        let rules = json!([
            {"Variable": "$.n", "NumericEquals": 1, "Next": "yes"},
            {"Variable": "$.n", "NumericGreaterThan": 0, "Next": "no"}
        ]);
        assert_eq!(
            chosen(&rules, &json!({"n": 1}), &Switches::default()).unwrap(),
            "yes"
        );
    }

    #[test]
    fn a_variable_that_leads_nowhere_follows_its_switch() {
        let rules = json!([{"Variable": "$.gone", "StringEquals": "x", "Next": "yes"}]);
        let error = chosen(&rules, &json!({}), &Switches::default()).unwrap_err();
        assert_eq!(error, "JSON path not found: $.gone");
        let lenient = Switches {
            choice_missing: ChoiceMissing::False,
            ..Switches::default()
        };
        assert_eq!(chosen(&rules, &json!({}), &lenient).unwrap(), "no");
    }

    #[test]
    fn presence_of_null_follows_its_switch() {
        let rules = json!([{"Variable": "$.z", "IsPresent": true, "Next": "yes"}]);
        let strict = Switches {
            is_present_null: false,
            ..Switches::default()
        };
        assert_eq!(chosen(&rules, &json!({"z": null}), &strict).unwrap(), "no");
    }
}
