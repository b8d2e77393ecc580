//! The shop goes on: orders are placed and change, all the time.

use serde_json::{Value, json};

use super::{Storm, actor};
use crate::{dice::Dice, limits::TRADE_PAUSE_MS};

/// What can happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Change {
    Place,
    Ship,
    ShipOne,
    Scan,
    Deliver,
    Refund,
    Return,
    Cancel,
    Note,
    Customer,
    Delete,
}

const CHANGES: [(u32, Change); 11] = [
    (12, Change::Place),
    (18, Change::Ship),
    (8, Change::ShipOne),
    (10, Change::Scan),
    (10, Change::Deliver),
    (10, Change::Refund),
    (6, Change::Return),
    (4, Change::Cancel),
    (16, Change::Note),
    (6, Change::Customer),
    (10, Change::Delete),
];

/// Changes something every few moments.
pub(super) async fn trade(storm: &Storm<'_>) -> anyhow::Result<()> {
    let shop = &storm.setting.world.shop;
    let mut dice = storm.setting.dice(actor::SHOP);
    let customers = ids(&shop.get("customers?limit=200").await?["customers"]);
    let mut orders = Vec::new();
    let mut count = 0_u64;
    while storm.pause(&mut dice, TRADE_PAUSE_MS).await {
        if count.is_multiple_of(20) {
            // Newer orders more often: they are what really changes.
            orders = ids(&shop.get("orders?limit=150").await?["orders"]);
        }
        count += 1;
        let Some(change) = dice.weighted(&CHANGES) else {
            continue;
        };
        let of = match change {
            Change::Customer => &customers,
            Change::Delete => &doomed(&orders),
            _ => &orders,
        };
        let Some(id) = dice.one(of).cloned() else {
            continue;
        };
        let (path, body) = request(change, &id, count, &mut dice);
        if shop.try_post(&path, &body).await?.is_some() {
            storm.note(|ledger| ledger.changes += 1);
        }
        if change == Change::Delete {
            orders.retain(|order| *order != id);
        }
    }
    Ok(())
}

/// Orders that may be deleted. Nobody files a ticket about these, so that the judge knows what every ticket must show.
fn doomed(orders: &[String]) -> Vec<String> {
    let doomed = orders.iter().filter(|id| is_doomed(id));
    doomed.cloned().collect()
}

/// Whether an order is one of those that may be deleted.
pub(super) fn is_doomed(id: &str) -> bool {
    id.ends_with(['3', '7'])
}

fn ids(rows: &Value) -> Vec<String> {
    let rows = rows.as_array().into_iter().flatten();
    rows.filter_map(|row| row["id"].as_str().map(str::to_owned))
        .collect()
}

fn request(change: Change, id: &str, count: u64, dice: &mut Dice) -> (String, Value) {
    let of_order = |verb: &str, body: Value| (format!("orders/{id}/{verb}"), body);
    let tracking = format!("JD{count:010}");
    match change {
        Change::Place => (
            "orders".to_owned(),
            json!({
                "email": format!("buyer-{count}@storm.example"),
                "first_name": "Storm",
                "last_name": format!("Buyer {count}"),
                "lines": 1 + dice.below(4),
            }),
        ),
        Change::Ship => of_order("ship", json!({ "carrier": "DHL", "tracking": tracking })),
        Change::ShipOne => of_order(
            "ship",
            json!({ "carrier": "UPS", "tracking": tracking, "units": 1 }),
        ),
        Change::Scan => of_order("scan", json!({ "status": "OUT_FOR_DELIVERY" })),
        Change::Deliver => of_order("deliver", json!({})),
        Change::Refund => {
            let amount = format!("{}.50", 1 + dice.below(9));
            of_order("refund", json!({ "amount": amount, "note": "Storm" }))
        }
        Change::Return => of_order("return", json!({})),
        Change::Cancel => of_order("cancel", json!({ "reason": "CUSTOMER" })),
        Change::Note => of_order("edit-note", json!({ "note": format!("Note {count}") })),
        Change::Delete => of_order("delete", json!({})),
        Change::Customer => (
            format!("customers/{id}/patch"),
            json!({ "firstName": format!("Name {count}") }),
        ),
    }
}
