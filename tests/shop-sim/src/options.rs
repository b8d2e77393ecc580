//! What a simulated shop is started with.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;

use crate::SimError;

/// How a shop is started.
#[derive(Clone, Debug)]
pub struct Options {
    /// Loopback port; 0 picks a free one.
    pub port: u16,
    /// Names, orders, token and webhook secret follow from it.
    pub seed: u64,
    /// Folder of the snapshot; without one the shop forgets everything when it stops.
    pub data: Option<PathBuf>,
    /// How many orders a fresh shop has.
    pub orders: u32,
    /// Decides the throttle.
    pub plan: Plan,
    /// First label of the shop's host name: `lamplight` serves `lamplight.myshopify.com`.
    pub shop: String,
    /// Where signed webhooks go; can be set later under `/_sim/webhooks`.
    pub webhook_address: Option<String>,
    /// Dial targets of host names, the only targets that are ever dialled.
    pub dev_connect: Vec<DevConnect>,
    /// Where the Admin API's SDL lies.
    pub schema: SchemaSource,
    /// The moment the population is told from, in whole seconds of Unix time.
    pub now: i64,
    /// First wait of a failed webhook delivery in milliseconds; it doubles from there.
    pub webhook_retry_ms: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            port: 0,
            seed: 1,
            data: None,
            orders: crate::limits::ORDERS_DEFAULT,
            plan: Plan::Basic,
            shop: "lamplight".to_owned(),
            webhook_address: None,
            dev_connect: Vec::new(),
            schema: SchemaSource::Detect,
            now: crate::limits::EPOCH_SECONDS,
            webhook_retry_ms: crate::limits::WEBHOOK_RETRY_FIRST_MS,
        }
    }
}

/// The shop's subscription: it decides how fast the API may be read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Plan {
    /// 2,000 points, 100 a second.
    #[default]
    Basic,
    /// 4,000 points, 200 a second.
    Advanced,
    /// 20,000 points, 1,000 a second.
    Plus,
    /// 40,000 points, 2,000 a second.
    Enterprise,
}

impl Plan {
    /// The bucket: points at most, points restored a second.
    #[must_use]
    pub const fn bucket(self) -> (f64, f64) {
        match self {
            Self::Basic => (2_000.0, 100.0),
            Self::Advanced => (4_000.0, 200.0),
            Self::Plus => (20_000.0, 1_000.0),
            Self::Enterprise => (40_000.0, 2_000.0),
        }
    }

    pub(crate) const fn display_name(self) -> &'static str {
        match self {
            Self::Basic => "Basic",
            Self::Advanced => "Advanced",
            Self::Plus => "Shopify Plus",
            Self::Enterprise => "Commerce Components",
        }
    }
}

impl FromStr for Plan {
    type Err = SimError;

    fn from_str(text: &str) -> Result<Self, SimError> {
        match text {
            "basic" => Ok(Self::Basic),
            "advanced" => Ok(Self::Advanced),
            "plus" => Ok(Self::Plus),
            "enterprise" => Ok(Self::Enterprise),
            _ => Err(SimError::Option(format!(
                "plan '{text}' is none of basic, advanced, plus, enterprise"
            ))),
        }
    }
}

/// Where the Admin API's SDL comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum SchemaSource {
    /// Looked for in a `shared` folder beside the checkout; without it nothing is validated.
    #[default]
    Detect,
    /// This file; missing is an error.
    File(PathBuf),
    /// No validation.
    Off,
}

/// `HOST=127.0.0.1:PORT`: the loopback port that stands for a host name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DevConnect {
    /// The host name as it stands in addresses and the `Host` header.
    pub host: String,
    /// What is dialled, in plain HTTP.
    pub target: SocketAddr,
}

impl FromStr for DevConnect {
    type Err = SimError;

    fn from_str(text: &str) -> Result<Self, SimError> {
        let (host, target) = text
            .split_once('=')
            .ok_or_else(|| SimError::Option(format!("'{text}' is not HOST=127.0.0.1:PORT")))?;
        let target: SocketAddr = target
            .parse()
            .map_err(|_| SimError::Option(format!("'{target}' is not an address with a port")))?;
        if !target.ip().is_loopback() {
            return Err(SimError::Option(format!("{target} is not on loopback")));
        }
        Ok(Self {
            host: host.to_ascii_lowercase(),
            target,
        })
    }
}
