//! Node: the loop that somebody would write with the official clients, and Fastify for webhooks.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use super::{installed, mark, script};
use crate::{
    bench::{build::Programs, measure, measure::Spent},
    run::loudly,
    setup,
};

/// Packages with their versions.
const PACKAGES: [&str; 4] = [
    "better-sqlite3@12",
    "fastify@5",
    "pg@8",
    "shopify-api-node@3",
];

/// Node with its packages and our scripts.
pub(in crate::bench) struct Node {
    folder: PathBuf,
}

/// How the loop reads the shop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::bench) enum Api {
    /// REST, 250 orders a page.
    Rest,
    /// GraphQL, with the query of our plugin, 100 orders a page.
    GraphQl,
}

impl Api {
    const fn word(self) -> &'static str {
        match self {
            Self::Rest => "rest",
            Self::GraphQl => "graphql",
        }
    }
}

impl Node {
    /// Installs what is missing.
    ///
    /// # Errors
    /// When Node or a package cannot be had.
    pub(in crate::bench) fn install(programs: &Programs) -> anyhow::Result<Self> {
        let folder = programs.cache.join("node");
        let query = ordercase_query()?;
        for (name, text) in [
            ("package.json", "{\"private\": true}\n"),
            ("normalise.mjs", include_str!("normalise.mjs")),
            ("backfill.mjs", include_str!("backfill.mjs")),
            ("same.mjs", include_str!("same.mjs")),
            ("webhook.mjs", include_str!("webhook.mjs")),
            ("acked.mjs", include_str!("acked.mjs")),
            ("kept.mjs", include_str!("kept.mjs")),
            ("enrich.mjs", include_str!("enrich.mjs")),
            ("orders.graphql", query.as_str()),
        ] {
            script(&folder, name, text)?;
        }
        let wanted = PACKAGES.join(" ");
        if !installed(&folder, &wanted) {
            setup::node()?;
            println!("Installing the Node peers: {wanted}.");
            let mut npm = Command::new("npm");
            npm.args(["install", "--no-audit", "--no-fund", "--loglevel=error"]);
            loudly(npm.args(PACKAGES).current_dir(&folder))?;
            mark(&folder, &wanted)?;
        }
        Ok(Self { folder })
    }

    /// A script of ours.
    pub(in crate::bench) fn command(&self, name: &str) -> Command {
        let mut node = Command::new("node");
        node.arg(self.folder.join(name)).current_dir(&self.folder);
        node
    }

    /// Reads the whole shop into a new store.
    ///
    /// # Errors
    /// When the loop fails.
    pub(in crate::bench) fn backfill(
        &self,
        port: &str,
        api: Api,
        store: &Path,
    ) -> anyhow::Result<Spent> {
        let mut node = self.command("backfill.mjs");
        measure::run(
            node.args([port, api.word()]).arg(store),
            &store.with_extension("log"),
        )
    }

    /// Its version, and those of its packages.
    pub(in crate::bench) fn versions(&self) -> String {
        let output = Command::new("node").arg("--version").output();
        let node = output.map(|o| String::from_utf8_lossy(&o.stdout).trim().to_owned());
        let mut all = vec![format!("node {}", node.unwrap_or_default())];
        for package in PACKAGES {
            let name = package.split('@').next().unwrap_or(package);
            let path = self
                .folder
                .join("node_modules")
                .join(name)
                .join("package.json");
            let text = std::fs::read_to_string(path).unwrap_or_default();
            let about: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
            all.push(format!(
                "{name} {}",
                about["version"].as_str().unwrap_or("?")
            ));
        }
        all.join(", ")
    }
}

/// The plugin's own query, so that both sides ask for the same.
fn ordercase_query() -> anyhow::Result<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../plugins/shopify/src/query");
    let parts = [
        "orders",
        "order.fragment",
        "line.fragment",
        "allocation.fragment",
        "address.fragment",
        "money.fragment",
    ];
    let mut query = String::new();
    for part in parts {
        query.push_str(&std::fs::read_to_string(
            folder.join(format!("{part}.graphql")),
        )?);
        query.push('\n');
    }
    Ok(query)
}
