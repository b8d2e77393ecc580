//! The axes of statuses by the names under which an operator maps a source's words to them.

use crate::{
    CancelReason, CustomerState, DisputeState, FulfilmentState, OrderState, PaymentState,
    ProductStatus, RefundState, ReturnState, ShipmentState, TransactionKind, TransactionState,
};

macro_rules! axes {
    ($($name:literal = $values:ident,)*) => {
        /// Every axis that a word can be mapped to.
        pub const AXES: &[&str] = &[$($name),*];

        /// The values of an axis, `unknown` left out: that is what a word is without a mapping. `None` where there
        /// is no such axis.
        #[must_use]
        pub fn axis_values(axis: &str) -> Option<Vec<&'static str>> {
            let values: Vec<&'static str> = match axis {
                $($name => $values::ALL.iter().map(|value| value.as_str()).collect(),)*
                _ => return None,
            };
            Some(values.into_iter().filter(|value| *value != "unknown").collect())
        }
    };
}
axes! {
    "order" = OrderState,
    "payment" = PaymentState,
    "fulfilment" = FulfilmentState,
    "shipment" = ShipmentState,
    "return" = ReturnState,
    "refund" = RefundState,
    "transaction_kind" = TransactionKind,
    "transaction" = TransactionState,
    "dispute" = DisputeState,
    "cancel_reason" = CancelReason,
    "customer" = CustomerState,
    "product" = ProductStatus,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_axis_has_values_and_none_is_unknown() {
        for axis in AXES {
            let values = axis_values(axis).unwrap();
            assert!(values.len() > 1 && !values.contains(&"unknown"), "{axis}");
        }
        assert_eq!(axis_values("colour"), None);
    }
}
