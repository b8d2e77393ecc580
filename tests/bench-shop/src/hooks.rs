//! Signed bodies of webhooks for a load tool.

use std::{
    io::{BufWriter, Write as _},
    path::PathBuf,
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
    /// Varies people, goods and amounts
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// What they are signed with
    #[arg(long, default_value = "whsec")]
    secret: String,
}

/// Writes them.
///
/// # Errors
/// When the file cannot be written.
pub(crate) fn run(hooks: &Hooks) -> anyhow::Result<()> {
    let mut out = BufWriter::new(std::fs::File::create(&hooks.out)?);
    for at in 0..hooks.count {
        let body = rest::order(&Order::draw(hooks.seed, at, hooks.count)).to_string();
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
