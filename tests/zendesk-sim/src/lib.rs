//! A strict Zendesk in a box.
