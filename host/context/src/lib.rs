//! What an agent needs to know about a ticket.
