use super::support::{Home, On};
use crate::{
    account, db::Scope, dead, inbox, lease, mapping, outbox, record, retention, run, secret, store,
    stream, subscription, tenant, ticket,
};
use rstest::rstest;

#[rstest]
#[tokio::test]
async fn every_statement_can_be_prepared(#[values(On::Sqlite, On::Postgres)] on: On) {
    let Some(home) = Home::new(on).await else {
        return;
    };
    let mut conn = home.store.reader(Scope::All).await.unwrap();
    let all = [
        ("account", account::STATEMENTS),
        ("dead", dead::STATEMENTS),
        ("dead/act", dead::ACT_STATEMENTS),
        ("dead/rework", dead::REWORK_STATEMENTS),
        ("inbox/claim", inbox::CLAIM_STATEMENTS),
        ("inbox/export", inbox::EXPORT_STATEMENTS),
        ("inbox/park", inbox::PARK_STATEMENTS),
        ("inbox/put", inbox::PUT_STATEMENTS),
        ("inbox/settle", inbox::SETTLE_STATEMENTS),
        ("lease", lease::STATEMENTS),
        ("mapping", mapping::STATEMENTS),
        ("outbox/put", outbox::PUT_STATEMENTS),
        ("outbox/work", outbox::WORK_STATEMENTS),
        ("record/apply", record::APPLY_STATEMENTS),
        ("record/lookup", record::LOOKUP_STATEMENTS),
        ("record/raw", record::RAW_STATEMENTS),
        ("record/rederive", record::REDERIVE_STATEMENTS),
        ("record/wake", record::WAKE_STATEMENTS),
        ("retention", retention::STATEMENTS),
        ("run", run::STATEMENTS),
        ("run/coverage", run::COVERAGE_STATEMENTS),
        ("run/hole", run::HOLE_STATEMENTS),
        ("run/proof", run::PROOF_STATEMENTS),
        ("run/write", run::WRITE_STATEMENTS),
        ("secret", secret::STATEMENTS),
        ("store", store::STATEMENTS),
        ("stream", stream::STATEMENTS),
        ("stream/page", stream::PAGE_STATEMENTS),
        ("stream/verify", stream::VERIFY_STATEMENTS),
        ("subscription/leave", subscription::LEAVE_STATEMENTS),
        ("subscription/work", subscription::WORK_STATEMENTS),
        ("tenant", tenant::STATEMENTS),
        ("tenant/audit", tenant::AUDIT_STATEMENTS),
        ("tenant/connection", tenant::CONNECTION_STATEMENTS),
        ("tenant/desk", tenant::DESK_STATEMENTS),
        ("tenant/plugin", tenant::PLUGIN_STATEMENTS),
        ("tenant/token", tenant::TOKEN_STATEMENTS),
        ("ticket/commit", ticket::COMMIT_STATEMENTS),
        ("ticket/read", ticket::READ_STATEMENTS),
    ];
    let mut count = 0;
    for (module, statements) in all {
        assert!(!statements.is_empty(), "{module}");
        for (name, sql) in statements {
            let prepared = conn.prepare(*sql).await;
            assert!(
                prepared.is_ok(),
                "{module} {name}: {prepared:?}\n{}",
                sql.text()
            );
            count += 1;
        }
    }
    let puts = [("PUT_MANY", &inbox::PUT_MANY)];
    for (name, many) in record::MANY.into_iter().chain(puts) {
        for (rows, sql) in many.texts() {
            let prepared = conn.prepare(*sql).await;
            assert!(prepared.is_ok(), "{name} of {rows} rows: {prepared:?}");
            count += 1;
        }
    }
    // Every file that declares statements is in the list above.
    let declaring = declaring(&std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
    assert_eq!(declaring, all.len());
    println!("{count} statements prepared");
}

fn declaring(folder: &std::path::Path) -> usize {
    std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        // Not part of the store unless a simulation asks for it.
        .filter(|path| !path.ends_with("simulation.rs"))
        .map(|path| {
            if path.is_dir() {
                return declaring(&path);
            }
            let text = std::fs::read_to_string(&path).unwrap();
            usize::from(
                text.lines().any(|line| {
                    line.ends_with("statements! {") && !line.starts_with("macro_rules")
                }),
            )
        })
        .sum()
}

#[rstest]
#[tokio::test]
async fn claims_and_lookups_go_along_an_index(#[values(On::Sqlite, On::Postgres)] on: On) {
    let Some(home) = Home::new(on).await else {
        return;
    };
    let mut conn = home.store.reader(Scope::All).await.unwrap();
    for (name, sql) in record::LOOKUP_STATEMENTS
        .iter()
        .chain(inbox::CLAIM_STATEMENTS)
    {
        for line in conn.plan(*sql).await.unwrap() {
            let whole = match on {
                On::Sqlite => {
                    let small = ["t", "o", "w", "worked", "due", "batch", "CONSTANT"];
                    let scanned = line.strip_prefix("SCAN ").map(|what| {
                        let name = what.split(' ').next().unwrap_or_default();
                        !small.contains(&name)
                    });
                    scanned == Some(true)
                        && !["INDEX", "json_each"]
                            .iter()
                            .any(|word| line.contains(word))
                }
                On::Postgres => line.contains("Seq Scan"),
            };
            assert!(!whole, "{name} reads a whole table: {line}");
            assert!(!line.starts_with("JIT"), "{name} is compiled each time");
            // A backlog may be long, and this is asked after every job.
            let backlog = *name == "NEXT_DUE" && line.starts_with("SCAN r");
            assert!(!backlog, "{name} reads all that waits: {line}");
        }
    }
}

/// Statements that find records one by one.
const LOOKUPS: [&str; 7] = [
    "EXISTING",
    "KEYS",
    "SHOWING",
    "WATCHING",
    "MEANWHILE",
    "BY_KEY",
    "CHILDREN",
];

/// With no statistics at all, as of a shop that was connected a minute ago.
#[rstest]
#[tokio::test]
async fn a_record_is_found_by_its_whole_key_however_small_its_shop_seems(
    #[values(On::Sqlite, On::Postgres)] on: On,
) {
    let Some(home) = Home::new(on).await else {
        return;
    };
    let mut conn = home.store.reader(Scope::All).await.unwrap();
    let statements = record::APPLY_STATEMENTS
        .iter()
        .chain(record::WAKE_STATEMENTS)
        .chain(record::LOOKUP_STATEMENTS);
    let (mut names, mut lookups) = (0, 0);
    for (name, sql) in statements.filter(|(name, _)| LOOKUPS.contains(name)) {
        let plan = conn.plan(*sql).await.unwrap().join("\n");
        let scans: Vec<&str> = match on {
            On::Sqlite => plan
                .lines()
                .filter(|line| line.starts_with("SEARCH r "))
                .collect(),
            On::Postgres => {
                // What a ticket shows is little, and compared with a batch as it comes.
                let one_by_one = *name == "MEANWHILE" || !plan.contains("Hash");
                assert!(one_by_one && !plan.contains("Merge"), "{name}: {plan}");
                plan.split(" on records_p").skip(1).collect()
            }
        };
        names += 1;
        for scan in scans {
            let condition = scan.lines().find(|line| line.contains("_id"));
            let whole = condition.is_some_and(|line| {
                let by_key = line.contains("source_id =") || line.contains("source_id=?");
                by_key || line.contains("parent_id =") || line.contains("parent_id=?")
            });
            assert!(whole, "{name} reads more than a record: {plan}");
            lookups += 1;
        }
    }
    assert_eq!(names, LOOKUPS.len(), "each stands under its name");
    assert!(lookups >= 4, "{lookups}");
}
