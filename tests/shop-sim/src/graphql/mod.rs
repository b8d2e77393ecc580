//! GraphQL as the Admin API speaks it: parse, check against the SDL, price, run, project.

mod check;
mod cost;
mod document;
mod error;
mod run;
mod schema;

pub(crate) use document::Request;
pub(crate) use error::GraphError;
pub(crate) use run::execute;
pub(crate) use schema::Schema;
#[cfg(test)]
pub(crate) use schema::TypeDef;

pub(crate) use check::check;
pub(crate) use cost::requested;
