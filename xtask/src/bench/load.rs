//! The load tool, wrk, and what it says.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use serde::Serialize;

use crate::{run::answers, setup};

/// wrk with our scripts.
pub(super) struct Wrk {
    folder: PathBuf,
}

/// What a run of wrk found.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub(super) struct Load {
    /// Answers a second.
    pub(super) per_second: f64,
    /// Answers in all.
    pub(super) answers: f64,
    /// Middle of the times to an answer, milliseconds.
    pub(super) p50_ms: f64,
    /// 99th percentile of them.
    pub(super) p99_ms: f64,
    /// Answers that were not 2xx or 3xx, and broken connections.
    pub(super) bad: f64,
}

impl Wrk {
    /// Installs it where it is missing.
    ///
    /// # Errors
    /// When Debian cannot install it.
    pub(super) fn install(folder: &Path) -> anyhow::Result<Self> {
        if !answers("wrk", &["-v"]) && !Path::new("/usr/bin/wrk").is_file() {
            setup::wrk()?;
        }
        std::fs::write(folder.join("hook.lua"), include_str!("peers/hook.lua"))?;
        std::fs::write(folder.join("ask.lua"), include_str!("peers/ask.lua"))?;
        Ok(Self {
            folder: folder.to_owned(),
        })
    }

    /// Loads an address for some seconds; `set` are variables that the script reads.
    ///
    /// # Errors
    /// When wrk fails or says nothing.
    pub(super) fn run(
        &self,
        script: &str,
        url: &str,
        connections: u32,
        seconds: u64,
        set: &[(&str, &str)],
    ) -> anyhow::Result<Load> {
        let output = Command::new("wrk")
            .args([
                "-t1",
                &format!("-c{connections}"),
                &format!("-d{seconds}s"),
                "--latency",
                "--timeout",
                "10s",
            ])
            .arg("-s")
            .arg(self.folder.join(script))
            .arg(url)
            .envs(set.iter().copied())
            .output()?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        anyhow::ensure!(
            output.status.success(),
            "wrk failed: {text} {}",
            String::from_utf8_lossy(&output.stderr)
        );
        read(&text).ok_or_else(|| anyhow::anyhow!("wrk said nothing that can be read: {text}"))
    }
}

fn read(text: &str) -> Option<Load> {
    let after = |words: &str| {
        let line = text
            .lines()
            .find(|line| line.trim_start().starts_with(words))?;
        line.split_whitespace()
            .nth(words.split_whitespace().count())
            .map(str::to_owned)
    };
    let errors = text.lines().filter(|line| line.contains("Socket errors"));
    let broken: f64 = errors
        .flat_map(|line| line.split([' ', ',']))
        .filter_map(|word| word.parse::<f64>().ok())
        .sum();
    let count = text.lines().find(|line| line.contains("requests in"))?;
    let refused = text
        .lines()
        .find_map(|line| line.trim().strip_prefix("Non-2xx or 3xx responses:"));
    Some(Load {
        per_second: after("Requests/sec:")?.parse().ok()?,
        answers: count.split_whitespace().next()?.parse().ok()?,
        p50_ms: milliseconds(&after("50%")?)?,
        p99_ms: milliseconds(&after("99%")?)?,
        bad: broken
            + refused
                .and_then(|text| text.trim().parse::<f64>().ok())
                .unwrap_or_default(),
    })
}

/// `1.23ms`, `456.00us` or `2.00s`.
fn milliseconds(text: &str) -> Option<f64> {
    let unit = text.find(|c: char| c.is_ascii_alphabetic())?;
    let number: f64 = text.get(..unit)?.parse().ok()?;
    match text.get(unit..)? {
        "us" => Some(number / 1e3),
        "ms" => Some(number),
        "s" => Some(number * 1e3),
        "m" => Some(number * 6e4),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_wrk_says_is_read_and_its_deviations_are_not_taken_for_it() {
        let text = "Running 5s test @ http://127.0.0.1:1\n  1 threads and 32 connections\n  Thread Stats   Avg      Stdev     Max   +/- Stdev\n\
            \u{20}   Latency     2.00ms    1.00ms  20.00ms   99.00%\n    Req/Sec    15.00k     1.00k   16.00k    50.00%\n\
            \u{20} Latency Distribution\n     50%    1.79ms\n     75%    2.00ms\n     90%    3.00ms\n     99%  940.00us\n\
            \u{20} 75000 requests in 5.00s, 10.00MB read\n  Socket errors: connect 0, read 3, write 0, timeout 1\n  Non-2xx or 3xx responses: 7\n\
            Requests/sec:  15000.50\nTransfer/sec:      2.00MB\n";
        let load = read(text).unwrap();
        assert_eq!((load.per_second, load.answers), (15000.5, 75000.0));
        assert_eq!((load.p50_ms, load.p99_ms, load.bad), (1.79, 0.94, 11.0));
    }
}
