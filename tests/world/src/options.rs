//! What a world should be like.

use std::path::PathBuf;

/// The shop's plan, which sets its rate limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Plan {
    /// The smallest limit.
    Basic,
    /// Ten times the limit.
    #[default]
    Plus,
}

impl Plan {
    /// As the simulator spells it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Basic => "basic",
            Self::Plus => "plus",
        }
    }
}

/// What the hosts keep their state in.
#[derive(Clone, Debug, Default)]
pub enum Database {
    /// A file of one host.
    #[default]
    Sqlite,
    /// A PostgreSQL that replicas share.
    Postgres {
        /// Its address.
        url: String,
        /// How many hosts work on it.
        replicas: usize,
    },
}

/// Options of a world.
#[derive(Clone, Debug)]
pub struct WorldOptions {
    /// Where state is kept; absent: a folder that goes with the world.
    pub data: Option<PathBuf>,
    /// Varies customers, orders and texts.
    pub seed: u64,
    /// Orders of the shop.
    pub orders: u32,
    /// The shop's plan.
    pub plan: Plan,
    /// What the hosts keep their state in.
    pub database: Database,
    /// The desk's Zendesk plan, in the words of `ordercase desk add --plan`.
    pub desk_plan: Option<&'static str>,
    /// Whether the simulators keep their state in the folder; without it they forget all when they end.
    pub keep_simulators: bool,
    /// Whether the host writes notes; off by default in the product, on in the demo.
    pub note_rule: bool,
    /// Whether the host is told the address under which the shop reaches it.
    pub public_url: bool,
    /// Whether the shop is told one address for all its webhooks, whatever is registered.
    pub aim_webhooks: bool,
    /// More arguments for `ordercase serve`.
    pub serve: Vec<String>,
    /// More arguments for the simulated Zendesk.
    pub zendesk: Vec<String>,
    /// More arguments for the simulated shop.
    pub shop: Vec<String>,
}

impl Default for WorldOptions {
    fn default() -> Self {
        Self {
            data: None,
            seed: 1,
            orders: 60,
            plan: Plan::Plus,
            database: Database::default(),
            desk_plan: None,
            keep_simulators: true,
            note_rule: true,
            public_url: true,
            aim_webhooks: true,
            serve: Vec::new(),
            zendesk: Vec::new(),
            shop: Vec::new(),
        }
    }
}
