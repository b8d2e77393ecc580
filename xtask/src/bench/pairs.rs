//! Pairs taken in turn, and what is made of them.

use serde::Serialize;

use super::measure::{Spent, Ticks, load};

/// Most that the same native work may drift between the pairs of a run, as a share.
pub(super) const DRIFT_MAX: f64 = 0.15;

/// Most of the processors' time that the machine's own host may take for others during a side, as a share.
const STOLEN_MAX: f64 = 0.05;
/// How many pairs are taken at most for each that is wanted.
const TRIES: usize = 3;

/// One pair.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Pair<T = Spent> {
    /// Ours.
    pub(super) ours: T,
    /// The peer's.
    pub(super) peer: T,
    /// The same native work beside this pair, microseconds an order.
    pub(super) native_us: f64,
    /// Load of the machine over the last minute.
    pub(super) load: f64,
    /// The larger share of the processors' time that was not the machine's during a side.
    pub(super) stolen: f64,
    /// Left out: the machine was not the same as in the other pairs.
    pub(super) void: bool,
}

/// A number taken several times.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub(super) struct Several {
    /// Smallest.
    pub(super) min: f64,
    /// The middle.
    pub(super) median: f64,
    /// Largest.
    pub(super) max: f64,
}

impl Several {
    /// Of these; all zero without any.
    pub(super) fn of(values: impl IntoIterator<Item = f64>) -> Self {
        let mut values: Vec<f64> = values.into_iter().collect();
        values.sort_by(f64::total_cmp);
        let at = |n: usize| values.get(n).copied().unwrap_or_default();
        let last = values.len().saturating_sub(1);
        Self {
            min: at(0),
            median: f64::midpoint(at(last / 2), at(last.div_ceil(2))),
            max: at(last),
        }
    }
}

impl<T> Pair<T> {
    /// How the machine was, for a line about it.
    pub(super) fn machine(&self) -> String {
        format!(
            "load {:.1}, {:.0} % stolen{}",
            self.load,
            self.stolen * 100.0,
            if self.void { "; void" } else { "" }
        )
    }
}

/// Takes pairs in turn. Those whose native work lies more than [`DRIFT_MAX`] off the middle, or during which more than
/// [`STOLEN_MAX`] of the time was stolen, are void and taken again, within bounds.
///
/// # Errors
/// Those of the runs.
pub(super) fn take<T>(
    count: usize,
    native: impl FnMut() -> anyhow::Result<f64>,
    ours: impl FnMut() -> anyhow::Result<T>,
    peer: impl FnMut() -> anyhow::Result<T>,
) -> anyhow::Result<Vec<Pair<T>>> {
    take_by(Ticks::now, count, native, ours, peer)
}

fn take_by<T>(
    mut ticks: impl FnMut() -> Ticks,
    count: usize,
    mut native: impl FnMut() -> anyhow::Result<f64>,
    mut ours: impl FnMut() -> anyhow::Result<T>,
    mut peer: impl FnMut() -> anyhow::Result<T>,
) -> anyhow::Result<Vec<Pair<T>>> {
    let mut pairs: Vec<Pair<T>> = Vec::new();
    for _ in 0..count * TRIES {
        let valid = pairs.iter().filter(|pair| !pair.void).count();
        if valid >= count {
            break;
        }
        let before = native()?;
        let began = ticks();
        let ours = ours()?;
        let between = ticks();
        let peer = peer()?;
        let stolen = between
            .stolen_since(began)
            .max(ticks().stolen_since(between));
        let native_us = f64::midpoint(before, native()?);
        pairs.push(Pair {
            ours,
            peer,
            native_us,
            load: load(),
            stolen,
            void: false,
        });
        let middle = Several::of(pairs.iter().map(|pair| pair.native_us)).median;
        for pair in &mut pairs {
            let drifted = (pair.native_us / middle - 1.0).abs() > DRIFT_MAX;
            pair.void = drifted || pair.stolen > STOLEN_MAX;
        }
        if let Some(last) = pairs.last() {
            println!("  A pair is taken: {}.", last.machine());
        }
    }
    Ok(pairs)
}

/// How many pairs are not void.
///
/// # Errors
/// When all are: there is nothing to tell.
pub(super) fn valid<T>(pairs: &[Pair<T>]) -> anyhow::Result<usize> {
    let valid = pairs.iter().filter(|pair| !pair.void).count();
    anyhow::ensure!(valid > 0, "every pair is void: the machine is too busy");
    Ok(valid)
}

/// A ratio of the pairs that are not void.
pub(super) fn ratio<T>(pairs: &[Pair<T>], of: impl Fn(&Pair<T>) -> f64) -> Several {
    Several::of(pairs.iter().filter(|pair| !pair.void).map(of))
}

/// The pairs are taken by plain code; ours needs the runtime.
pub(super) fn block<T>(work: impl Future<Output = T>) -> T {
    tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(work))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spent(cpu_s: f64) -> Spent {
        Spent {
            cpu_s,
            ..Spent::default()
        }
    }

    #[test]
    fn a_pair_beside_drifting_work_is_void_and_taken_again() {
        let mut native = [10.0, 10.0, 10.2, 10.2, 30.0, 30.0, 9.9, 9.9].into_iter();
        let pairs = take_by(
            Ticks::default,
            3,
            || Ok(native.next().unwrap_or(10.0)),
            || Ok(spent(1.0)),
            || Ok(spent(2.0)),
        );
        let pairs = pairs.unwrap();
        let void: Vec<bool> = pairs.iter().map(|pair| pair.void).collect();
        assert_eq!(void, [false, false, true, false]);
        let ratio = ratio(&pairs, |pair| pair.ours.cpu_s / pair.peer.cpu_s);
        assert_eq!((ratio.min, ratio.max), (0.5, 0.5));
    }

    #[test]
    fn a_pair_of_which_time_was_stolen_is_void_and_taken_again() {
        let stat = |all: u64, stolen: u64| Ticks::read(&format!("cpu  {all} 0 0 0 0 0 0 {stolen}"));
        let of_second = [stat(100, 0), stat(100, 50), stat(200, 50)];
        let mut ticks = [Ticks::default(); 3].into_iter().chain(of_second);
        let pairs = take_by(
            || ticks.next().unwrap_or_default(),
            2,
            || Ok(10.0),
            || Ok(spent(1.0)),
            || Ok(spent(2.0)),
        );
        let void: Vec<bool> = pairs.unwrap().iter().map(|pair| pair.void).collect();
        assert_eq!(void, [false, true, false]);
    }

    #[test]
    fn a_ratio_is_taken_pair_by_pair_whatever_is_measured() {
        let pair = |ours, peer, void| Pair {
            ours,
            peer,
            native_us: 1.0,
            load: 0.0,
            stolen: 0.0,
            void,
        };
        let pairs = [
            pair(10.0, 15.0, false),
            pair(20.0, 20.0, false),
            pair(10.0, 90.0, true),
            pair(10.0, 40.0, false),
        ];
        let ratio = ratio(&pairs, |pair| pair.peer / pair.ours);
        assert_eq!((ratio.min, ratio.median, ratio.max), (1.0, 1.5, 4.0));
        assert_eq!(valid(&pairs).unwrap(), 3);
        assert!(valid(&pairs[2..3]).is_err());
    }

    #[test]
    fn the_middle_of_an_even_count_lies_between() {
        assert_eq!(Several::of([4.0, 1.0, 2.0, 3.0]).median, 2.5);
        assert_eq!(Several::of([7.0]).median, 7.0);
        assert_eq!(Several::of([]).max, 0.0);
    }
}
