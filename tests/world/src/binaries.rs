//! Where the programs of a world lie.

use std::path::{Path, PathBuf};

use anyhow::Context as _;

/// The built programs and plugins.
#[derive(Clone, Debug)]
pub struct Binaries {
    profile: PathBuf,
    plugins: PathBuf,
}

impl Binaries {
    /// Finds them beside the running test or tool.
    ///
    /// # Errors
    /// When the running program does not lie in a Cargo target directory, or a program was not built.
    pub fn find() -> anyhow::Result<Self> {
        let me = std::env::current_exe().context("the running program has no path")?;
        let mut profile = me.parent().context("the running program lies nowhere")?;
        if profile.ends_with("deps") {
            profile = profile.parent().context("a deps folder without a parent")?;
        }
        let target = profile
            .parent()
            .context("a profile folder without a parent")?;
        let found = Self {
            profile: profile.to_owned(),
            plugins: target.join("ordercase"),
        };
        for path in [
            found.host(),
            found.zendesk_sim(),
            found.shop_sim(),
            found.plugin("shopify"),
        ] {
            anyhow::ensure!(
                path.is_file(),
                "{} is not built: run `cargo xtask build` first",
                path.file_name().unwrap_or_default().to_string_lossy()
            );
        }
        Ok(found)
    }

    /// The host, `ordercase`.
    #[must_use]
    pub fn host(&self) -> PathBuf {
        self.profile.join("ordercase")
    }

    /// The simulated Zendesk.
    #[must_use]
    pub fn zendesk_sim(&self) -> PathBuf {
        self.profile.join("zendesk-sim")
    }

    /// The simulated shop.
    #[must_use]
    pub fn shop_sim(&self) -> PathBuf {
        self.profile.join("shop-sim")
    }

    /// The component of a plugin, by id.
    #[must_use]
    pub fn plugin(&self, id: &str) -> PathBuf {
        self.plugins.join(Path::new(id).with_extension("wasm"))
    }
}
