//! Fairness over tenants: whoever was served last waits longest. Kept in the writer's memory; a restart
//! begins with the first tenant again.

use std::collections::HashMap;

/// Per queue, the tenant that was served last.
pub(crate) type Turns = HashMap<&'static str, String>;

/// The tenants of a queue, beginning after the one served last.
pub(crate) fn order(
    turns: &mut Turns,
    queue: &'static str,
    mut tenants: Vec<String>,
) -> Vec<String> {
    if let Some(last) = turns.get(queue) {
        let next = tenants.partition_point(|tenant| tenant <= last);
        tenants.rotate_left(next);
    }
    tenants
}

/// Notes who was served.
pub(crate) fn took(turns: &mut Turns, queue: &'static str, tenant: &str) {
    turns.insert(queue, tenant.to_owned());
}

/// How many each of `tenants` may take out of `limit`.
pub(crate) fn share(limit: u32, tenants: usize) -> u32 {
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
        assert_eq!(order(&mut turns, "live", tenants()), ["a", "b", "c"]);
        took(&mut turns, "live", "b");
        assert_eq!(order(&mut turns, "live", tenants()), ["c", "a", "b"]);
        assert_eq!(order(&mut turns, "poll", tenants()), ["a", "b", "c"]);
        took(&mut turns, "live", "c");
        assert_eq!(order(&mut turns, "live", tenants()), ["a", "b", "c"]);
    }

    #[test]
    fn everybody_gets_at_least_one() {
        assert_eq!((share(10, 3), share(2, 9), share(5, 0)), (4, 1, 5));
    }
}
