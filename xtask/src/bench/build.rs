//! The programs that are measured: release builds without link-time optimisation, at low priority.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::Context as _;

use crate::{
    build::profile_dir,
    run::{cargo, loudly},
    setup,
};

/// Where what is measured lies.
pub(super) struct Programs {
    /// The host.
    pub(super) host: PathBuf,
    /// The shop of benchmarks.
    pub(super) shop: PathBuf,
    /// The simulated Zendesk.
    pub(super) zendesk: PathBuf,
    /// The Shopify component.
    pub(super) plugin: PathBuf,
    /// Where peers are installed and results of a run lie.
    pub(super) cache: PathBuf,
}

/// Builds them, unless told that they are there.
///
/// # Errors
/// When something cannot be built.
pub(super) fn programs(built: bool) -> anyhow::Result<Programs> {
    let target = profile_dir()?;
    let target = target.parent().context("no target folder")?;
    let release = target.join("release");
    if !built {
        setup::wasm_target()?;
        println!(
            "Building the host and what it talks to as they are shipped. The first time takes half an hour."
        );
        let packages = ["-p", "ordercase", "-p", "bench-shop", "-p", "zendesk-sim"];
        let mut build =
            cargo(&[&["build", "--profile", "bench", "--bins"][..], &packages].concat());
        loudly(&mut build)?;
        println!("Building the plugin.");
        loudly(&mut cargo(&[
            "build",
            "--workspace",
            "--bin",
            "ordercase-kit",
        ]))?;
        let mut kit = Command::new(profile_dir()?.join("ordercase-kit"));
        loudly(kit.args(["build", "plugins/shopify"]))?;
    }
    let programs = Programs {
        host: release.join("ordercase"),
        shop: release.join("bench-shop"),
        zendesk: release.join("zendesk-sim"),
        plugin: target.join("ordercase").join("shopify.wasm"),
        cache: target.join("bench"),
    };
    for path in [
        &programs.host,
        &programs.shop,
        &programs.zendesk,
        &programs.plugin,
    ] {
        there(path)?;
    }
    std::fs::create_dir_all(&programs.cache)?;
    Ok(programs)
}

fn there(path: &Path) -> anyhow::Result<()> {
    anyhow::ensure!(
        path.is_file(),
        "{} is not built: run without --no-build",
        path.display()
    );
    Ok(())
}
