//! The comparison of everything after the storm. Nothing trusts the hosts' own word: the shop is read a second time
//! by another tenant without an interruption, tickets are read from the simulated Zendesk, and what the hosts
//! keep is read from their database.

mod effects;
mod receipts;
mod records;
mod tickets;

use std::collections::BTreeMap;

use anyhow::Context as _;
use ordercase_world::{Cell, StoreReader};
use serde::Serialize;
use serde_json::Value;

use crate::{ledger::Ledger, limits::PRINTED_MAX, setting::Setting};

/// What is wrong, in words.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Findings {
    /// What came in or was intended and is nowhere.
    pub(crate) lost: Vec<String>,
    /// What happened twice, or that nobody intended.
    pub(crate) duplicated: Vec<String>,
    /// What still differs.
    pub(crate) unrepaired: Vec<String>,
    pub(crate) accounts_ok: bool,
    /// How many records were compared.
    pub(crate) records: usize,
    /// How many more are tombstones.
    pub(crate) deleted: usize,
    /// How many webhooks were taken with a good answer.
    pub(crate) webhooks: usize,
    /// How many effects the outbox holds.
    pub(crate) effects: usize,
}

impl Findings {
    /// Whether all is as it must be.
    pub(crate) fn is_clean(&self) -> bool {
        self.accounts_ok
            && [&self.lost, &self.duplicated, &self.unrepaired]
                .iter()
                .all(|list| list.is_empty())
    }

    /// Tells the first of each class.
    pub(crate) fn print(&self) {
        for (name, list) in [
            ("lost", &self.lost),
            ("duplicated", &self.duplicated),
            ("unrepaired", &self.unrepaired),
        ] {
            for finding in list.iter().take(PRINTED_MAX) {
                println!("  {name}: {finding}");
            }
            if let Some(more) = list.len().checked_sub(PRINTED_MAX + 1) {
                println!("  {name}: and {} more", more + 1);
            }
        }
    }
}

/// Compares everything.
///
/// # Errors
/// When somebody does not answer, or the second reading of the shop does not end.
pub(crate) async fn judge(setting: &Setting<'_>, ledger: &Ledger) -> anyhow::Result<Findings> {
    let world = setting.world;
    let mut findings = Findings::default();
    let mut store = StoreReader::open(world).await?;
    receipts::compare(world, &mut store, &mut findings).await?;
    let stored = records::compare(world, &mut store, &mut findings).await?;
    let seen = tickets::compare(setting, ledger, &stored, &mut findings).await?;
    effects::compare(world, &mut store, &seen, &mut findings).await?;
    let (adds_up, told, errors) = world.cli.try_run(&["accounts"]).await?;
    findings.accounts_ok = adds_up;
    if !adds_up {
        println!("  accounts: {told}{errors}");
    }
    Ok(findings)
}

/// The records of the merchant, by kind and source id; none for one that is gone.
type Records = BTreeMap<(String, String), Cell>;

/// A ticket as the simulated Zendesk has it, whole.
type Seen = BTreeMap<u64, Value>;

fn cell(row: &[Cell], at: usize) -> &str {
    row.get(at).and_then(Option::as_deref).unwrap_or_default()
}

fn json(text: &str) -> anyhow::Result<Value> {
    serde_json::from_str(text).context("the database holds no JSON where it should")
}
