//! Who lives in the shop: people and orders, told from the seed and their number alone.
//!
//! Nothing is kept here. `plan` decides in a few dozen draws what happened to an order and when;
//! `order` writes it out in the API's shape. Two calls with the same arguments give the same bytes.

mod catalogue;
mod draw;
mod order;
mod people;
mod plan;

pub(crate) use draw::Draw;
pub(crate) use order::{NewOrder, customer_gid, order_gid, write_order};
pub(crate) use people::{CUSTOMER_ID_BASE, Person, address, person};
pub(crate) use plan::{Buyer, Fate, Presentment, Story, customers_of, story};

/// What a population is told from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Origin {
    pub(crate) seed: u64,
    /// Orders generated; later ones are added by an administrator.
    pub(crate) orders: u32,
    /// The moment "now" of the population, Unix seconds.
    pub(crate) now: i64,
}
