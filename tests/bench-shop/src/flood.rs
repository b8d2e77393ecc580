//! More webhooks than can be taken: sent at a rate, whether or not the ones before were answered. What was answered
//! with 200 is written down, so that it can be looked for afterwards.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use serde_json::json;
use tokio::{sync::Semaphore, task::JoinSet};

/// Sends signed webhooks at a rate and writes down which were taken.
#[derive(Debug, clap::Args)]
pub(crate) struct Flood {
    /// Where to send them
    #[arg(long)]
    url: String,
    /// Signed bodies, as `hooks` writes them
    #[arg(long)]
    hooks: PathBuf,
    /// Deliveries a second
    #[arg(long)]
    rate: u64,
    /// For so long
    #[arg(long)]
    seconds: u64,
    /// Deliveries that may be unanswered at the same time; more wait here
    #[arg(long, default_value_t = 2_000)]
    open: usize,
    /// Begins the ids of the deliveries
    #[arg(long, default_value = "flood")]
    run: String,
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
    let mut hooks = Vec::new();
    for line in BufReader::new(std::fs::File::open(&flood.hooks)?).lines() {
        let line = line?;
        if let Some((signature, body)) = line.split_once('\t') {
            hooks.push((signature.to_owned(), bytes::Bytes::from(body.to_owned())));
        }
    }
    anyhow::ensure!(!hooks.is_empty(), "there is nothing to send");
    let client = reqwest::Client::builder()
        .no_proxy()
        .timeout(Duration::from_secs(10))
        .build()?;
    let places = Arc::new(Semaphore::new(flood.open));
    let start = Instant::now();
    let mut sent = JoinSet::new();
    for number in 0..flood.rate * flood.seconds {
        let due = start + Duration::from_micros(number * 1_000_000 / flood.rate.max(1));
        tokio::time::sleep_until(due.into()).await;
        let Some((signature, body)) = hooks.get(number as usize % hooks.len()) else {
            break;
        };
        let place = Arc::clone(&places).acquire_owned().await?;
        let id = format!("{}-{number}", flood.run);
        let request = client
            .post(&flood.url)
            .header("content-type", "application/json")
            .header("x-shopify-topic", "orders/updated")
            .header("x-shopify-hmac-sha256", signature)
            .header("x-shopify-event-id", &id)
            .body(body.clone());
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
    times.sort_by(f64::total_cmp);
    let at = |share: usize| {
        times
            .get(times.len().saturating_sub(1) * share / 100)
            .copied()
    };
    println!(
        "{}",
        json!({
            "taken": times.len(), "later": later, "later_without_time": without, "failed": failed, "first_failed": first,
            "broken": broken, "p50_ms": at(50), "p99_ms": at(99)
        })
    );
    Ok(())
}
