//! Signed bodies of webhooks for a load tool, and the tools of ours that send them.

use std::{
    io::{BufRead as _, BufReader, BufWriter, Write as _},
    path::PathBuf,
    time::Duration,
};

use base64::Engine as _;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use crate::order::{Order, rest};

/// Writes signed bodies of webhooks, a line each: signature, tab, body.
#[derive(Debug, clap::Args)]
pub(crate) struct Hooks {
    /// Where to write them
    #[arg(long)]
    out: PathBuf,
    /// Different bodies
    #[arg(long, default_value_t = 5_000)]
    count: u64,
    /// Orders of the shop that they come from; as many as there are bodies without it
    #[arg(long)]
    of: Option<u64>,
    /// Varies people, goods and amounts
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// What they are signed with
    #[arg(long, default_value = "whsec")]
    secret: String,
}

/// Which of them are sent, where to and when: the rate does not wait for answers.
#[derive(Debug, clap::Args)]
pub(crate) struct Deliveries {
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
    /// Begins the ids of the deliveries
    #[arg(long, default_value = "delivery")]
    run: String,
}

impl Deliveries {
    /// How many there are.
    pub(crate) fn count(&self) -> u64 {
        self.rate * self.seconds
    }

    /// When one is due, from the start.
    pub(crate) fn due(&self, number: u64) -> Duration {
        Duration::from_micros(number * 1_000_000 / self.rate.max(1))
    }

    /// Its id.
    pub(crate) fn id(&self, number: u64) -> String {
        format!("{}-{number}", self.run)
    }

    /// Where to send them.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Reads the bodies.
    ///
    /// # Errors
    /// When the file cannot be read, or holds nothing.
    pub(crate) fn read(&self) -> anyhow::Result<Vec<Hook>> {
        let mut hooks = Vec::new();
        for line in BufReader::new(std::fs::File::open(&self.hooks)?).lines() {
            if let Some((signature, body)) = line?.split_once('\t') {
                hooks.push(Hook {
                    signature: signature.to_owned(),
                    body: body.to_owned().into(),
                });
            }
        }
        anyhow::ensure!(!hooks.is_empty(), "there is nothing to send");
        Ok(hooks)
    }
}

/// What is sent with every one of them.
const TOPIC: &str = "orders/updated";

/// A signed body.
pub(crate) struct Hook {
    signature: String,
    body: bytes::Bytes,
}

impl Hook {
    /// A delivery of it with that id.
    pub(crate) fn request(
        &self,
        client: &reqwest::Client,
        url: &str,
        id: &str,
    ) -> reqwest::RequestBuilder {
        client
            .post(url)
            .header("content-type", "application/json")
            .header("x-shopify-topic", TOPIC)
            .header("x-shopify-hmac-sha256", &self.signature)
            .header("x-shopify-event-id", id)
            .body(self.body.clone())
    }

    /// What the host knows the delivery with that id by.
    pub(crate) fn key(id: &str) -> String {
        format!("{TOPIC}/{id}")
    }
}

/// A client for them.
///
/// # Errors
/// When there is none.
pub(crate) fn client() -> anyhow::Result<reqwest::Client> {
    Ok(reqwest::Client::builder()
        .no_proxy()
        .timeout(Duration::from_secs(10))
        .build()?)
}

/// Writes them: of the newest orders, the oldest of those first.
///
/// # Errors
/// When the file cannot be written.
pub(crate) fn run(hooks: &Hooks) -> anyhow::Result<()> {
    let mut out = BufWriter::new(std::fs::File::create(&hooks.out)?);
    let of = hooks.of.unwrap_or(hooks.count);
    for at in of.saturating_sub(hooks.count)..of {
        let body = rest::order(&Order::draw(hooks.seed, at, of)).to_string();
        let mut mac = Hmac::<Sha256>::new_from_slice(hooks.secret.as_bytes())
            .map_err(|error| anyhow::anyhow!("the secret: {error}"))?;
        mac.update(body.as_bytes());
        let signature =
            base64::engine::general_purpose::STANDARD.encode(mac.finalize().into_bytes());
        writeln!(out, "{signature}\t{body}")?;
    }
    out.flush()?;
    Ok(())
}
