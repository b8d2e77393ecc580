//! Python: what a data team would install. One environment each, because they conflict. Only the base address of each
//! is changed. They write raw rows or nowhere, which favours them. The tap that is piped into a target runs in two: the
//! kernel's pipe lies between them, as on a command line.

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
    /// The same tap into Singer's target for PostgreSQL.
    Target,
    /// dlt, to SQLite without nested tables.
    Dlt,
}

impl Peer {
    /// All, in the order of the goals.
    pub(in crate::bench) const ALL: [Self; 4] = [Self::Airbyte, Self::Tap, Self::Target, Self::Dlt];

    /// What people call it.
    pub(in crate::bench) const fn name(self) -> &'static str {
        match self {
            Self::Airbyte => "airbyte-source-shopify",
            Self::Tap => "tap-shopify",
            Self::Target => "tap-shopify-target-postgres",
            Self::Dlt => "dlt",
        }
    }

    /// Whether it writes PostgreSQL; ours does then too.
    pub(in crate::bench) const fn writes_postgres(self) -> bool {
        matches!(self, Self::Target)
    }

    /// Goal, its text, and how many times ours it must cost.
    pub(in crate::bench) const fn goal(self) -> (&'static str, &'static str, f64) {
        match self {
            Self::Airbyte => ("B2", ">= 7x", 7.0),
            Self::Tap => ("B3", ">= 15x", 15.0),
            Self::Target => ("B3", ">= 30x", 30.0),
            Self::Dlt => ("B4", ">= 12x", 12.0),
        }
    }

    const fn package(self) -> &'static str {
        match self {
            Self::Airbyte => "airbyte-source-shopify==4.3.0",
            Self::Tap | Self::Target => "tap-shopify==3.13.0",
            Self::Dlt => "dlt[sqlalchemy]==1.31.0",
        }
    }

    const fn launcher(self) -> &'static str {
        match self {
            Self::Airbyte => include_str!("airbyte.py"),
            Self::Tap | Self::Target => include_str!("tap.py"),
            Self::Dlt => include_str!("dlt_orders.py"),
        }
    }
}

/// Singer's target, in an environment of its own.
const TARGET: &str = "meltanolabs-target-postgres==0.8.1";

/// A peer in its environment.
pub(in crate::bench) struct Python {
    peer: Peer,
    environment: Environment,
    /// Of the target that it is piped into.
    target: Option<Environment>,
}

/// A Python environment.
struct Environment(PathBuf);

impl Environment {
    /// Makes it with one package, where it is not there yet.
    fn with(programs: &Programs, package: &str) -> anyhow::Result<Self> {
        let name = package.split(['[', '=']).next().unwrap_or(package);
        let environment = Self(programs.cache.join("python").join(name));
        anyhow::ensure!(answers("python3", &["--version"]), "there is no python3");
        if !installed(&environment.0, package) {
            println!("Installing {package} into an environment of its own.");
            std::fs::create_dir_all(&environment.0)?;
            loudly(
                Command::new("python3")
                    .args(["-m", "venv"])
                    .arg(&environment.0),
            )?;
            let mut pip = Command::new(environment.program("pip"));
            loudly(pip.args(["install", "--quiet", "--disable-pip-version-check", package]))?;
            mark(&environment.0, package)?;
        }
        Ok(environment)
    }

    fn program(&self, name: &str) -> PathBuf {
        self.0.join("bin").join(name)
    }
}

impl Python {
    /// Installs it where it is not yet.
    ///
    /// # Errors
    /// When Python is missing or the packages cannot be had.
    pub(in crate::bench) fn install(programs: &Programs, peer: Peer) -> anyhow::Result<Self> {
        let environment = Environment::with(programs, peer.package())?;
        let target = peer
            .writes_postgres()
            .then(|| Environment::with(programs, TARGET))
            .transpose()?;
        script(&environment.0, "launch.py", peer.launcher())?;
        if let Some(target) = &target {
            script(&target.0, "landed.py", include_str!("landed.py"))?;
        }
        Ok(Self {
            peer,
            environment,
            target,
        })
    }

    /// What was installed.
    pub(in crate::bench) fn version(&self) -> String {
        let target = self.target.iter().map(|_| TARGET);
        let all: Vec<&str> = [self.peer.package()].into_iter().chain(target).collect();
        all.join(" | ")
    }

    /// Reads the whole shop, into a database where the peer writes one.
    ///
    /// # Errors
    /// When it fails, or says that it read less than the shop has.
    pub(in crate::bench) fn backfill(
        &self,
        shop: &Shop,
        folder: &Path,
        orders: u64,
        database: Option<&str>,
    ) -> anyhow::Result<Spent> {
        let out = folder.join("peer");
        let _gone = std::fs::remove_dir_all(&out);
        std::fs::create_dir_all(&out)?;
        let log = folder.join("peer.log");
        let mut launch = Command::new(self.environment.program("python"));
        launch
            .arg(self.environment.0.join("launch.py"))
            .arg(shop.port())
            .arg(&out)
            .current_dir(&out);
        let piped = self.target.as_ref().zip(database);
        if let Some((target, database)) = piped {
            launch
                .arg(target.program("target-postgres"))
                .arg(sqlalchemy(database));
        }
        let spent = measure::run(&mut launch, &log)?;
        if let Some((target, database)) = piped {
            let mut count = Command::new(target.program("python"));
            count
                .arg(target.0.join("landed.py"))
                .arg(sqlalchemy(database))
                .arg(&out);
            measure::run(&mut count, &log)?;
        }
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

/// A database's address as Python's libraries take it: with the name of the driver.
fn sqlalchemy(database: &str) -> String {
    let rest = database
        .split_once("://")
        .map_or(database, |(_, rest)| rest);
    format!("postgresql+psycopg://{rest}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_names_the_driver_and_keeps_its_socket() {
        let told = sqlalchemy("postgres://bench@localhost/test_0?host=/tmp/socket");
        assert_eq!(
            told,
            "postgresql+psycopg://bench@localhost/test_0?host=/tmp/socket"
        );
    }

    #[test]
    fn every_peer_has_a_goal_and_a_name_of_its_own() {
        let names: std::collections::BTreeSet<&str> =
            Peer::ALL.iter().map(|peer| peer.name()).collect();
        assert_eq!(names.len(), Peer::ALL.len());
        assert!(Peer::ALL.iter().all(|peer| peer.goal().2 > 1.0));
    }
}
