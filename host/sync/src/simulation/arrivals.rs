//! What happens at the shop and in the help desk by itself, and what of it arrives here.

use ordercase_store::{Lane, NewReceipt, Owner, ReceiptKind, StoreError, ticket_entity};
use serde_json::json;

use super::{invariant::Sent, schedule::Run, shop::Delivery};

impl Run<'_> {
    pub(super) fn change(&self) {
        let dropped = self.plan.dropped;
        self.world.with(|state| {
            let newest = state.shop.newest();
            // Often one that a ticket shows; sometimes a new one.
            let id = match state.random.below(10) {
                0..=1 => newest + 1,
                2..=5 => state.random.from_to(1, 2),
                _ => state.random.from_to(1, newest),
            };
            let copies = match state.random.percent(dropped) {
                true => 0,
                false => state.random.one_of(&[1, 1, 2, 3], 1),
            };
            let id = u32::try_from(id).unwrap_or(1);
            // What is deleted stays so; its neighbour changes.
            let id = if state.shop.is_deleted(id) { 1 } else { id };
            let lag_seconds = state.random.one_of(&[0, 0, 4, 20], 0);
            let now = state.now;
            state.shop.change(id, now, copies, lag_seconds);
            state.note((3, u64::from(id)), |_| {
                format!("the shop changes order {id}, {copies} webhooks will come")
            });
        });
    }

    /// The shop deletes an order that no ticket shows, and tells nobody.
    pub(super) fn delete(&self) {
        let shown: Vec<u64> = self.sent.iter().filter_map(|sent| sent.ticket).collect();
        self.world.with(|state| {
            let id = state.random.from_to(3, state.shop.newest().max(3));
            let gone = u32::try_from(id).ok();
            // A ticket may be about the one that is yet to come.
            if let Some(id) = gone.filter(|_| !shown.contains(&id)) {
                state.shop.delete(id, state.now);
                state.note((9, u64::from(id)), |_| {
                    format!("the shop deletes order {id}")
                });
            }
        });
    }

    pub(super) async fn deliver(&mut self, at: usize) -> Result<(), StoreError> {
        let (delivery, now) = self.world.with(|state| {
            let delivery = state.shop.deliveries.remove(at);
            state.note((4, at as u64), |_| {
                format!(
                    "{} arrives: order {}, version {}",
                    delivery.id, delivery.order, delivery.version
                )
            });
            (delivery, state.now)
        });
        let Delivery {
            id,
            order,
            version,
            occurred_at,
        } = delivery;
        let body = json!({
            "delivery": id, "order": order, "version": version, "at": occurred_at.micros(),
        });
        let receipt = NewReceipt {
            tenant: self.witness.connection.tenant.clone(),
            owner: Owner::Connection(self.witness.connection.connection.clone()),
            stream: "webhooks".to_owned(),
            kind: ReceiptKind::Webhook,
            topic: "orders/updated".to_owned(),
            dedupe_key: id.clone(),
            // As the server does it: two webhooks about one order may be worked off side by side.
            entity_key: format!("delivery:{id}"),
            lane: Lane::Live,
            headers: Vec::new(),
            body: body.to_string().into_bytes(),
            occurred_at: Some(occurred_at),
            received_at: now,
            dead: None,
        };
        self.witness.store.put_receipt(receipt).await?;
        self.sent.push(Sent { id, ticket: None });
        Ok(())
    }

    /// A ticket is filed or changed.
    pub(super) async fn event(&mut self) -> Result<(), StoreError> {
        let ticket = self.world.with(|state| {
            let orders = state.shop.newest();
            // Few tickets, so that they meet; one may be about an order that is yet to come.
            match state.random.percent(25) {
                true => orders + 1,
                false => state.random.from_to(1, 2),
            }
        });
        self.file(ticket).await
    }

    /// An event of that ticket arrives.
    pub(super) async fn file(&mut self, ticket: u64) -> Result<(), StoreError> {
        self.events += 1;
        let id = format!("event-{}", self.events);
        let now = self.world.with(|state| {
            state.note((5, ticket), |_| format!("{id} of ticket {ticket} arrives"));
            state.now
        });
        let receipt = NewReceipt {
            tenant: self.witness.desk.tenant.clone(),
            owner: Owner::Desk(self.witness.desk.desk.clone()),
            stream: "tickets".to_owned(),
            kind: ReceiptKind::DeskEvent,
            topic: "ticket.updated".to_owned(),
            dedupe_key: id.clone(),
            entity_key: ticket_entity(ticket),
            lane: Lane::Live,
            headers: Vec::new(),
            body: json!({ "delivery": id, "ticket": ticket })
                .to_string()
                .into_bytes(),
            occurred_at: None,
            received_at: now,
            dead: None,
        };
        self.witness.store.put_receipt(receipt).await?;
        self.sent.push(Sent {
            id,
            ticket: Some(ticket),
        });
        Ok(())
    }
}
