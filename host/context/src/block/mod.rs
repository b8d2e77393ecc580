//! The named blocks of a context. Each is a function of records, a source's short name and a policy.

mod fulfilment;
mod history;
mod identity;
mod order;
mod payment;
mod returns;
mod store;
mod timeline;

pub use fulfilment::{Destination, FulfilmentBlock, ShipmentView, TrackingView};
pub use history::{Count, HistoryBlock};
pub use identity::{AccountView, IdentityBlock};
pub use order::{Alternative, LineView, OrderBlock};
pub use payment::{PaymentBlock, TransactionView};
pub use returns::{RefundView, ReturnView, ReturnsBlock};
pub use store::{ProvenSpan, StoreHealth, StoreState};
pub use timeline::Step;

pub(crate) use fulfilment::fulfilment;
pub(crate) use history::history;
pub(crate) use identity::identity;
pub(crate) use order::order_in_question;
pub(crate) use payment::payment;
pub(crate) use returns::returns;
pub(crate) use store::store_health;
pub(crate) use timeline::timeline;
