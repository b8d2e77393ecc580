//! What survives a restart: one JSON file, replaced in one step after every change.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::path::PathBuf;

use serde_json::Value;

use crate::population::Origin;
use crate::{Options, SimError};

/// The file's contents.
#[derive(Debug, serde::Serialize, serde::Deserialize)]
pub(crate) struct Snapshot {
    pub(crate) origin: Origin,
    pub(crate) shop: String,
    pub(crate) cursor_epoch: u32,
    pub(crate) webhook_address: Option<String>,
    #[serde(default)]
    pub(crate) subscriptions: Vec<super::Subscription>,
    #[serde(default)]
    pub(crate) subscriptions_made: u64,
    pub(crate) changed: BTreeMap<u32, Value>,
    #[serde(default)]
    pub(crate) deleted: BTreeSet<u32>,
    pub(crate) customer_patches: BTreeMap<u32, Value>,
    /// Webhook deliveries that are still owed, and the recent past.
    pub(crate) deliveries: Value,
    pub(crate) deliveries_made: u64,
}

impl Snapshot {
    pub(crate) fn fresh(options: &Options) -> Self {
        Self {
            origin: Origin {
                seed: options.seed,
                orders: options.orders,
                now: options.now,
            },
            shop: options.shop.clone(),
            cursor_epoch: 0,
            webhook_address: None,
            subscriptions: Vec::new(),
            subscriptions_made: 0,
            changed: BTreeMap::new(),
            deleted: BTreeSet::new(),
            customer_patches: BTreeMap::new(),
            deliveries: Value::Array(Vec::new()),
            deliveries_made: 0,
        }
    }
}

/// Where the snapshot lives; without a folder it is not kept.
#[derive(Debug)]
pub(crate) struct SnapshotStore(Option<PathBuf>);

impl SnapshotStore {
    pub(crate) const fn at(folder: Option<PathBuf>) -> Self {
        Self(folder)
    }

    pub(crate) const fn is_kept(&self) -> bool {
        self.0.is_some()
    }

    pub(crate) fn read(&self) -> Result<Option<Snapshot>, SimError> {
        let Some(folder) = &self.0 else {
            return Ok(None);
        };
        let file = super::data_file(folder);
        match std::fs::read(&file) {
            Ok(bytes) => serde_json::from_slice(&bytes).map(Some).map_err(|error| {
                SimError::Data(format!("{} is not ours: {error}", file.display()))
            }),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(SimError::Data(format!("{}: {error}", file.display()))),
        }
    }

    pub(crate) fn write(&self, snapshot: &Snapshot) -> Result<(), SimError> {
        let Some(folder) = &self.0 else { return Ok(()) };
        let problem =
            |error: std::io::Error| SimError::Data(format!("{}: {error}", folder.display()));
        std::fs::create_dir_all(folder).map_err(problem)?;
        let bytes = serde_json::to_vec(snapshot)
            .map_err(|error| SimError::Data(format!("cannot be written: {error}")))?;
        let draft = folder.join("shop.json.new");
        let mut file = std::fs::File::create(&draft).map_err(problem)?;
        file.write_all(&bytes).map_err(problem)?;
        file.sync_all().map_err(problem)?;
        std::fs::rename(&draft, super::data_file(folder)).map_err(problem)
    }
}
