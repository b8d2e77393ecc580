//! Ids beyond 32 bits, each kind in a range of its own, so that a client that narrows or mixes them
//! up fails at once.

/// What an id is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Ticket,
    User,
    Identity,
    Comment,
    Audit,
    Event,
    Field,
    Client,
    Token,
}

/// Hands out ids.
#[derive(Debug)]
pub(crate) struct Ids {
    seed: u64,
    counter: u64,
}

impl Ids {
    pub(crate) fn new(seed: u64) -> Self {
        Self { seed, counter: 0 }
    }

    pub(crate) fn counter(&self) -> u64 {
        self.counter
    }

    /// Goes on where a former process stopped.
    pub(crate) fn resume(&mut self, counter: u64) {
        self.counter = self.counter.max(counter);
    }

    pub(crate) fn next(&mut self, kind: Kind) -> u64 {
        self.counter += 1;
        let base = match kind {
            Kind::Ticket => 5_000_000_000,
            Kind::User => 8_447_000_000_000,
            Kind::Identity => 9_115_000_000_000,
            Kind::Field => 27_642_000_000_000,
            Kind::Comment => 18_974_000_000_000,
            Kind::Audit => 20_612_000_000_000,
            Kind::Event => 20_613_000_000_000,
            Kind::Client => 22_344_000_000_000,
            Kind::Token => 22_345_000_000_000,
        };
        base + (self.seed % 1000) * 1_000_000 + self.counter
    }
}
