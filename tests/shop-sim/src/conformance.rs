//! The objects of the shop against the SDL: every key exists on its type, every enum value is one
//! of its enum, what may not be null is not. Skips where the SDL is not at hand.

use serde_json::Value;

use crate::graphql::{Schema, TypeDef};
use crate::population::NewOrder;
use crate::shop::Shop;
use crate::shop::change::{self, Parcel};
use crate::{Options, SchemaSource};

fn check(schema: &Schema, declared: &str, object: &Value, path: &str, found: &mut Vec<String>) {
    let Some(map) = object.as_object() else {
        found.push(format!("{path}: {object} is no object"));
        return;
    };
    if map.keys().any(|key| key.starts_with('$')) {
        return;
    }
    let ty = map
        .get("__typename")
        .and_then(Value::as_str)
        .unwrap_or(declared);
    if !schema.is_a(ty, declared) {
        found.push(format!("{path}: {ty} is no {declared}"));
    }
    for (key, value) in map.iter().filter(|(key, _)| *key != "__typename") {
        let path = format!("{path}.{key}");
        let Some(field) = schema.field(ty, key) else {
            found.push(format!("{path}: not on {ty}"));
            continue;
        };
        let inner = field.ty.name.as_str();
        let connection = inner.strip_suffix("Connection").is_some();
        if value.is_null() {
            if field.ty.required {
                found.push(format!("{path}: may not be null"));
            }
        } else if let (true, Some(items)) = (connection || field.ty.list, value.as_array()) {
            let node = schema
                .field(inner, "nodes")
                .map_or(inner, |nodes| nodes.ty.name.as_str());
            items
                .iter()
                .for_each(|item| one(schema, node, item, &path, found));
        } else {
            one(schema, inner, value, &path, found);
        }
    }
}

fn one(schema: &Schema, ty: &str, value: &Value, path: &str, found: &mut Vec<String>) {
    match schema.get(ty) {
        Some(TypeDef::Enum(values)) => {
            if !value.as_str().is_some_and(|value| values.contains(value)) {
                found.push(format!("{path}: {value} is no {ty}"));
            }
        }
        Some(TypeDef::Scalar) => {
            let fits = match ty {
                "Int" => value.is_i64(),
                "Float" => value.is_number(),
                "Boolean" => value.is_boolean(),
                _ => value.is_string(),
            };
            if !fits {
                found.push(format!("{path}: {value} is no {ty}"));
            }
        }
        Some(_) => check(schema, ty, value, path, found),
        None => found.push(format!("{path}: unknown type {ty}")),
    }
}

fn complaints(of: impl Fn(&Schema, &mut Vec<String>)) -> Option<Vec<String>> {
    let Ok(schema) = Schema::load(&SchemaSource::Detect).unwrap() else {
        println!("skipped: ../shared is not here");
        return None;
    };
    let mut found = Vec::new();
    of(&schema, &mut found);
    found.sort();
    found.dedup();
    Some(found)
}

#[test]
fn every_generated_order_conforms_to_the_schema() {
    let shop = Shop::open(&Options {
        orders: 500,
        ..Options::default()
    })
    .unwrap()
    .0;
    let found = complaints(|schema, found| {
        for sequence in 0..500 {
            check(
                schema,
                "Order",
                &shop.order(sequence).unwrap(),
                "order",
                found,
            );
        }
    });
    assert_eq!(found.unwrap_or_default(), Vec::<String>::new());
}

#[test]
fn what_an_administrator_does_to_an_order_conforms_to_the_schema() {
    let mut shop = Shop::open(&Options {
        orders: 20,
        ..Options::default()
    })
    .unwrap()
    .0;
    let wish = NewOrder {
        lines: Some(3),
        currency: Some("JPY".to_owned()),
        ..NewOrder::default()
    };
    let order = shop.place_order(1_800_000_000, &wish);
    let parcel = Parcel {
        carrier: "DHL",
        tracking: "T1",
        url: None,
    };
    let found = complaints(|schema, found| {
        let mut order = order.clone();
        change::ship(&mut order, 1_800_000_100, parcel, Some(1));
        change::ship(&mut order, 1_800_000_200, parcel, None);
        change::scan(&mut order, 1_800_000_300, "OUT_FOR_DELIVERY");
        change::deliver(&mut order, 1_800_000_400);
        change::return_all(&mut order, 1_800_000_500);
        change::cancel(&mut order, 1_800_000_600, "OTHER");
        check(schema, "Order", &order, "order", found);
    });
    assert_eq!(found.unwrap_or_default(), Vec::<String>::new());
}

#[test]
fn customers_and_the_shop_conform_to_the_schema() {
    let shop = Shop::open(&Options {
        orders: 100,
        ..Options::default()
    })
    .unwrap()
    .0;
    let found = complaints(|schema, found| {
        for index in 0..50 {
            check(
                schema,
                "Customer",
                &shop.customer(index).unwrap(),
                "customer",
                found,
            );
        }
        check(schema, "Shop", &shop.facts(), "shop", found);
        check(
            schema,
            "AppInstallation",
            &Shop::installation(),
            "installation",
            found,
        );
    });
    assert_eq!(found.unwrap_or_default(), Vec::<String>::new());
}
