//! What a world must remember between two runs with one `--data`: the ids that its set-up made.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde::{Deserialize, Serialize};

/// Ids and tokens of a world that is set up.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct State {
    pub(crate) tenant: String,
    pub(crate) context_token: String,
    pub(crate) desk: String,
    pub(crate) connection: String,
    pub(crate) webhook_path: String,
    /// Which seed the shop was filled with: another seed needs another folder.
    pub(crate) seed: u64,
    /// Orders that the demo's tickets are about, once chosen.
    pub(crate) told_orders: Option<ToldOrders>,
}

/// Ids of the orders that the demo's tickets are about.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct ToldOrders {
    /// The buyer's own.
    pub(crate) clear: String,
    /// Somebody else's.
    pub(crate) strangers: String,
}

fn file(data: &Path) -> PathBuf {
    data.join("world.json")
}

impl State {
    /// The state of an earlier run, if there was one.
    pub(crate) fn load(data: &Path) -> anyhow::Result<Option<Self>> {
        match std::fs::read(file(data)) {
            Ok(bytes) => Ok(Some(
                serde_json::from_slice(&bytes).context("world.json is damaged")?,
            )),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error).context("cannot read world.json"),
        }
    }

    /// Keeps it for the next run; readable by its owner only, as it holds a token.
    pub(crate) fn save(&self, data: &Path) -> anyhow::Result<()> {
        use std::{io::Write as _, os::unix::fs::OpenOptionsExt as _};
        let path = file(data).with_extension("json.new");
        let mut out = std::fs::OpenOptions::new()
            .create(true)
            .write(true)
            .truncate(true)
            .mode(0o600)
            .open(&path)?;
        out.write_all(&serde_json::to_vec_pretty(self)?)?;
        out.sync_all()?;
        std::fs::rename(path, file(data)).context("cannot keep world.json")
    }
}
