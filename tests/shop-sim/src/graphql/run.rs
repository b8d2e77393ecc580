//! Runs a checked request: root fields out of the shop, then projection down the selection.
//!
//! Objects come as JSON in the API's own shape. Three forms stand for something else:
//! `{"$ref": id}` is another object, `{"$orders_of": n}` a customer's orders, and
//! `{"$when": argument, "yes": …, "no": …}` depends on a boolean argument.

use std::borrow::Cow;

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

/// Runs a checked request. Errors of single fields stand beside the data.
pub(crate) fn execute(schema: Option<&Schema>, request: &Request, shop: &mut Shop) -> Answer {
    let mut run = Run {
        schema,
        request,
        shop,
        errors: Vec::new(),
        search: Vec::new(),
        path: Vec::new(),
    };
    if request.kind == "mutation" {
        let root = json!({ "__typename": "Mutation" });
        let (data, _) = run.object("Mutation", &root, &[&request.selection]);
        return Answer {
            data,
            errors: run.errors,
            actual_cost: 10,
            search: Vec::new(),
        };
    }
    let root = json!({ "__typename": "QueryRoot" });
    let (data, cost) = run.object("QueryRoot", &root, &[&request.selection]);
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
    /// Where the answer is being written, for errors.
    path: Vec<Step<'a>>,
}

#[derive(Clone, Copy)]
enum Step<'a> {
    Key(&'a str),
    At(usize),
}

type Sets<'a> = [&'a SelectionSet<'static, String>];
/// A value and what it cost.
type Priced = (Value, f64);

impl<'a> Run<'a> {
    fn below<T>(&mut self, step: Step<'a>, work: impl FnOnce(&mut Self) -> T) -> T {
        self.path.push(step);
        let done = work(self);
        self.path.pop();
        done
    }

    fn object(&mut self, declared: &str, object: &Value, sets: &Sets<'a>) -> Priced {
        let named = fields::text(object, "__typename");
        let ty = if named.is_empty() { declared } else { named };
        let schema = self.schema;
        let applies = |on: &str| match schema {
            Some(schema) => schema.is_a(ty, on),
            None => named.is_empty() || on == ty || on == "Node",
        };
        let request = self.request;
        let mut out = Map::new();
        let mut cost = 0.0;
        for (key, same) in request.collect(sets, &applies) {
            let Some(field) = same.first() else { continue };
            if field.name == "__typename" {
                out.insert(key.to_owned(), Value::from(ty));
                continue;
            }
            let inner: Vec<_> = same.iter().map(|field| &field.selection_set).collect();
            let (value, spent) =
                self.below(Step::Key(key), |run| run.field(ty, object, field, &inner));
            cost += spent;
            out.insert(key.to_owned(), value);
        }
        (Value::Object(out), cost)
    }

    fn field(
        &mut self,
        ty: &str,
        object: &Value,
        field: &'a Field<'static, String>,
        sets: &Sets<'a>,
    ) -> Priced {
        let arguments = self.request.arguments(field);
        let found;
        let raw = if ty == "QueryRoot" || ty == "Mutation" {
            let root = if ty == "Mutation" {
                self.mutation(field, &arguments)
            } else {
                self.root(field, &arguments)
            };
            match root {
                Some(value) => {
                    found = value;
                    &found
                }
                None => return (Value::Null, 0.0),
            }
        } else {
            object.get(&field.name).unwrap_or(&Value::Null)
        };
        let raw = chosen(raw, &arguments);
        let schema = self.schema;
        let known = schema.and_then(|schema| schema.field(ty, &field.name));
        if raw.is_null() {
            if known.is_some_and(|known| known.ty.required) {
                let gap = format!("shop-sim does not hold {ty}.{}", field.name);
                self.complain(gap, field, "SIMULATOR_GAP");
            }
            return (Value::Null, 0.0);
        }
        if sets.iter().all(|set| set.items.is_empty()) {
            return (raw.clone(), 0.0);
        }
        let inner = known.map_or("", |known| known.ty.name.as_str());
        let connection =
            inner.ends_with("Connection") || (known.is_none() && self.asks_nodes(sets));
        if connection {
            return self.connection(inner, raw, field, &arguments, sets);
        }
        match raw {
            Value::Array(items) => self.plain_list(inner, items, &arguments, sets),
            raw => {
                let (value, cost) = self.reference(inner, raw, sets);
                (value, object_cost(inner) + cost)
            }
        }
    }

    /// Projects an object or the object that a reference names.
    fn reference(&mut self, ty: &str, raw: &Value, sets: &Sets<'a>) -> Priced {
        match raw.get("$ref").and_then(Value::as_str) {
            Some(gid) => match self.shop.node(gid) {
                Some(object) => self.object(ty, &object, sets),
                None => (Value::Null, 0.0),
            },
            None if raw.is_object() => self.object(ty, raw, sets),
            None => (raw.clone(), 0.0),
        }
    }

    fn plain_list(
        &mut self,
        ty: &str,
        items: &[Value],
        arguments: &Map<String, Value>,
        sets: &Sets<'a>,
    ) -> Priced {
        let size = arguments
            .get("first")
            .and_then(Value::as_u64)
            .and_then(|size| usize::try_from(size).ok());
        let length = items.len().min(size.unwrap_or(usize::MAX));
        let mut cost = 0.0;
        let mut out = Vec::with_capacity(length);
        for (at, item) in items.iter().take(length).enumerate() {
            let (value, spent) = if item.is_null() {
                (Value::Null, 0.0)
            } else {
                self.below(Step::At(at), |run| run.reference(ty, item, sets))
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
        raw: &Value,
        field: &'a Field<'static, String>,
        arguments: &Map<String, Value>,
        sets: &Sets<'a>,
    ) -> Priced {
        let page = match self.page(raw, arguments) {
            Ok(page) => page,
            Err(message) => {
                self.complain(message, field, "BAD_REQUEST");
                return (Value::Null, 2.0);
            }
        };
        self.warn(&page.warnings, arguments);
        let schema = self.schema;
        let node_type = schema
            .and_then(|schema| schema.field(ty, "nodes"))
            .map_or("", |known| known.ty.name.as_str());
        let request = self.request;
        let mut out = Map::new();
        let mut cost = 0.0;
        for (key, same) in request.collect(sets, &|_| true) {
            let Some(first) = same.first() else { continue };
            let inner: Vec<_> = same.iter().map(|field| &field.selection_set).collect();
            let value = self.below(Step::Key(key), |run| match first.name.as_str() {
                "__typename" => Value::from(ty),
                "nodes" => run.nodes(&page, node_type, &inner, &mut cost),
                "edges" => run.edges(&page, node_type, &inner, &mut cost),
                "pageInfo" => run.object("PageInfo", &page.info(), &inner).0,
                other => {
                    let gap = format!("shop-sim does not hold {ty}.{other}");
                    run.complain(gap, first, "SIMULATOR_GAP");
                    Value::Null
                }
            });
            out.insert(key.to_owned(), value);
        }
        (Value::Object(out), 2.0 + scaled(cost, page.items.len()))
    }

    fn warn(&mut self, warnings: &[String], arguments: &Map<String, Value>) {
        if warnings.is_empty() {
            return;
        }
        let message = "Invalid search field for this query.";
        let warnings: Vec<Value> = warnings
            .iter()
            .map(|name| json!({ "field": name, "message": message, "code": "invalid_field" }))
            .collect();
        let path = self.answer_path();
        self.search.push(json!({
            "path": path, "query": arguments.get("query"), "parsed": null, "warnings": warnings,
        }));
    }

    fn nodes(&mut self, page: &Page<'_>, ty: &str, sets: &Sets<'a>, cost: &mut f64) -> Value {
        let nodes = page.items.iter().enumerate().map(|(at, (item, _))| {
            let (value, spent) = self.below(Step::At(at), |run| run.reference(ty, item, sets));
            *cost += 1.0 + spent;
            value
        });
        nodes.collect()
    }

    fn edges(&mut self, page: &Page<'_>, ty: &str, sets: &Sets<'a>, cost: &mut f64) -> Value {
        let request = self.request;
        let asked = request.collect(sets, &|_| true);
        let mut out = Vec::with_capacity(page.items.len());
        for (at, (item, cursor)) in page.items.iter().enumerate() {
            let mut edge = Map::new();
            for (key, same) in &asked {
                let inner: Vec<_> = same.iter().map(|field| &field.selection_set).collect();
                let value = match same.first().map(|field| field.name.as_str()) {
                    Some("cursor") => Value::from(cursor.clone()),
                    Some("node") => {
                        let (value, spent) = self.below(Step::At(at), |run| {
                            run.below(Step::Key(key), |run| run.reference(ty, item, &inner))
                        });
                        *cost += 1.0 + spent;
                        value
                    }
                    _ => Value::Null,
                };
                edge.insert((*key).to_owned(), value);
            }
            out.push(Value::Object(edge));
        }
        Value::Array(out)
    }

    fn page<'v>(
        &mut self,
        raw: &'v Value,
        arguments: &Map<String, Value>,
    ) -> Result<Page<'v>, String> {
        let args = list_args(arguments);
        if let Some(index) = raw.get("$orders_of").and_then(Value::as_u64) {
            let index = u32::try_from(index).map_err(|_| "no such customer".to_owned())?;
            let listed = self
                .shop
                .list_orders_of(index, &args)
                .map_err(|error| error.0)?;
            return Ok(Page::of(listed, |id| self.shop.order(id)));
        }
        match raw.get("$list").and_then(Value::as_str) {
            Some("orders") => {
                let listed = self.shop.list_orders(&args).map_err(|error| error.0)?;
                Ok(Page::of(listed, |id| self.shop.order(id)))
            }
            Some(_) => {
                let listed = self.shop.list_customers(&args).map_err(|error| error.0)?;
                Ok(Page::of(listed, |id| self.shop.customer(id)))
            }
            None => {
                let items = raw.as_array().map_or(&[][..], Vec::as_slice);
                let (kept, has_next, has_previous) =
                    crate::shop::cut_nested(items.len(), &args).map_err(|error| error.0)?;
                let items = kept.into_iter().filter_map(|at| {
                    Some((
                        Cow::Borrowed(items.get(at)?),
                        crate::shop::nested_cursor(at),
                    ))
                });
                Ok(Page {
                    items: items.collect(),
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
            "webhookSubscriptions" => Value::Array(self.shop.subscriptions(arguments)),
            "webhookSubscription" => self.shop.subscription(id)?,
            "locations" | "products" => Value::Array(Vec::new()),
            "order" | "customer" | "fulfillment" | "refund" | "return" => {
                self.complain(
                    format!("Invalid global id '{id}'"),
                    field,
                    "argumentLiteralsIncompatible",
                );
                return None;
            }
            other => {
                self.complain(
                    format!("shop-sim does not hold {other}"),
                    field,
                    "SIMULATOR_GAP",
                );
                return None;
            }
        })
    }

    fn mutation(
        &mut self,
        field: &'a Field<'static, String>,
        arguments: &Map<String, Value>,
    ) -> Option<Value> {
        let text = |key: &str| arguments.get(key).and_then(Value::as_str).unwrap_or("");
        match field.name.as_str() {
            "webhookSubscriptionCreate" => {
                let topic = text("topic");
                let known = match self
                    .schema
                    .and_then(|all| all.get("WebhookSubscriptionTopic"))
                {
                    Some(super::schema::TypeDef::Enum(topics)) => topics.contains(topic),
                    _ => true,
                };
                if !known {
                    let message = format!("Variable $topic was provided invalid value: '{topic}'");
                    self.complain(message, field, "INVALID_VARIABLE");
                    return None;
                }
                let input = arguments.get("webhookSubscription");
                Some(self.shop.subscribe(topic, input.unwrap_or(&Value::Null)))
            }
            "webhookSubscriptionDelete" => Some(self.shop.unsubscribe(text("id"))),
            other => {
                self.complain(
                    format!("shop-sim holds no mutation {other}"),
                    field,
                    "ACCESS_DENIED",
                );
                None
            }
        }
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

    fn complain(&mut self, message: String, field: &Field<'static, String>, code: &str) {
        let path = self.answer_path();
        self.errors
            .push(GraphError::running(message, field.position, &path, code));
    }

    fn answer_path(&self) -> Vec<Value> {
        self.path
            .iter()
            .map(|step| match step {
                Step::Key(key) => Value::from(*key),
                Step::At(at) => Value::from(*at),
            })
            .collect()
    }
}

/// A page of objects, from the shop or from a list inside an object.
struct Page<'v> {
    items: Vec<(Cow<'v, Value>, String)>,
    has_next: bool,
    has_previous: bool,
    warnings: Vec<String>,
}

impl Page<'_> {
    fn of(listed: Listed, object: impl Fn(u32) -> Option<Value>) -> Self {
        let items = listed
            .rows
            .into_iter()
            .filter_map(|(id, cursor)| Some((Cow::Owned(object(id)?), cursor)))
            .collect();
        Self {
            items,
            has_next: listed.has_next,
            has_previous: listed.has_previous,
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

fn chosen<'v>(raw: &'v Value, arguments: &Map<String, Value>) -> &'v Value {
    let Some(name) = raw.get("$when").and_then(Value::as_str) else {
        return raw;
    };
    let yes = arguments
        .get(name)
        .and_then(Value::as_bool)
        .unwrap_or(false);
    raw.get(if yes { "yes" } else { "no" })
        .unwrap_or(&Value::Null)
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
