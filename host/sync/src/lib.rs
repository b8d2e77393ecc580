//! Inbox, streams, outbox: what to do next.
