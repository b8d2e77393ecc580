//! `/_sim/`: whoever plays the world looks in and changes things. Every change tells the webhook.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use super::World;
use super::log::RequestLog;
use crate::clock::wall_seconds;
use crate::population::{CUSTOMER_ID_BASE, NewOrder};
use crate::shop::amount::parse_hundredths;
use crate::shop::change::{self, Parcel, Refund};
use crate::shop::json::{id_number, list, text};
use crate::shop::{Shop, constant};
use crate::webhook::{customer_body, fulfillment_body, order_body, refund_body};

fn told(value: &Value) -> Response {
    (
        [(header::CONTENT_TYPE, "application/json")],
        value.to_string(),
    )
        .into_response()
}

fn refused(status: StatusCode, why: impl Into<String>) -> Response {
    let body = json!({ "error": why.into() }).to_string();
    (status, [(header::CONTENT_TYPE, "application/json")], body).into_response()
}

fn read<T: serde::de::DeserializeOwned>(body: &[u8]) -> Result<T, Box<Response>> {
    let body = if body.is_empty() { b"{}" } else { body };
    serde_json::from_slice(body)
        .map_err(|error| Box::new(refused(StatusCode::UNPROCESSABLE_ENTITY, error.to_string())))
}

pub(super) async fn info(State(world): State<Arc<World>>) -> Response {
    let (orders, customers, now) =
        world.with_shop(|shop| (shop.order_count(), shop.customer_count(), shop.origin.now));
    let mut info = serde_json::to_value(&world.facts).unwrap_or(Value::Null);
    let more = json!({
        "orders": orders, "customers": customers, "population_now": crate::clock::utc(now),
        "webhook_address": world.with_shop(|shop| shop.webhook_address.clone()),
        "throttle": world.with_throttle(|throttle| throttle.status()),
    });
    crate::shop::json::merge(&mut info, &more);
    told(&info)
}

/// What an order list shows: enough to choose one and to write a ticket about it.
fn row(order: &Value) -> Value {
    json!({
        "id": id_number(text(order, "id")).map(|id| id.to_string()),
        "gid": text(order, "id"), "number": order.get("number"), "name": order.get("name"),
        "email": order.get("email"), "phone": order.get("phone"),
        "customer_id": order.pointer("/customer/$ref").and_then(Value::as_str).and_then(id_number),
        "customer_name": order.pointer("/shippingAddress/name"),
        "financial_status": order.get("displayFinancialStatus"),
        "fulfillment_status": order.get("displayFulfillmentStatus"),
        "return_status": order.get("returnStatus"), "cancelled_at": order.get("cancelledAt"),
        "currency": order.get("presentmentCurrencyCode"),
        "total": order.pointer("/currentTotalPriceSet/presentmentMoney/amount"),
        "shop_total": change::total_text(order),
        "created_at": order.get("createdAt"), "updated_at": order.get("updatedAt"),
        "tracking": list(order, "fulfillments").iter()
            .flat_map(|one| list(one, "trackingInfo"))
            .filter_map(|one| one.get("number").cloned()).collect::<Vec<_>>(),
    })
}

#[derive(Deserialize)]
pub(super) struct Wanted {
    #[serde(default)]
    offset: u32,
    limit: Option<u32>,
    /// `UNFULFILLED`, `PARTIALLY_FULFILLED`, `FULFILLED`, `ON_HOLD`.
    state: Option<String>,
    financial: Option<String>,
    email: Option<String>,
    /// Only orders with an e-mail.
    #[serde(default)]
    with_email: bool,
}

/// Newest first. Filters look at one order after another until the limit is met.
pub(super) async fn orders(
    State(world): State<Arc<World>>,
    Query(wanted): Query<Wanted>,
) -> Response {
    let limit = usize::try_from(wanted.limit.unwrap_or(50).min(1_000)).unwrap_or(50);
    let (rows, total) = world.with_shop(|shop| {
        let same = |order: &Value, key: &str, wanted: &Option<String>| {
            wanted
                .as_ref()
                .is_none_or(|wanted| text(order, key).eq_ignore_ascii_case(wanted))
        };
        let rows: Vec<Value> = (0..shop.order_count())
            .rev()
            .filter_map(|sequence| shop.order(sequence))
            .filter(|order| {
                same(order, "displayFulfillmentStatus", &wanted.state)
                    && same(order, "displayFinancialStatus", &wanted.financial)
                    && same(order, "email", &wanted.email)
                    && (!wanted.with_email || !text(order, "email").is_empty())
            })
            .skip(usize::try_from(wanted.offset).unwrap_or(0))
            .take(limit)
            .map(|order| row(&order))
            .collect();
        (rows, shop.order_count())
    });
    told(&json!({ "orders": rows, "total": total }))
}

/// The whole order in the API's shape.
pub(super) async fn order(State(world): State<Arc<World>>, Path(id): Path<String>) -> Response {
    let found = world.with_shop(|shop| find(shop, &id).and_then(|sequence| shop.order(sequence)));
    found.map_or_else(
        || refused(StatusCode::NOT_FOUND, "no such order"),
        |order| told(&order),
    )
}

/// By global id, number of the id, or name such as `1001` or `#1001`.
fn find(shop: &Shop, id: &str) -> Option<u32> {
    let by_id = Shop::sequence_of(id).filter(|sequence| *sequence < shop.order_count());
    by_id.or_else(|| {
        let number: u32 = id.trim_start_matches('#').parse().ok()?;
        number
            .checked_sub(1_001)
            .filter(|sequence| *sequence < shop.order_count())
    })
}

pub(super) async fn place(State(world): State<Arc<World>>, body: Bytes) -> Response {
    let wish: NewOrder = match read(&body) {
        Ok(wish) => wish,
        Err(response) => return *response,
    };
    let order = world.with_shop(|shop| shop.place_order(wall_seconds(), &wish));
    announce_order(&world, &order, &["orders/create"]);
    world.save();
    told(&row(&order))
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Change {
    carrier: Option<String>,
    tracking: Option<String>,
    url: Option<String>,
    /// Ship only so many units.
    units: Option<i64>,
    /// Refund that much, in the shop's currency; everything when absent.
    amount: Option<String>,
    note: Option<String>,
    reason: Option<String>,
    /// A carrier's scan: `IN_TRANSIT`, `OUT_FOR_DELIVERY`, `ATTEMPTED_DELIVERY`, `NOT_DELIVERED`.
    status: Option<String>,
    /// Changes the order without a webhook.
    quiet: bool,
}

pub(super) async fn change(
    State(world): State<Arc<World>>,
    Path((id, verb)): Path<(String, String)>,
    body: Bytes,
) -> Response {
    let at = wall_seconds();
    let patch: Value = match read(&body) {
        Ok(patch) => patch,
        Err(response) => return *response,
    };
    let asked: Change = match serde_json::from_value(if verb == "patch" {
        json!({})
    } else {
        patch.clone()
    }) {
        Ok(asked) => asked,
        Err(error) => return refused(StatusCode::UNPROCESSABLE_ENTITY, error.to_string()),
    };
    if verb == "delete" {
        return delete(&world, &id, asked.quiet);
    }
    let Some(topics) = topics_of(&verb) else {
        return refused(
            StatusCode::NOT_FOUND,
            "verbs: ship, deliver, scan, refund, return, cancel, delete, edit-note, patch",
        );
    };
    let done = world.with_shop(|shop| {
        let sequence = find(shop, &id)?;
        shop.change_order(sequence, at, |order| {
            apply(order, &verb, at, &asked, &patch)
        })
    });
    match done {
        None => refused(StatusCode::NOT_FOUND, "no such order"),
        Some((_, false)) => refused(StatusCode::CONFLICT, format!("nothing left to {verb}")),
        Some((order, true)) => {
            if !asked.quiet {
                announce_order(&world, &order, topics);
            }
            world.save();
            told(&row(&order))
        }
    }
}

/// An order ends to exist. Its webhook holds the id and nothing more.
fn delete(world: &World, id: &str, quiet: bool) -> Response {
    let gone = world.with_shop(|shop| find(shop, id).and_then(|found| shop.delete_order(found)));
    let Some(order) = gone else {
        return refused(StatusCode::NOT_FOUND, "no such order");
    };
    if !quiet {
        let gid = text(&order, "id");
        world.announce("orders/delete", &json!({ "id": id_number(gid) }), Some(gid));
    }
    world.save();
    told(&row(&order))
}

fn topics_of(verb: &str) -> Option<&'static [&'static str]> {
    Some(match verb {
        "ship" => &["fulfillments/create", "orders/fulfilled", "orders/updated"],
        "deliver" | "scan" => &["fulfillments/update", "orders/updated"],
        "refund" => &["refunds/create", "orders/updated"],
        "cancel" => &["orders/cancelled", "orders/updated"],
        "return" | "edit-note" | "patch" => &["orders/updated"],
        _ => return None,
    })
}

fn apply(order: &mut Value, verb: &str, at: i64, asked: &Change, patch: &Value) -> bool {
    match verb {
        "ship" => {
            let carrier = asked.carrier.as_deref().unwrap_or("DHL");
            let made_up = format!("SIM{}", id_number(text(order, "id")).unwrap_or(0));
            let tracking = asked.tracking.clone().unwrap_or(made_up);
            let parcel = Parcel {
                carrier,
                tracking: &tracking,
                url: asked.url.as_deref(),
            };
            change::ship(order, at, parcel, asked.units)
        }
        "deliver" => change::deliver(order, at),
        "scan" => {
            let any = !list(order, "fulfillments").is_empty();
            change::scan(order, at, asked.status.as_deref().unwrap_or("IN_TRANSIT"));
            any
        }
        "refund" => {
            let hundredths = asked
                .amount
                .as_deref()
                .map_or(i64::MAX / 1_000_000, parse_hundredths);
            let sum = change::shop_amount(order, hundredths);
            change::refund(
                order,
                at,
                &Refund {
                    sum,
                    lines: Vec::new(),
                    note: asked.note.as_deref(),
                },
            )
        }
        "return" => {
            let any = !list(order, "fulfillments").is_empty();
            change::request_return(order, at);
            any
        }
        "cancel" => change::cancel(order, at, asked.reason.as_deref().unwrap_or("CUSTOMER")),
        "edit-note" => {
            crate::shop::json::set(order, "note", asked.note.clone());
            true
        }
        _ => {
            change::patch(order, patch);
            true
        }
    }
}

fn announce_order(world: &World, order: &Value, topics: &[&str]) {
    let gid = text(order, "id");
    let reference = order.pointer("/customer/$ref").and_then(Value::as_str);
    let customer = reference.and_then(|gid| world.with_shop(|shop| shop.node(gid)));
    for topic in topics {
        let topic = match *topic {
            "orders/fulfilled" if text(order, "displayFulfillmentStatus") != "FULFILLED" => {
                "orders/partially_fulfilled"
            }
            topic => topic,
        };
        let body = match topic {
            "fulfillments/create" | "fulfillments/update" => list(order, "fulfillments")
                .last()
                .map(|fulfillment| fulfillment_body(order, fulfillment)),
            "refunds/create" => list(order, "refunds")
                .last()
                .map(|refund| refund_body(order, refund)),
            _ => Some(order_body(order, customer.as_ref())),
        };
        if let Some(body) = body {
            world.announce(topic, &body, Some(gid));
        }
    }
}

#[derive(Deserialize)]
pub(super) struct Page {
    #[serde(default)]
    offset: u32,
    limit: Option<u32>,
}

pub(super) async fn customers(
    State(world): State<Arc<World>>,
    Query(page): Query<Page>,
) -> Response {
    let rows: Vec<Value> = world.with_shop(|shop| {
        let end = page
            .offset
            .saturating_add(page.limit.unwrap_or(50).min(1_000));
        (page.offset..end.min(shop.customer_count()))
            .filter_map(|index| shop.customer(index))
            .map(|customer| {
                json!({
                    "id": customer.get("legacyResourceId"), "gid": customer.get("id"),
                    "name": customer.get("displayName"), "email": customer.get("email"),
                    "phone": customer.get("phone"), "state": customer.get("state"),
                    "orders": customer.get("numberOfOrders"),
                })
            })
            .collect()
    });
    told(&json!({ "customers": rows, "total": world.with_shop(|shop| shop.customer_count()) }))
}

pub(super) async fn patch_customer(
    State(world): State<Arc<World>>,
    Path(id): Path<String>,
    body: Bytes,
) -> Response {
    let patch: Value = match read(&body) {
        Ok(patch) => patch,
        Err(response) => return *response,
    };
    let index = id_number(&id).and_then(|id| id.checked_sub(CUSTOMER_ID_BASE));
    let index = index.and_then(|index| u32::try_from(index).ok());
    let changed = index.and_then(|index| {
        world.with_shop(|shop| shop.patch_customer(index, wall_seconds(), &patch))
    });
    let Some(customer) = changed else {
        return refused(StatusCode::NOT_FOUND, "no such customer");
    };
    world.announce("customers/update", &customer_body(&customer), None);
    world.save();
    told(&customer)
}

pub(super) async fn faults(State(world): State<Arc<World>>) -> Response {
    told(&world.with_faults(|faults| faults.view()))
}

pub(super) async fn add_faults(State(world): State<Arc<World>>, body: Bytes) -> Response {
    let asked: Value = match read(&body) {
        Ok(asked) => asked,
        Err(response) => return *response,
    };
    match world.with_faults(|faults| faults.add(&asked)) {
        Ok(()) => told(&world.with_faults(|faults| faults.view())),
        Err(why) => refused(StatusCode::UNPROCESSABLE_ENTITY, why),
    }
}

pub(super) async fn clear_faults(State(world): State<Arc<World>>) -> Response {
    world.with_faults(super::faults::Faults::clear);
    world.with_outbox(crate::webhook::Outbox::release);
    world.wake.notify_one();
    told(&json!([]))
}

/// Begins a weather; it ends with the faults.
pub(super) async fn weather(State(world): State<Arc<World>>, body: Bytes) -> Response {
    let weather = match read(&body) {
        Ok(weather) => weather,
        Err(response) => return *response,
    };
    match world.with_faults(|faults| faults.begin_weather(weather)) {
        Ok(begun) => told(&begun),
        Err(why) => refused(StatusCode::UNPROCESSABLE_ENTITY, why),
    }
}

#[derive(Deserialize)]
pub(super) struct Rows {
    limit: Option<usize>,
}

pub(super) async fn webhooks(
    State(world): State<Arc<World>>,
    Query(rows): Query<Rows>,
) -> Response {
    let limit = rows.limit.unwrap_or(crate::limits::WEBHOOK_ROWS_DEFAULT);
    let (rows, counts) = world.with_outbox(|outbox| {
        let mut counts = std::collections::BTreeMap::<String, u64>::new();
        for one in &outbox.all {
            *counts.entry(one.state.clone()).or_default() += 1;
        }
        let rows: Vec<Value> = outbox
            .all
            .iter()
            .rev()
            .take(limit)
            .map(crate::webhook::Delivery::row)
            .collect();
        (rows, counts)
    });
    let address = world.with_shop(|shop| shop.webhook_address.clone());
    told(&json!({ "address": address, "counts": counts, "deliveries": rows }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Receiver {
    address: Option<String>,
    #[serde(default)]
    dev_connect: Vec<String>,
}

pub(super) async fn set_webhooks(State(world): State<Arc<World>>, body: Bytes) -> Response {
    let receiver: Receiver = match read(&body) {
        Ok(receiver) => receiver,
        Err(response) => return *response,
    };
    for text in &receiver.dev_connect {
        match text.parse::<crate::DevConnect>() {
            Ok(known) => {
                let mut all = world
                    .dev_connect
                    .lock()
                    .unwrap_or_else(std::sync::PoisonError::into_inner);
                all.retain(|one| one.host != known.host);
                all.push(known);
            }
            Err(error) => return refused(StatusCode::UNPROCESSABLE_ENTITY, error.to_string()),
        }
    }
    world.with_shop(|shop| shop.webhook_address.clone_from(&receiver.address));
    world.save();
    world.wake.notify_one();
    told(&json!({ "address": receiver.address }))
}

/// What was subscribed through the API.
pub(super) async fn subscriptions(State(world): State<Arc<World>>) -> Response {
    let all = world.with_shop(|shop| serde_json::to_value(&shop.subscriptions));
    told(&json!({ "subscriptions": all.unwrap_or(Value::Null) }))
}

/// What the world does to subscriptions: each is optional.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct SubscriptionChange {
    /// Topics whose subscriptions are lost, without anybody being told; `"*"` for all.
    lose: Vec<String>,
    /// Topics that cannot be subscribed to from now on, as if the app lacked the scope.
    refuse: Option<Vec<String>>,
    /// `[topic, address]` of somebody else's, or of an older address.
    add: Vec<(String, String)>,
}

pub(super) async fn change_subscriptions(State(world): State<Arc<World>>, body: Bytes) -> Response {
    let asked: SubscriptionChange = match read(&body) {
        Ok(asked) => asked,
        Err(response) => return *response,
    };
    let lost: usize = world.with_shop(|shop| {
        if let Some(topics) = &asked.refuse {
            shop.refused_topics = topics.iter().map(|topic| constant(topic)).collect();
        }
        for (topic, uri) in &asked.add {
            shop.add_subscription(&constant(topic), uri, "JSON");
        }
        let lose = asked.lose.iter().map(|topic| match topic.as_str() {
            "*" => shop.lose_subscriptions(None, None),
            topic => shop.lose_subscriptions(Some(&constant(topic)), None),
        });
        lose.sum()
    });
    world.save();
    told(&json!({ "lost": lost }))
}

pub(super) async fn requests(State(world): State<Arc<World>>) -> Response {
    told(&world.with_log(|log| log.view()))
}

pub(super) async fn clear_requests(State(world): State<Arc<World>>) -> Response {
    world.with_log(|log| *log = RequestLog::default());
    told(&json!({ "total": 0 }))
}
