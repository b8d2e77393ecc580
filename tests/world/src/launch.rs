//! What the programs of a world are started with.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::Context as _;
use tempfile::TempDir;

use crate::{Binaries, Database, HOST_NAME, Process, ShopSim, WorldOptions, ZendeskSim};

/// Where the world keeps everything, and whether that folder goes with it.
pub(crate) fn folder(options: &WorldOptions) -> anyhow::Result<(PathBuf, Option<TempDir>)> {
    let (data, temporary) = match &options.data {
        Some(data) => (data.clone(), None),
        None => {
            let temporary = tempfile::tempdir().context("no temporary folder")?;
            (temporary.path().to_owned(), Some(temporary))
        }
    };
    for part in ["host", "zendesk", "shop", "logs"] {
        std::fs::create_dir_all(data.join(part))
            .with_context(|| format!("cannot make {}", data.join(part).display()))?;
    }
    Ok((data, temporary))
}

pub(crate) fn client() -> anyhow::Result<reqwest::Client> {
    // Another part of the process may have chosen the provider already; either is ring.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder()
        .no_proxy()
        .timeout(Duration::from_secs(30))
        .redirect(reqwest::redirect::Policy::none());
    client.build().context("no HTTP client")
}

/// Where a simulator keeps its state, where it does.
fn kept(options: &WorldOptions, folder: &Path) -> Vec<String> {
    let kept = ["--data".to_owned(), folder.display().to_string()];
    kept.into_iter()
        .filter(|_| options.keep_simulators)
        .collect()
}

pub(crate) async fn start_zendesk(
    binaries: &Binaries,
    options: &WorldOptions,
    data: &Path,
    host: u16,
) -> anyhow::Result<Process> {
    let mut arguments = vec![
        "--seed".to_owned(),
        options.seed.to_string(),
        "--dev-connect".to_owned(),
        format!("{HOST_NAME}=127.0.0.1:{host}"),
    ];
    arguments.extend(kept(options, &data.join("zendesk")));
    arguments.extend(options.zendesk.iter().cloned());
    let program = binaries.zendesk_sim();
    Process::start("zendesk-sim", &program, &arguments, &data.join("logs")).await
}

pub(crate) async fn start_shop(
    binaries: &Binaries,
    options: &WorldOptions,
    data: &Path,
    host: u16,
) -> anyhow::Result<Process> {
    let mut arguments = vec![
        "--seed".to_owned(),
        options.seed.to_string(),
        "--orders".to_owned(),
        options.orders.to_string(),
        "--plan".to_owned(),
        options.plan.as_str().to_owned(),
        "--dev-connect".to_owned(),
        format!("{HOST_NAME}=127.0.0.1:{host}"),
    ];
    arguments.extend(kept(options, &data.join("shop")));
    arguments.extend(options.shop.iter().cloned());
    let program = binaries.shop_sim();
    Process::start("shop-sim", &program, &arguments, &data.join("logs")).await
}

/// How every host and every verb finds the database. A PostgreSQL address and the shared key lie in files.
pub(crate) fn database_options(database: &Database, data: &Path) -> anyhow::Result<Vec<String>> {
    let Database::Postgres { url, .. } = database else {
        return Ok(Vec::new());
    };
    let mut options = Vec::new();
    let key = "5a".repeat(32);
    for (option, name, text) in [
        ("--database", "database-url", url),
        ("--master-key", "master-key", &key),
    ] {
        let file = data.join(name);
        std::fs::write(&file, text).with_context(|| format!("cannot write {}", file.display()))?;
        options.extend([option.to_owned(), format!("file:{}", file.display())]);
    }
    Ok(options)
}

pub(crate) fn host_arguments(
    options: &WorldOptions,
    data: &Path,
    database: &[String],
    zendesk: &ZendeskSim,
    shop: &ShopSim,
) -> anyhow::Result<Vec<String>> {
    let dial = |name: &str, address: &str| {
        let port = address.rsplit(':').next();
        port.map(|port| format!("{name}=127.0.0.1:{port}"))
            .with_context(|| format!("{address} has no port"))
    };
    let desk = format!("{}.zendesk.com", zendesk.subdomain);
    let mut arguments = vec![
        "serve".to_owned(),
        "--data".to_owned(),
        data.join("host").display().to_string(),
        // The balancer learns the port from the ready line: a fixed one could be taken between two starts.
        "--listen".to_owned(),
        "127.0.0.1:0".to_owned(),
        "--dev-connect".to_owned(),
        dial(&desk, zendesk.address())?,
        "--dev-connect".to_owned(),
        dial(&shop.domain, shop.address())?,
    ];
    if options.public_url {
        arguments.extend(["--public-url".to_owned(), format!("https://{HOST_NAME}")]);
    }
    arguments.extend_from_slice(database);
    arguments.extend(options.serve.iter().cloned());
    Ok(arguments)
}
