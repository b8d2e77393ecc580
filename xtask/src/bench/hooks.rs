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
    newest(programs, &folder.join("hooks.tsv"), seed, BODIES, BODIES)
}

/// Writes those of the `count` newest orders of a shop that has `of`; where they lie.
///
/// # Errors
/// When they cannot be written.
pub(super) fn newest(
    programs: &Programs,
    out: &Path,
    seed: u64,
    count: u64,
    of: u64,
) -> anyhow::Result<PathBuf> {
    let path = out.display().to_string();
    let [count, of, seed] = [count, of, seed].map(|number| number.to_string());
    tool(
        programs,
        &[
            "hooks",
            "--out",
            &path,
            "--count",
            &count,
            "--of",
            &of,
            "--seed",
            &seed,
            "--secret",
            WEBHOOK_SECRET,
        ],
    )?;
    Ok(out.to_owned())
}
