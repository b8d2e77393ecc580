//! Whether one snapshot is newer than another by the source's own version (canonical-model §8.1).

use std::cmp::Ordering;

use crate::{Instant, open_enum};

open_enum! {
    /// How a source's versions compare; the manifest says so per stream.
    pub enum Comparability {
        /// As whole numbers.
        Integer = "integer",
        /// As RFC 3339 instants.
        Instant = "instant",
        /// As `number@instant`: number first.
        Tuple = "tuple",
        /// Only equal or not: the newest observation wins.
        Equality = "equality",
    }
}

/// What the two versions say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VersionOrder {
    /// The first is older.
    Older,
    /// They are equal.
    Equal,
    /// The first is newer.
    Newer,
    /// They cannot tell.
    Unknown,
}

/// Compares version `a` with version `b`. Versions that do not parse cannot tell.
#[must_use]
pub fn compare_versions(how: Comparability, a: Option<&str>, b: Option<&str>) -> VersionOrder {
    let (Some(a), Some(b)) = (a, b) else {
        return VersionOrder::Unknown;
    };
    if a == b {
        return VersionOrder::Equal;
    }
    let order = match how {
        Comparability::Integer => both(a, b, |v| v.parse::<i128>().ok()),
        Comparability::Instant => both(a, b, |v| v.parse::<Instant>().ok()),
        Comparability::Tuple => both(a, b, |v| {
            let (number, at) = v.split_once('@')?;
            Some((number.parse::<i128>().ok()?, at.parse::<Instant>().ok()?))
        }),
        Comparability::Equality | Comparability::Unknown => None,
    };
    match order {
        Some(Ordering::Less) => VersionOrder::Older,
        Some(Ordering::Equal) => VersionOrder::Equal,
        Some(Ordering::Greater) => VersionOrder::Newer,
        None => VersionOrder::Unknown,
    }
}

fn both<T: Ord>(a: &str, b: &str, parse: impl Fn(&str) -> Option<T>) -> Option<Ordering> {
    Some(parse(a)?.cmp(&parse(b)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_compare_across_zones_and_integers_by_value() {
        let newer = |how, a, b| compare_versions(how, Some(a), Some(b));
        assert_eq!(
            newer(
                Comparability::Instant,
                "2026-01-31T10:05:00+01:00",
                "2026-01-31T09:05:00Z"
            ),
            VersionOrder::Equal
        );
        assert_eq!(
            newer(Comparability::Integer, "10", "9"),
            VersionOrder::Newer
        );
        assert_eq!(
            newer(Comparability::Equality, "abc", "abd"),
            VersionOrder::Unknown
        );
        assert_eq!(
            newer(Comparability::Instant, "yesterday", "today"),
            VersionOrder::Unknown
        );
        assert_eq!(
            compare_versions(Comparability::Integer, None, Some("1")),
            VersionOrder::Unknown
        );
    }
}
