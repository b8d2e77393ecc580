//! The plugin's own cases: one folder each, with a body as Shopify sends it and the records that must
//! come out. Names and data are invented.
//!
//! After a wanted change, a failing case says where it wrote what came out; read it, then copy it over
//! `expected.json`.

use std::fs;
use std::path::Path;

use ordercase_sdk::Context;
use serde_json::Value;

use crate::shared::{json, map};

#[test]
fn every_case_maps_as_expected() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let mut names: Vec<String> = fs::read_dir(&fixtures)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert!(names.len() >= 16, "only {names:?}");
    let wrong: Vec<String> = names
        .iter()
        .filter_map(|name| difference(&fixtures, name))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn difference(fixtures: &Path, name: &str) -> Option<String> {
    let folder = fixtures.join(name);
    let input = fs::read(folder.join("input.json")).unwrap();
    let stream = if name.starts_with("customer") {
        "customers"
    } else {
        "orders"
    };
    let records = map(&context(&folder), stream, &[&input]).unwrap();
    let found: Vec<Value> = records.iter().map(json).collect();
    let mut found = serde_json::to_string_pretty(&found).unwrap();
    found.push('\n');
    let expected = fs::read_to_string(folder.join("expected.json")).unwrap_or_default();
    if found == expected {
        return None;
    }
    let place = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}.json"));
    fs::write(&place, found).unwrap();
    Some(format!("{name}: differs, see {}", place.display()))
}

fn context(folder: &Path) -> Context {
    let Ok(text) = fs::read(folder.join("ctx.json")) else {
        return Context::default();
    };
    let parts: Value = serde_json::from_slice(&text).unwrap();
    let part = |name: &str| serde_json::to_vec(&parts[name]).unwrap();
    Context::parse(&part("settings"), b"{}", &part("overrides"), String::new()).unwrap()
}

#[test]
fn five_hundred_lines_keep_their_order_their_ids_and_their_sum() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/guest/input.json");
    let mut body: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    let nodes = body["data"]["order"]["lineItems"]["nodes"]
        .as_array_mut()
        .unwrap();
    let line = nodes.pop().unwrap();
    for i in 0..500 {
        let mut line = line.clone();
        line["id"] = format!("gid://shopify/LineItem/{}", 10_000 + i).into();
        line["originalUnitPriceSet"]["shopMoney"]["amount"] = "0.10".into();
        line["originalUnitPriceSet"]["presentmentMoney"]["amount"] = "0.10".into();
        nodes.push(line);
    }
    let body = serde_json::to_vec(&body).unwrap();
    let records = map(&Context::default(), "orders", &[&body]).unwrap();
    let order: ordercase_sdk::model::Order = records[0].read().unwrap();
    let ids: Vec<&str> = order
        .lines
        .iter()
        .map(|line| line.source_id.as_str())
        .collect();
    assert_eq!((ids.len(), ids[0], ids[499]), (500, "10000", "10499"));
    let totals: Vec<_> = order
        .lines
        .iter()
        .filter_map(|l| l.line_total.clone())
        .collect();
    let sum = ordercase_sdk::money::sum(&totals).unwrap();
    assert_eq!(sum.shop.unwrap().amount.to_string(), "50.00");
    assert!(ordercase_sdk::model::check_order(&order).is_ok());
}

#[test]
fn no_secret_link_and_no_card_number_comes_out() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    for name in ["refund-without-id", "partial-refund"] {
        let input = fs::read(fixtures.join(name).join("input.json")).unwrap();
        let records = map(&Context::default(), "orders", &[&input]).unwrap();
        let text = serde_json::to_string(&records).unwrap();
        assert!(!text.contains("key=never"), "{name}");
        assert!(!text.contains("••••"), "{name}");
    }
}
