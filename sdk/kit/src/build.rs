//! From a plugin's folder to a component with its manifest inside.
//!
//! Paths of the machine are mapped away, so that the same sources give the same digest in any
//! checkout.

use std::ffi::OsString;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, bail, ensure};
use ordercase_runtime::{Manifest, package};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::encode::encode;
use crate::limits::{MANIFEST_BYTES_MAX, WASM_BYTES_MAX};

#[derive(clap::Args)]
pub(crate) struct BuildArgs {
    /// The plugin's folder, with `Cargo.toml` and `plugin.toml`.
    #[arg(value_name = "PLUGIN_DIR")]
    pub(crate) plugin: PathBuf,
}

/// What was built.
#[derive(Debug, Serialize)]
pub(crate) struct Built {
    pub(crate) plugin: String,
    pub(crate) version: String,
    pub(crate) path: PathBuf,
    pub(crate) bytes: usize,
    pub(crate) digest: String,
}

/// What `cargo metadata` says.
#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
    target_directory: PathBuf,
    workspace_root: PathBuf,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    manifest_path: PathBuf,
    targets: Vec<Target>,
}

#[derive(Deserialize)]
struct Target {
    name: String,
    crate_types: Vec<String>,
}

pub(crate) fn run(args: &BuildArgs) -> anyhow::Result<Built> {
    let (manifest, text) = read_manifest(&args.plugin)?;
    let cargo_toml = args.plugin.join("Cargo.toml");
    let cargo_toml = fs::canonicalize(&cargo_toml)
        .with_context(|| format!("{}: a Rust plugin's folder has one", cargo_toml.display()))?;
    let metadata = metadata(&cargo_toml)?;
    let (package, library) = library(&metadata, &cargo_toml)?;
    compile(&cargo_toml, &metadata)?;
    let module = metadata
        .target_directory
        .join("wasm32-unknown-unknown/plugin")
        .join(format!("{}.wasm", library.replace('-', "_")));
    let module = read_bounded(&module, WASM_BYTES_MAX)?;
    let component = encode(&module).with_context(|| {
        format!("{package} compiles, but its module does not wrap into a component")
    })?;
    let component = package::embed(&component, &text)?;
    let path = metadata
        .target_directory
        .join("ordercase")
        .join(format!("{}.wasm", manifest.plugin.id));
    write_whole(&path, &component)?;
    Ok(Built {
        plugin: manifest.plugin.id,
        version: manifest.plugin.version,
        bytes: component.len(),
        digest: hex::encode(Sha256::digest(&component)),
        path,
    })
}

/// The manifest of a plugin's folder, or of the file itself, with its text.
pub(crate) fn read_manifest(plugin: &Path) -> anyhow::Result<(Manifest, String)> {
    let path = if plugin.is_dir() {
        plugin.join("plugin.toml")
    } else {
        plugin.to_owned()
    };
    let bytes = read_bounded(&path, MANIFEST_BYTES_MAX)?;
    let text =
        String::from_utf8(bytes).with_context(|| format!("{} is no text", path.display()))?;
    let manifest = Manifest::parse(&text).with_context(|| path.display().to_string())?;
    Ok((manifest, text))
}

fn metadata(cargo_toml: &Path) -> anyhow::Result<Metadata> {
    let out = Command::new("cargo")
        .args([
            "metadata",
            "--no-deps",
            "--format-version",
            "1",
            "--manifest-path",
        ])
        .arg(cargo_toml)
        .stderr(Stdio::inherit())
        .output()
        .context("cargo does not start: install Rust and have `cargo` in the PATH")?;
    ensure!(
        out.status.success(),
        "cargo metadata failed: its reason is above"
    );
    serde_json::from_slice(&out.stdout).context("cargo metadata answered something unknown")
}

/// Name of the package and of its `cdylib`.
fn library<'a>(metadata: &'a Metadata, cargo_toml: &Path) -> anyhow::Result<(&'a str, &'a str)> {
    let package = metadata
        .packages
        .iter()
        .find(|package| fs::canonicalize(&package.manifest_path).is_ok_and(|p| p == cargo_toml))
        .with_context(|| format!("{} is no package: a workspace root?", cargo_toml.display()))?;
    let library = package
        .targets
        .iter()
        .find(|target| target.crate_types.iter().any(|kind| kind == "cdylib"))
        .with_context(|| {
            format!(
                "{} builds no `cdylib`: add crate-type = [\"cdylib\", \"rlib\"] to its [lib]",
                package.name
            )
        })?;
    Ok((&package.name, &library.name))
}

fn compile(cargo_toml: &Path, metadata: &Metadata) -> anyhow::Result<()> {
    let status = Command::new("cargo")
        .args([
            "build",
            "--target",
            "wasm32-unknown-unknown",
            "--profile",
            "plugin",
        ])
        // The profile of a plugin that lies outside our workspace.
        .args(["--config", "profile.plugin.inherits=\"release\""])
        .args(["--config", "profile.plugin.panic=\"abort\""])
        .arg("--manifest-path")
        .arg(cargo_toml)
        .env("CARGO_ENCODED_RUSTFLAGS", flags(metadata))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .status()
        .context("cargo does not start: install Rust and have `cargo` in the PATH")?;
    if !status.success() {
        bail!(
            "the plugin does not compile: cargo's reason is above (the target is added with \
             `rustup target add wasm32-unknown-unknown`)"
        );
    }
    Ok(())
}

/// Maps the machine's paths out of panic messages.
fn flags(metadata: &Metadata) -> OsString {
    let mut flags = OsString::from("--remap-path-prefix=");
    flags.push(&metadata.workspace_root);
    flags.push("=.");
    if let Some(home) = std::env::home_dir() {
        flags.push("\u{1f}--remap-path-prefix=");
        flags.push(home);
        flags.push("=~");
    }
    flags
}

/// Reads a file of at most so many bytes.
pub(crate) fn read_bounded(path: &Path, bytes_max: u64) -> anyhow::Result<Vec<u8>> {
    let file = fs::File::open(path)
        .with_context(|| format!("{} cannot be opened: check the path", path.display()))?;
    let mut bytes = Vec::new();
    file.take(bytes_max + 1)
        .read_to_end(&mut bytes)
        .with_context(|| format!("{} cannot be read", path.display()))?;
    ensure!(
        u64::try_from(bytes.len()).is_ok_and(|len| len <= bytes_max),
        "{} is larger than {bytes_max} bytes",
        path.display()
    );
    Ok(bytes)
}

/// Writes a file so that nobody ever sees a part of it.
fn write_whole(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let folder = path.parent().context("the target directory has no name")?;
    fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    let part = path.with_extension(format!("wasm.{}", std::process::id()));
    fs::write(&part, bytes).with_context(|| part.display().to_string())?;
    fs::rename(&part, path).with_context(|| path.display().to_string())
}
