//! What is served, by whom it may be called, and within which bounds.
//!
//! | Path | Who | What |
//! |---|---|---|
//! | `POST /v1/events/zendesk` | a desk | something happened to a ticket |
//! | `POST /v1/webhooks/{connection}` | a shop | something happened at the shop |
//! | `GET /v1/desks/{desk}/tickets/{ticket}/context` | a tenant | the support context |
//! | `/admin/v1/...` | the operator | everything that the command line does |
//! | `GET /context` | a browser | a small page over the context |
//! | `GET /health`, `/ready`, `/openapi.json` | anyone | is it alive, can it work, what is here |

pub mod admin;
pub mod auth;
pub mod bound;
pub mod boundary;
mod health;
mod mapping;
mod openapi;
mod page;
pub mod problem;
pub mod router;
pub mod v1;
