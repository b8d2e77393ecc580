//! Real bundles, read from beside the checkout; they are not ours to keep in it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ordercase_zis::emulate::{Emulator, Outcome, Start, StartError, Step, Switches};
use ordercase_zis::lint::{LintOptions, lint};
use ordercase_zis::{Bundle, BundleError, Severity};
use serde_json::json;

use crate::support;

fn corpus() -> Option<PathBuf> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let shared = here.ancestors().map(|folder| folder.join("shared"));
    let found = shared
        .map(|shared| shared.join("corpus/zis-bundles"))
        .find(|path| path.is_dir());
    if found.is_none() {
        println!("skipped: ../shared is not here");
    }
    found
}

fn read(name: &str) -> Option<Result<Bundle, BundleError>> {
    let text = std::fs::read_to_string(corpus()?.join(name)).unwrap();
    Some(Bundle::parse(&text))
}

fn rules(name: &str, severity: Severity) -> Option<BTreeSet<&'static str>> {
    let bundle = read(name)?.unwrap();
    let findings = lint(&bundle, &LintOptions::default());
    let kept = findings
        .into_iter()
        .filter(|finding| finding.severity == severity);
    Some(kept.map(|finding| finding.rule).collect())
}

#[test]
fn every_bundle_that_zendesk_took_parses_and_the_refused_one_does_not() {
    let Some(corpus) = corpus() else { return };
    let mut read = 0;
    for entry in std::fs::read_dir(corpus).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let refused = path.to_string_lossy().contains("REJECTED");
        let parsed = Bundle::parse(&std::fs::read_to_string(&path).unwrap());
        assert_eq!(
            parsed.is_err(),
            refused,
            "{}: {:?}",
            path.display(),
            parsed.err()
        );
        read += 1;
    }
    assert!(read >= 6, "only {read} bundles");
}

#[test]
fn the_refused_bundle_is_refused_for_its_two_operators() {
    let Some(parsed) = read("tsanet-connect-REJECTED-stringmatches.json") else {
        return;
    };
    let error = parsed.unwrap_err();
    let found: Vec<_> = error
        .findings()
        .iter()
        .map(|f| (f.rule, f.path.as_str()))
        .collect();
    assert_eq!(found.len(), 2, "{error}");
    for (rule, path) in found {
        assert_eq!(rule, "F08");
        assert!(path.ends_with(".StringMatches"), "{path}");
    }
    assert!(error.to_string().contains("And is required"), "{error}");
}

#[test]
fn the_linter_finds_what_is_known_about_the_real_bundles() {
    let expected = [
        (
            "survey-launcher-with-webhook.json",
            Severity::Error,
            vec!["P05"],
        ),
        (
            "survey-launcher-with-webhook.json",
            Severity::Info,
            vec!["A05"],
        ),
        (
            "zis-workflow-manager-genesys.json",
            Severity::Error,
            vec!["B09", "A02"],
        ),
        (
            "zis-workflow-manager-genesys.json",
            Severity::Warning,
            vec!["H03"],
        ),
        (
            "zendesk-demo-apps-redact-comment.json",
            Severity::Error,
            vec!["P07"],
        ),
        (
            "zendesk-demo-apps-redact-comment.json",
            Severity::Warning,
            vec!["H04"],
        ),
        (
            "zendesk-demo-apps-redact-comment.json",
            Severity::Info,
            vec!["B07"],
        ),
    ];
    for (name, severity, wanted) in expected {
        let Some(found) = rules(name, severity) else {
            return;
        };
        for rule in wanted {
            assert!(found.contains(rule), "{name} lacks {rule}: {found:?}");
        }
    }
    let Some(errors) = rules("tsanet-connect-initial.json", Severity::Error) else {
        return;
    };
    assert_eq!(errors, BTreeSet::new(), "a working bundle has no errors");
    let Some(errors) = rules("survey-launcher.json", Severity::Error) else {
        return;
    };
    assert_eq!(errors, BTreeSet::new());
}

/// The bundle unwraps jq's result with `.[0]`, which every other bundle contradicts.
#[test]
fn the_survey_launcher_fails_where_it_should() {
    let Some(bundle) = read("survey-launcher.json") else {
        return;
    };
    let emulator = Emulator::new(Arc::new(bundle.unwrap()), Switches::default());
    let mut account = support::account();
    account.integration_key = "surveysparrow_integration".to_owned();
    let mut zendesk = support::connection("canary", "acme.zendesk.com");
    zendesk.name = "zendesk".to_owned();
    let start = Start {
        flow: "GenerateSurveyLinkFlow".to_owned(),
        account,
        input: json!({"ticket_event": {"ticket": {"id": 7, "status": "solved", "requester_id": 9}}}),
        stores: support::stores(vec![zendesk]),
    };
    let now = "2026-11-25T04:00:00Z".parse().unwrap();
    let Ok(Step::Http(call)) = emulator.start(start, now) else {
        panic!("no request")
    };
    assert_eq!(
        call.request().url.as_str(),
        "https://acme.zendesk.com/api/v2/users/9.json"
    );
    let user = json!({"user": {"phone": "123", "external_id": null}});
    let answer = ordercase_zis::emulate::HttpResponse::json(200, &user);
    let Step::Done(trace) = call.answer(Ok(answer), now) else {
        panic!("not done")
    };
    let Outcome::Failed { state, cause, .. } = &trace.outcome else {
        panic!("succeeded")
    };
    assert_eq!(state.as_deref(), Some("ExtractSurveyLink"));
    assert!(cause.starts_with("jq: "), "{cause}");
}

#[test]
fn what_is_not_supported_yet_is_refused_before_anything_runs() {
    let Some(bundle) = read("zendesk-demo-apps-redact-comment.json") else {
        return;
    };
    let emulator = Emulator::new(Arc::new(bundle.unwrap()), Switches::default());
    let mut account = support::account();
    account.integration_key = "example_zis_tutorial".to_owned();
    let start = Start {
        flow: "zis:example_zis_tutorial:flow:redact_ticket_comment".to_owned(),
        account,
        input: json!({}),
        stores: support::stores(Vec::new()),
    };
    let error = emulator
        .start(start, "2026-11-25T04:00:00Z".parse().unwrap())
        .unwrap_err();
    let wanted = StartError::NotSupportedYet {
        state: "RedactComment".to_owned(),
        what: "Map".to_owned(),
    };
    assert_eq!(error, wanted);
    assert!(error.to_string().contains("not supported yet"), "{error}");
}
