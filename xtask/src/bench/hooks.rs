//! Signed bodies, written once a run.

use std::path::{Path, PathBuf};

use super::{build::Programs, host::WEBHOOK_SECRET, shop::tool};

/// Different orders that webhooks tell of.
pub(super) const BODIES: u64 = 5_000;

/// Writes them; where they lie.
///
/// # Errors
/// When they cannot be written.
pub(super) fn write(programs: &Programs, folder: &Path, seed: u64) -> anyhow::Result<PathBuf> {
    let out = folder.join("hooks.tsv");
    let (path, count, seed) = (
        out.display().to_string(),
        BODIES.to_string(),
        seed.to_string(),
    );
    tool(
        programs,
        &[
            "hooks",
            "--out",
            &path,
            "--count",
            &count,
            "--seed",
            &seed,
            "--secret",
            WEBHOOK_SECRET,
        ],
    )?;
    Ok(out)
}
