//! The least that the parts of a backfill can cost here: fetching its pages, mapping them natively into the small
//! model that hand-written loops keep, storing that in one table. What the product costs beyond the sum is its own.

pub(crate) mod fetch;
mod model;
pub(crate) mod normalise;
pub(crate) mod upsert;

use std::time::Duration;

/// What the threads of this process have computed so far, the kernel's work for them included.
fn computed() -> Duration {
    let threads = std::fs::read_dir("/proc/self/task").into_iter().flatten();
    let spent = threads.filter_map(|thread| {
        let text = std::fs::read_to_string(thread.ok()?.path().join("schedstat")).ok()?;
        text.split_whitespace().next()?.parse::<u64>().ok()
    });
    Duration::from_nanos(spent.sum())
}

/// Microseconds of computing an order.
fn per_order(spent: Duration, orders: u64) -> f64 {
    let orders = orders.max(1) as f64;
    spent.as_secs_f64() * 1e6 / orders
}
