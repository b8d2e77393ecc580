//! More webhooks than can be taken: sent at a rate, whether or not the ones before were answered. What was answered
//! with 200 is written down, so that it can be looked for afterwards.

use std::{
    io::Write as _,
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use serde_json::json;
use tokio::{sync::Semaphore, task::JoinSet};

use crate::{hooks, percentile::Sorted};

/// Sends signed webhooks at a rate and writes down which were taken.
#[derive(Debug, clap::Args)]
pub(crate) struct Flood {
    #[command(flatten)]
    deliveries: hooks::Deliveries,
    /// Deliveries that may be unanswered at the same time; more wait here
    #[arg(long, default_value_t = 2_000)]
    open: usize,
    /// Where the ids of what was taken are written, a line each
    #[arg(long)]
    taken: PathBuf,
}

/// How a delivery was answered.
enum Answer {
    Taken(String, Duration),
    Later,
    /// 503 that does not say when to come again.
    LaterWithoutTime,
    Failed(u16),
    Broken,
}

/// Sends them.
///
/// # Errors
/// When the files cannot be read or written.
pub(crate) async fn run(flood: &Flood) -> anyhow::Result<()> {
    let _installed = rustls::crypto::ring::default_provider().install_default();
    let deliveries = &flood.deliveries;
    let hooks = deliveries.read()?;
    let client = hooks::client()?;
    let places = Arc::new(Semaphore::new(flood.open));
    let start = Instant::now();
    let mut sent = JoinSet::new();
    for (number, hook) in (0..deliveries.count()).zip(hooks.iter().cycle()) {
        let due = start + deliveries.due(number);
        tokio::time::sleep_until(due.into()).await;
        let place = Arc::clone(&places).acquire_owned().await?;
        let id = deliveries.id(number);
        let request = hook.request(&client, deliveries.url(), &id);
        sent.spawn(async move {
            let answer = one(request, id).await;
            drop(place);
            answer
        });
    }
    tell(flood, sent.join_all().await)
}

async fn one(request: reqwest::RequestBuilder, id: String) -> Answer {
    let start = Instant::now();
    match request.send().await {
        Err(_) => Answer::Broken,
        Ok(answer) => match answer.status().as_u16() {
            200 => Answer::Taken(id, start.elapsed()),
            503 if answer.headers().contains_key("retry-after") => Answer::Later,
            503 => Answer::LaterWithoutTime,
            status => Answer::Failed(status),
        },
    }
}

fn tell(flood: &Flood, answers: Vec<Answer>) -> anyhow::Result<()> {
    let mut out = std::io::BufWriter::new(std::fs::File::create(&flood.taken)?);
    let mut times = Vec::new();
    let (mut later, mut without, mut failed, mut broken, mut first) = (0, 0, 0, 0, None);
    for answer in answers {
        match answer {
            Answer::Taken(id, took) => {
                writeln!(out, "{id}")?;
                times.push(took.as_secs_f64() * 1e3);
            }
            Answer::Later => later += 1,
            Answer::LaterWithoutTime => without += 1,
            Answer::Failed(status) => {
                failed += 1;
                first.get_or_insert(status);
            }
            Answer::Broken => broken += 1,
        }
    }
    out.flush()?;
    let times = Sorted::of(times);
    println!(
        "{}",
        json!({
            "taken": times.len(), "later": later, "later_without_time": without, "failed": failed, "first_failed": first,
            "broken": broken, "p50_ms": times.at(50), "p99_ms": times.at(99)
        })
    );
    Ok(())
}
