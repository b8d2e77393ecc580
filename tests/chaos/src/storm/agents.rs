//! People write: buyers file tickets, agents answer them, operators set cases.

use anyhow::Context as _;
use ordercase_world::ShopOrder;
use reqwest::Method;
use serde_json::{Value, json};

use super::{Storm, actor, shop::is_doomed};
use crate::{
    dice::Dice,
    ledger::{Filed, Said, Story, Way},
    limits::{KILLS_PER_TICKET, TICKET_PAUSE_MS, TICKETS_MIN},
};

/// Writes something every few moments.
pub(super) async fn write(storm: &Storm<'_>) -> anyhow::Result<()> {
    let most = TICKETS_MIN + usize::try_from(storm.wanted_kills)? / KILLS_PER_TICKET;
    let mut dice = storm.setting.dice(actor::AGENTS);
    let mut count = 0;
    while storm.pause(&mut dice, TICKET_PAUSE_MS).await {
        count += 1;
        let filed = storm.note(|ledger| ledger.tickets.clone());
        let more = filed.len() < most && (filed.len() < 4 || dice.percent(45));
        let ticket = dice.one(&filed).filter(|_| !more);
        match (ticket, dice.below(3)) {
            (None, _) => file(storm, &mut dice, count).await?,
            (Some(ticket), 0) => comment(storm, ticket.id, count).await?,
            (Some(ticket), 1) => move_ticket(storm, &mut dice, ticket.id).await?,
            (Some(ticket), _) => set_case(storm, &mut dice, ticket.id, count).await?,
        }
    }
    Ok(())
}

/// Files a ticket: of a buyer mostly, of a stranger or of somebody unknown now and then.
async fn file(storm: &Storm<'_>, dice: &mut Dice, count: u32) -> anyhow::Result<()> {
    let world = storm.setting.world;
    let orders = world.shop.orders(250).await?;
    let stays = |order: &&ShopOrder| order.is_open() && !is_doomed(&order.id);
    let open: Vec<&ShopOrder> = orders.iter().filter(stays).collect();
    let order = dice.one(&open).context("the shop has no open order left")?;
    let order = ShopOrder::clone(order);
    let (email, name) = (
        order.email.clone().unwrap_or_default(),
        order.customer_name.clone(),
    );
    let subject = format!("Where is {}?", order.name);
    let body = format!("I am waiting for {}. Thanks!", order.name);
    let (requester, email, subject, body, story) = match dice.below(10) {
        0 => (
            "Robin Nosy".to_owned(),
            format!("robin-{count}@elsewhere.example"),
            subject,
            body,
            Story::Stranger,
        ),
        1 => (
            "Kim Newcomer".to_owned(),
            format!("kim-{count}@nowhere.example"),
            "A question before I buy".to_owned(),
            "Do you ship to Norway?".to_owned(),
            Story::Unknown,
        ),
        _ => (
            name.unwrap_or_else(|| "A buyer".to_owned()),
            email,
            subject,
            body,
            Story::Clear {
                order: order.id,
                name: order.name,
            },
        ),
    };
    let external = format!("storm-{}-{count}", storm.setting.seed);
    let id = world
        .zendesk
        .file_ticket((&requester, &email), &subject, &body, &external)
        .await?;
    storm.note(|ledger| ledger.tickets.push(Filed { id, story }));
    Ok(())
}

/// An agent answers on the ticket.
async fn comment(storm: &Storm<'_>, ticket: u64, count: u32) -> anyhow::Result<()> {
    let text = format!("Answer {count} of an agent.");
    let change = json!({ "comment": { "body": text, "public": true } });
    storm
        .setting
        .world
        .zendesk
        .update_ticket(ticket, &change)
        .await?;
    let way = Way::Ticket;
    storm.note(|ledger| ledger.said.push(Said { ticket, text, way }));
    Ok(())
}

/// An agent moves the ticket.
async fn move_ticket(storm: &Storm<'_>, dice: &mut Dice, ticket: u64) -> anyhow::Result<()> {
    let status = dice.one(&["open", "pending", "solved"]).copied();
    let priority = dice.one(&["low", "normal", "high", "urgent"]).copied();
    let change = json!({ "status": status, "priority": priority });
    let zendesk = &storm.setting.world.zendesk;
    zendesk.update_ticket(ticket, &change).await
}

/// An operator sets the case, where there is one by now. What got no answer is not sent again: the case may have it.
async fn set_case(
    storm: &Storm<'_>,
    dice: &mut Dice,
    ticket: u64,
    count: u32,
) -> anyhow::Result<()> {
    let setting = storm.setting;
    let path = format!("desks/{}/tickets/{ticket}", setting.world.desk());
    let shown = setting.admin.get(&path).await.unwrap_or_default();
    let Some(case) = shown["case"]["case_id"].as_str() else {
        return Ok(());
    };
    let text = format!("Remark {count} on the case.");
    let mut change = json!({ "comment": text });
    if dice.percent(60) {
        let status = dice.one(&["open", "in_progress", "resolved"]);
        change["status"] = json!(status);
    }
    let answer = setting
        .admin
        .call(Method::PATCH, &format!("cases/{case}"), Some(&change))
        .await;
    storm.note(|ledger| {
        let way = way_of(&answer);
        ledger
            .said
            .extend(way.map(|way| Said { ticket, text, way }));
    });
    Ok(())
}

/// What an answer says about a comment: kept, refused, or nothing.
fn way_of(answer: &anyhow::Result<(reqwest::StatusCode, Value)>) -> Option<Way> {
    match answer {
        Ok((status, told)) if status.is_success() && told["sent"] == true => Some(Way::CaseKept),
        Ok((status, _)) if status.is_client_error() => None,
        _ => Some(Way::CaseUnknown),
    }
}
