//! A replica's side of the world: its clock, its shop, its help desk, its desk. The engine behind it is the
//! product's own.

use std::sync::Arc;

use async_trait::async_trait;
use futures::future::BoxFuture;
use ordercase_model::{Instant, Kind, RecordRef};
use ordercase_store::{
    ChangedRecord, ConnectionKey, DeskKey, Effect, KeyKind, Lane, LookupKey, MirrorWrite,
    NewEffect, Receipt, RecordChange, Settlement, Store, StoreError, TicketCommit, TicketKey,
    simulation::{Gate, Operation, Pass},
};
use serde_json::{Value, json};

use super::{
    shop::version_of,
    world::{At, Reply, Request, World},
};
use crate::{
    Clock, DeskFailure, DeskHandler, EffectExecutor, EffectFailure, Handled, Hint, Page, Pull,
    Reading, Search, Source, SourceFailure, WebhookReading,
};

/// Looks at a ticket again so often while somebody else commits it.
const LOOKS_MAX: u32 = 3;

/// One replica's side. Clones are the same replica.
#[derive(Clone)]
pub(super) struct Side {
    pub(super) world: Arc<World>,
    pub(super) replica: usize,
}

#[async_trait]
impl Clock for Side {
    fn now(&self) -> Instant {
        self.world.with(|state| state.now)
    }

    async fn sleep_until(&self, at: Instant) {
        self.world.stand(self.replica, At::Sleep(at)).await;
    }
}

impl Gate for Side {
    fn enter(&self, operation: Operation) -> BoxFuture<'_, Pass> {
        Box::pin(self.world.stand(self.replica, At::Store(operation)))
    }
}

#[async_trait]
impl Source for Side {
    async fn pull(&self, _: &ConnectionKey, ask: Pull) -> Result<Page, SourceFailure> {
        match self.world.call(self.replica, Request::Pull(ask)).await {
            Some(Reply::Page(page)) => page,
            _ => Err(SourceFailure::Unavailable("no page".to_owned())),
        }
    }

    async fn fetch(
        &self,
        _: &ConnectionKey,
        target: &RecordRef,
        _: Lane,
    ) -> Result<Reading, SourceFailure> {
        let request = Request::Fetch(target.clone());
        match self.world.call(self.replica, request).await {
            Some(Reply::Reading(reading)) => reading,
            _ => Err(SourceFailure::Unavailable("no record".to_owned())),
        }
    }

    async fn search(&self, _: &ConnectionKey, _: &Search) -> Result<Reading, SourceFailure> {
        Ok(Reading::default())
    }

    async fn receive(
        &self,
        _: &ConnectionKey,
        webhook: &Receipt,
    ) -> Result<WebhookReading, SourceFailure> {
        let body: Value = serde_json::from_slice(&webhook.body)
            .map_err(|error| SourceFailure::Malformed(error.to_string()))?;
        let (full, read) = self.world.with(|state| {
            let read = state.shop.body(&body, webhook.received_at);
            (state.shop.full_bodies, read)
        });
        let read = read.ok_or_else(|| SourceFailure::Malformed("no order".to_owned()))?;
        if full {
            return Ok(WebhookReading {
                bodies: read,
                ..WebhookReading::default()
            });
        }
        let hint = |id: String| Hint {
            target: RecordRef {
                kind: Kind::Order,
                source_id: id,
            },
            occurred_at: webhook.occurred_at,
        };
        let ids = read.records.into_iter().map(|read| read.record.source_id);
        Ok(WebhookReading {
            hints: ids.map(hint).collect(),
            ..WebhookReading::default()
        })
    }
}

#[async_trait]
impl EffectExecutor for Side {
    async fn execute(&self, effect: &Effect) -> Result<Value, EffectFailure> {
        let request = Request::Execute(Box::new(effect.clone()));
        match self.world.call(self.replica, request).await {
            Some(Reply::Done(done)) => done,
            _ => Err(EffectFailure::Unavailable("no answer".to_owned())),
        }
    }

    async fn did_it_happen(&self, effect: &Effect) -> Result<Option<Value>, EffectFailure> {
        let request = Request::Happened(Box::new(effect.clone()));
        match self.world.call(self.replica, request).await {
            Some(Reply::Happened(happened)) => happened,
            _ => Err(EffectFailure::Unavailable("no answer".to_owned())),
        }
    }
}

/// The desk of a replica: what `ordercase-desk` does, with one order per ticket. The ticket's state is read
/// first, then the order; what follows is committed on that state, with the receipt.
pub(super) struct Desk {
    pub(super) side: Side,
    /// Behind the replica's gate.
    pub(super) store: Store,
    pub(super) connection: ConnectionKey,
}

/// The order that a ticket is about.
pub(super) fn order_of(ticket: u64) -> u32 {
    u32::try_from(ticket).unwrap_or_default()
}

impl Desk {
    async fn look(&self, receipt: &Receipt, ticket: &TicketKey) -> Result<Handled, DeskFailure> {
        for _ in 0..LOOKS_MAX {
            match self.try_look(receipt, ticket).await {
                Err(StoreError::Conflict { .. }) => {}
                Err(error) => return Err(DeskFailure::Unavailable(error.to_string())),
                Ok(()) => return Ok(Handled::Settled),
            }
        }
        Err(DeskFailure::Conflict("contested".to_owned()))
    }

    async fn try_look(&self, receipt: &Receipt, ticket: &TicketKey) -> Result<(), StoreError> {
        let now = self.side.now();
        let state = self.store.ticket(ticket).await?;
        let order = RecordRef {
            kind: Kind::Order,
            source_id: order_of(ticket.ticket_id).to_string(),
        };
        let mut view = self.store.view(&ticket.tenant).await?;
        let found = view.record(&self.connection.connection, &order).await?;
        drop(view);
        let seen = found.as_ref().and_then(version_of);
        let mirror = state.as_ref().map(|state| &state.mirror);
        let told = mirror.and_then(|mirror| mirror.body.get("seen")?.as_u64());
        let revision = mirror.map_or(0, |mirror| mirror.revision);

        let mut commit = TicketCommit::new(ticket.clone(), revision);
        commit.mirror = Some(MirrorWrite {
            class: "confirmed".to_owned(),
            body: json!({ "seen": seen }),
        });
        let number = format!("#{}", order.source_id);
        commit.watched = Some(
            LookupKey::new(KeyKind::Number, &number)
                .into_iter()
                .collect(),
        );
        let looked_at = found.map(|found| {
            let record = ChangedRecord {
                connection: self.connection.connection.clone(),
                kind: order.kind,
                source_id: order.source_id,
            };
            (record, found.revision)
        });
        commit.shown = Some(looked_at.iter().map(|(record, _)| record.clone()).collect());
        commit.looked_at = Some(looked_at.into_iter().collect());
        if let Some(version) = seen.filter(|_| seen != told) {
            commit.effects = effects(ticket.ticket_id, version, told.is_none(), revision + 1);
        }
        commit.settle = Some((receipt.claim(), Settlement::Applied));
        self.store.commit_ticket(commit, now).await.map(|_| ())
    }
}

fn effects(ticket: u64, version: u64, first: bool, revision: u64) -> Vec<NewEffect> {
    let target = format!("ticket:{ticket}");
    let fields = NewEffect {
        key: format!("{target}/fields/{revision}"),
        target: target.clone(),
        coalesce_key: Some(target.clone()),
        kind: "ticket.update".to_owned(),
        payload: json!({ "ticket": ticket, "fields": { "order": version } }),
    };
    let note = NewEffect {
        key: format!("{target}/note"),
        target: target.clone(),
        coalesce_key: None,
        kind: "ticket.update".to_owned(),
        payload: json!({ "ticket": ticket, "note": { "body": "an order" } }),
    };
    // The fields last: what a later look brings is merged into what waits last, and into nothing else.
    first.then_some(note).into_iter().chain([fields]).collect()
}

#[async_trait]
impl DeskHandler for Desk {
    async fn handle(&self, receipt: &Receipt) -> Result<Handled, DeskFailure> {
        let body: Value = serde_json::from_slice(&receipt.body)
            .map_err(|error| DeskFailure::Broken(error.to_string()))?;
        let ordercase_store::Owner::Desk(desk) = &receipt.owner else {
            return Err(DeskFailure::Broken("not of a desk".to_owned()));
        };
        let desk = DeskKey {
            tenant: receipt.tenant.clone(),
            desk: desk.clone(),
        };
        let ticket = TicketKey {
            tenant: desk.tenant,
            desk: desk.desk,
            ticket_id: body
                .get("ticket")
                .and_then(Value::as_u64)
                .unwrap_or_default(),
        };
        self.look(receipt, &ticket).await
    }

    async fn record_changed(
        &self,
        receipt: &Receipt,
        ticket: &TicketKey,
        _: &RecordChange,
    ) -> Result<Handled, DeskFailure> {
        self.look(receipt, ticket).await
    }
}
