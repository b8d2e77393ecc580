//! Runs a checked request: root fields out of the shop, then projection down the selection.
//!
//! Objects come as JSON in the API's own shape. Three forms stand for something else:
//! `{"$ref": id}` is another object, `{"$orders_of": n}` a customer's orders, and
//! `{"$when": argument, "yes": …, "no": …}` depends on a boolean argument.

use graphql_parser::query::{Field, SelectionSet};
use serde_json::{Map, Value, json};

use super::cost::{factor, object as object_cost, points};
use super::{GraphError, Request, Schema};
use crate::shop::{ListArgs, Listed, Shop, json as fields};

/// What a run yields.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) data: Value,
    pub(crate) errors: Vec<GraphError>,
    pub(crate) actual_cost: u32,
    /// `extensions.search`.
    pub(crate) search: Vec<Value>,
}

/// Runs a request. Errors of single fields stand beside the data.
pub(crate) fn execute(schema: Option<&Schema>, request: &Request, shop: &mut Shop) -> Answer {
    let mut run = Run {
        schema,
        request,
        shop,
        errors: Vec::new(),
        search: Vec::new(),
    };
    if request.kind == "mutation" {
        run.errors.push(GraphError::coded(
            "shop-sim holds no mutations",
            "ACCESS_DENIED",
        ));
        return Answer {
            data: Value::Null,
            errors: run.errors,
            actual_cost: 10,
            search: Vec::new(),
        };
    }
    let root = json!({ "__typename": "QueryRoot" });
    let path = Vec::new();
    let (data, cost) = run.object("QueryRoot", &root, &[&request.selection], &path);
    Answer {
        data,
        errors: run.errors,
        actual_cost: points(cost),
        search: run.search,
    }
}

struct Run<'a> {
    schema: Option<&'a Schema>,
    request: &'a Request,
    shop: &'a mut Shop,
    errors: Vec<GraphError>,
    search: Vec<Value>,
}

type Sets<'a> = [&'a SelectionSet<'static, String>];
/// A value and what it cost.
type Priced = (Value, f64);

impl<'a> Run<'a> {
    fn object(
        &mut self,
        declared: &str,
        object: &Value,
        sets: &Sets<'a>,
        path: &[Value],
    ) -> Priced {
        let named = fields::text(object, "__typename");
        let ty = if named.is_empty() {
            declared.to_owned()
        } else {
            named.to_owned()
        };
        let schema = self.schema;
        let applies = |on: &str| match schema {
            Some(schema) => schema.is_a(&ty, on),
            None => named.is_empty() || on == ty || on == "Node",
        };
        let request = self.request;
        let mut out = Map::new();
        let mut cost = 0.0;
        for (key, same) in request.collect(sets, &applies) {
            let Some(field) = same.first() else { continue };
            if field.name == "__typename" {
                out.insert(key, Value::from(ty.clone()));
                continue;
            }
            let path = extended(path, Value::from(key.clone()));
            let inner: Vec<_> = same.iter().map(|field| &field.selection_set).collect();
            let (value, spent) = self.field(&ty, object, field, &inner, &path);
            cost += spent;
            out.insert(key, value);
        }
        (Value::Object(out), cost)
    }

    fn field(
        &mut self,
        ty: &str,
        object: &Value,
        field: &'a Field<'static, String>,
        sets: &Sets<'a>,
        path: &[Value],
    ) -> Priced {
        let arguments = self.request.arguments(field);
        let raw = if ty == "QueryRoot" {
            match self.root(field, &arguments, path) {
                Some(raw) => raw,
                None => return (Value::Null, 0.0),
            }
        } else {
            object.get(&field.name).cloned().unwrap_or(Value::Null)
        };
        let raw = chosen(raw, &arguments);
        let known = self
            .schema
            .and_then(|schema| schema.field(ty, &field.name))
            .cloned();
        if raw.is_null() {
            let required = known.as_ref().is_some_and(|known| known.ty.required);
            if required {
                self.complain(
                    format!("shop-sim does not hold {ty}.{}", field.name),
                    field,
                    path,
                    "SIMULATOR_GAP",
                );
            }
            return (Value::Null, 0.0);
        }
        let inner = known
            .as_ref()
            .map_or("", |known| known.ty.name.as_str())
            .to_owned();
        if sets.iter().all(|set| set.items.is_empty()) {
            return (raw, 0.0);
        }
        let connection =
            inner.ends_with("Connection") || (known.is_none() && self.asks_nodes(sets));
        if connection {
            return self.connection(&inner, raw, field, &arguments, sets, path);
        }
        match raw {
            Value::Array(items) => self.plain_list(&inner, items, &arguments, sets, path),
            raw => {
                let (value, cost) = self.reference(&inner, raw, sets, path);
                (value, object_cost(&inner) + cost)
            }
        }
    }

    /// Projects an object or the object that a reference names.
    fn reference(&mut self, ty: &str, raw: Value, sets: &Sets<'a>, path: &[Value]) -> Priced {
        let target = match raw.get("$ref").and_then(Value::as_str) {
            Some(gid) => self.shop.node(gid),
            None => Some(raw),
        };
        match target {
            Some(object) if object.is_object() => self.object(ty, &object, sets, path),
            Some(other) => (other, 0.0),
            None => (Value::Null, 0.0),
        }
    }

    fn plain_list(
        &mut self,
        ty: &str,
        items: Vec<Value>,
        arguments: &Map<String, Value>,
        sets: &Sets<'a>,
        path: &[Value],
    ) -> Priced {
        let size = arguments
            .get("first")
            .and_then(Value::as_u64)
            .and_then(|size| usize::try_from(size).ok());
        let kept: Vec<Value> = items.into_iter().take(size.unwrap_or(usize::MAX)).collect();
        let length = kept.len();
        let mut cost = 0.0;
        let mut out = Vec::with_capacity(length);
        for (at, item) in kept.into_iter().enumerate() {
            let (value, spent) = if item.is_null() {
                (Value::Null, 0.0)
            } else {
                self.reference(ty, item, sets, &extended(path, Value::from(at)))
            };
            cost += object_cost(ty) + spent;
            out.push(value);
        }
        // A list that is no connection was priced as one element.
        #[expect(clippy::cast_precision_loss, reason = "lengths are small")]
        let cost = cost / (length.max(1) as f64);
        (Value::Array(out), cost)
    }

    fn connection(
        &mut self,
        ty: &str,
        raw: Value,
        field: &'a Field<'static, String>,
        arguments: &Map<String, Value>,
        sets: &Sets<'a>,
        path: &[Value],
    ) -> Priced {
        let page = match self.page(&raw, arguments) {
            Ok(page) => page,
            Err(message) => {
                self.complain(message, field, path, "BAD_REQUEST");
                return (Value::Null, 2.0);
            }
        };
        if !page.warnings.is_empty() {
            let warnings: Vec<Value> = page
                .warnings
                .iter()
                .map(|name| json!({ "field": name, "message": "Invalid search field for this query.", "code": "invalid_field" }))
                .collect();
            self.search.push(json!({ "path": path, "query": arguments.get("query"), "parsed": null, "warnings": warnings }));
        }
        let node_type = self
            .schema
            .and_then(|schema| schema.field(ty, "nodes"))
            .map_or_else(String::new, |known| known.ty.name.clone());
        let request = self.request;
        let mut out = Map::new();
        let mut cost = 0.0;
        for (key, same) in request.collect(sets, &|_| true) {
            let Some(first) = same.first() else { continue };
            let inner: Vec<_> = same.iter().map(|field| &field.selection_set).collect();
            let path = extended(path, Value::from(key.clone()));
            let value = match first.name.as_str() {
                "__typename" => Value::from(ty),
                "nodes" => self.nodes(&page, &node_type, &inner, &path, &mut cost),
                "edges" => self.edges(&page, &node_type, &inner, &path, &mut cost),
                "pageInfo" => {
                    let (value, _) = self.object("PageInfo", &page.info(), &inner, &path);
                    value
                }
                "totalCount" | "count" => Value::from(page.total),
                other => {
                    self.complain(
                        format!("shop-sim does not hold {ty}.{other}"),
                        first,
                        &path,
                        "SIMULATOR_GAP",
                    );
                    Value::Null
                }
            };
            out.insert(key, value);
        }
        (Value::Object(out), 2.0 + scaled(cost, page.items.len()))
    }

    fn nodes(
        &mut self,
        page: &Page,
        ty: &str,
        sets: &Sets<'a>,
        path: &[Value],
        cost: &mut f64,
    ) -> Value {
        let mut out = Vec::with_capacity(page.items.len());
        for (at, (item, _)) in page.items.iter().enumerate() {
            let (value, spent) =
                self.reference(ty, item.clone(), sets, &extended(path, Value::from(at)));
            *cost += 1.0 + spent;
            out.push(value);
        }
        Value::Array(out)
    }

    fn edges(
        &mut self,
        page: &Page,
        ty: &str,
        sets: &Sets<'a>,
        path: &[Value],
        cost: &mut f64,
    ) -> Value {
        let request = self.request;
        let mut out = Vec::with_capacity(page.items.len());
        for (at, (item, cursor)) in page.items.iter().enumerate() {
            let mut edge = Map::new();
            for (key, same) in request.collect(sets, &|_| true) {
                let inner: Vec<_> = same.iter().map(|field| &field.selection_set).collect();
                let value = match same.first().map(|field| field.name.as_str()) {
                    Some("cursor") => Value::from(cursor.clone()),
                    Some("node") => {
                        let path = extended(&extended(path, Value::from(at)), Value::from("node"));
                        let (value, spent) = self.reference(ty, item.clone(), &inner, &path);
                        *cost += 1.0 + spent;
                        value
                    }
                    _ => Value::Null,
                };
                edge.insert(key, value);
            }
            out.push(Value::Object(edge));
        }
        Value::Array(out)
    }

    fn page(&mut self, raw: &Value, arguments: &Map<String, Value>) -> Result<Page, String> {
        let args = list_args(arguments);
        let of_orders = |shop: &Shop, listed: Listed| Page::of(listed, |id| shop.order(id));
        if let Some(index) = raw.get("$orders_of").and_then(Value::as_u64) {
            let index = u32::try_from(index).map_err(|_| "no such customer".to_owned())?;
            let listed = self
                .shop
                .list_orders_of(index, &args)
                .map_err(|error| error.0)?;
            return Ok(of_orders(self.shop, listed));
        }
        match raw.get("$list").and_then(Value::as_str) {
            Some("orders") => {
                let listed = self.shop.list_orders(&args).map_err(|error| error.0)?;
                Ok(of_orders(self.shop, listed))
            }
            Some(_) => {
                let listed = self.shop.list_customers(&args).map_err(|error| error.0)?;
                let shop = &*self.shop;
                Ok(Page::of(listed, |id| shop.customer(id)))
            }
            None => {
                let items = raw.as_array().cloned().unwrap_or_default();
                let (kept, has_next, has_previous) =
                    crate::shop::cut_nested(items.len(), &args).map_err(|error| error.0)?;
                let items = kept.into_iter().filter_map(|at| {
                    Some((items.get(at)?.clone(), crate::shop::nested_cursor(at)))
                });
                let items: Vec<_> = items.collect();
                Ok(Page {
                    total: items.len(),
                    items,
                    has_next,
                    has_previous,
                    warnings: Vec::new(),
                })
            }
        }
    }

    fn root(
        &mut self,
        field: &'a Field<'static, String>,
        arguments: &Map<String, Value>,
        path: &[Value],
    ) -> Option<Value> {
        let id = arguments.get("id").and_then(Value::as_str).unwrap_or("");
        let of_kind = |kind: &str| id.contains(&format!("/{kind}/"));
        Some(match field.name.as_str() {
            "shop" => self.shop.facts(),
            "orders" => json!({ "$list": "orders" }),
            "customers" => json!({ "$list": "customers" }),
            "ordersCount" => self.count("orders", arguments),
            "customersCount" => self.count("customers", arguments),
            "order" if of_kind("Order") => self.shop.node(id)?,
            "customer" if of_kind("Customer") => self.shop.node(id)?,
            "fulfillment" if of_kind("Fulfillment") => self.shop.node(id)?,
            "refund" if of_kind("Refund") => self.shop.node(id)?,
            "return" if of_kind("Return") => self.shop.node(id)?,
            "node" => self.shop.node(id)?,
            "nodes" => {
                let ids = arguments
                    .get("ids")
                    .and_then(Value::as_array)
                    .cloned()
                    .unwrap_or_default();
                ids.iter()
                    .map(|id| {
                        id.as_str()
                            .and_then(|id| self.shop.node(id))
                            .unwrap_or(Value::Null)
                    })
                    .collect()
            }
            "currentAppInstallation" => Shop::installation(),
            "webhookSubscriptions" | "locations" | "products" => Value::Array(Vec::new()),
            "order" | "customer" | "fulfillment" | "refund" | "return" => {
                self.complain(
                    format!("Invalid global id '{id}'"),
                    field,
                    path,
                    "argumentLiteralsIncompatible",
                );
                return None;
            }
            other => {
                self.complain(
                    format!("shop-sim does not hold {other}"),
                    field,
                    path,
                    "SIMULATOR_GAP",
                );
                return None;
            }
        })
    }

    fn count(&mut self, list: &str, arguments: &Map<String, Value>) -> Value {
        let args = ListArgs {
            first: Some(1),
            ..list_args(arguments)
        };
        let listed = if list == "orders" {
            self.shop.list_orders(&args)
        } else {
            self.shop.list_customers(&args)
        };
        let total = listed.map_or(0, |listed| listed.total);
        let limit = arguments.get("limit").map_or(Some(10_000), Value::as_u64);
        let limit = limit
            .and_then(|limit| usize::try_from(limit).ok())
            .unwrap_or(usize::MAX);
        let precision = if total > limit { "AT_LEAST" } else { "EXACT" };
        json!({ "__typename": "Count", "count": total.min(limit), "precision": precision })
    }

    fn asks_nodes(&self, sets: &Sets<'a>) -> bool {
        self.request
            .collect(sets, &|_| true)
            .iter()
            .any(|(_, same)| {
                same.iter()
                    .any(|field| matches!(field.name.as_str(), "nodes" | "edges"))
            })
    }

    fn complain(
        &mut self,
        message: String,
        field: &Field<'static, String>,
        path: &[Value],
        code: &str,
    ) {
        self.errors
            .push(GraphError::running(message, field.position, path, code));
    }
}

/// A page of objects, from the shop or from a list inside an object.
struct Page {
    items: Vec<(Value, String)>,
    has_next: bool,
    has_previous: bool,
    total: usize,
    warnings: Vec<String>,
}

impl Page {
    fn of(listed: Listed, object: impl Fn(u32) -> Option<Value>) -> Self {
        let items = listed
            .rows
            .into_iter()
            .filter_map(|(id, cursor)| Some((object(id)?, cursor)))
            .collect();
        Self {
            items,
            has_next: listed.has_next,
            has_previous: listed.has_previous,
            total: listed.total,
            warnings: listed.warnings,
        }
    }

    fn info(&self) -> Value {
        json!({
            "__typename": "PageInfo",
            "hasNextPage": self.has_next, "hasPreviousPage": self.has_previous,
            "startCursor": self.items.first().map(|item| &item.1),
            "endCursor": self.items.last().map(|item| &item.1),
        })
    }
}

/// The sum of all elements' costs, brought to the curve that lists are priced by.
fn scaled(sum: f64, length: usize) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "lengths are at most 250")]
    let count = length as f64;
    if length == 0 {
        0.0
    } else {
        sum / count * factor(length)
    }
}

fn chosen(raw: Value, arguments: &Map<String, Value>) -> Value {
    let Some(name) = raw.get("$when").and_then(Value::as_str) else {
        return raw;
    };
    let yes = arguments
        .get(name)
        .and_then(Value::as_bool)
        .unwrap_or(false);
    raw.get(if yes { "yes" } else { "no" })
        .cloned()
        .unwrap_or(Value::Null)
}

fn list_args(arguments: &Map<String, Value>) -> ListArgs {
    let text = |name: &str| {
        arguments
            .get(name)
            .and_then(Value::as_str)
            .map(str::to_owned)
    };
    ListArgs {
        first: arguments.get("first").and_then(Value::as_i64),
        last: arguments.get("last").and_then(Value::as_i64),
        after: text("after"),
        before: text("before"),
        reverse: arguments
            .get("reverse")
            .and_then(Value::as_bool)
            .unwrap_or(false),
        sort_key: text("sortKey"),
        query: text("query").filter(|query| !query.is_empty()),
    }
}

fn extended(path: &[Value], step: Value) -> Vec<Value> {
    path.iter().cloned().chain(std::iter::once(step)).collect()
}
