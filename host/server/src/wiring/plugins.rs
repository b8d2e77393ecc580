//! Admitted plugins by digest. The bytes lie in the data directory under the digest that connections
//! pin; what is loaded is checked against it, so a changed file is never run.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use ordercase_runtime::{AdmissionError, Plugin, Runtime};

use crate::{data_dir::DataDir, limits};

/// Why a pinned plugin is not there.
#[derive(Debug, thiserror::Error)]
pub enum PluginError {
    /// The file is missing.
    #[error(
        "plugin {digest} is not in the data directory: connect the shop again with the plugin's file"
    )]
    Missing {
        /// Which.
        digest: String,
    },
    /// The file cannot be read or is not what its name says.
    #[error("plugin {digest} cannot be loaded: {problem}")]
    Unreadable {
        /// Which.
        digest: String,
        /// Why.
        problem: String,
    },
    /// The runtime does not run it.
    #[error(transparent)]
    Refused(#[from] AdmissionError),
}

/// Plugins that may be called.
pub struct Plugins {
    runtime: Runtime,
    data: DataDir,
    admitted: Mutex<HashMap<String, Arc<Plugin>>>,
    loading: tokio::sync::Mutex<()>,
}

impl Plugins {
    /// None yet.
    #[must_use]
    pub fn new(runtime: Runtime, data: DataDir) -> Self {
        Self {
            runtime,
            data,
            admitted: Mutex::default(),
            loading: tokio::sync::Mutex::new(()),
        }
    }

    /// Admits a component and keeps it under its digest.
    ///
    /// # Errors
    /// When the runtime refuses it or it cannot be kept.
    pub async fn admit(&self, wasm: Vec<u8>) -> Result<Arc<Plugin>, PluginError> {
        let plugin = self.runtime.admit(wasm.clone()).await?;
        self.data
            .keep_plugin(&plugin.digest, &wasm)
            .map_err(|error| PluginError::Unreadable {
                digest: plugin.digest.clone(),
                problem: format!("{error:#}"),
            })?;
        self.remember(&plugin);
        Ok(plugin)
    }

    /// The plugin of that digest, admitted again from the data directory where needed.
    ///
    /// # Errors
    /// When it is not there or no longer what it was.
    pub async fn get(&self, digest: &str) -> Result<Arc<Plugin>, PluginError> {
        if let Some(plugin) = self.known(digest) {
            return Ok(plugin);
        }
        // One at a time: admission compiles, and many callers may wait for the same plugin.
        let _turn = self.loading.lock().await;
        if let Some(plugin) = self.known(digest) {
            return Ok(plugin);
        }
        let plugin = self.runtime.admit(self.read(digest).await?).await?;
        if plugin.digest != digest {
            return Err(PluginError::Unreadable {
                digest: digest.to_owned(),
                problem: format!("its file has digest {}", plugin.digest),
            });
        }
        self.remember(&plugin);
        Ok(plugin)
    }

    async fn read(&self, digest: &str) -> Result<Vec<u8>, PluginError> {
        let missing = || PluginError::Missing {
            digest: digest.to_owned(),
        };
        // A digest is hexadecimal, so it can never lead out of the folder.
        if digest.len() != 64 || !digest.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(missing());
        }
        let path = self.data.plugin(digest);
        let size = tokio::fs::metadata(&path)
            .await
            .map_err(|_| missing())?
            .len();
        if usize::try_from(size).is_ok_and(|size| size > limits::PLUGIN_BYTES_MAX) {
            return Err(PluginError::Unreadable {
                digest: digest.to_owned(),
                problem: format!("its file has {size} bytes"),
            });
        }
        tokio::fs::read(&path).await.map_err(|_| missing())
    }

    fn known(&self, digest: &str) -> Option<Arc<Plugin>> {
        let admitted = self.admitted.lock().unwrap_or_else(PoisonError::into_inner);
        admitted.get(digest).cloned()
    }

    fn remember(&self, plugin: &Arc<Plugin>) {
        let mut admitted = self.admitted.lock().unwrap_or_else(PoisonError::into_inner);
        admitted.insert(plugin.digest.clone(), Arc::clone(plugin));
    }
}
