//! Whether we run it.
//!
//! In this order, each with a failure of its own: size, manifest, full validation, imports, exports,
//! compilation, resources, and one start with everything denied. The last is what finds a component
//! whose record types differ from the contract: Wasmtime links it without complaint and refuses it
//! when it is instantiated or its exports are looked up.

mod surface;

use std::{fmt, sync::Arc};

use sha2::{Digest, Sha256};
use wasmtime::component::{Component, InstancePre};

use crate::{
    Clock, abi,
    call::{CallState, store},
    engine::TierEngine,
    limits,
    package::{Artifacts, Capabilities, Lock, Manifest, ManifestError, Tier},
};

/// A component that was admitted: it may be called.
pub struct Plugin {
    /// What it says of itself.
    pub manifest: Arc<Manifest>,
    /// SHA-256 of the component, in hexadecimal.
    pub digest: String,
    /// What it may do.
    pub lock: Lock,
    pub(crate) engine: Arc<TierEngine>,
    pub(crate) pre: InstancePre<CallState>,
}

impl fmt::Debug for Plugin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Plugin")
            .field("id", &self.manifest.plugin.id)
            .field("digest", &self.digest)
            .finish_non_exhaustive()
    }
}

/// Why a component is not run.
#[derive(Debug, thiserror::Error)]
pub enum AdmissionError {
    /// Its manifest is missing or wrong.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// It is larger than its tier allows.
    #[error(
        "the component has {bytes} bytes, more than the {bytes_max} of its tier: build it with optimisation and without data"
    )]
    TooLarge {
        /// Its size.
        bytes: usize,
        /// The largest accepted.
        bytes_max: usize,
    },
    /// It is not valid WebAssembly.
    #[error("not a valid component: {0}")]
    Malformed(String),
    /// It asks for something that plugins do not get.
    #[error(
        "the component imports `{name}`: plugins get http, log and time of ordercase:source and nothing else"
    )]
    Import {
        /// What it asks for.
        name: String,
    },
    /// Its exports are not those of its manifest.
    #[error("the component and its manifest disagree on exports: {}", differ(.undeclared, .absent))]
    Exports {
        /// There, but not in the manifest.
        undeclared: Vec<String>,
        /// In the manifest, but not there.
        absent: Vec<String>,
    },
    /// It needs more from the start than its tier has.
    #[error("the component needs {what} {needed}, more than the {max} of its tier")]
    Resources {
        /// What of.
        what: &'static str,
        /// How much.
        needed: u64,
        /// How much there is.
        max: u64,
    },
    /// It cannot be compiled.
    #[error("the component cannot be compiled: {0}")]
    Compile(String),
    /// Its types are not those of the contract, or it crashes when it is started.
    #[error("the component does not fit the contract: {0}")]
    Contract(String),
    /// The host itself failed.
    #[error("the host failed while admitting: {0}")]
    Host(String),
}

/// What can be said without compiling: size, manifest, validity, imports and exports.
pub(crate) fn inspect(component: &[u8]) -> Result<(Manifest, Lock), AdmissionError> {
    let bytes_max = Tier::Interpreter.limits().component_bytes_max;
    small_enough(component, bytes_max)?;
    let manifest = Manifest::of_component(component)?;
    small_enough(component, manifest.plugin.tier.limits().component_bytes_max)?;
    let imports = surface::check(component, &manifest)?;
    let digest = hex::encode(Sha256::digest(component));
    let lock = Lock::new(&manifest, Capabilities::of(&manifest, imports), digest);
    Ok((manifest, lock))
}

/// Compiles an inspected component, or takes what was compiled before; takes as long as it takes, so not on a
/// thread that others need.
pub(crate) fn compile(
    engine: Arc<TierEngine>,
    artifacts: Option<&Artifacts>,
    component: &[u8],
    manifest: Manifest,
    lock: Lock,
) -> Result<Plugin, AdmissionError> {
    let kept = artifacts.and_then(|kept| kept.load(&engine.engine, &lock.component));
    let compiled = match kept {
        Some(compiled) => compiled,
        None => {
            let compiled = Component::from_binary(&engine.engine, component)
                .map_err(|error| AdmissionError::Compile(format!("{error:#}")))?;
            if let Some(artifacts) = artifacts {
                artifacts.keep(&lock.component, &compiled);
            }
            compiled
        }
    };
    fits(&engine, &compiled)?;
    let pre = engine.linker.instantiate_pre(&compiled);
    let pre = pre.map_err(|error| AdmissionError::Contract(format!("{error:#}")))?;
    Ok(Plugin {
        manifest: Arc::new(manifest),
        digest: lock.component.clone(),
        lock,
        engine,
        pre,
    })
}

/// Starts a plugin once, with everything denied, and checks the types of its exports.
pub(crate) async fn start_once(plugin: &Plugin, clock: &Clock) -> Result<(), AdmissionError> {
    let contract = |error: wasmtime::Error| AdmissionError::Contract(format!("{error:#}"));
    let limits = &plugin.engine.limits;
    let state = CallState::new(limits, limits::ADMISSION_TICKS_MAX, Arc::clone(clock));
    let mut store = store(&plugin.engine, state).map_err(contract)?;
    let start = async {
        let instance = plugin.pre.instantiate_async(&mut store).await?;
        for export in &plugin.manifest.plugin.exports {
            abi::typecheck(&mut store, &plugin.pre, &instance, *export)?;
        }
        Ok(())
    };
    match tokio::time::timeout(limits::ADMISSION_START_TIMEOUT, start).await {
        Ok(outcome) => outcome.map_err(contract),
        Err(_) => Err(AdmissionError::Contract(
            "it does not finish starting".to_owned(),
        )),
    }
}

fn small_enough(component: &[u8], bytes_max: usize) -> Result<(), AdmissionError> {
    let bytes = component.len();
    if bytes <= bytes_max {
        return Ok(());
    }
    Err(AdmissionError::TooLarge { bytes, bytes_max })
}

const WASM_PAGE_BYTES: u64 = 64 * 1024;

fn fits(engine: &TierEngine, component: &Component) -> Result<(), AdmissionError> {
    let limits = &engine.limits;
    let Some(needed) = component.resources_required() else {
        return Err(AdmissionError::Contract(
            "it brings no module of its own".to_owned(),
        ));
    };
    let table = |n: usize| u64::try_from(n).unwrap_or(u64::MAX);
    let rows = [
        (
            "memories:",
            u64::from(needed.num_memories),
            u64::from(limits.memories_max),
        ),
        (
            "bytes of memory from the start:",
            needed
                .max_initial_memory_size
                .unwrap_or(0)
                .saturating_mul(WASM_PAGE_BYTES),
            limits.memory_initial_bytes_max,
        ),
        (
            "tables:",
            u64::from(needed.num_tables),
            u64::from(limits.tables_max),
        ),
        (
            "elements of a table from the start:",
            needed.max_initial_table_size.unwrap_or(0),
            table(limits.table_elements_max),
        ),
    ];
    for (what, needed, max) in rows {
        if needed > max {
            return Err(AdmissionError::Resources { what, needed, max });
        }
    }
    Ok(())
}

fn differ(undeclared: &[String], absent: &[String]) -> String {
    let mut out = Vec::new();
    if !undeclared.is_empty() {
        out.push(format!("add {} to plugin.exports", undeclared.join(", ")));
    }
    if !absent.is_empty() {
        out.push(format!(
            "implement {} or take it out of plugin.exports",
            absent.join(", ")
        ));
    }
    out.join("; ")
}
