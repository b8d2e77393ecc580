//! Who is writing.

use ordercase_identity::{Candidate, Counter, Reason};
use ordercase_model::{Customer, Order};
use serde::{Deserialize, Serialize};

use crate::{
    fact::{Absent, Fact, StatusView, cut, email, phone, text},
    limits::PARTS_MAX,
    policy::FieldPolicy,
    source::{Sourced, Sources},
};

/// An account at a shop.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountView {
    /// What the merchant calls the shop.
    pub store: String,
    /// What the record is.
    pub kind: String,
    /// Where the account stands.
    pub status: StatusView,
    /// Link for the agent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub admin_url: Option<String>,
    /// Short name of the source.
    pub src: String,
}

/// Who is writing, and why we think so. **Personal.**
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdentityBlock {
    /// Name.
    pub name: Fact<String>,
    /// Known addresses.
    pub emails: Vec<Fact<String>>,
    /// Known telephone numbers.
    pub phones: Vec<Fact<String>>,
    /// Accounts at the tenant's shops.
    pub accounts: Vec<AccountView>,
    /// From 0 to 100.
    pub confidence: u8,
    /// For.
    pub reasons: Vec<Reason>,
    /// Against.
    pub counters: Vec<Counter>,
}

pub(crate) fn identity(
    person: &Candidate,
    customers: &[&Sourced<Customer>],
    orders: &[Sourced<Order>],
    sources: &mut Sources,
    policy: &FieldPolicy,
) -> IdentityBlock {
    let mut block = IdentityBlock {
        name: Fact::absent(Absent::NotReported, ""),
        emails: Vec::new(),
        phones: Vec::new(),
        accounts: Vec::new(),
        confidence: person.confidence,
        reasons: person.reasons.clone(),
        counters: person.counters.clone(),
    };
    for customer in customers.iter().take(PARTS_MAX) {
        let src = sources.name(&customer.provenance);
        let body = &customer.body;
        block.offer_name(text(body.display_name.as_ref()), &src);
        block.offer_contacts(
            body.emails.iter().map(email),
            body.phones.iter().map(phone),
            &src,
        );
        block.accounts.push(AccountView {
            store: customer.provenance.connection_name.clone(),
            kind: body.kind.to_string(),
            status: (&body.state).into(),
            admin_url: body.admin_url.as_deref().map(cut),
            src,
        });
    }
    if customers.is_empty() {
        // A guest: the newest order tells who bought.
        let newest = orders.iter().max_by_key(|order| order.body.placed());
        if let Some(order) = newest {
            let src = sources.name(&order.provenance);
            let buyer = &order.body.buyer;
            block.offer_name(text(buyer.display_name.as_ref()), &src);
            block.offer_contacts(
                buyer.email.iter().map(email),
                buyer.phone.iter().map(phone),
                &src,
            );
        }
    }
    block.name = block.name.clone().shown_if(policy.names);
    if !policy.contacts {
        block.emails.clear();
        block.phones.clear();
    }
    block
}

impl IdentityBlock {
    fn offer_name(&mut self, name: Option<String>, src: &str) {
        match name {
            Some(name) if self.name.value.is_none() => self.name = Fact::known(name, src),
            None if self.name.src.is_empty() => self.name.src = src.to_owned(),
            _ => {}
        }
    }

    fn offer_contacts(
        &mut self,
        emails: impl Iterator<Item = String>,
        phones: impl Iterator<Item = String>,
        src: &str,
    ) {
        for (known, offered) in [
            (&mut self.emails, emails.collect::<Vec<_>>()),
            (&mut self.phones, phones.collect()),
        ] {
            for value in offered {
                let fresh = known.iter().all(|fact| fact.value.as_ref() != Some(&value));
                if fresh && known.len() < PARTS_MAX {
                    known.push(Fact::known(value, src));
                }
            }
        }
    }
}
