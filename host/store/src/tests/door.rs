use super::support::{Home, On};
use crate::{db::Scope, *};

#[tokio::test]
async fn a_second_process_is_told_that_the_database_is_in_use() {
    let home = Home::new(On::Sqlite).await.unwrap();
    let path = std::path::PathBuf::from(home.place.text());
    let second = Store::open(&path, StoreOptions::default()).await;
    let error = second.err().unwrap();
    assert!(matches!(error, StoreError::InUse { .. }), "{error:?}");
    assert!(error.to_string().contains("in use by a running server"));
    home.store.close().await.unwrap();
    let again = Store::open(&path, StoreOptions::default()).await.unwrap();
    assert_eq!(again.tenants().await.unwrap().len(), 1);
}

#[tokio::test]
async fn the_database_waits_for_the_disk() {
    let home = Home::new(On::Sqlite).await.unwrap();
    let mut conn = home.store.reader(Scope::All).await.unwrap();
    let mut pragma = async |text: &'static str| conn.ask::<String>(text).await.unwrap();
    assert_eq!(
        pragma("SELECT journal_mode AS value FROM pragma_journal_mode").await,
        "wal"
    );
    let full = "SELECT CAST(synchronous AS TEXT) AS value FROM pragma_synchronous";
    assert_eq!(pragma(full).await, "2");
    let keys = "SELECT CAST(foreign_keys AS TEXT) AS value FROM pragma_foreign_keys";
    assert_eq!(pragma(keys).await, "1");
}
