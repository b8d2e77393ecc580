//! Percentiles of what was measured: exact, by the nearest rank. A benchmark has some ten thousand values at most.

use serde_json::{Value, json};

/// Values in order.
pub(crate) struct Sorted(Vec<f64>);

impl Sorted {
    /// Orders them.
    pub(crate) fn of(mut values: Vec<f64>) -> Self {
        values.sort_by(f64::total_cmp);
        Self(values)
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// The smallest value that at least `percent` of them do not exceed; none of none.
    pub(crate) fn at(&self, percent: usize) -> Option<f64> {
        let rank = (self.0.len() * percent).div_ceil(100).max(1);
        self.0.get(rank - 1).copied()
    }

    /// How many, the percentiles that people ask for, and the largest.
    pub(crate) fn summary(&self) -> Value {
        json!({
            "count": self.len(), "p50": self.at(50), "p95": self.at(95), "p99": self.at(99), "max": self.at(100)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_a_value_that_was_measured_and_the_last_hundredth_lies_above_it() {
        let of = Sorted::of((1..=200).rev().map(f64::from).collect());
        assert_eq!((of.at(50), of.at(95)), (Some(100.0), Some(190.0)));
        assert_eq!((of.at(99), of.at(100)), (Some(198.0), Some(200.0)));
    }

    #[test]
    fn of_few_values_the_99th_percentile_is_the_largest() {
        let of = Sorted::of(vec![3.0, 1.0, 2.0]);
        assert_eq!(
            (of.at(0), of.at(50), of.at(99)),
            (Some(1.0), Some(2.0), Some(3.0))
        );
        assert_eq!(Sorted::of(vec![7.0]).at(50), Some(7.0));
        assert_eq!(Sorted::of(Vec::new()).at(99), None);
        assert!(Sorted::of(Vec::new()).summary()["p99"].is_null());
    }
}
