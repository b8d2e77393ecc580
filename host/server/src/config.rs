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
    /// How often each stream of a shop is polled, seconds.
    pub poll_seconds: i64,
}

/// The public address: `https://host[:port]`, no path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicUrl(String);

/// Where the options do not say: the documented example, which nobody reaches.
impl Default for PublicUrl {
    fn default() -> Self {
        Self("https://ordercase.example".to_owned())
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
        Ok(Self(url.as_str().trim_end_matches('/').to_owned()))
    }

    /// A full address below it.
    #[must_use]
    pub fn join(&self, path: &str) -> String {
        format!("{}{path}", self.0)
    }

    /// The host's name, with its port where it has one.
    #[must_use]
    pub fn host(&self) -> &str {
        self.0.strip_prefix("https://").unwrap_or(&self.0)
    }

    /// The host's name alone, as an allowed domain.
    #[must_use]
    pub fn domain(&self) -> &str {
        self.host().split(':').next().unwrap_or_default()
    }

    /// The text, without a slash at its end.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
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
        let public_url = match PublicUrl::new(&serve.public_url) {
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
            poll_seconds: i64::from(serve.poll_seconds),
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
    }
}
