//! Fairness over tenants: whoever was served last waits longest. Kept in the writer's memory; a restart
//! begins with the first tenant again.

use std::collections::HashMap;

use crate::{
    StoreError,
    db::{Arg, Sql, Tx},
};

/// Per queue, the tenant that was served last.
pub(crate) type Turns = HashMap<&'static str, String>;

/// One handing out: the tenants that have due work, each with how much it may take.
pub(crate) struct Round {
    queue: &'static str,
    tenants: std::vec::IntoIter<String>,
    share: u32,
    left: u32,
}

impl Round {
    /// The tenants that a statement names (as `id`), beginning after the one served last.
    pub(crate) async fn begin(
        tx: &mut Tx,
        queue: &'static str,
        limit: u32,
        tenants: Sql,
        args: Vec<Arg>,
    ) -> Result<Self, StoreError> {
        let rows = tx.conn.all(tenants, args).await?;
        let tenants: Result<Vec<String>, StoreError> =
            rows.iter().map(|row| row.text("id")).collect();
        let tenants = order(&tx.turns, queue, tenants?);
        Ok(Self {
            queue,
            share: share(limit, tenants.len()),
            tenants: tenants.into_iter(),
            left: limit,
        })
    }

    /// Whose turn it is, and how much it may take; `None` when all had theirs or nothing is left.
    pub(crate) fn next(&mut self) -> Option<(String, u32)> {
        if self.left == 0 {
            return None;
        }
        let tenant = self.tenants.next()?;
        Some((tenant, self.share.min(self.left)))
    }

    /// Notes how much a tenant took.
    pub(crate) fn took(&mut self, turns: &mut Turns, tenant: &str, rows: usize) {
        if rows > 0 {
            turns.insert(self.queue, tenant.to_owned());
        }
        self.left = self
            .left
            .saturating_sub(u32::try_from(rows).unwrap_or(u32::MAX));
    }
}

fn order(turns: &Turns, queue: &'static str, mut tenants: Vec<String>) -> Vec<String> {
    if let Some(last) = turns.get(queue) {
        let next = tenants.partition_point(|tenant| tenant <= last);
        tenants.rotate_left(next);
    }
    tenants
}

fn share(limit: u32, tenants: usize) -> u32 {
    let tenants = u32::try_from(tenants).unwrap_or(u32::MAX).max(1);
    limit.div_ceil(tenants).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn turns_go_round() {
        let tenants = || vec!["a".to_owned(), "b".to_owned(), "c".to_owned()];
        let mut turns = Turns::new();
        assert_eq!(order(&turns, "live", tenants()), ["a", "b", "c"]);
        turns.insert("live", "b".to_owned());
        assert_eq!(order(&turns, "live", tenants()), ["c", "a", "b"]);
        assert_eq!(order(&turns, "poll", tenants()), ["a", "b", "c"]);
        turns.insert("live", "c".to_owned());
        assert_eq!(order(&turns, "live", tenants()), ["a", "b", "c"]);
    }

    #[test]
    fn a_round_ends_when_nothing_is_left() {
        let mut round = Round {
            queue: "live",
            tenants: vec!["a".to_owned(), "b".to_owned(), "c".to_owned()].into_iter(),
            share: 2,
            left: 3,
        };
        let mut turns = Turns::new();
        assert_eq!(round.next(), Some(("a".to_owned(), 2)));
        round.took(&mut turns, "a", 0);
        assert_eq!(round.next(), Some(("b".to_owned(), 2)));
        round.took(&mut turns, "b", 2);
        assert_eq!(round.next(), Some(("c".to_owned(), 1)));
        round.took(&mut turns, "c", 1);
        assert_eq!(round.next(), None);
        assert_eq!(turns["live"], "c");
    }

    #[test]
    fn everybody_gets_at_least_one() {
        assert_eq!((share(10, 3), share(2, 9), share(5, 0)), (4, 1, 5));
    }
}
