//! Child commands: shown before they run, their output passed on and, where asked, kept.

use std::{
    io::{BufRead as _, BufReader, Read as _},
    process::{Command, Stdio},
};

use anyhow::Context as _;

/// What `cargo xtask` tells this tool about its own package. A build script that watches them (ring's does)
/// would run again, and all that stands on it be compiled again, whenever Cargo is called from here and from
/// a shell in turn.
const OWN_PACKAGE: [&str; 7] = [
    "CARGO_MANIFEST_DIR",
    "CARGO_MANIFEST_PATH",
    "CARGO_PKG_NAME",
    "CARGO_PKG_VERSION_MAJOR",
    "CARGO_PKG_VERSION_MINOR",
    "CARGO_PKG_VERSION_PATCH",
    "CARGO_PKG_VERSION_PRE",
];

/// A Cargo command in the workspace.
pub(crate) fn cargo(arguments: &[&str]) -> Command {
    let mut command = Command::new("cargo");
    for name in OWN_PACKAGE {
        command.env_remove(name);
    }
    command.args(arguments);
    command
}

fn shown(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words
        .map(|word| word.to_string_lossy())
        .collect::<Vec<_>>()
        .join(" ")
}

/// Runs a command with its output on the terminal.
///
/// # Errors
/// When it cannot start or ends with a failure.
pub(crate) fn loudly(command: &mut Command) -> anyhow::Result<()> {
    let line = shown(command);
    println!("$ {line}");
    let status = command
        .status()
        .with_context(|| format!("cannot run `{line}`"))?;
    anyhow::ensure!(status.success(), "`{line}` ended with {status}");
    Ok(())
}

/// What a command printed, and whether it succeeded.
pub(crate) struct Kept {
    pub(crate) ok: bool,
    pub(crate) output: String,
}

/// Runs a command, passes its output on line by line, and keeps it.
///
/// # Errors
/// When it cannot start.
pub(crate) fn keeping(command: &mut Command) -> anyhow::Result<Kept> {
    let line = shown(command);
    println!("$ {line}");
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot run `{line}`"))?;
    let mut errors = child.stderr.take().context("no error output")?;
    let errors = std::thread::spawn(move || {
        let mut text = Vec::new();
        let read = errors.read_to_end(&mut text);
        read.map(|_| String::from_utf8_lossy(&text).into_owned())
    });
    let mut output = String::new();
    for line in BufReader::new(child.stdout.take().context("no output")?).lines() {
        let line = line?;
        println!("{line}");
        output.push_str(&line);
        output.push('\n');
    }
    let errors = errors
        .join()
        .map_err(|_| anyhow::anyhow!("reading its errors failed"))??;
    let ok = child.wait()?.success();
    if !ok {
        println!("{errors}");
    }
    Ok(Kept { ok, output })
}

/// Whether a program is on the path and answers.
pub(crate) fn answers(program: &str, arguments: &[&str]) -> bool {
    Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}
