//! What a server runs with, checked as a whole: every problem is reported at once, each with the option
//! and what to write instead.

use std::{net::SocketAddr, time::Duration};

use url::Url;

use crate::{
    cli::{Host, Serve},
    data_dir::DataDir,
    database::Database,
    dev_connect::{self, DevConnect},
    secret::SecretRef,
};

/// A checked configuration.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where data lies.
    pub data: DataDir,
    /// Where to listen.
    pub listen: SocketAddr,
    /// Where others reach the host.
    pub public_url: PublicUrl,
    /// Development redirects.
    pub dev_connect: Vec<DevConnect>,
    /// Key for secrets at rest; the data directory's own without.
    pub master_key: Option<SecretRef>,
    /// Where what the host knows is stored.
    pub database: Database,
    /// How often each desk's ticket export is read.
    pub ticket_poll: Duration,
    /// When and how the host asks the shops.
    pub shops: ShopTimes,
}

/// When the host asks the shops by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShopTimes {
    /// How often for what changed.
    pub poll: Duration,
    /// How far a reading reaches back behind the newest change that was seen.
    pub poll_overlap: Duration,
    /// Longest time between two looks at a shop's webhooks.
    pub webhook_check: Duration,
}

impl Default for ShopTimes {
    fn default() -> Self {
        let seconds = |n: i64| Duration::from_secs(n.unsigned_abs());
        Self {
            poll: seconds(ordercase_sync::limits::POLL_INTERVAL_SECONDS),
            poll_overlap: seconds(ordercase_sync::limits::POLL_OVERLAP_SECONDS),
            webhook_check: seconds(ordercase_sync::limits::SUBSCRIPTION_CHECK_SECONDS),
        }
    }
}

impl ShopTimes {
    /// A time in the engine's seconds.
    #[must_use]
    pub fn seconds(time: Duration) -> i64 {
        i64::try_from(time.as_secs()).unwrap_or(i64::MAX)
    }
}

/// The public address: `https://host[:port]`, no path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicUrl {
    text: String,
    known: bool,
}

/// Where the options do not say: the documented example, which nobody reaches.
impl Default for PublicUrl {
    fn default() -> Self {
        Self {
            text: "https://ordercase.example".to_owned(),
            known: false,
        }
    }
}

impl PublicUrl {
    /// Reads an address.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn new(url: &Url) -> Result<Self, String> {
        let plain = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
        if url.scheme() != "https"
            || url.host_str().is_none()
            || !plain
            || !url.username().is_empty()
        {
            return Err(format!(
                "--public-url {url} must be https://HOST without a path: Zendesk and the shops send secrets there"
            ));
        }
        Ok(Self {
            text: url.as_str().trim_end_matches('/').to_owned(),
            known: true,
        })
    }

    /// Whether somebody named it. Without that, no webhook is registered anywhere.
    #[must_use]
    pub const fn is_known(&self) -> bool {
        self.known
    }

    /// A full address below it.
    #[must_use]
    pub fn join(&self, path: &str) -> String {
        format!("{}{path}", self.text)
    }

    /// The host's name, with its port where it has one.
    #[must_use]
    pub fn host(&self) -> &str {
        self.text.strip_prefix("https://").unwrap_or(&self.text)
    }

    /// The host's name alone, as an allowed domain.
    #[must_use]
    pub fn domain(&self) -> &str {
        self.host().split(':').next().unwrap_or_default()
    }

    /// The text, without a slash at its end.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

/// Everything that is wrong with a configuration.
#[derive(Debug, thiserror::Error)]
#[error("the configuration cannot work:\n  - {}", .0.join("\n  - "))]
pub struct ConfigError(Vec<String>);

impl Config {
    /// Checks the options of `ordercase serve`.
    ///
    /// # Errors
    /// All problems at once.
    pub fn check(host: &Host, serve: &Serve) -> Result<Self, ConfigError> {
        let mut problems = Vec::new();
        if let Err(error) = dev_connect::check(&host.dev_connect, serve.listen) {
            problems.push(error.to_string());
        }
        if host.server.is_some() {
            problems.push(
                "--server names a running server; `serve` starts one: use --listen".to_owned(),
            );
        }
        let named = serve.public_url.as_ref().map(PublicUrl::new).transpose();
        let public_url = match named.map(Option::unwrap_or_default) {
            Ok(url) if problems.is_empty() => url,
            Ok(_) => return Err(ConfigError(problems)),
            Err(problem) => {
                problems.push(problem);
                return Err(ConfigError(problems));
            }
        };
        Ok(Self {
            data: DataDir::at(&host.data),
            listen: serve.listen,
            public_url,
            dev_connect: host.dev_connect.clone(),
            master_key: host.master_key.clone(),
            database: host.database.clone(),
            ticket_poll: Duration::from_secs(serve.ticket_poll_seconds),
            shops: ShopTimes {
                poll: Duration::from_secs(serve.shop_poll_seconds),
                poll_overlap: Duration::from_secs(serve.shop_poll_overlap_seconds),
                webhook_check: Duration::from_secs(serve.webhook_check_seconds),
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::cli::{Cli, Command};

    fn check(line: &str) -> Result<Config, ConfigError> {
        let cli = Cli::try_parse_from(line.split_whitespace()).unwrap();
        let Command::Serve(serve) = cli.command else {
            panic!("not serve")
        };
        Config::check(&cli.host, &serve)
    }

    #[test]
    fn every_problem_is_told_at_once() {
        let error = check(
            "ordercase serve --listen 0.0.0.0:80 --public-url http://o.example/x \
             --dev-connect a.example=127.0.0.1:1 --server http://127.0.0.1:2",
        )
        .unwrap_err()
        .to_string();
        for word in ["--dev-connect", "--public-url", "--server"] {
            assert!(error.contains(word), "{word} is not in {error}");
        }
    }

    #[test]
    fn a_good_configuration_has_a_public_host() {
        let config = check("ordercase serve --public-url https://o.example:8443/").unwrap();
        assert_eq!(config.public_url.host(), "o.example:8443");
        assert_eq!(config.public_url.domain(), "o.example");
        assert_eq!(config.public_url.join("/x"), "https://o.example:8443/x");
        assert!(check("ordercase serve --public-url https://u@o.example").is_err());
        assert!(config.public_url.is_known());
        assert!(!check("ordercase serve").unwrap().public_url.is_known());
    }
}
