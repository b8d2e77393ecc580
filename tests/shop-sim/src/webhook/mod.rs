//! Webhooks as Shopify sends them: a flat body, signed over its raw bytes, retried with the
//! original body, and on request doubled, dropped, reordered or wrongly signed.

mod body;
mod deliver;

pub(crate) use body::{customer_body, fulfillment_body, order_body, refund_body};
pub(crate) use deliver::{Delivery, Outbox, run_deliveries};
