//! `ordercase-kit map` as its users run it: the Shopify component in the real runtime, over the shared test
//! vectors and over the plugin's own cases.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "test code fails by panicking and says what it skips"
)]

mod expect;

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use serde_json::Value;

const KIT: &str = env!("CARGO_BIN_EXE_ordercase-kit");

/// The built component, where `cargo xtask build` leaves it.
fn component() -> PathBuf {
    let target = Path::new(KIT).ancestors().nth(2).unwrap();
    let component = target.join("ordercase/shopify.wasm");
    assert!(
        component.is_file(),
        "shopify.wasm is not built: run `cargo xtask build` first"
    );
    component
}

fn map(stream: &str, ctx: Option<&Path>, files: &[PathBuf]) -> Output {
    let mut kit = Command::new(KIT);
    kit.arg("map").arg(component()).args(["--stream", stream]);
    if let Some(ctx) = ctx {
        kit.arg("--ctx").arg(ctx);
    }
    kit.args(files).output().unwrap()
}

/// The records of a run that must succeed, one a line.
fn records(output: &Output) -> Vec<Value> {
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    let lines = std::str::from_utf8(&output.stdout).unwrap().lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// `<checkout>/../shared/corpus`, or a notice.
fn corpus() -> Option<PathBuf> {
    let found = Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .map(|dir| dir.join("../shared/corpus"))
        .find(|dir| dir.is_dir());
    if found.is_none() {
        eprintln!("skipped: ../shared is not here");
    }
    found
}

#[test]
fn all_shared_vectors_but_the_bulk_one_pass_through_the_component() {
    let Some(corpus) = corpus() else { return };
    let vectors = fs::read(corpus.join("canonical-test-vectors.json")).unwrap();
    let vectors: Value = serde_json::from_slice(&vectors).unwrap();
    let mut checked = 0;
    for vector in vectors["vectors"].as_array().unwrap() {
        let file = vector["file"].as_str().unwrap();
        if !file.starts_with("shopify/") || file.contains("bulk") {
            continue;
        }
        let records = records(&map("orders", None, &[corpus.join("payloads").join(file)]));
        let expected = vector["expect"].as_object().unwrap();
        for (path, expected) in expected {
            expect::check(file, &records, path, expected);
        }
        eprintln!("{file}: {} expectations hold", expected.len());
        checked += 1;
    }
    assert!(checked >= 6, "only {checked} vectors");
}

#[test]
fn a_draft_of_the_corpus_emits_no_line_and_is_no_error() {
    let Some(corpus) = corpus() else { return };
    let drafts = [
        "rest-2026-07-draft-order.json",
        "rest-legacy-checkouts.json",
    ]
    .map(|file| corpus.join("payloads/shopify").join(file));
    assert!(records(&map("orders", None, &drafts)).is_empty());
}

#[test]
fn the_component_prints_the_plugins_own_goldens() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../plugins/shopify/fixtures");
    let mut folders: Vec<PathBuf> = fs::read_dir(fixtures)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    folders.sort();
    assert!(folders.len() >= 16, "only {folders:?}");
    let (own_ctx, plain): (Vec<_>, Vec<_>) = folders
        .into_iter()
        .partition(|folder| folder.join("ctx.json").is_file());
    let (customers, orders): (Vec<_>, Vec<_>) = plain
        .into_iter()
        .partition(|folder| folder.file_name().unwrap() == "customer");
    prints_goldens("orders", None, &orders);
    prints_goldens("customers", None, &customers);
    for folder in own_ctx {
        prints_goldens("orders", Some(&folder.join("ctx.json")), &[folder]);
    }
}

/// One run over those cases; the records come in the order of the files.
fn prints_goldens(stream: &str, ctx: Option<&Path>, folders: &[PathBuf]) {
    let inputs: Vec<PathBuf> = folders.iter().map(|f| f.join("input.json")).collect();
    let mut found = records(&map(stream, ctx, &inputs)).into_iter();
    for folder in folders {
        let expected = fs::read(folder.join("expected.json")).unwrap();
        let expected: Vec<Value> = serde_json::from_slice(&expected).unwrap();
        for record in expected {
            assert_eq!(found.next(), Some(record), "{}", folder.display());
        }
    }
    assert_eq!(found.next(), None);
}

#[test]
fn bad_input_is_named_with_the_plugins_reason_and_exit_status_1() {
    let folder = tempfile::tempdir().unwrap();
    for (name, body) in [
        ("cut.json", r#"{"id": 1, "line_items": ["#),
        ("list.json", "[1, 2]"),
        ("other.json", r#"{"weather": "fair"}"#),
    ] {
        let file = folder.path().join(name);
        fs::write(&file, body).unwrap();
        let output = map("orders", None, std::slice::from_ref(&file));
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{name}: {said}");
        assert!(output.stdout.is_empty(), "{name}");
        assert!(
            said.contains(name) && said.contains("plugin `shopify`, `map`"),
            "{name}: {said}"
        );
    }
}

#[test]
fn one_bad_body_does_not_hide_the_good_ones() {
    let folder = tempfile::tempdir().unwrap();
    let bad = folder.path().join("bad.json");
    fs::write(&bad, "nothing").unwrap();
    let good = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../plugins/shopify/fixtures/guest/input.json");
    let output = map("orders", None, &[bad, good]);
    assert_eq!(output.status.code(), Some(1));
    let lines = String::from_utf8(output.stdout).unwrap();
    assert_eq!(lines.lines().count(), 1);
}

/// The tape with that change, through `check-subscribe`.
fn check_subscribe(change: impl Fn(&mut Value)) -> (bool, Vec<Value>) {
    let tape =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../plugins/shopify/tapes/subscribe.json");
    let mut tape: Value = serde_json::from_slice(&fs::read(tape).unwrap()).unwrap();
    change(&mut tape);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("tape.json");
    fs::write(&file, tape.to_string()).unwrap();
    let output = Command::new(KIT)
        .arg("check-subscribe")
        .arg(component())
        .arg("--tape")
        .arg(&file)
        .output()
        .unwrap();
    let lines = String::from_utf8(output.stdout).unwrap();
    let lines = lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap());
    (output.status.success(), lines.collect())
}

#[test]
fn the_component_keeps_the_rules_of_subscribe_on_a_recorded_exchange() {
    let (good, rules) = check_subscribe(|_| {});
    assert!(good && rules.len() == 6, "{rules:?}");
    // The check can fail: a list without what was registered, and a removal that removed nothing.
    let (good, rules) = check_subscribe(|tape| {
        tape["exchanges"][2]["response"]["body"]["data"]["webhookSubscriptions"]["nodes"] =
            serde_json::json!([]);
    });
    assert!(!good);
    let broken: Vec<&Value> = rules.iter().filter(|rule| rule["ok"] == false).collect();
    assert_eq!(broken.len(), 1, "{rules:?}");
    assert!(broken[0]["rule"].as_str().unwrap().contains("listed"));
}
