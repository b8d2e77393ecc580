//! The canonical body: bounded JSON that reads as the type of its kind and keeps the hard rules.

use ordercase_model::{
    Customer, Kind, Order, Payment, Product, Refund, Return, Shipment, Tombstone, check_order,
};
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use super::{Invalid, json};
use crate::limits;

/// Reads a body of that kind; `path` is where it lies.
pub(super) fn read(kind: Kind, path: &str, bytes: Vec<u8>) -> Result<Box<RawValue>, Invalid> {
    if bytes.len() > limits::RECORD_BODY_BYTES_MAX {
        return Err(Invalid::new(
            path,
            format!(
                "has {} bytes, more than {}",
                bytes.len(),
                limits::RECORD_BODY_BYTES_MAX
            ),
        ));
    }
    let text = String::from_utf8(bytes).map_err(|_| Invalid::new(path, "is not UTF-8"))?;
    if json::is_too_deep(&text) {
        return Err(Invalid::new(
            path,
            format!("nests deeper than {}", limits::JSON_DEPTH_MAX),
        ));
    }
    // Serde would also read a struct from an array.
    if !text.trim_start().starts_with('{') {
        return Err(Invalid::new(path, "is not a JSON object"));
    }
    match kind {
        Kind::Customer => typed::<Customer>(path, &text).map(drop),
        Kind::Order => order(path, &text),
        Kind::Shipment => typed::<Shipment>(path, &text).map(drop),
        Kind::Refund => typed::<Refund>(path, &text).map(drop),
        Kind::Return => typed::<Return>(path, &text).map(drop),
        Kind::Payment => typed::<Payment>(path, &text).map(drop),
        Kind::Product => typed::<Product>(path, &text).map(drop),
        Kind::Tombstone => typed::<Tombstone>(path, &text).map(drop),
        _ => Err(Invalid::new(
            path,
            "is of a kind that this host does not know",
        )),
    }?;
    RawValue::from_string(text).map_err(|error| Invalid::new(path, error.to_string()))
}

fn order(path: &str, text: &str) -> Result<(), Invalid> {
    let order: Order = typed(path, text)?;
    check_order(&order).map_err(|broken| {
        let all: Vec<String> = broken.iter().take(8).map(ToString::to_string).collect();
        Invalid::new(path, all.join("; "))
    })
}

fn typed<T: DeserializeOwned>(path: &str, text: &str) -> Result<T, Invalid> {
    serde_json::from_str(text).map_err(|error| {
        let offset = json::offset(text, error.line(), error.column());
        let place = format!("{path}{}", json::path_at(text, offset));
        // Without the line and column: the path says more.
        let problem = error.to_string();
        let problem = problem.split(" at line ").next().unwrap_or_default();
        Invalid::new(place, problem)
    })
}
