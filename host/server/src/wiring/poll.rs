//! Each desk's ticket export, read regularly and once at start: flows are hints and may be lost while
//! the host is away, the export is the truth.
//!
//! A page becomes one receipt per ticket and moves the cursor in the same transaction. Each reading starts
//! a little before the end of the last one, because the newest minute is withheld and the same ticket may
//! stand on two pages; a receipt's key has the change's time, so the overlap is counted as duplicates.

use std::{sync::Arc, time::Duration};

use ordercase_model::Instant;
use ordercase_store::{
    Desk, DeskKey, ExportCommit, ExportPosition, ExportTurn, ExportsDue, HolderId, Lane,
    NewReceipt, Owner, ReceiptKind, ticket_entity,
};
use ordercase_zendesk::{
    Lane as ZendeskLane, ZendeskError,
    export::{ExportFrom, ExportPage},
    ticket::Ticket,
};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::{app::App, http::v1::EVENTS_STREAM, limits};

/// Topic of a receipt that the export brought.
pub const TOPIC: &str = "ticket.Exported";

/// Reads every desk's export at once, and each again when `interval` has passed. Replicas share the work: whoever
/// takes a desk's turn first reads it.
pub fn start(app: &Arc<App>, interval: Duration) {
    let shared = Arc::clone(app);
    let holder = HolderId::mint(rand::random());
    app.tasks.keep("ticket-export", move |stop| {
        let reader = Reader {
            app: Arc::clone(&shared),
            holder: holder.clone(),
            interval,
            stop,
        };
        async move { reader.run().await }
    });
}

/// One replica's part in reading exports.
struct Reader {
    app: Arc<App>,
    holder: HolderId,
    interval: Duration,
    stop: CancellationToken,
}

impl Reader {
    async fn run(self) {
        // Oftener than exports are due, so that what another replica left is not late by a whole interval.
        let pause = (self.interval / limits::TICKET_POLL_LOOKS)
            .max(Duration::from_secs(1))
            .min(self.interval);
        self.read_due(ExportsDue::AtStart(self.app.clock.now()))
            .await;
        loop {
            tokio::select! {
                () = self.stop.cancelled() => return,
                () = tokio::time::sleep(pause) => {}
            }
            self.read_due(ExportsDue::By(self.app.clock.now())).await;
        }
    }

    /// Reads what is due. One desk's failure never keeps another's from being read.
    async fn read_due(&self, due: ExportsDue) {
        let desks = match self.app.store.exports_due(due).await {
            Ok(desks) => desks,
            Err(error) => return tracing::error!("the exports to read cannot be listed: {error}"),
        };
        for desk in desks {
            if self.stop.is_cancelled() {
                return;
            }
            match self.take(&desk, due).await {
                Ok(found) if found > 0 => tracing::info!(
                    tenant.id = %desk.tenant, desk.id = %desk.desk, found,
                    "the ticket export brought {found} changes"
                ),
                Ok(_) => {}
                Err(error) => tracing::warn!(
                    tenant.id = %desk.tenant, desk.id = %desk.desk,
                    "the ticket export cannot be read now, the next reading takes it up: {error:#}"
                ),
            }
        }
    }

    /// Reads one desk's export if the turn can be had; how many receipts were new.
    async fn take(&self, desk: &DeskKey, due: ExportsDue) -> anyhow::Result<usize> {
        let turn = self.turn(desk);
        if !self.app.store.take_export(turn.clone(), due).await? {
            return Ok(0);
        }
        let read = self.read(desk).await;
        let seconds = i64::try_from(self.interval.as_secs()).unwrap_or(i64::MAX);
        let next = self.app.clock.now().plus_seconds(seconds);
        let ended = self.app.store.end_export(turn, next).await;
        let found = read?;
        ended?;
        Ok(found)
    }

    /// From now on.
    fn turn(&self, desk: &DeskKey) -> ExportTurn {
        let now = self.app.clock.now();
        ExportTurn {
            desk: desk.clone(),
            holder: self.holder.clone(),
            lease_until: now.plus_seconds(limits::TICKET_POLL_LEASE_SECONDS),
        }
    }

    /// Reads one desk's export to its end; how many receipts were new.
    async fn read(&self, key: &DeskKey) -> anyhow::Result<usize> {
        let Some(desk) = self.app.store.desk(key).await? else {
            return Ok(0);
        };
        let client = self.app.desks.client(&key.tenant, &key.desk).await?;
        let client = client.lane(ZendeskLane::Background);
        let position = self.app.store.export_position(key).await?;
        let mut from = start_of(&desk, position.as_ref(), self.app.clock.now());
        let mut found = 0;
        for _ in 0..limits::TICKET_POLL_PAGES_MAX {
            if self.stop.is_cancelled() {
                break;
            }
            let read_at = self.app.clock.now();
            let page = match client.export_tickets(&from).await {
                // A cursor that the account does not know any more: from the time of the last reading.
                Err(ZendeskError::Refused { .. }) if matches!(from, ExportFrom::Cursor(_)) => {
                    from = ExportFrom::Start(before(
                        position.as_ref().map_or(desk.created_at, |p| p.read_at),
                    ));
                    continue;
                }
                answer => answer?,
            };
            let (ended, next) = (page.end_of_stream, page.after_cursor.clone());
            let page = commit(self.turn(key), page, read_at);
            found += self.app.store.put_export_page(page).await?;
            match next {
                Some(cursor) if !ended => from = ExportFrom::Cursor(cursor),
                _ => break,
            }
        }
        Ok(found)
    }
}

/// Where to begin: a little before the last reading. The cursor of an unfinished reading goes first.
fn start_of(desk: &Desk, position: Option<&ExportPosition>, now: Instant) -> ExportFrom {
    match position {
        Some(position) if position.cursor.is_empty() => ExportFrom::Start(before(position.read_at)),
        Some(position) => ExportFrom::Cursor(position.cursor.clone()),
        // Tickets from before the desk was added belong to its history, not to this host.
        None => {
            let youngest = now.plus_seconds(-limits::TICKET_POLL_START_AGE_SECONDS);
            ExportFrom::Start(seconds(desk.created_at.min(youngest)))
        }
    }
}

fn before(at: Instant) -> i64 {
    seconds(at.plus_seconds(-limits::TICKET_POLL_OVERLAP_SECONDS))
}

fn seconds(at: Instant) -> i64 {
    at.micros().div_euclid(1_000_000)
}

/// A page as receipts. At the end of the stream the cursor is dropped: the next reading begins by time,
/// with overlap.
fn commit(turn: ExportTurn, page: ExportPage, read_at: Instant) -> ExportCommit {
    let cursor = if page.end_of_stream {
        Some(String::new())
    } else {
        page.after_cursor
    };
    ExportCommit {
        receipts: page
            .tickets
            .iter()
            .map(|ticket| receipt(&turn.desk, ticket, read_at))
            .collect(),
        turn,
        position: cursor.map(|cursor| ExportPosition { cursor, read_at }),
    }
}

fn receipt(desk: &DeskKey, ticket: &Ticket, received_at: Instant) -> NewReceipt {
    let changed = ticket.generated_timestamp.map_or_else(
        || ticket.updated_at.clone().unwrap_or_default(),
        |seconds| seconds.to_string(),
    );
    NewReceipt {
        tenant: desk.tenant.clone(),
        owner: Owner::Desk(desk.desk.clone()),
        stream: EVENTS_STREAM.to_owned(),
        kind: ReceiptKind::DeskEvent,
        topic: TOPIC.to_owned(),
        dedupe_key: format!("{TOPIC}/{}/{changed}", ticket.id),
        entity_key: ticket_entity(ticket.id),
        lane: Lane::Poll,
        headers: Vec::new(),
        body: json!({ "ticket_id": ticket.id }).to_string().into_bytes(),
        occurred_at: ticket.updated_at.as_deref().and_then(|at| at.parse().ok()),
        received_at,
        dead: None,
    }
}

#[cfg(test)]
mod tests {
    use ordercase_store::{Activity, DeskId, TenantId};

    use super::*;

    fn at(text: &str) -> Instant {
        text.parse().unwrap()
    }

    fn desk() -> Desk {
        Desk {
            key: DeskKey {
                tenant: TenantId::new("ten_1").unwrap(),
                desk: DeskId::new("dsk_1").unwrap(),
            },
            subdomain: "acme".to_owned(),
            account_id: None,
            settings: json!({}),
            activity: Activity::Active,
            created_at: at("2026-01-01T00:00:00Z"),
            updated_at: at("2026-01-01T00:00:00Z"),
        }
    }

    fn turn() -> ExportTurn {
        ExportTurn {
            desk: desk().key,
            holder: HolderId::mint(1),
            lease_until: at("2026-01-03T00:00:00Z"),
        }
    }

    #[test]
    fn the_first_reading_begins_when_the_desk_was_added_and_at_least_a_minute_ago() {
        let begun = seconds(at("2026-01-01T00:00:00Z"));
        let start = start_of(&desk(), None, at("2026-01-02T00:00:00Z"));
        assert_eq!(start, ExportFrom::Start(begun));
        let start = start_of(&desk(), None, at("2026-01-01T00:00:10Z"));
        assert_eq!(start, ExportFrom::Start(begun - 51));
    }

    #[test]
    fn a_finished_reading_is_followed_by_one_with_overlap() {
        let page = ExportPage {
            end_of_stream: true,
            after_cursor: Some("c".to_owned()),
            ..ExportPage::default()
        };
        let read_at = at("2026-01-02T00:00:00Z");
        let position = commit(turn(), page, read_at).position.unwrap();
        let start = start_of(&desk(), Some(&position), at("2026-01-02T00:05:00Z"));
        assert_eq!(start, ExportFrom::Start(seconds(read_at) - 120));
    }

    #[test]
    fn an_unfinished_reading_goes_on_at_its_cursor() {
        let page = ExportPage {
            after_cursor: Some("c".to_owned()),
            ..ExportPage::default()
        };
        let position = commit(turn(), page, at("2026-01-02T00:00:00Z"))
            .position
            .unwrap();
        let start = start_of(&desk(), Some(&position), at("2026-01-02T00:05:00Z"));
        assert_eq!(start, ExportFrom::Cursor("c".to_owned()));
    }

    #[test]
    fn the_same_change_twice_is_one_receipt_and_a_new_change_is_another() {
        let ticket = Ticket {
            id: 5,
            generated_timestamp: Some(100),
            ..Ticket::default()
        };
        let key =
            |ticket: &Ticket| receipt(&desk().key, ticket, at("2026-01-02T00:00:00Z")).dedupe_key;
        let later = Ticket {
            generated_timestamp: Some(101),
            ..ticket.clone()
        };
        assert_eq!(key(&ticket), key(&ticket.clone()));
        assert_ne!(key(&ticket), key(&later));
    }
}
