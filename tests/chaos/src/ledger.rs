//! What was done during the storm, to be found again afterwards.

/// Everything that was done.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    pub(crate) kills: u32,
    pub(crate) database_restarts: u32,
    pub(crate) revocations: u32,
    pub(crate) changes: u32,
    pub(crate) tickets: Vec<Filed>,
    pub(crate) said: Vec<Said>,
}

/// A ticket.
#[derive(Clone, Debug)]
pub(crate) struct Filed {
    pub(crate) id: u64,
    pub(crate) story: Story,
}

/// What a ticket is about, and so what it must show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Story {
    /// The buyer asks for an order of theirs.
    Clear {
        /// The order's id.
        order: String,
        /// Its name.
        name: String,
    },
    /// Somebody quotes another's order.
    Stranger,
    /// Nobody whom the shop knows.
    Unknown,
}

/// A comment with a text that occurs once in the world.
#[derive(Clone, Debug)]
pub(crate) struct Said {
    pub(crate) ticket: u64,
    pub(crate) text: String,
    pub(crate) way: Way,
}

/// Where a comment was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// On the ticket, by an agent.
    Ticket,
    /// On the case, and the host said that it is kept.
    CaseKept,
    /// On the case, and no answer came: it may or may not be kept.
    CaseUnknown,
}
