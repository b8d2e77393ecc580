//! Whatever a bundle says: parsing and linting return, and a run ends within its bounds.

use std::sync::Arc;
use std::time::Duration;

use ordercase_zis::emulate::{
    Emulator, HttpFailure, HttpResponse, JqMulti, MissingPlaceholder, NonJsonAnswer,
    PlaceholderFormat, ResultPathDefault, RetryGeneration, Start, Step, Switches,
};
use ordercase_zis::lint::{LintOptions, lint};
use ordercase_zis::{Bundle, Reference, limits};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use crate::support;

/// Words from which real bundles are made, so that random documents are nearly bundles.
const WORDS: [&str; 30] = [
    "Type",
    "Action",
    "Choice",
    "Pass",
    "Wait",
    "Succeed",
    "Fail",
    "Next",
    "End",
    "A",
    "B",
    "C",
    "$",
    "$.a",
    "$.input",
    "$.a.b[0]",
    "{{$.a}}",
    "ResultPath",
    "Catch",
    "States",
    "StartAt",
    "zis:common:transform:Jq",
    "zis:ordercase_acme:action:a",
    "expr",
    "data.$",
    "ZIS::Flow",
    "properties",
    "definition",
    "name",
    "2019-10-14",
];

fn word() -> impl Strategy<Value = String> {
    prop_oneof![4 => prop::sample::select(&WORDS[..]).prop_map(str::to_owned), 1 => ".{0,8}"]
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        word().prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 60, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::vec((word(), inner), 0..6)
                .prop_map(|fields| Value::Object(fields.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

fn path() -> impl Strategy<Value = String> {
    const KNOWN: &[&str] = &[
        "$", "$.a", "$.a.b", "$.a[0]", "$.b", "$.input", "$.gone", "$.c.d.e", "no path",
    ];
    prop::sample::select(KNOWN).prop_map(str::to_owned)
}

fn jq() -> impl Strategy<Value = String> {
    const KNOWN: &[&str] = &[
        ".",
        ".a",
        "[., .]",
        "{a: ., b: .}",
        "error(\"x\")",
        ".. | numbers",
        "empty",
        "1, 2",
        "[range(10)]",
        "until(false; .)",
        "keys",
        ".[0]",
        "tojson",
        "\"\\(.)\\(.)\"",
        "(",
        "now",
        "[recurse]",
        "-. | floor",
        "\"ab\" * 3",
        "1 / 0",
        "[limit(3; repeat(1))]",
        "@base64",
    ];
    prop_oneof![9 => prop::sample::select(KNOWN).prop_map(str::to_owned), 1 => ".{0,12}"]
}

fn target() -> impl Strategy<Value = String> {
    prop::sample::select(&["A", "B", "C", "D", "E", "Gone"][..]).prop_map(str::to_owned)
}

fn leads() -> impl Strategy<Value = Value> {
    prop_oneof![
        5 => target().prop_map(|next| json!({ "Next": next })),
        1 => Just(json!({ "End": true })),
    ]
}

fn merged(parts: impl IntoIterator<Item = Value>) -> Value {
    let fields = parts
        .into_iter()
        .filter_map(|part| part.as_object().cloned())
        .flatten();
    Value::Object(fields.collect())
}

fn results() -> impl Strategy<Value = Value> {
    let catch = (path(), target()).prop_map(|(path, next)| {
        json!({"Catch": [{"ErrorEquals": ["States.ALL"], "ResultPath": path, "Next": next}]})
    });
    let result = path().prop_map(|path| json!({ "ResultPath": path }));
    (prop::option::of(result), prop::option::of(catch))
        .prop_map(|(result, catch)| merged([result.unwrap_or_default(), catch.unwrap_or_default()]))
}

fn state() -> impl Strategy<Value = Value> {
    let jq = (jq(), path(), results(), leads()).prop_map(|(expr, data, results, leads)| {
        merged([
            json!({"Type": "Action", "ActionName": "zis:common:transform:Jq",
                   "Parameters": {"expr": expr, "data.$": data}}),
            results,
            leads,
        ])
    });
    let call = (path(), path(), results(), leads()).prop_map(|(a, b, results, leads)| {
        merged([
            json!({"Type": "Action", "ActionName": "zis:ordercase_acme:action:call",
                   "Parameters": {"a.$": a, "b": {"c.$": format!("x{{{{{b}}}}}y")}}}),
            results,
            leads,
        ])
    });
    let pass = (any_json(), results(), leads()).prop_map(|(result, results, leads)| {
        let mut state = merged([json!({"Type": "Pass", "Result": result}), results, leads]);
        state.as_object_mut().unwrap().remove("Catch");
        state
    });
    let choice = (path(), path(), target(), prop::option::of(target())).prop_map(
        |(variable, other, next, default)| {
            json!({"Type": "Choice", "Default": default.unwrap_or_else(|| "A".to_owned()),
                   "Choices": [
                       {"Variable": variable, "NumericLessThanPath": other, "Next": next},
                       {"Not": {"Variable": other, "IsPresent": true}, "Next": next}]})
        },
    );
    let wait = (any::<f64>(), leads()).prop_filter_map("a positive wait", |(seconds, leads)| {
        (seconds > 0.0).then(|| merged([json!({"Type": "Wait", "Seconds": seconds}), leads]))
    });
    let wait_path = (path(), leads())
        .prop_map(|(path, leads)| merged([json!({"Type": "Wait", "SecondsPath": path}), leads]));
    let end =
        path().prop_map(|path| json!({"Type": "Succeed", "Message": format!("{{{{{path}}}}}")}));
    let fail = path().prop_map(|path| json!({"Type": "Fail", "Error": "E", "Cause": path}));
    prop_oneof![
        4 => jq, 3 => call, 2 => pass, 2 => choice, 1 => wait, 1 => wait_path, 1 => end, 1 => fail
    ]
}

fn flow() -> impl Strategy<Value = Value> {
    prop::collection::vec(state(), 5).prop_map(|states| {
        let names = ["A", "B", "C", "D", "E"].map(str::to_owned);
        let states: Map<_, _> = names.into_iter().zip(states).collect();
        json!({
            "zis_template_version": "2019-10-14", "name": "random", "resources": {
                "call": {"type": "ZIS::Action::Http", "properties": {"name": "call", "definition": {
                    "method": "POST", "url": "https://{{$.a}}.example.com/x", "requestBody.$": "$"}}},
                "flow": {"type": "ZIS::Flow", "properties": {"name": "flow",
                    "definition": {"StartAt": "A", "States": states}}}
            }
        })
    })
}

fn switches() -> impl Strategy<Value = Switches> {
    (any::<[bool; 6]>(), 0..3_usize, 0..3_usize, 0..3_usize).prop_map(
        |(flags, multi, format, retry)| Switches {
            result_path_default: if flags[0] {
                ResultPathDefault::Discard
            } else {
                ResultPathDefault::Replace
            },
            is_present_null: flags[1],
            placeholder_missing: if flags[2] {
                MissingPlaceholder::Empty
            } else {
                MissingPlaceholder::Error
            },
            non_json_answer: if flags[3] {
                NonJsonAnswer::Error
            } else {
                NonJsonAnswer::Text
            },
            injected_variables: flags[4],
            jq_multi: [JqMulti::First, JqMulti::List, JqMulti::Error][multi],
            placeholder_object_format: [
                PlaceholderFormat::CompactJson,
                PlaceholderFormat::KeepLone,
                PlaceholderFormat::Refuse,
            ][format],
            retry_generation: [
                RetryGeneration::Off,
                RetryGeneration::First,
                RetryGeneration::Second,
            ][retry],
            ..Switches::default()
        },
    )
}

fn answer() -> impl Strategy<Value = Result<HttpResponse, HttpFailure>> {
    prop_oneof![
        3 => any_json().prop_map(|body| Ok(HttpResponse::json(200, &body))),
        1 => any::<Vec<u8>>().prop_map(|body| Ok(HttpResponse { status: 200, body, retry_after: None })),
        2 => (100..600_u16, prop::option::of(0..1_000_u64)).prop_map(|(status, after)| Ok(HttpResponse {
            status, retry_after: after.map(Duration::from_secs), body: Vec::new()
        })),
        1 => Just(Err(HttpFailure::TimedOut)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_json_is_parsed_or_refused(document in any_json()) {
        if let Ok(bundle) = Bundle::from_value(document.clone()) {
            let _ = lint(&bundle, &LintOptions::default());
        }
        let mut wrapped = json!({"zis_template_version": "2019-10-14", "name": "n", "resources": {
            "f": {"type": "ZIS::Flow", "properties": {"name": "f", "definition": {"StartAt": "A",
                  "States": {"A": document}}}}}});
        let _ = Bundle::from_value(wrapped.clone());
        wrapped["resources"] = wrapped["resources"]["f"]["properties"]["definition"]["States"].take();
        let _ = Bundle::from_value(wrapped);
    }

    #[test]
    fn any_text_is_parsed_or_refused(text in ".{0,200}") {
        let _ = Bundle::parse(&text);
        let _ = text.parse::<Reference>();
    }

    #[test]
    fn any_flow_ends_within_its_bounds_and_the_same_way_twice(
        document in flow(),
        input in any_json(),
        switches in switches(),
        answers in prop::collection::vec(answer(), 1..6),
    ) {
        let bundle = Arc::new(Bundle::from_value(document).unwrap());
        let _ = lint(&bundle, &LintOptions::default());
        let emulator = Emulator::new(bundle, switches);
        let run = || {
            let start = Start {
                flow: "flow".to_owned(),
                account: support::account(),
                input: input.clone(),
                stores: support::stores(Vec::new()),
            };
            let mut now = "2026-11-25T04:00:00Z".parse::<jiff::Timestamp>().unwrap();
            let mut step = emulator.start(start, now).unwrap();
            let mut answers = answers.iter().cycle();
            for _ in 0..=2 * limits::VISITS_MAX {
                step = match step {
                    Step::Http(call) => call.answer(answers.next().unwrap().clone(), now),
                    Step::Wait(pause) => {
                        prop_assert!(pause.duration() <= Duration::from_secs(300));
                        now += pause.duration();
                        pause.over(now)
                    }
                    Step::Done(trace) => return Ok(*trace),
                };
            }
            Err(TestCaseError::fail("the run did not end"))
        };
        let trace = run()?;
        prop_assert!(trace.visits.len() <= limits::VISITS_MAX + 1);
        for visit in &trace.visits {
            prop_assert!(visit.document_bytes <= 2 * limits::DOCUMENT_BYTES_MAX);
        }
        prop_assert_eq!(trace, run()?);
    }
}
