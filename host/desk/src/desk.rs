//! The desk: reads, looks up, lets [`crate::decide`] decide, commits.
//!
//! Two events of one ticket may arrive at the same moment. Each decides on the revision that it read;
//! the store refuses the one that comes second, and it decides again on what the first one left. So one
//! note, one case, whoever is first.

use std::{future::Future, sync::Arc};

use ordercase_context::{QuoteKind, SupportContext};
use ordercase_identity::RecordLink;
use ordercase_model::{Instant, Kind};
use ordercase_store::{
    DeskKey, NewAudit, ReceiptClaim, Store, StoreError, TenantId, TicketCommit, TicketKey,
};
use serde_json::json;

use crate::{
    DeskError, DeskSettings, Finder, Handled, HelpDesk, HelpDeskError, Question, RecordsChanged,
    TicketEvent,
    claims::asked,
    decide::{Before, Decision, Look, case_view, context, decide, resolution},
    gather::{Gathered, gather},
    limits::{
        FIND_AGAIN_AFTER_S, FIND_WITHIN, REREAD_AFTER_S, REREAD_BLIND_AFTER_S, REREAD_WITHIN,
        TRIES_MAX,
    },
    mirror::{Asked, Mirror, Searched},
};

/// The use case over a store and a help desk. Clones are cheap.
#[derive(Clone)]
pub struct Desk {
    pub(crate) store: Store,
    help_desk: Arc<dyn HelpDesk>,
    finder: Option<Arc<dyn Finder>>,
}

impl Desk {
    /// Over these; without a finder the store is all there is.
    #[must_use]
    pub fn new(
        store: Store,
        help_desk: Arc<dyn HelpDesk>,
        finder: Option<Arc<dyn Finder>>,
    ) -> Self {
        Self {
            store,
            help_desk,
            finder,
        }
    }

    /// Works off an event: reads the ticket whole and commits what follows, with the receipt.
    ///
    /// # Errors
    /// See [`DeskError`]; nothing is kept then, and the receipt is not settled.
    pub async fn handle_event(
        &self,
        event: &TicketEvent,
        now: Instant,
    ) -> Result<Handled, DeskError> {
        retried(event.ticket.ticket_id, || self.try_event(event, now)).await
    }

    /// Works off a change of records: refreshes what the ticket shows, from memory.
    ///
    /// # Errors
    /// See [`DeskError`]; nothing is kept then, and the receipt is not settled.
    pub async fn record_changed(
        &self,
        change: &RecordsChanged,
        now: Instant,
    ) -> Result<Handled, DeskError> {
        let (ticket, receipt) = (&change.ticket, change.receipt.as_ref());
        retried(ticket.ticket_id, || {
            self.refresh(ticket, receipt, None, now)
        })
        .await
    }

    /// An agent says who is writing: the person whose records these are. Settles the class for this
    /// ticket and refreshes what it shows.
    ///
    /// # Errors
    /// See [`DeskError`].
    pub async fn confirm_identity(
        &self,
        ticket: &TicketKey,
        records: &[RecordLink],
        agent: &str,
        now: Instant,
    ) -> Result<Handled, DeskError> {
        if records.is_empty() {
            return Err(DeskError::Refused(
                "name at least one record of the person".to_owned(),
            ));
        }
        let said = Some((records, agent));
        let handled = retried(ticket.ticket_id, || self.refresh(ticket, None, said, now)).await?;
        match handled {
            Handled::NotOurs => Err(unknown_ticket(ticket)),
            handled => Ok(handled),
        }
    }

    /// What an agent needs to know about a ticket now; `None` when no event of it ever came.
    ///
    /// # Errors
    /// See [`DeskError`].
    pub async fn context(
        &self,
        tenant: &TenantId,
        desk: &ordercase_store::DeskId,
        ticket_id: u64,
        now: Instant,
    ) -> Result<Option<SupportContext>, DeskError> {
        let ticket = TicketKey {
            tenant: tenant.clone(),
            desk: desk.clone(),
            ticket_id,
        };
        let mut view = self.store.view(tenant).await?;
        let Some(state) = view.ticket(desk, ticket_id).await? else {
            return Ok(None);
        };
        let settings = settings(desk, view.desk(desk).await?)?;
        let before = Before::read(Some(state))?;
        let asked = before.mirror.asked.clone();
        let gathered = gather(&mut view, &asked).await?;
        drop(view);
        let mut mirror = before.mirror.clone();
        let searched = mirror.searched.clone();
        let gathered = self
            .ask_shops(gathered, tenant, &asked, &mut mirror, now)
            .await?;
        if mirror.searched != searched {
            self.remember_search(&ticket, &before, &mirror, now).await?;
        }
        let look = Look {
            ticket: &ticket,
            settings: &settings,
            before,
            asked,
            fresh: None,
            gathered: &gathered,
            now,
        };
        let found = resolution(&look.asked, &gathered, &look.before.mirror, &settings);
        let case = case_view(&ticket, look.before.case.as_ref());
        Ok(Some(context(&look, &found, settings.agent_policy, case)))
    }

    /// Keeps that the shops were asked, so that an open sidebar does not ask them again and again. If
    /// somebody commits the ticket at the same moment, the next look asks once more.
    async fn remember_search(
        &self,
        ticket: &TicketKey,
        before: &Before,
        mirror: &Mirror,
        now: Instant,
    ) -> Result<(), DeskError> {
        let Some(state) = &before.state else {
            return Ok(());
        };
        let mut commit = TicketCommit::new(ticket.clone(), state.mirror.revision);
        commit.mirror = Some(mirror.write(&state.mirror.class)?);
        match self.store.commit_ticket(commit, now).await {
            Ok(_) | Err(StoreError::Conflict { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    async fn try_event(&self, event: &TicketEvent, now: Instant) -> Result<Handled, DeskError> {
        let key = &event.ticket;
        let settings = self.settings(&key.desk_key()).await?;
        // The store first: whoever commits between the two readings makes this decision void.
        let mut before = Before::read(self.store.ticket(key).await?)?;
        let ticket = match self
            .help_desk
            .read_ticket(&key.desk_key(), key.ticket_id)
            .await
        {
            Ok(ticket) => ticket,
            Err(HelpDeskError::Gone(_)) => return self.settle_gone(event, now).await,
            Err(error) => return Err(error.into()),
        };
        let asked = asked(&ticket);
        let gathered = self.gather(&key.tenant, &asked).await?;
        let gathered = self
            .ask_shops(gathered, &key.tenant, &asked, &mut before.mirror, now)
            .await?;
        let again;
        let mut look = Look {
            ticket: key,
            settings: &settings,
            before,
            asked,
            fresh: Some(&ticket),
            gathered: &gathered,
            now,
        };
        if let Some(order) = old_order(&look)
            && self.reread(&key.tenant, &order).await
        {
            again = self.gather(&key.tenant, &look.asked).await?;
            look.gathered = &again;
        }
        let decision = decide(&look)?;
        self.commit(decision, event.receipt.as_ref(), now).await
    }

    /// Reads the order anew, within bounds; whether the store may know more now. What fails leaves what is stored,
    /// whose age every fact of it shows.
    async fn reread(&self, tenant: &TenantId, order: &RecordLink) -> bool {
        let Some(finder) = &self.finder else {
            return false;
        };
        match tokio::time::timeout(REREAD_WITHIN, finder.reread(tenant, order)).await {
            Ok(Ok(read)) => read,
            Ok(Err(reason)) => {
                tracing::warn!(
                    tenant.id = %tenant, connection.id = order.connection,
                    "the order of a ticket could not be read anew: {reason}"
                );
                false
            }
            Err(_) => {
                tracing::warn!(
                    tenant.id = %tenant, connection.id = order.connection,
                    "reading the order of a ticket anew took too long"
                );
                false
            }
        }
    }

    /// Decides again from memory. `said` is what an agent says about who is writing.
    async fn refresh(
        &self,
        ticket: &TicketKey,
        receipt: Option<&ReceiptClaim>,
        said: Option<(&[RecordLink], &str)>,
        now: Instant,
    ) -> Result<Handled, DeskError> {
        let Some(state) = self.store.ticket(ticket).await? else {
            return self.settle(Handled::NotOurs, receipt, now).await;
        };
        let settings = self.settings(&ticket.desk_key()).await?;
        let mut before = Before::read(Some(state))?;
        if let Some((records, _)) = said {
            before.mirror.confirmed = records.to_vec();
        }
        let asked = before.mirror.asked.clone();
        let gathered = self.gather(&ticket.tenant, &asked).await?;
        let mut decision = decide(&Look {
            ticket,
            settings: &settings,
            before,
            asked,
            fresh: None,
            gathered: &gathered,
            now,
        })?;
        if let Some((_, agent)) = said {
            decision.commit.audit.push(NewAudit {
                actor: agent.to_owned(),
                action: "ticket.confirm_identity".to_owned(),
                subject: format!("{}/{}", ticket.desk, ticket.ticket_id),
                detail: json!({}),
            });
        }
        self.commit(decision, receipt, now).await
    }

    async fn commit(
        &self,
        decision: Decision,
        receipt: Option<&ReceiptClaim>,
        now: Instant,
    ) -> Result<Handled, DeskError> {
        let Decision {
            mut commit,
            handled,
        } = decision;
        commit.settle = receipt.map(|claim| (claim.clone(), handled.settlement()));
        let committed = self.store.commit_ticket(commit, now).await?;
        tracing::debug!(
            effects = committed.effects.len(),
            ?handled,
            "ticket committed"
        );
        Ok(handled)
    }

    async fn settle_gone(&self, event: &TicketEvent, now: Instant) -> Result<Handled, DeskError> {
        self.settle(Handled::Gone, event.receipt.as_ref(), now)
            .await
    }

    async fn settle(
        &self,
        handled: Handled,
        receipt: Option<&ReceiptClaim>,
        now: Instant,
    ) -> Result<Handled, DeskError> {
        if let Some(claim) = receipt {
            self.store
                .settle_receipt(claim.clone(), handled.settlement(), now)
                .await?;
        }
        Ok(handled)
    }

    /// The settings of a desk.
    pub(crate) async fn settings(&self, desk: &DeskKey) -> Result<DeskSettings, DeskError> {
        settings(&desk.desk, self.store.desk(desk).await?)
    }

    /// What the store knows at this moment.
    async fn gather(&self, tenant: &TenantId, asked: &Asked) -> Result<Gathered, DeskError> {
        let mut view = self.store.view(tenant).await?;
        Ok(gather(&mut view, asked).await?)
    }

    /// What the store knows; and where it knows nothing, what the shops know.
    async fn ask_shops(
        &self,
        gathered: Gathered,
        tenant: &TenantId,
        asked: &Asked,
        mirror: &mut Mirror,
        now: Instant,
    ) -> Result<Gathered, DeskError> {
        let Some(finder) = &self.finder else {
            return Ok(gathered);
        };
        let question = question(asked, &gathered);
        let fresh = mirror.searched.as_ref().is_some_and(|last| {
            last.question == question && now.seconds_since(last.at) < FIND_AGAIN_AFTER_S
        });
        if question.is_empty() || fresh {
            return Ok(gathered);
        }
        let found = tokio::time::timeout(FIND_WITHIN, finder.find(tenant, &question)).await;
        mirror.searched = Some(Searched { question, at: now });
        match found {
            // What was applied before the time ran out is in the store too.
            Ok(Ok(0)) => return Ok(gathered),
            Ok(Ok(_)) => {}
            Ok(Err(reason)) => {
                tracing::warn!(tenant.id = %tenant, "search at the shops failed: {reason}");
            }
            Err(_) => tracing::warn!(tenant.id = %tenant, "search at the shops took too long"),
        }
        self.gather(tenant, asked).await
    }
}

/// The order that the ticket shows, where its reading is too old to be shown without asking: design "re-read when a
/// ticket shows it".
fn old_order(look: &Look<'_>) -> Option<RecordLink> {
    let found = resolution(
        &look.asked,
        look.gathered,
        &look.before.mirror,
        look.settings,
    );
    let shown = context(look, &found, look.settings.ticket_policy, None);
    let src = &shown.order_in_question.as_ref()?.src;
    let source = shown.sources.get(src)?;
    let most = if look.gathered.blind.contains(&source.connection) {
        REREAD_BLIND_AFTER_S
    } else {
        REREAD_AFTER_S
    };
    let old = look.now.seconds_since(source.observed_at) >= most;
    old.then(|| RecordLink::new(Kind::Order, &source.connection, &source.source_id))
}

/// What to ask the shops: an address that nobody has, numbers that no order has.
fn question(asked: &Asked, gathered: &Gathered) -> Question {
    let unknown = |kind: QuoteKind| {
        gathered
            .unknown_quotes
            .iter()
            .filter(|quote| quote.kind == kind)
            .map(|quote| quote.typed.clone())
            .collect()
    };
    let usable = |email: &&String| {
        ordercase_identity::address_key(email).is_some_and(|key| {
            ordercase_identity::address_use(&key) == ordercase_identity::AddressUse::Personal
        })
    };
    Question {
        email: asked
            .email
            .as_ref()
            .filter(usable)
            .filter(|_| !gathered.address_known)
            .cloned(),
        order_numbers: unknown(QuoteKind::Order),
        tracking_numbers: unknown(QuoteKind::Tracking),
    }
}

/// The settings of a desk as it is stored.
fn settings(
    id: &ordercase_store::DeskId,
    found: Option<ordercase_store::Desk>,
) -> Result<DeskSettings, DeskError> {
    let found = found.ok_or_else(|| DeskError::NotFound {
        what: "desk",
        id: id.to_string(),
    })?;
    DeskSettings::read(&found.settings)
        .map_err(|error| DeskError::Refused(format!("settings of desk {id}: {error}")))
}

pub(crate) fn unknown_ticket(ticket: &TicketKey) -> DeskError {
    DeskError::NotFound {
        what: "ticket",
        id: ticket.ticket_id.to_string(),
    }
}

/// Tries again while somebody else commits the same ticket.
pub(crate) async fn retried<T, F: Future<Output = Result<T, DeskError>>>(
    ticket_id: u64,
    mut attempt: impl FnMut() -> F,
) -> Result<T, DeskError> {
    for _ in 0..TRIES_MAX {
        match attempt().await {
            Err(DeskError::Store(StoreError::Conflict { .. })) => {}
            other => return other,
        }
    }
    Err(DeskError::Contested(ticket_id))
}
