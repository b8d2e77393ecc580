//! The document that everything else renders: sidebar, fields, tags and note.
//!
//! [`build`] is a function of its input. Only a confirmed person gets blocks; for every other class
//! the document holds what design §6 allows and not a byte more, which is why rendering it anywhere
//! is safe.

use std::collections::BTreeMap;

use ordercase_identity::{MatchClass, Resolution};
use ordercase_model::{Customer, Instant, Order};
use serde::{Deserialize, Serialize};

use crate::{
    Quote,
    action::{Suggestion, suggestions},
    block::{
        FulfilmentBlock, HistoryBlock, IdentityBlock, OrderBlock, PaymentBlock, ReturnsBlock, Step,
        StoreHealth, StoreState, fulfilment, history, identity, order_in_question, payment,
        returns, store_health, timeline,
    },
    issue::{Issue, issues},
    pick::pick,
    policy::FieldPolicy,
    source::{SourceView, Sourced, Sources},
};

/// Schema of [`SupportContext`].
pub const CONTEXT_SCHEMA: &str = "support-context/1";

/// All that a context is made of.
#[derive(Clone, Debug)]
pub struct Material<'a> {
    /// The moment for which it is made.
    pub now: Instant,
    /// The ticket.
    pub ticket_id: u64,
    /// When the ticket was written.
    pub ticket_at: Instant,
    /// Who is writing.
    pub resolution: &'a Resolution,
    /// Customer records that were looked at.
    pub customers: &'a [Sourced<Customer>],
    /// Orders that were looked at.
    pub orders: &'a [Sourced<Order>],
    /// Numbers that the ticket quotes.
    pub quotes: &'a [Quote],
    /// The tenant's shops.
    pub stores: &'a [StoreState],
    /// Whether there may be more records than these.
    pub more: bool,
    /// What this audience may see.
    pub policy: FieldPolicy,
    /// The ticket's case.
    pub case: Option<CaseView>,
}

/// The case of a ticket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaseView {
    /// Its id.
    pub id: String,
    /// Its status.
    pub status: String,
    /// Its priority.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub priority: Option<String>,
}

/// How sure it is who writes, as far as it may be shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MatchView {
    /// The class.
    pub class: MatchClass,
    /// One sentence for the agent.
    pub message: String,
    /// How many people it may be; only told for probable and ambiguous.
    pub candidates: usize,
    /// Their initials, likeliest first.
    pub initials: Vec<String>,
    /// Whether an agent can settle it.
    pub can_confirm: bool,
}

/// What an agent needs to know about a ticket. Blocks are there only for a confirmed person.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SupportContext {
    /// [`CONTEXT_SCHEMA`].
    pub schema: String,
    /// The ticket.
    pub ticket_id: u64,
    /// The moment for which this was made.
    pub generated_at: Instant,
    /// How sure it is who writes.
    #[serde(rename = "match")]
    pub matched: MatchView,
    /// The ticket's case.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub case: Option<CaseView>,
    /// Who is writing.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub identity: Option<IdentityBlock>,
    /// Which order it is about, and why.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub order_in_question: Option<OrderBlock>,
    /// What happened, oldest first.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub timeline: Vec<Step>,
    /// The goods.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub fulfilment: Option<FulfilmentBlock>,
    /// The money.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub payment: Option<PaymentBlock>,
    /// Goods and money on their way back.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub returns_refunds: Option<ReturnsBlock>,
    /// The person's other orders.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub history: Option<HistoryBlock>,
    /// What is wrong with the order.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub issues: Vec<Issue>,
    /// What to do next.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub suggested_actions: Vec<Suggestion>,
    /// How far the tenant's shops can be trusted to be complete.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub store_health: Vec<StoreHealth>,
    /// Where facts came from, by the short name that they carry.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub sources: BTreeMap<String, SourceView>,
}

/// Derives the context.
#[must_use]
pub fn build(material: &Material<'_>) -> SupportContext {
    let mut context = SupportContext {
        schema: CONTEXT_SCHEMA.to_owned(),
        ticket_id: material.ticket_id,
        generated_at: material.now,
        matched: match_view(material.resolution),
        case: material.case.clone(),
        identity: None,
        order_in_question: None,
        timeline: Vec::new(),
        fulfilment: None,
        payment: None,
        returns_refunds: None,
        history: None,
        issues: Vec::new(),
        suggested_actions: Vec::new(),
        store_health: Vec::new(),
        sources: BTreeMap::new(),
    };
    let Some(person) = material.resolution.confirmed() else {
        return context;
    };
    let theirs = |record| person.records.binary_search(record).is_ok();
    let customers: Vec<&Sourced<Customer>> = material
        .customers
        .iter()
        .filter(|customer| theirs(&customer.provenance.record))
        .collect();
    let orders: Vec<Sourced<Order>> = material
        .orders
        .iter()
        .filter(|order| theirs(&order.provenance.record))
        .cloned()
        .collect();

    let at_least = material.more || material.stores.iter().any(|store| !store.complete);
    let mut sources = Sources::new(material.now);
    let policy = &material.policy;
    if let Some(picked) = pick(&orders, material.quotes, material.ticket_at, material.now) {
        let order = picked.order;
        let src = sources.name(&order.provenance);
        let found = issues(order, material.now);
        context.suggested_actions = hide_amounts_of(suggestions(order, &found, &src), policy);
        context.issues = shown_issues(found, &src, policy);
        context.timeline = timeline(order, &src, material.ticket_at, policy);
        context.fulfilment = Some(fulfilment(order, &src, policy));
        context.payment = Some(payment(order, &src, policy));
        context.returns_refunds = Some(returns(order, &src, policy));
        context.order_in_question = Some(order_in_question(&picked, &mut sources, policy));
    }
    context.identity = Some(identity(person, &customers, &orders, &mut sources, policy));
    context.history = policy
        .history
        .then(|| history(&customers, &orders, at_least, &mut sources, policy));
    context.store_health = store_health(material.stores, material.now);
    context.sources = sources.into_views();
    context
}

fn match_view(resolution: &Resolution) -> MatchView {
    let class = resolution.class;
    let told = matches!(class, MatchClass::Probable | MatchClass::Ambiguous);
    let candidates: &[_] = if told { &resolution.candidates } else { &[] };
    MatchView {
        class,
        message: sentence(class).to_owned(),
        candidates: candidates.len(),
        initials: candidates
            .iter()
            .map(ordercase_identity::Candidate::initials)
            .collect(),
        can_confirm: told,
    }
}

/// What a class means, in one sentence that carries no fact about anybody.
#[must_use]
pub const fn sentence(class: MatchClass) -> &'static str {
    match class {
        MatchClass::Confirmed => "The requester is a known customer.",
        MatchClass::Probable => {
            "The requester may be a known customer; the address or number is not verified."
        }
        MatchClass::Ambiguous => "Several customers fit the requester.",
        MatchClass::OwnerDiffers => "An order number is known, but the requester is not its buyer.",
        MatchClass::Unknown => "No customer is known for the requester.",
    }
}

const AMOUNTS: [&str; 3] = ["amount", "refunded", "received"];

fn shown_issues(mut issues: Vec<Issue>, src: &str, policy: &FieldPolicy) -> Vec<Issue> {
    for issue in &mut issues {
        issue.src = src.to_owned();
        issue
            .detail
            .retain(|name, _| policy.amounts || !AMOUNTS.contains(&name.as_str()));
    }
    issues
}

fn hide_amounts_of(mut found: Vec<Suggestion>, policy: &FieldPolicy) -> Vec<Suggestion> {
    for suggestion in &mut found {
        if let crate::action::Action::ConfirmRefund { amount, .. } = &mut suggestion.action
            && !policy.amounts
        {
            *amount = None;
        }
    }
    found
}
