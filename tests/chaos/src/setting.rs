//! Where the storm takes place: the world, its database, and how its actors reach them.

use std::{path::Path, sync::Arc, time::Duration};

use anyhow::Context as _;
use ordercase_world::{World, until};
use postgres_box::Cluster;

use crate::{admin::Admin, dice::Dice, judge::Findings, limits::RESUMED_WITHIN};

/// Everything that actors share.
pub(crate) struct Setting<'a> {
    pub(crate) world: &'a World,
    pub(crate) admin: Admin,
    pub(crate) cluster: Option<Arc<Cluster>>,
    pub(crate) seed: u64,
}

/// What can be paused by a credential that fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Paused {
    Connection,
    Desk,
}

impl<'a> Setting<'a> {
    pub(crate) fn new(
        world: &'a World,
        cluster: Option<Arc<Cluster>>,
        seed: u64,
    ) -> anyhow::Result<Self> {
        Ok(Self {
            world,
            admin: Admin::of(world)?,
            cluster,
            seed,
        })
    }

    /// The draws of an actor.
    pub(crate) fn dice(&self, actor: u64) -> Dice {
        Dice::of(self.seed, actor)
    }

    fn path(&self, what: Paused) -> String {
        let world = self.world;
        match what {
            Paused::Connection => format!("connections/{}", world.connection()),
            Paused::Desk => format!("tenants/{}/desks/{}", world.tenant(), world.desk()),
        }
    }

    /// Whether it is paused; `None` while nobody can say.
    pub(crate) async fn is_paused(&self, what: Paused) -> Option<bool> {
        let (path, pointer) = match what {
            Paused::Connection => (self.path(what), "/state"),
            Paused::Desk => (
                format!("tenants/{}/desks", self.world.tenant()),
                "/desks/0/state",
            ),
        };
        let shown = self.admin.get(&path).await?;
        Some(shown.pointer(pointer)? == "paused")
    }

    /// Resumes it, trying again while the storm is in the way.
    pub(crate) async fn resume(&self, what: Paused) -> anyhow::Result<()> {
        let path = self.path(what);
        until(&format!("{path} is resumed"), RESUMED_WITHIN, || async {
            if self.is_paused(what).await == Some(false) || self.admin.resume(&path).await {
                return Ok(true);
            }
            tokio::time::sleep(Duration::from_millis(300)).await;
            Ok(false)
        })
        .await
    }

    /// Keeps for a person what would go with the processes.
    pub(crate) async fn keep(
        &self,
        folder: &Path,
        url: Option<&str>,
        findings: &Findings,
    ) -> anyhow::Result<()> {
        let write = |name: &str, bytes: &[u8]| {
            let file = folder.join(name);
            std::fs::write(&file, bytes).with_context(|| format!("cannot write {}", file.display()))
        };
        write("findings.json", &serde_json::to_vec_pretty(findings)?)?;
        let deliveries = self.world.shop.get("webhooks?limit=100000").await?;
        write("webhooks.json", &serde_json::to_vec_pretty(&deliveries)?)?;
        for part in ["journal", "events", "runs"] {
            let told = self.world.zendesk.sim(part).await?;
            write(
                &format!("zendesk-{part}.json"),
                &serde_json::to_vec_pretty(&told)?,
            )?;
        }
        if let (Some(cluster), Some(url)) = (&self.cluster, url) {
            write("database.sql", &cluster.dump(url))?;
        }
        Ok(())
    }
}
