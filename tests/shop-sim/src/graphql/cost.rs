//! What a query costs.
//!
//! Shopify publishes the outline: a scalar is free, an object is one point, a connection is sized
//! by `first` or `last`. Its staff gave the curve and an exception in the developer forum
//! (community.shopify.dev/t/24364): a connection costs 2 plus what one element costs times
//! `floor(2 * ln(size))`, and plain value objects such as addresses and money are free. That meets
//! the figure reported there for 250 variants with one object each: 24 points. Which types count
//! as values is not published; the list below is ours.

use graphql_parser::query::{Field, SelectionSet};
use serde_json::Value;

use super::{Request, Schema};

/// Objects without an identity or a life of their own.
const VALUE_TYPES: [&str; 9] = [
    "Attribute",
    "Count",
    "CurrencyFormats",
    "FulfillmentTrackingInfo",
    "MailingAddress",
    "MoneyBag",
    "MoneyV2",
    "PageInfo",
    "Weight",
];

/// What an object of that type costs by itself.
pub(crate) fn object(ty: &str) -> f64 {
    if VALUE_TYPES.contains(&ty) { 0.0 } else { 1.0 }
}

/// How much a connection of that length multiplies what one element costs.
pub(crate) fn factor(length: usize) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "lengths are at most 250")]
    let length = length as f64;
    if length < 1.0 {
        0.0
    } else {
        (2.0 * length.max(2.0).ln()).floor()
    }
}

/// The price asked before running: every list as long as it may get.
pub(crate) fn requested(schema: Option<&Schema>, request: &Request) -> u32 {
    if request.kind == "mutation" {
        return 10;
    }
    let root = if schema.is_some() { "QueryRoot" } else { "" };
    points(set(schema, request, root, &[&request.selection]))
}

/// Points are whole.
pub(crate) fn points(cost: f64) -> u32 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "costs are small and not negative; a cast that saturates is what is wanted"
    )]
    let whole = cost.ceil() as u32;
    whole
}

fn set(
    schema: Option<&Schema>,
    request: &Request,
    ty: &str,
    sets: &[&SelectionSet<'static, String>],
) -> f64 {
    // Of alternatives by type all are counted: the dearest is at most their sum.
    let fields = request.collect(sets, &|_| true);
    fields
        .iter()
        .filter_map(|(_, same)| {
            same.first()
                .map(|first| field(schema, request, ty, first, same))
        })
        .sum()
}

fn field(
    schema: Option<&Schema>,
    request: &Request,
    ty: &str,
    first: &Field<'static, String>,
    same: &[&Field<'static, String>],
) -> f64 {
    let sets: Vec<_> = same.iter().map(|field| &field.selection_set).collect();
    if sets.iter().all(|set| set.items.is_empty()) {
        return 0.0;
    }
    let known = schema.and_then(|schema| schema.field(ty, &first.name));
    let inner = known.map_or("", |known| known.ty.name.as_str());
    let arguments = request.arguments(first);
    let size = ["first", "last"]
        .iter()
        .find_map(|name| arguments.get(*name).and_then(Value::as_u64))
        .and_then(|size| usize::try_from(size).ok());
    let connection = inner.ends_with("Connection") || (known.is_none() && has_nodes(&sets));
    if connection {
        let element = nodes(schema, request, inner, &sets);
        return 2.0 + factor(size.unwrap_or(1)) * element;
    }
    object(inner) + set(schema, request, inner, &sets)
}

fn has_nodes(sets: &[&SelectionSet<'static, String>]) -> bool {
    sets.iter().any(|set| {
        set.items.iter().any(|item| {
            matches!(item, graphql_parser::query::Selection::Field(field)
                if matches!(field.name.as_str(), "nodes" | "edges"))
        })
    })
}

/// One element of a connection: its node, by whichever of `nodes` and `edges` it is asked.
fn nodes(
    schema: Option<&Schema>,
    request: &Request,
    connection: &str,
    sets: &[&SelectionSet<'static, String>],
) -> f64 {
    let node = schema
        .and_then(|schema| schema.field(connection, "nodes"))
        .map_or("", |known| known.ty.name.as_str());
    let fields = request.collect(sets, &|_| true);
    let inside = fields.iter().map(|(_, same)| {
        let sets: Vec<_> = same.iter().map(|field| &field.selection_set).collect();
        match same.first().map(|field| field.name.as_str()) {
            Some("nodes") => set(schema, request, node, &sets),
            Some("edges") => request
                .collect(&sets, &|_| true)
                .iter()
                .filter(|(_, same)| same.first().is_some_and(|field| field.name == "node"))
                .map(|(_, same)| {
                    let sets: Vec<_> = same.iter().map(|field| &field.selection_set).collect();
                    set(schema, request, node, &sets)
                })
                .sum(),
            _ => 0.0,
        }
    });
    1.0 + inside.sum::<f64>()
}
