use ordercase_model::{Comparability, Kind};
use rstest::rstest;
use serde_json::json;

use super::support::*;
use crate::*;

impl Home {
    pub(crate) async fn open(&self) {
        let spec = StreamSpec {
            stream: "orders".into(),
            kind: Kind::Order,
            comparability: Comparability::Integer,
            page_limit: 50,
        };
        self.store
            .open_streams(&self.connection, &[spec.clone(), spec], at(1), at(100))
            .await
            .unwrap();
    }

    pub(crate) async fn claim_track(&self, lane: Lane, who: &str, now: i64) -> Vec<StreamTrack> {
        self.store
            .claim_streams(ask(lane, who, 5, now))
            .await
            .unwrap()
    }

    pub(crate) fn page(
        &self,
        track: &StreamTrack,
        ids: std::ops::Range<u32>,
        next: Next,
    ) -> PageCommit {
        let orders = ids
            .map(|n| order(&format!("o{n}"), i64::from(n), 10, plain_order(n)))
            .collect();
        PageCommit {
            track: track.clone(),
            batch: self.batch(orders),
            total: Some(100),
            next,
            now: at(11),
        }
    }
}

#[rstest]
#[tokio::test]
async fn a_page_and_its_cursor_are_stored_together_and_the_next_one_goes_on(
    #[values(On::Sqlite, On::Postgres)] on: On,
) {
    let Some(home) = Home::new(on).await else {
        return;
    };
    home.open().await;
    let track = home.claim_track(Lane::Backfill, "a", 10).await.remove(0);
    assert!(
        home.claim_track(Lane::Backfill, "b", 10).await.is_empty(),
        "one holder at a time"
    );
    let keep = Next::Keep {
        cursor: "p2".into(),
        lease_until: at(200),
    };
    let outcome = home
        .store
        .apply_page(home.page(&track, 0..3, keep))
        .await
        .unwrap();
    assert_eq!(
        (
            outcome.track.cursor.as_deref(),
            outcome.track.records,
            outcome.track.total
        ),
        (Some("p2"), 3, Some(100))
    );
    assert_eq!(outcome.track.watermark, Some(at(2)));
    let give = Next::Yield {
        cursor: "p3".into(),
    };
    let outcome = home
        .store
        .apply_page(home.page(&outcome.track, 3..5, give))
        .await
        .unwrap();
    assert_eq!(outcome.track.holder, None);
    let track = home.claim_track(Lane::Backfill, "b", 12).await.remove(0);
    assert_eq!(track.cursor.as_deref(), Some("p3"));
    home.store
        .apply_page(home.page(&track, 5..6, Next::Done))
        .await
        .unwrap();
    assert!(
        home.claim_track(Lane::Backfill, "c", 10_000)
            .await
            .is_empty()
    );
    let tracks = home.store.streams(&home.connection).await.unwrap();
    assert_eq!(
        (
            tracks.len(),
            tracks[0].state,
            tracks[0].records,
            tracks[0].pages
        ),
        (4, TrackState::Done, 6, 3)
    );
    home.adds_up().await;
}

#[rstest]
#[tokio::test]
async fn a_page_of_somebody_who_lost_the_lease_leaves_nothing_behind(
    #[values(On::Sqlite, On::Postgres)] on: On,
) {
    let Some(home) = Home::new(on).await else {
        return;
    };
    home.open().await;
    let slow = home.claim_track(Lane::Backfill, "slow", 10).await.remove(0);
    let quick = home
        .claim_track(Lane::Backfill, "quick", 70)
        .await
        .remove(0);
    let stale = home
        .store
        .apply_page(home.page(&slow, 0..5, Next::Done))
        .await;
    assert!(matches!(stale, Err(StoreError::LeaseLost { .. })));
    let mut view = home.store.view(&home.connection.tenant).await.unwrap();
    let counts = view.counts(&home.connection.connection).await.unwrap();
    assert!(counts.is_empty());
    assert!(home.store.accounts(None).await.unwrap().is_empty());
    home.store
        .apply_page(home.page(&quick, 0..5, Next::Done))
        .await
        .unwrap();
    home.adds_up().await;
}

#[rstest]
#[tokio::test]
async fn retry_keeps_the_cursor_restart_drops_it_and_parked_waits_for_a_person(
    #[values(On::Sqlite, On::Postgres)] on: On,
) {
    let Some(home) = Home::new(on).await else {
        return;
    };
    home.open().await;
    let track = home.claim_track(Lane::Backfill, "a", 10).await.remove(0);
    home.store
        .apply_page(home.page(
            &track,
            0..1,
            Next::Yield {
                cursor: "p2".into(),
            },
        ))
        .await
        .unwrap();
    let track = home.claim_track(Lane::Backfill, "a", 12).await.remove(0);
    let retry = TrackSettlement::Retry {
        at: at(20),
        error: "503".into(),
    };
    home.store
        .settle_stream(&track, retry, at(12))
        .await
        .unwrap();
    assert!(home.claim_track(Lane::Backfill, "a", 19).await.is_empty());
    let track = home.claim_track(Lane::Backfill, "a", 20).await.remove(0);
    assert_eq!((track.cursor.as_deref(), track.attempts), (Some("p2"), 1));
    let restart = TrackSettlement::Restart {
        at: at(30),
        error: "cursor expired".into(),
    };
    home.store
        .settle_stream(&track, restart, at(20))
        .await
        .unwrap();
    let track = home.claim_track(Lane::Backfill, "a", 30).await.remove(0);
    assert_eq!((track.cursor.as_deref(), track.restarts), (None, 1));

    home.store
        .settle_stream(
            &track,
            TrackSettlement::Parked {
                error: "unsupported".into(),
            },
            at(30),
        )
        .await
        .unwrap();
    assert!(
        home.claim_track(Lane::Backfill, "a", 10_000)
            .await
            .is_empty()
    );
    home.store
        .resume_streams(&home.connection, at(40))
        .await
        .unwrap();
    assert_eq!(home.claim_track(Lane::Backfill, "a", 40).await.len(), 1);
}

#[rstest]
#[tokio::test]
async fn the_poll_comes_again_and_a_paused_connection_is_left_alone(
    #[values(On::Sqlite, On::Postgres)] on: On,
) {
    let Some(home) = Home::new(on).await else {
        return;
    };
    home.open().await;
    assert!(home.claim_track(Lane::Poll, "a", 99).await.is_empty());
    assert_eq!(
        home.store.next_stream_due(Lane::Poll).await.unwrap(),
        Some(at(100))
    );
    let track = home.claim_track(Lane::Poll, "a", 100).await.remove(0);
    let track = home
        .store
        .begin_window(&track, Some(at(40)), at(100))
        .await
        .unwrap();
    home.store
        .apply_page(home.page(&track, 0..2, Next::Again { at: at(400) }))
        .await
        .unwrap();
    home.store
        .set_connection_activity(&home.connection, &Activity::Paused("401".into()), at(1))
        .await
        .unwrap();
    assert!(home.claim_track(Lane::Poll, "a", 400).await.is_empty());
    assert_eq!(home.store.next_stream_due(Lane::Poll).await.unwrap(), None);
    home.store
        .set_connection_activity(&home.connection, &Activity::Active, at(1))
        .await
        .unwrap();
    assert_eq!(
        home.claim_track(Lane::Poll, "a", 400).await[0].watermark,
        Some(at(1))
    );
}

#[rstest]
#[tokio::test]
async fn the_newest_change_is_kept_in_the_sources_own_text(
    #[values(On::Sqlite, On::Postgres)] on: On,
) {
    let Some(home) = Home::new(on).await else {
        return;
    };
    home.open().await;
    let told = |n: u32, at: i64, raw: &str| {
        let mut body = plain_order(n);
        let at = self::at(at);
        body["updated_at"] = json!({"raw": raw, "at": at, "zone": "assumed"});
        order(&n.to_string(), i64::from(n), 1, body)
    };
    let mut track = home.claim_track(Lane::Poll, "a", 111).await.remove(0);
    let pages = [
        // Not the newest of its page, and one whose text tells another moment than its envelope.
        (
            vec![
                told(1, 1, "1970-01-01 00:00:01"),
                told(3, 3, "00:00:03 in Apia"),
            ],
            Some("00:00:03 in Apia"),
        ),
        (vec![told(2, 2, "older")], Some("00:00:03 in Apia")),
        (vec![], Some("00:00:03 in Apia")),
        (vec![told(5, 4, "of something else")], None),
        (
            vec![told(6, 6, "1970-01-01 00:00:06.0000001")],
            Some("1970-01-01 00:00:06.0000001"),
        ),
    ];
    for (snapshots, text) in pages {
        let keep = Next::Keep {
            cursor: "next".into(),
            lease_until: at(1_000),
        };
        let mut page = home.page(&track, 0..0, keep);
        page.batch.snapshots = snapshots;
        track = home.store.apply_page(page).await.unwrap().track;
        assert_eq!(track.watermark_text.as_deref(), text);
    }
    assert_eq!(track.watermark, Some(at(6)));
    let kept = home.store.streams(&home.connection).await.unwrap();
    let poll = kept
        .iter()
        .find(|one| one.track == Track::Poll && one.stream == track.stream);
    assert_eq!(poll.unwrap().watermark_text, track.watermark_text);
}

#[rstest]
#[tokio::test]
async fn a_window_that_is_read_to_its_end_forgets_how_often_it_began_again(
    #[values(On::Sqlite, On::Postgres)] on: On,
) {
    let Some(home) = Home::new(on).await else {
        return;
    };
    home.open().await;
    let track = home.claim_track(Lane::Poll, "a", 100).await.remove(0);
    let restart = TrackSettlement::Restart {
        at: at(110),
        error: "cursor expired".into(),
    };
    home.store
        .settle_stream(&track, restart, at(20))
        .await
        .unwrap();
    let track = home.claim_track(Lane::Poll, "a", 110).await.remove(0);
    let more = Next::Yield {
        cursor: "p2".into(),
    };
    let between = home.store.apply_page(home.page(&track, 0..1, more)).await;
    assert_eq!(between.unwrap().track.restarts, 1);
    let track = home.claim_track(Lane::Poll, "a", 111).await.remove(0);
    let again = Next::Again { at: at(400) };
    let outcome = home.store.apply_page(home.page(&track, 1..2, again)).await;
    assert_eq!(outcome.unwrap().track.restarts, 0);
}
