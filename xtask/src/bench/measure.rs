//! What a process and everything it started cost: processor time from the kernel's own books, peak memory by looking.

use std::{
    path::Path,
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};

use anyhow::Context as _;
use serde::Serialize;

/// The kernel counts processor time in hundredths of a second.
const TICKS_PER_SECOND: f64 = 100.0;
/// How often memory is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// Bytes of a page of memory on this architecture.
const PAGE_BYTES: u64 = 4_096;

/// What a run cost.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub(super) struct Spent {
    /// Seconds of computing, user and system, of the whole tree.
    pub(super) cpu_s: f64,
    /// Seconds from start to end.
    pub(super) wall_s: f64,
    /// Largest resident memory of the tree that was seen, MiB.
    pub(super) peak_mib: f64,
}

/// Runs a command to its end.
///
/// # Errors
/// When it cannot be started or fails; the end of what it wrote to `log` is in the message.
pub(super) fn run(command: &mut Command, log: &Path) -> anyhow::Result<Spent> {
    let out = std::fs::File::create(log)?;
    command
        .stdin(Stdio::null())
        .stdout(out.try_clone()?)
        .stderr(out);
    let before = children()?;
    let start = Instant::now();
    let child = command
        .spawn()
        .with_context(|| format!("cannot start {}", command.get_program().to_string_lossy()))?;
    let watch = Watch::over(child.id());
    let ok = wait(child)?;
    let spent = Spent {
        cpu_s: children()? - before,
        wall_s: start.elapsed().as_secs_f64(),
        peak_mib: watch.end(),
    };
    anyhow::ensure!(
        ok,
        "{} failed: {}",
        command.get_program().to_string_lossy(),
        tail(log)
    );
    Ok(spent)
}

fn wait(mut child: Child) -> anyhow::Result<bool> {
    Ok(child.wait()?.success())
}

/// The end of a log.
pub(super) fn tail(log: &Path) -> String {
    let text = std::fs::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(&text).into_owned();
    let lines: Vec<&str> = text.lines().rev().take(8).collect();
    lines.into_iter().rev().collect::<Vec<_>>().join("\n")
}

/// Processor seconds of a running process and of what it has waited for.
///
/// # Errors
/// When it is not there.
pub(super) fn of_process(id: u32) -> anyhow::Result<f64> {
    let fields = stat(id).context("the process is gone")?;
    Ok(seconds(&fields, 11..15))
}

/// What a process did so far, from the kernel's own books.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Did {
    /// Processor seconds.
    pub(super) cpu_s: f64,
    /// How often a thread of it slept and was woken.
    pub(super) wakes: f64,
    /// How often a thread of it had to make way for another.
    pub(super) made_way: f64,
    /// Calls that read and calls that write.
    pub(super) calls: f64,
    /// Bytes that went to the disk.
    pub(super) disk_bytes: f64,
}

/// What a running process did so far. Threads that ended take their sleeps with them.
///
/// # Errors
/// When it is not there.
pub(super) fn did(id: u32) -> anyhow::Result<Did> {
    let mut did = Did {
        cpu_s: of_process(id)?,
        ..Did::default()
    };
    for thread in std::fs::read_dir(format!("/proc/{id}/task"))? {
        let text = std::fs::read_to_string(thread?.path().join("status")).unwrap_or_default();
        did.wakes += listed(&text, "voluntary_ctxt_switches");
        did.made_way += listed(&text, "nonvoluntary_ctxt_switches");
    }
    let text = std::fs::read_to_string(format!("/proc/{id}/io"))?;
    did.calls = listed(&text, "syscr") + listed(&text, "syscw");
    did.disk_bytes = listed(&text, "write_bytes");
    Ok(did)
}

/// A number of a file of lines such as `name: 12`; nothing where it is not listed.
fn listed(text: &str, name: &str) -> f64 {
    let values = text.lines().filter_map(|line| line.split_once(':'));
    values
        .filter(|(listed, _)| *listed == name)
        .filter_map(|(_, value)| value.trim().parse::<f64>().ok())
        .sum()
}

/// Processor seconds of all children that this process has waited for, with theirs.
fn children() -> anyhow::Result<f64> {
    let fields = stat(std::process::id()).context("no /proc: benchmarks need Linux")?;
    Ok(seconds(&fields, 13..15))
}

fn seconds(fields: &[String], of: std::ops::Range<usize>) -> f64 {
    let ticks = fields.get(of).unwrap_or_default().iter();
    let ticks: f64 = ticks.filter_map(|ticks| ticks.parse::<f64>().ok()).sum();
    ticks / TICKS_PER_SECOND
}

/// The fields of `/proc/ID/stat` behind the name: state first.
fn stat(id: u32) -> Option<Vec<String>> {
    let text = std::fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    let (_, rest) = text.rsplit_once(')')?;
    Some(rest.split_whitespace().map(str::to_owned).collect())
}

/// Resident memory of a process, bytes.
fn resident(id: u32) -> u64 {
    let text = std::fs::read_to_string(format!("/proc/{id}/statm")).unwrap_or_default();
    let pages = text
        .split_whitespace()
        .nth(1)
        .and_then(|pages| pages.parse::<u64>().ok());
    pages.unwrap_or_default() * PAGE_BYTES
}

/// A process and all below it.
fn tree(root: u32) -> Vec<u32> {
    let mut tree = vec![root];
    let mut at = 0;
    while let Some(id) = tree.get(at).copied() {
        let path = format!("/proc/{id}/task/{id}/children");
        let below = std::fs::read_to_string(path).unwrap_or_default();
        tree.extend(
            below
                .split_whitespace()
                .filter_map(|id| id.parse::<u32>().ok()),
        );
        at += 1;
    }
    tree
}

/// Looks at the memory of a process and all below it until it is ended.
pub(super) struct Watch {
    over: Arc<AtomicBool>,
    peak: Arc<AtomicU64>,
    thread: Option<JoinHandle<()>>,
}

impl Watch {
    /// Starts looking.
    pub(super) fn over(root: u32) -> Self {
        let (over, peak) = (
            Arc::new(AtomicBool::new(false)),
            Arc::new(AtomicU64::new(0)),
        );
        let (seen, done) = (Arc::clone(&peak), Arc::clone(&over));
        let thread = std::thread::spawn(move || {
            while !done.load(Ordering::Relaxed) {
                let bytes = tree(root).into_iter().map(resident).sum();
                seen.fetch_max(bytes, Ordering::Relaxed);
                std::thread::sleep(LOOK_EVERY);
            }
        });
        Self {
            over,
            peak,
            thread: Some(thread),
        }
    }

    /// Stops; the largest that was seen, MiB.
    pub(super) fn end(mut self) -> f64 {
        self.over.store(true, Ordering::Relaxed);
        let _ended = self.thread.take().map(JoinHandle::join);
        mib(self.peak.load(Ordering::Relaxed))
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
    }
}

fn mib(bytes: u64) -> f64 {
    bytes as f64 / 1_048_576.0
}

/// The load of the machine over the last minute.
pub(super) fn load() -> f64 {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let first = text.split_whitespace().next();
    first.and_then(|load| load.parse().ok()).unwrap_or_default()
}

/// Time of all processors since the machine began, in ticks (proc(5)).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Ticks {
    /// All of it.
    all: u64,
    /// What the machine's own host gave to others while work waited here.
    stolen: u64,
}

impl Ticks {
    /// As the kernel counts now; all zero where it does not say.
    pub(super) fn now() -> Self {
        Self::read(&std::fs::read_to_string("/proc/stat").unwrap_or_default())
    }

    pub(super) fn read(text: &str) -> Self {
        let first = text.lines().next().unwrap_or_default();
        let numbers = first.split_whitespace().skip(1).take(8);
        let ticks: Vec<u64> = numbers.filter_map(|one| one.parse().ok()).collect();
        Self {
            all: ticks.iter().sum(),
            stolen: ticks.get(7).copied().unwrap_or_default(),
        }
    }

    /// The share that was stolen between an earlier moment and this one, 0 to 1.
    pub(super) fn stolen_since(self, before: Self) -> f64 {
        let all = self.all.saturating_sub(before.all).max(1);
        self.stolen.saturating_sub(before.stolen) as f64 / all as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stolen_time_is_the_eighth_number_of_all_processors() {
        let before = Ticks::read("cpu  10 0 10 70 0 0 0 10 99 99\ncpu0 1 1 1 1 1 1 1 1\n");
        assert_eq!(
            before,
            Ticks {
                all: 100,
                stolen: 10
            }
        );
        let after = Ticks::read("cpu  60 0 10 70 0 0 0 60 99 99\n");
        assert!((after.stolen_since(before) - 0.5).abs() < 1e-9);
        assert_eq!(Ticks::read("").stolen_since(Ticks::read("")), 0.0);
    }

    #[test]
    fn a_listed_number_is_found_by_its_whole_name() {
        let text =
            "Name:\tordercase\nvoluntary_ctxt_switches:\t12\nnonvoluntary_ctxt_switches:\t3\n";
        assert_eq!(listed(text, "voluntary_ctxt_switches"), 12.0);
        assert_eq!(listed(text, "nonvoluntary_ctxt_switches"), 3.0);
        assert_eq!(listed(text, "syscr"), 0.0);
    }

    #[test]
    fn this_process_did_something() {
        let did = did(std::process::id()).unwrap();
        assert!(did.calls > 0.0);
    }
}
