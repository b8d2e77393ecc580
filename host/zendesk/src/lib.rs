//! The Zendesk client and the only writer to tickets.
