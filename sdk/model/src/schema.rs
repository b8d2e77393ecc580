//! JSON schemas of the model, for authors in other languages and for validation outside Rust.

use crate::{
    Customer, Order, Payment, Product, Record, Refund, Return, Shipment, ShopFacts, Tombstone,
    open_enum,
};

open_enum! {
    /// A schema that can be printed.
    pub enum SchemaName {
        /// The envelope.
        Record = "record",
        /// Order body.
        Order = "order",
        /// Customer body.
        Customer = "customer",
        /// Shipment body.
        Shipment = "shipment",
        /// Refund body.
        Refund = "refund",
        /// Return body.
        Return = "return",
        /// Payment body.
        Payment = "payment",
        /// Product body.
        Product = "product",
        /// Tombstone body.
        Tombstone = "tombstone",
        /// The probe's facts.
        Shop = "shop",
    }
}

/// The JSON schema (draft 2020-12) of that name; `None` for [`SchemaName::Unknown`].
#[must_use]
pub fn schema(name: SchemaName) -> Option<schemars::Schema> {
    Some(match name {
        SchemaName::Record => schemars::schema_for!(Record),
        SchemaName::Order => schemars::schema_for!(Order),
        SchemaName::Customer => schemars::schema_for!(Customer),
        SchemaName::Shipment => schemars::schema_for!(Shipment),
        SchemaName::Refund => schemars::schema_for!(Refund),
        SchemaName::Return => schemars::schema_for!(Return),
        SchemaName::Payment => schemars::schema_for!(Payment),
        SchemaName::Product => schemars::schema_for!(Product),
        SchemaName::Tombstone => schemars::schema_for!(Tombstone),
        SchemaName::Shop => schemars::schema_for!(ShopFacts),
        SchemaName::Unknown => return None,
    })
}
