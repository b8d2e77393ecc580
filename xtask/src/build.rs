//! Builds what demo and tests start: the programs, then each plugin with the kit itself.

use std::path::PathBuf;

use anyhow::Context as _;

use crate::{
    run::{cargo, loudly},
    setup,
};

/// Plugins that are built for demo and tests.
const PLUGINS: [&str; 2] = ["shopify", "vendure"];

/// Builds programs and plugins.
///
/// # Errors
/// When something cannot be installed or built.
pub(crate) fn all() -> anyhow::Result<()> {
    setup::wasm_target()?;
    println!("Building the host, the kit and the simulators.");
    // The whole workspace: Cargo then picks the same features of every dependency as the tests do,
    // and nothing is compiled twice.
    loudly(&mut cargo(&["build", "--workspace", "--bins"]))?;
    for plugin in PLUGINS {
        println!("Building the {plugin} plugin.");
        let mut kit = std::process::Command::new(profile_dir()?.join("ordercase-kit"));
        kit.args(["build", &format!("plugins/{plugin}")]);
        loudly(&mut kit)?;
    }
    Ok(())
}

/// The folder that this tool, and so every other program, was built into.
///
/// # Errors
/// When this tool has no path.
pub(crate) fn profile_dir() -> anyhow::Result<PathBuf> {
    let me = std::env::current_exe().context("this tool has no path")?;
    Ok(me.parent().context("this tool lies nowhere")?.to_owned())
}
