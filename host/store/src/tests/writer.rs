use rstest::rstest;
use serde_json::json;

use super::support::*;
use crate::*;

#[rstest]
#[tokio::test]
async fn one_bad_job_does_not_fail_its_neighbours(#[values(On::Sqlite, On::Postgres)] on: On) {
    let Some(home) = Home::new(on).await else {
        return;
    };
    let mut jobs = tokio::task::JoinSet::new();
    for n in 0..40u32 {
        let (store, tenant) = (home.store.clone(), home.desk.tenant.clone());
        let good = home.webhook(&n.to_string(), &n.to_string());
        jobs.spawn(async move {
            if n % 4 == 0 {
                // A foreign key that does not hold, after something was written.
                let done = store
                    .write(&tenant, move |tx| {
                        Box::pin(async move {
                            crate::inbox::put_in(tx, &good).await?;
                            tx.conn.raw("INSERT INTO connections (tenant_id, connection_id, name, plugin_id, plugin_digest, settings, state, created_at, updated_at) VALUES ('t1', 'c', 'n', 'p', 'no such plugin', '{}', 'active', 0, 0)").await
                        })
                    })
                    .await;
                assert!(done.is_err());
                false
            } else {
                store.put_receipt(good).await.is_ok()
            }
        });
    }
    let good = jobs
        .join_all()
        .await
        .into_iter()
        .filter(|good| *good)
        .count();
    assert_eq!(good, 30);
    let row = &home.store.accounts(None).await.unwrap()[0];
    assert_eq!((row.received, row.pending), (30, 30));
    home.adds_up().await;
}

#[tokio::test]
async fn what_is_answered_is_on_disk_before_the_store_is_closed() {
    let home = Home::new(On::Sqlite).await.unwrap();
    let Place::File(folder) = &home.place else {
        unreachable!()
    };
    home.store
        .put_receipt(home.webhook("1", "e"))
        .await
        .unwrap();
    // A copy of the files as they are, as after a crash.
    let copy = tempfile::tempdir().unwrap();
    for entry in std::fs::read_dir(folder.path()).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), copy.path().join(entry.file_name())).unwrap();
    }
    let store = Store::open(copy.path().join("ordercase.db"), StoreOptions::default())
        .await
        .unwrap();
    assert_eq!(store.accounts(None).await.unwrap()[0].received, 1);
}

#[rstest]
#[tokio::test]
async fn a_closed_store_says_so(#[values(On::Sqlite, On::Postgres)] on: On) {
    let Some(home) = Home::new(on).await else {
        return;
    };
    let other = home.store.clone();
    home.store.close().await.unwrap();
    let refused = other
        .add_tenant(&tenant("t9"), "x", &json!({}), at(1))
        .await;
    // The clone still has the writer; only the readers are closed.
    assert!(refused.is_ok());
    assert!(other.ping().await.is_err());
}
