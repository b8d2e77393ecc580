//! Dead letters: seen, put back to work, put away, each with its account and its line in the audit.

use rstest::rstest;
use serde_json::json;

use super::support::*;
use crate::*;

async fn dead(home: &Home, key: &str, class: ErrorClass, now: i64) -> DeadId {
    let put = home
        .store
        .put_receipt(home.webhook(key, key))
        .await
        .unwrap();
    let taken = home.claim("a", 1, now).await;
    let end = Settlement::Dead(Death::new(class, format!("why {key}")));
    home.store
        .settle_receipt(taken[0].claim(), end, at(now))
        .await
        .unwrap();
    DeadId::Receipt(put.id().clone())
}

async fn list(home: &Home, filter: &DeadFilter) -> Vec<String> {
    let letters = home.store.dead_letters(filter, None, 50).await.unwrap();
    letters.into_iter().map(|one| one.reason).collect()
}

#[rstest]
#[tokio::test]
async fn a_list_is_filtered_and_goes_on_where_it_ended(#[values(On::Sqlite, On::Postgres)] on: On) {
    let Some(home) = Home::new(on).await else {
        return;
    };
    let classes = [ErrorClass::Malformed, ErrorClass::Plugin];
    for n in 0..5_u8 {
        let class = classes[usize::from(n % 2)];
        dead(&home, &n.to_string(), class, 10 + i64::from(n) / 2).await;
    }
    let all = list(&home, &DeadFilter::default()).await;
    assert_eq!(all.len(), 5);
    assert_eq!(all[0], "why 4");
    let (mut after, mut paged) = (None, Vec::new());
    loop {
        let page = home
            .store
            .dead_letters(&DeadFilter::default(), after.as_ref(), 2)
            .await
            .unwrap();
        let Some(last) = page.last() else { break };
        after = Some(last.cursor());
        paged.extend(page.into_iter().map(|one| one.reason));
    }
    assert_eq!(paged, all);
    let filter = |class, stream: &str, tenant_name: &str| DeadFilter {
        tenant: Some(tenant(tenant_name)),
        stream: Some(stream.to_owned()),
        class,
    };
    let plugin = Some(ErrorClass::Plugin);
    assert_eq!(
        list(&home, &filter(plugin, "webhooks", "t1")).await.len(),
        2
    );
    assert_eq!(list(&home, &filter(None, "webhooks", "t1")).await.len(), 5);
    assert!(
        list(&home, &filter(plugin, "orders", "t1"))
            .await
            .is_empty()
    );
    assert!(
        list(&home, &filter(plugin, "webhooks", "t2"))
            .await
            .is_empty()
    );
}

#[rstest]
#[tokio::test]
async fn what_is_shown_decides_and_tells_nobodys_name(#[values(On::Sqlite, On::Postgres)] on: On) {
    let Some(home) = Home::new(on).await else {
        return;
    };
    let put = home
        .store
        .put_receipt(NewReceipt {
            body: br#"{"id": 7, "email": "zoe@example.com", "note": "ring twice"}"#.to_vec(),
            headers: vec![("x-forwarded-for".into(), "203.0.113.9".into())],
            dead: Some(Death::new(ErrorClass::Malformed, "no JSON")),
            ..home.webhook("m", "m")
        })
        .await
        .unwrap();
    let id = DeadId::read(put.id().as_str()).unwrap();
    let seen = home.store.dead_letter(None, &id).await.unwrap().unwrap();
    let letter = &seen.letter;
    assert_eq!(letter.class, ErrorClass::Malformed);
    assert_eq!(letter.plugin_digest.as_deref(), Some("d1"));
    assert_eq!(letter.plugin.as_deref(), Some("test 0.1.0"));
    assert_eq!((letter.first_at, letter.last_at), (at(1), at(1)));
    assert_eq!(letter.stream.as_deref(), Some("webhooks"));
    assert_eq!(seen.body.view["id"], 7);
    let text = format!("{seen:?}");
    for personal in ["zoe@", "twice", "203.0"] {
        assert!(!text.contains(personal), "{text}");
    }
    let other = home.store.dead_letter(Some(&tenant("t2")), &id).await;
    assert!(other.unwrap().is_none(), "another tenant's");
}

#[rstest]
#[tokio::test]
async fn retry_and_discard_move_the_account_and_write_the_audit(
    #[values(On::Sqlite, On::Postgres)] on: On,
) {
    let Some(home) = Home::new(on).await else {
        return;
    };
    let retried = dead(&home, "1", ErrorClass::Plugin, 10).await;
    let discarded = dead(&home, "2", ErrorClass::Malformed, 11).await;
    let other = tenant("t2");
    settle(&home.store, "t2").await;
    let ids = vec![retried.clone()];
    let refused = home
        .store
        .retry_dead_letters(Some(&other), ids.clone(), "admin", at(20))
        .await
        .unwrap();
    assert_eq!((refused.retried.len(), refused.refused.len()), (0, 1));
    let refused = home
        .store
        .discard_dead_letter(Some(&other), &discarded, "x", "admin", at(20))
        .await;
    assert!(matches!(refused, Err(StoreError::NotFound { .. })));

    let done = home
        .store
        .retry_dead_letters(None, ids.clone(), "admin", at(20))
        .await
        .unwrap();
    assert_eq!(done.retried, ids);
    home.adds_up().await;
    home.store
        .discard_dead_letter(None, &discarded, "spam", "admin", at(21))
        .await
        .unwrap();
    home.adds_up().await;
    let again = home
        .store
        .retry_dead_letters(None, ids, "admin", at(22))
        .await;
    assert_eq!(again.unwrap().refused.len(), 1, "it is dead no more");
    let rows = home.store.accounts(None).await.unwrap();
    assert_eq!((rows[0].pending, rows[0].ignored, rows[0].dead), (1, 1, 0));
    let DeadId::Receipt(receipt) = &discarded else {
        panic!("a receipt")
    };
    let receipt = home.store.receipt(&tenant("t1"), receipt).await;
    let receipt = receipt.unwrap().unwrap();
    assert_eq!(receipt.reason.as_deref(), Some("discarded: spam"));
    assert_eq!(receipt.last_error.as_deref(), Some("why 2"));

    let audits = home.store.audits(&tenant("t1")).await.unwrap();
    let deeds: Vec<_> = audits
        .iter()
        .map(|deed| {
            (
                deed.action.as_str(),
                deed.subject.clone(),
                deed.actor.as_str(),
            )
        })
        .collect();
    assert_eq!(
        deeds,
        [
            ("dead_letter.discard", discarded.to_string(), "admin"),
            ("dead_letter.retry", retried.to_string(), "admin"),
        ]
    );
    assert_eq!(audits[0].detail["reason"], "spam");
    assert_eq!(audits[0].detail["class"], "malformed");
    assert_eq!(audits[1].detail["died_of"], "why 1");
    assert!(home.store.audits(&other).await.unwrap().is_empty());
}

#[rstest]
#[tokio::test]
async fn a_record_of_a_page_is_tried_again_only_when_it_has_an_id(
    #[values(On::Sqlite, On::Postgres)] on: On,
) {
    let Some(home) = Home::new(on).await else {
        return;
    };
    home.apply(vec![
        order("bad", 1, 10, json!({"lines": "none"})),
        order(&"x".repeat(256), 1, 10, json!({})),
    ])
    .await;
    let letters = home
        .store
        .dead_letters(&DeadFilter::default(), None, 10)
        .await
        .unwrap();
    assert!(letters.iter().all(|one| one.class == ErrorClass::Schema));
    let ids = letters.into_iter().map(|one| one.id).collect();
    let done = home
        .store
        .retry_dead_letters(None, ids, "admin", at(20))
        .await;
    let done = done.unwrap();
    assert_eq!((done.retried.len(), done.refused.len()), (1, 1));
    assert!(done.refused[0].1.contains("discard it"));
    home.adds_up().await;
}

#[rstest]
#[tokio::test]
async fn a_discarded_effect_stays_undone_and_known(#[values(On::Sqlite, On::Postgres)] on: On) {
    let Some(home) = Home::new(on).await else {
        return;
    };
    let effect = NewEffect {
        key: "k".into(),
        target: "ticket:1".into(),
        coalesce_key: None,
        kind: "ticket.update".into(),
        payload: json!({"note": {"body": "Zoë paid"}}),
    };
    let commit = |revision| {
        let mut commit = TicketCommit::new(home.ticket(1), revision);
        commit.mirror = Some(MirrorWrite {
            class: "unknown".into(),
            body: json!({}),
        });
        commit.effects = vec![effect.clone()];
        home.store.commit_ticket(commit, at(1))
    };
    commit(0).await.unwrap();
    let ask = || EffectRequest {
        limit: 1,
        holder: holder("w"),
        now: at(10),
        lease_until: at(70),
    };
    let taken = home.store.claim_effects(ask()).await.unwrap();
    let end = EffectSettlement::Dead(Death::new(ErrorClass::Refused, "closed"));
    home.store
        .settle_effect(&taken[0], end, at(11))
        .await
        .unwrap();
    let id = DeadId::Effect(taken[0].id.clone());
    let seen = home.store.dead_letter(None, &id).await.unwrap().unwrap();
    assert_eq!(seen.letter.class, ErrorClass::Refused);
    assert!(!format!("{seen:?}").contains("Zoë"));
    home.store
        .discard_dead_letter(None, &id, "too late", "admin", at(12))
        .await
        .unwrap();
    assert!(list(&home, &DeadFilter::default()).await.is_empty());
    commit(1).await.unwrap();
    assert!(home.store.claim_effects(ask()).await.unwrap().is_empty());
}

#[rstest]
#[tokio::test]
async fn settled_receipts_go_back_to_work_spread_over_time_and_in_the_books(
    #[values(On::Sqlite, On::Postgres)] on: On,
) {
    let Some(home) = Home::new(on).await else {
        return;
    };
    let ends = [
        Settlement::Applied,
        Settlement::Superseded,
        Settlement::Duplicate,
        Settlement::Ignored("x".into()),
    ];
    for (n, end) in ends.into_iter().enumerate() {
        let key = n.to_string();
        home.store
            .put_receipt(home.webhook(&key, &key))
            .await
            .unwrap();
        let taken = home.claim("a", 1, 5).await;
        home.store
            .settle_receipt(taken[0].claim(), end, at(6))
            .await
            .unwrap();
    }
    let gone = dead(&home, "d", ErrorClass::Malformed, 7).await;
    home.store
        .discard_dead_letter(None, &gone, "spam", "admin", at(8))
        .await
        .unwrap();
    let filter = ReceiptFilter {
        since: Some(at(1)),
        until: Some(at(2)),
        ..ReceiptFilter::default()
    };
    let find = |filter: ReceiptFilter, after: Option<ReceiptCursor>, limit| {
        let home = &home;
        async move {
            let found =
                home.store
                    .settled_receipts(&home.connection, &filter, after.as_ref(), limit);
            found.await.unwrap()
        }
    };
    let first = find(filter.clone(), None, 3).await;
    let rest = find(filter.clone(), first.last().map(Reworked::cursor), 3).await;
    assert_eq!((first.len(), rest.len()), (3, 1), "not the discarded one");
    let named = ReceiptFilter {
        id: ReceiptId::new(gone.as_str()).ok(),
        ..ReceiptFilter::default()
    };
    assert_eq!(find(named, None, 3).await.len(), 1);
    let none = ReceiptFilter {
        since: Some(at(2)),
        ..ReceiptFilter::default()
    };
    assert!(find(none, None, 3).await.is_empty());

    let rework = Rework {
        connection: home.connection.clone(),
        receipts: [first, rest].concat(),
        per_second: 2,
        filter: json!({"since": 1}),
    };
    let again = home
        .store
        .rework_receipts(rework.clone(), "admin", at(100))
        .await
        .unwrap();
    assert_eq!(again, 4);
    home.adds_up().await;
    assert_eq!(
        home.store
            .rework_receipts(rework, "admin", at(100))
            .await
            .unwrap(),
        0
    );
    home.adds_up().await;
    let claim = |now| home.store.claim_receipts(ask(Lane::Poll, "a", 10, now));
    let mut taken = Vec::new();
    for now in [100, 101, 102] {
        taken.push(claim(now).await.unwrap().len());
    }
    assert_eq!(taken, [1, 2, 1], "half a second apart");
    let audits = home.store.audits(&tenant("t1")).await.unwrap();
    assert!(
        audits
            .iter()
            .any(|deed| deed.action == "replay.receipts" && deed.detail["again"] == 4)
    );
}
