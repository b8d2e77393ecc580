//! Python: what a data team would install. One environment each, because they conflict. Only the base address of each
//! is changed. They write raw rows or nowhere, which favours them.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use super::{installed, mark, script};
use crate::{
    bench::{build::Programs, measure, measure::Spent, shop::Shop},
    run::{answers, loudly},
};

/// A peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::bench) enum Peer {
    /// Airbyte's source, to nowhere.
    Airbyte,
    /// Singer's tap, to nowhere: a bulk operation that is complete at the first look.
    Tap,
    /// dlt, to SQLite without nested tables.
    Dlt,
}

impl Peer {
    /// All, in the order of the goals.
    pub(in crate::bench) const ALL: [Self; 3] = [Self::Airbyte, Self::Tap, Self::Dlt];

    /// What people call it.
    pub(in crate::bench) const fn name(self) -> &'static str {
        match self {
            Self::Airbyte => "airbyte-source-shopify",
            Self::Tap => "tap-shopify",
            Self::Dlt => "dlt",
        }
    }

    /// Goal, its text, and how many times ours it must cost.
    pub(in crate::bench) const fn goal(self) -> (&'static str, &'static str, f64) {
        match self {
            Self::Airbyte => ("B2", ">= 7x", 7.0),
            Self::Tap => ("B3", ">= 15x", 15.0),
            Self::Dlt => ("B4", ">= 12x", 12.0),
        }
    }

    const fn package(self) -> &'static str {
        match self {
            Self::Airbyte => "airbyte-source-shopify==4.3.0",
            Self::Tap => "tap-shopify==3.13.0",
            Self::Dlt => "dlt[sqlalchemy]==1.31.0",
        }
    }

    const fn launcher(self) -> &'static str {
        match self {
            Self::Airbyte => include_str!("airbyte.py"),
            Self::Tap => include_str!("tap.py"),
            Self::Dlt => include_str!("dlt_orders.py"),
        }
    }
}

/// A peer in its environment.
pub(in crate::bench) struct Python {
    peer: Peer,
    folder: PathBuf,
}

impl Python {
    /// Installs it where it is not yet.
    ///
    /// # Errors
    /// When Python is missing or the packages cannot be had.
    pub(in crate::bench) fn install(programs: &Programs, peer: Peer) -> anyhow::Result<Self> {
        let folder = programs.cache.join("python").join(peer.name());
        anyhow::ensure!(answers("python3", &["--version"]), "there is no python3");
        let python = Self { peer, folder };
        if !installed(&python.folder, peer.package()) {
            println!(
                "Installing {} into an environment of its own.",
                peer.package()
            );
            std::fs::create_dir_all(&python.folder)?;
            loudly(
                Command::new("python3")
                    .args(["-m", "venv"])
                    .arg(&python.folder),
            )?;
            let mut pip = Command::new(python.program("pip"));
            loudly(pip.args([
                "install",
                "--quiet",
                "--disable-pip-version-check",
                peer.package(),
            ]))?;
            mark(&python.folder, peer.package())?;
        }
        script(&python.folder, "launch.py", peer.launcher())?;
        Ok(python)
    }

    fn program(&self, name: &str) -> PathBuf {
        self.folder.join("bin").join(name)
    }

    /// What was installed.
    pub(in crate::bench) const fn version(&self) -> &'static str {
        self.peer.package()
    }

    /// Reads the whole shop.
    ///
    /// # Errors
    /// When it fails, or says that it read less than the shop has.
    pub(in crate::bench) fn backfill(
        &self,
        shop: &Shop,
        folder: &Path,
        orders: u64,
    ) -> anyhow::Result<Spent> {
        let out = folder.join("peer");
        let _gone = std::fs::remove_dir_all(&out);
        std::fs::create_dir_all(&out)?;
        let log = folder.join("peer.log");
        let mut launch = Command::new(self.program("python"));
        launch
            .arg(self.folder.join("launch.py"))
            .arg(shop.port())
            .arg(&out)
            .current_dir(&out);
        let spent = measure::run(&mut launch, &log)?;
        let told = std::fs::read_to_string(out.join("count")).unwrap_or_default();
        anyhow::ensure!(
            told.trim() == orders.to_string(),
            "{} read `{}` orders of {orders}: {}",
            self.peer.name(),
            told.trim(),
            measure::tail(&log)
        );
        Ok(spent)
    }
}
