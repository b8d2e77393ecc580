//! The JSON schemas, as goldens: a change of the model shows here first.

use ordercase_model::{SchemaName, schema};

#[test]
fn every_schema_is_the_one_that_was_agreed() {
    for name in SchemaName::ALL {
        let Some(schema) = schema(*name) else {
            assert_eq!(*name, SchemaName::Unknown);
            continue;
        };
        insta::assert_json_snapshot!(name.as_str(), schema);
    }
}

#[test]
fn statuses_and_absent_fields_are_written_as_promised() {
    let mut order = ordercase_model::Order::default();
    order.order_state.canonical = ordercase_model::OrderState::Open;
    insta::assert_json_snapshot!("empty_order", order);
}
