//! What people would use instead: each is installed on first use, into a folder or a Python environment of its own.

pub(super) mod node;
pub(super) mod python;

use std::path::Path;

/// Writes a script of ours where its packages lie, so that it finds them.
///
/// # Errors
/// When it cannot be written.
fn script(folder: &Path, name: &str, text: &str) -> anyhow::Result<()> {
    std::fs::create_dir_all(folder)?;
    Ok(std::fs::write(folder.join(name), text)?)
}

/// Packages are installed once for a list of them: the list is the mark.
fn installed(folder: &Path, wanted: &str) -> bool {
    std::fs::read_to_string(folder.join("installed.txt")).is_ok_and(|mark| mark == wanted)
}

fn mark(folder: &Path, wanted: &str) -> anyhow::Result<()> {
    Ok(std::fs::write(folder.join("installed.txt"), wanted)?)
}
