//! Source bodies through a component's `map`, in the host's runtime.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, bail};
use ordercase_model::Instant;
use ordercase_runtime::{
    CallScope, Lane, LogLevel, MapInput, NoCredentials, Plugin, Runtime, RuntimeConfig,
};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::build::{self, BuildArgs, read_bounded};
use crate::limits::{BODY_BYTES_MAX, CONTEXT_BYTES_MAX, WASM_BYTES_MAX};
use crate::print_line;

#[derive(clap::Args)]
pub(crate) struct MapArgs {
    /// A plugin's folder, which is built first, or a component.
    #[arg(value_name = "PLUGIN")]
    plugin: PathBuf,
    /// Stream of the plugin, such as `orders`.
    #[arg(long)]
    stream: String,
    /// What the host knows of the connection: a JSON object `{"settings", "shop", "overrides"}`, each of
    /// them optional.
    #[arg(long, value_name = "FILE")]
    ctx: Option<PathBuf>,
    /// Role of every FILE: a request's role, or `webhook:<topic>`. Without one, the shape tells.
    #[arg(long, default_value = "")]
    role: String,
    /// Source bodies, as the platform sent them.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
}

/// What the host knows of the connection.
#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
struct ContextFile {
    settings: Value,
    shop: Value,
    overrides: Value,
}

impl Default for ContextFile {
    fn default() -> Self {
        Self {
            settings: json!({}),
            shop: json!({}),
            overrides: json!({}),
        }
    }
}

pub(crate) fn run(args: &MapArgs) -> anyhow::Result<()> {
    let context = read_context(args.ctx.as_deref())?;
    let component = component(&args.plugin)?;
    let threads = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .context("no threads")?;
    threads.block_on(map_all(args, context, component))
}

async fn map_all(args: &MapArgs, context: ContextFile, component: Vec<u8>) -> anyhow::Result<()> {
    let now = fixed_clock()?;
    let runtime = Runtime::new(RuntimeConfig::new(Arc::new(move || now)))?;
    let plugin = runtime
        .admit(component)
        .await
        .with_context(|| args.plugin.display().to_string())?;
    let scope = CallScope {
        tenant_id: "kit".to_owned(),
        connection_id: "kit".to_owned(),
        settings: context.settings,
        shop: context.shop,
        overrides: context.overrides,
        credentials: Arc::new(NoCredentials),
        lane: Lane::Agent,
    };
    let mut refused = 0_usize;
    for file in &args.files {
        if let Err(error) = map_one(args, &runtime, &plugin, &scope, file).await {
            refused += 1;
            eprintln!("error: {}: {error:#}", file.display());
        }
    }
    if refused > 0 {
        bail!("{refused} of {} not mapped: see above", args.files.len());
    }
    Ok(())
}

async fn map_one(
    args: &MapArgs,
    runtime: &Runtime,
    plugin: &Plugin,
    scope: &CallScope,
    file: &Path,
) -> anyhow::Result<()> {
    let input = MapInput {
        role: args.role.clone(),
        content_type: "application/json".to_owned(),
        bytes: read_bounded(file, BODY_BYTES_MAX)?.into(),
    };
    let called = runtime.map(plugin, scope, &args.stream, &[input]).await?;
    for line in called
        .log
        .iter()
        .filter(|line| line.level <= LogLevel::Warn)
    {
        eprintln!("plugin: {}", line.message);
    }
    called.value.iter().try_for_each(print_line)
}

/// A mapping is pure: its clock stands still, so that two runs print the same.
fn fixed_clock() -> anyhow::Result<Instant> {
    Instant::from_micros(0).context("1970 is in the calendar")
}

/// The component of a folder, built, or of a file.
pub(crate) fn component(plugin: &Path) -> anyhow::Result<Vec<u8>> {
    if plugin.is_dir() {
        let built = build::run(&BuildArgs {
            plugin: plugin.to_owned(),
        })?;
        return read_bounded(&built.path, WASM_BYTES_MAX);
    }
    read_bounded(plugin, WASM_BYTES_MAX)
}

fn read_context(file: Option<&Path>) -> anyhow::Result<ContextFile> {
    let Some(file) = file else {
        return Ok(ContextFile::default());
    };
    let bytes = read_bounded(file, CONTEXT_BYTES_MAX)?;
    serde_json::from_slice(&bytes).with_context(|| {
        format!(
            "{}: expected a JSON object with `settings`, `shop` and `overrides`, each optional",
            file.display()
        )
    })
}
