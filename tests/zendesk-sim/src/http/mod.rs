//! The HTTP side: routes, the gate that every API request passes, answers, pages, faults.

pub(crate) mod answer;
pub(crate) mod caller;
pub(crate) mod fault;
pub(crate) mod gate;
pub(crate) mod meter;
pub(crate) mod page;
pub(crate) mod router;
pub(crate) mod wire;
