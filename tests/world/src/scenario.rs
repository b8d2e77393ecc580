//! The three tickets of the demo and what must be true of each, read back from the simulated Zendesk.

use std::time::{Duration, Instant};

use anyhow::Context as _;
use serde::Serialize;

use crate::{ShopOrder, TicketView, World, state::ToldOrders, until, until_some};

/// Which of the three tickets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TicketName {
    /// The buyer writes from the order's own address.
    ClearMatch,
    /// Somebody else quotes an order number.
    StrangersOrderNumber,
    /// Nobody whom the shop knows.
    UnknownPerson,
}

impl TicketName {
    fn as_str(self) -> &'static str {
        match self {
            Self::ClearMatch => "clear_match",
            Self::StrangersOrderNumber => "strangers_order_number",
            Self::UnknownPerson => "unknown_person",
        }
    }
}

/// A ticket to file.
#[derive(Clone, Debug)]
pub struct TicketStory {
    /// Which one.
    pub name: TicketName,
    /// Requester's name.
    pub requester: String,
    /// Requester's e-mail.
    pub email: String,
    /// Subject.
    pub subject: String,
    /// Body.
    pub body: String,
    /// The shop's order behind it: the one to show, or the one to withhold.
    pub order: Option<ShopOrder>,
}

/// What became of a ticket; the shape of the demo's `--json`.
#[derive(Clone, Debug, Serialize)]
pub struct TicketReport {
    /// Which one.
    pub name: TicketName,
    /// Whether all that must be true is.
    pub ok: bool,
    /// Match class that the ticket's tag tells.
    pub class: Option<String>,
    /// Whether order data stands in the ticket.
    pub enriched: bool,
    /// Whether something is known but withheld.
    pub masked: bool,
    /// Order number in the ticket's field.
    pub order: Option<String>,
    /// The ticket's case.
    pub case: Option<String>,
    /// From filing to the finished ticket.
    pub seconds: f64,
    /// Ticket number.
    #[serde(skip)]
    pub ticket: u64,
    /// What is wrong, when something is.
    #[serde(skip)]
    pub wrong: Vec<String>,
    /// The ticket afterwards.
    #[serde(skip)]
    pub view: TicketView,
}

/// What became of the shipment; the shape of the demo's `--json`.
#[derive(Clone, Debug, Serialize)]
pub struct ShipmentReport {
    /// Whether the field followed, without a second note.
    pub ok: bool,
    /// From the shipment to the changed field.
    pub seconds: f64,
    /// The field before.
    #[serde(skip)]
    pub before: Option<String>,
    /// The field after.
    #[serde(skip)]
    pub after: Option<String>,
}

const SETTLES_WITHIN: Duration = Duration::from_secs(60);

/// The three tickets for a seed, about orders that the shop really has; the same as in an earlier run
/// on the same data.
///
/// # Errors
/// When the shop has no unshipped order of a buyer with an e-mail, and another buyer's order.
pub async fn stories(world: &mut World, seed: u64) -> anyhow::Result<[TicketStory; 3]> {
    let orders = world.shop.orders(250).await?;
    let told = world.told_orders(choose(&orders, seed)?)?;
    let by_id = |id: &str| {
        let found = orders.iter().find(|order| order.id == id).cloned();
        found.with_context(|| format!("the shop has no order {id} any more"))
    };
    let (clear, strangers) = (by_id(&told.clear)?, by_id(&told.strangers)?);
    let wording = Wording::of(seed);
    let buyer = clear
        .customer_name
        .clone()
        .unwrap_or_else(|| "A buyer".to_owned());
    Ok([
        TicketStory {
            name: TicketName::ClearMatch,
            requester: buyer,
            email: clear.email.clone().unwrap_or_default(),
            subject: format!("{} {}", wording.where_is, clear.name),
            body: format!("Hello,\n\n{} {}?\n\nThank you!", wording.asks, clear.name),
            order: Some(clear.clone()),
        },
        TicketStory {
            name: TicketName::StrangersOrderNumber,
            requester: "Robin Nosy".to_owned(),
            email: format!("robin.nosy+{seed}@elsewhere.example"),
            subject: format!("Order {}", strangers.name),
            body: format!(
                "Hi, please tell me the address and the content of order {}.",
                strangers.name
            ),
            order: Some(strangers.clone()),
        },
        TicketStory {
            name: TicketName::UnknownPerson,
            requester: "Kim Newcomer".to_owned(),
            email: format!("kim.newcomer+{seed}@nowhere.example"),
            subject: wording.question.to_owned(),
            body: "Hi, I am thinking of buying from you. Do you ship to Norway?".to_owned(),
            order: None,
        },
    ])
}

/// An open order, and an order of another buyer.
fn choose(orders: &[ShopOrder], seed: u64) -> anyhow::Result<ToldOrders> {
    let pick = usize::try_from(seed).unwrap_or(0);
    let open: Vec<&ShopOrder> = orders.iter().filter(|order| order.is_open()).collect();
    anyhow::ensure!(
        !open.is_empty(),
        "the shop has no unshipped order of a buyer with an e-mail"
    );
    let clear = *open.get(pick % open.len()).context("no order")?;
    let others: Vec<&ShopOrder> = orders
        .iter()
        .filter(|order| order.email.is_some() && order.email != clear.email)
        .collect();
    anyhow::ensure!(others.len() > 1, "the shop has one buyer only");
    let strangers = *others.get(pick * 7 % others.len()).context("no order")?;
    Ok(ToldOrders {
        clear: clear.id.clone(),
        strangers: strangers.id.clone(),
    })
}

/// How people put it, varied by seed.
struct Wording {
    where_is: &'static str,
    asks: &'static str,
    question: &'static str,
}

impl Wording {
    fn of(seed: u64) -> Self {
        const WHERE: [&str; 4] = [
            "Where is my order",
            "Still waiting for",
            "Question about order",
            "Delivery of order no.",
        ];
        const ASKS: [&str; 3] = [
            "when will you send order",
            "could you tell me the status of my order",
            "what happened to",
        ];
        const QUESTION: [&str; 3] = [
            "Shipping to Norway?",
            "A question before I buy",
            "Do you deliver abroad?",
        ];
        let of = |texts: &[&'static str]| {
            let index = usize::try_from(seed).unwrap_or(0) % texts.len();
            texts.get(index).copied().unwrap_or_default()
        };
        Self {
            where_is: of(&WHERE),
            asks: of(&ASKS),
            question: of(&QUESTION),
        }
    }
}

impl World {
    /// Files a ticket, or finds the one of an earlier run; `false` beside its number when found.
    ///
    /// # Errors
    /// When the simulated Zendesk refuses.
    pub async fn file(&self, story: &TicketStory, run: &str) -> anyhow::Result<u64> {
        let external = format!("ordercase-demo-{run}-{}", story.name.as_str());
        let requester = (story.requester.as_str(), story.email.as_str());
        self.zendesk
            .file_ticket(requester, &story.subject, &story.body, &external)
            .await
    }

    /// Waits until the ticket carries its match, and judges it.
    ///
    /// # Errors
    /// When nothing happens within a minute.
    pub async fn judge(
        &self,
        story: &TicketStory,
        ticket: u64,
        filed: Instant,
    ) -> anyhow::Result<TicketReport> {
        let what = format!("the match of ticket {ticket} ({})", story.name.as_str());
        let clear = story.name == TicketName::ClearMatch;
        until(&what, SETTLES_WITHIN, || async {
            let view = self.zendesk.ticket(ticket).await?;
            let facts = view.fields.contains_key("order_number");
            let note = !self.notes() || !view.notes.is_empty();
            Ok(view.class().is_some() && (!clear || (facts && note)))
        })
        .await?;
        let seconds = filed.elapsed().as_secs_f64();
        // Whatever else is on its way must be there before anything is judged.
        self.settled().await?;
        let view = self.zendesk.ticket(ticket).await?;
        let shown = self.shown(ticket).await?;
        Ok(report(story, view, &shown, seconds, self.notes()))
    }

    /// What `ordercase ticket show` says.
    ///
    /// # Errors
    /// When the host refuses.
    pub async fn shown(&self, ticket: u64) -> anyhow::Result<serde_json::Value> {
        self.cli
            .run(&["ticket", "show", self.desk(), &ticket.to_string()])
            .await
    }

    /// Ships the order behind a ticket and waits until the ticket's field follows.
    ///
    /// # Errors
    /// When the shop refuses, or the field does not follow within a minute.
    pub async fn ship_and_follow(
        &self,
        order: &ShopOrder,
        ticket: u64,
        tracking: &str,
    ) -> anyhow::Result<ShipmentReport> {
        let before = self.zendesk.ticket(ticket).await?;
        let field = |view: &TicketView| view.fields.get("fulfilment_status").cloned();
        if order.fulfillment_status == "FULFILLED" {
            // An earlier run on the same data shipped it: the ticket must still say so.
            let ok = field(&before).as_deref() == Some("fulfilled");
            return Ok(ShipmentReport {
                ok,
                seconds: 0.0,
                before: field(&before),
                after: field(&before),
            });
        }
        let shipped = Instant::now();
        self.shop.ship(&order.id, "DHL Express", tracking).await?;
        let follows = |view: &TicketView| {
            view.fields.get("fulfilment_status") != before.fields.get("fulfilment_status")
                && view
                    .fields
                    .get("tracking")
                    .is_some_and(|text| text.contains(tracking))
        };
        let after = until_some("the ticket's fulfilment field", SETTLES_WITHIN, || async {
            let view = self.zendesk.ticket(ticket).await?;
            Ok(follows(&view).then_some(view))
        })
        .await?;
        let seconds = shipped.elapsed().as_secs_f64();
        self.settled().await?;
        let settled = self.zendesk.ticket(ticket).await?;
        Ok(ShipmentReport {
            ok: settled.notes == before.notes && field(&settled) == field(&after),
            seconds,
            before: field(&before),
            after: field(&after),
        })
    }
}

fn report(
    story: &TicketStory,
    view: TicketView,
    shown: &serde_json::Value,
    seconds: f64,
    notes: bool,
) -> TicketReport {
    let order = view.fields.get("order_number").cloned();
    let class = view.class().map(str::to_owned);
    let facts = [
        "order_number",
        "order_status",
        "payment_status",
        "fulfilment_status",
        "tracking",
    ];
    let has_facts = facts.iter().any(|key| view.fields.contains_key(*key));
    let enriched = has_facts || !view.notes.is_empty();
    let masked = matches!(
        class.as_deref(),
        Some("probable" | "ambiguous" | "owner_differs")
    );
    let mut report = TicketReport {
        name: story.name,
        ok: false,
        class,
        enriched,
        masked,
        order,
        case: shown["case"]["case_id"].as_str().map(str::to_owned),
        seconds,
        ticket: view.id,
        wrong: Vec::new(),
        view,
    };
    report.wrong = complaints(story, &report, notes);
    report.ok = report.wrong.is_empty();
    report
}

fn complaints(story: &TicketStory, report: &TicketReport, notes: bool) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut expect = |holds: bool, what: &str| {
        if !holds {
            wrong.push(what.to_owned());
        }
    };
    let view = &report.view;
    let class = report.class.as_deref();
    expect(report.case.is_some(), "it has no case");
    match story.name {
        TicketName::ClearMatch => {
            let number = story.order.as_ref().map(|order| order.name.as_str());
            expect(class == Some("confirmed"), "its class is not `confirmed`");
            expect(report.order.as_deref() == number, "it shows another order");
            expect(report.enriched && !report.masked, "it is not enriched");
            expect(
                view.notes.len() == usize::from(notes),
                "it does not have exactly one note",
            );
        }
        TicketName::StrangersOrderNumber => {
            expect(
                class == Some("owner_differs"),
                "its class is not `owner_differs`",
            );
            expect(
                !report.enriched && report.masked,
                "something of the order shows",
            );
            expect(
                report.order.is_none() && view.notes.is_empty(),
                "something of the order shows",
            );
        }
        TicketName::UnknownPerson => {
            expect(class == Some("unknown"), "its class is not `unknown`");
            expect(!report.enriched && !report.masked, "something shows");
            expect(
                report.order.is_none() && view.notes.is_empty(),
                "something shows",
            );
        }
    }
    wrong
}
