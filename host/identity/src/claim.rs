//! What a ticket says about who writes it, and how that was proved.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::RecordLink;

/// Why a ticket's e-mail address may be believed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EmailProof {
    /// The help desk verified it.
    VerifiedAtDesk,
    /// The ticket came from it by e-mail, and nothing made the sender suspicious.
    CameByEmail,
    /// Typed somewhere, or suspicious.
    #[default]
    None,
}

/// An order that exists in a connected shop and whose number the ticket's text names.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct QuotedOrder {
    /// The order.
    pub order: RecordLink,
    /// Whether the text calls it an order (`#1001`, `order 1001`) or a tracking number, rather than
    /// that a number in it happens to be one.
    pub explicit: bool,
}

/// What a ticket claims. **Personal.**
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Claims {
    /// The requester's address.
    pub email: Option<String>,
    /// Why it may be believed.
    pub proof: EmailProof,
    /// The requester's telephone number.
    pub phone: Option<String>,
    /// Known orders that the text names.
    pub quoted: Vec<QuotedOrder>,
    /// Records of the person whom an agent confirmed for this ticket.
    pub confirmed_by_agent: BTreeSet<RecordLink>,
    /// Addresses that belong to the tenant itself or are known to be shared, in the form of
    /// [`crate::address_key`].
    pub shared_addresses: BTreeSet<String>,
}
