//! `cargo xtask chaos`: builds what it needs and starts the storm, which is a program of its own: with the databases'
//! clients in this tool, every other command would take longer to build.

use std::{path::PathBuf, process::Command};

use crate::{build, run::loudly, setup};

/// Kills hosts while everything else goes wrong.
#[derive(Debug, clap::Args)]
pub(crate) struct Chaos {
    /// What the hosts keep their state in
    #[arg(long, value_enum, default_value_t = Database::Sqlite)]
    db: Database,
    /// Hosts on one PostgreSQL [default: 3; SQLite has one]
    #[arg(long, value_name = "N")]
    replicas: Option<u8>,
    /// How often a host is killed
    #[arg(long, value_name = "N", default_value_t = 200)]
    kills: u32,
    /// Varies people, orders, and what goes wrong when
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Writes the result as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Keeps all state here, whatever the outcome
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Starts what is built already
    #[arg(long)]
    no_build: bool,
}

/// A kind of database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Database {
    /// One host, one file.
    Sqlite,
    /// Replicas.
    Postgres,
}

impl Database {
    fn word(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgres",
        }
    }
}

impl Chaos {
    /// A short storm of what is built already.
    pub(crate) fn short(db: Database) -> Self {
        Self {
            db,
            replicas: None,
            kills: 20,
            seed: 1,
            json: None,
            data: None,
            no_build: true,
        }
    }
}

/// Runs the storm.
///
/// # Errors
/// When something cannot be built or started, or something is not as it must be afterwards.
pub(crate) fn run(chaos: &Chaos) -> anyhow::Result<()> {
    if chaos.db == Database::Postgres {
        setup::postgres()?;
    }
    if !chaos.no_build {
        build::all()?;
    }
    let mut storm = Command::new(build::profile_dir()?.join("ordercase-chaos"));
    storm.args(["--db", chaos.db.word()]);
    storm.args(["--kills", &chaos.kills.to_string()]);
    storm.args(["--seed", &chaos.seed.to_string()]);
    if let Some(replicas) = chaos.replicas {
        storm.args(["--replicas", &replicas.to_string()]);
    }
    for (option, path) in [("--json", &chaos.json), ("--data", &chaos.data)] {
        if let Some(path) = path {
            storm.arg(option).arg(path);
        }
    }
    loudly(&mut storm)
}
