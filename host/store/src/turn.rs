//! Fairness over tenants, and over the connections and desks of one: whoever was served last waits longest.
//! Kept in the writer's memory; a restart begins with the first one again.

use std::collections::HashMap;

use crate::{
    StoreError,
    db::{Arg, Sql, Tx},
};

/// Per queue, or per queue and tenant, who was served last.
pub(crate) type Turns = HashMap<String, String>;

/// One handing out: who has work, each with how much it may take.
pub(crate) struct Round {
    queue: String,
    waiting: std::vec::IntoIter<String>,
    share: u32,
    left: u32,
}

impl Round {
    /// Those that a statement names (as `id`, in order), beginning after the one served last.
    pub(crate) async fn begin(
        tx: &mut Tx,
        queue: impl Into<String>,
        limit: u32,
        waiting: Sql,
        args: Vec<Arg>,
    ) -> Result<Self, StoreError> {
        let queue = queue.into();
        let rows = tx.conn.all(waiting, args).await?;
        let waiting: Result<Vec<String>, StoreError> =
            rows.iter().map(|row| row.text("id")).collect();
        let waiting = order(&tx.turns, &queue, waiting?);
        Ok(Self {
            queue,
            share: share(limit, waiting.len()),
            waiting: waiting.into_iter(),
            left: limit,
        })
    }

    /// Whose turn it is, and how much it may take; `None` when all had theirs or nothing is left.
    pub(crate) fn next(&mut self) -> Option<(String, u32)> {
        if self.left == 0 {
            return None;
        }
        let next = self.waiting.next()?;
        Some((next, self.share.min(self.left)))
    }

    /// Notes how much one took.
    pub(crate) fn took(&mut self, turns: &mut Turns, who: &str, rows: usize) {
        if rows > 0 {
            turns.insert(self.queue.clone(), who.to_owned());
        }
        self.left = self
            .left
            .saturating_sub(u32::try_from(rows).unwrap_or(u32::MAX));
    }
}

fn order(turns: &Turns, queue: &str, mut waiting: Vec<String>) -> Vec<String> {
    if let Some(last) = turns.get(queue) {
        let next = waiting.partition_point(|one| one <= last);
        waiting.rotate_left(next);
    }
    waiting
}

fn share(limit: u32, waiting: usize) -> u32 {
    let waiting = u32::try_from(waiting).unwrap_or(u32::MAX).max(1);
    limit.div_ceil(waiting).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn turns_go_round() {
        let tenants = || vec!["a".to_owned(), "b".to_owned(), "c".to_owned()];
        let mut turns = Turns::new();
        assert_eq!(order(&turns, "live", tenants()), ["a", "b", "c"]);
        turns.insert("live".to_owned(), "b".to_owned());
        assert_eq!(order(&turns, "live", tenants()), ["c", "a", "b"]);
        assert_eq!(order(&turns, "poll", tenants()), ["a", "b", "c"]);
        turns.insert("live".to_owned(), "c".to_owned());
        assert_eq!(order(&turns, "live", tenants()), ["a", "b", "c"]);
    }

    #[test]
    fn a_round_ends_when_nothing_is_left() {
        let mut round = Round {
            queue: "live".to_owned(),
            waiting: vec!["a".to_owned(), "b".to_owned(), "c".to_owned()].into_iter(),
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
