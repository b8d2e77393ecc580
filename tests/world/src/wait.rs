//! Waiting for a condition instead of for a time.

use std::{future::Future, time::Duration};

use tokio::time::Instant;

const PAUSE: Duration = Duration::from_millis(40);

/// Asks `probe` until it gives a value, for at most `limit`.
///
/// # Errors
/// What `probe` failed with, or that `what` did not happen in time.
pub async fn until_some<T, F, Fut>(what: &str, limit: Duration, mut probe: F) -> anyhow::Result<T>
where
    F: FnMut() -> Fut,
    Fut: Future<Output = anyhow::Result<Option<T>>>,
{
    let end = Instant::now() + limit;
    loop {
        if let Some(value) = probe().await? {
            return Ok(value);
        }
        if Instant::now() >= end {
            anyhow::bail!("{what} did not happen within {} s", limit.as_secs());
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Asks `probe` until it says yes, for at most `limit`.
///
/// # Errors
/// What `probe` failed with, or that `what` did not happen in time.
pub async fn until<F, Fut>(what: &str, limit: Duration, mut probe: F) -> anyhow::Result<()>
where
    F: FnMut() -> Fut,
    Fut: Future<Output = anyhow::Result<bool>>,
{
    until_some(what, limit, || {
        let answer = probe();
        async move { Ok(answer.await?.then_some(())) }
    })
    .await
}
