//! Prints figures, decides nothing: timing never decides a test.

use rstest::rstest;
use std::time::Instant as Clock;

use super::support::*;
use crate::Settlement;

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn figures(#[values(On::Sqlite, On::Postgres)] on: On) {
    let Some(home) = Home::new(on).await else {
        return;
    };
    let (pages, size) = (20u32, 50u32);
    let started = Clock::now();
    for page in 0..pages {
        let orders = (page * size..(page + 1) * size)
            .map(|n| order(&format!("o{n}"), 1, 10, plain_order(n)))
            .collect();
        home.apply(orders).await;
    }
    println!("{on:?}");
    rate("records applied in batches of 50", pages * size, started);
    let started = Clock::now();
    let mut jobs = tokio::task::JoinSet::new();
    let receipts = 1_000u32;
    for n in 0..receipts {
        let (store, receipt) = (
            home.store.clone(),
            home.webhook(&n.to_string(), &n.to_string()),
        );
        jobs.spawn(async move { store.put_receipt(receipt).await.is_ok() });
    }
    let stored = jobs
        .join_all()
        .await
        .into_iter()
        .filter(|stored| *stored)
        .count();
    rate("receipts stored with group commit", receipts, started);
    assert_eq!(stored, receipts as usize);
    let started = Clock::now();
    let mut settled = 0;
    while settled < receipts {
        let mut jobs = tokio::task::JoinSet::new();
        for receipt in home.claim("w", 8, 10).await {
            let store = home.store.clone();
            jobs.spawn(async move {
                let end = Settlement::Applied;
                store.settle_receipt(receipt.claim(), end, at(11)).await
            });
        }
        let ended = jobs.join_all().await;
        settled += u32::try_from(ended.iter().filter(|end| end.is_ok()).count()).unwrap();
    }
    rate("receipts claimed by eights and settled", receipts, started);
    home.adds_up().await;
}

fn rate(what: &str, count: u32, started: Clock) {
    let seconds = started.elapsed().as_secs_f64();
    println!(
        "{what}: {count} in {seconds:.2} s = {:.0}/s",
        f64::from(count) / seconds
    );
}
