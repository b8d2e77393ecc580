//! Status tables: the source's word to ours, the operator's word first (canonical-model §6).
//!
//! ```
//! use ordercase_sdk::{Overrides, model::ReturnState, status_table};
//!
//! status_table! {
//!     /// Where a return stands.
//!     pub static RETURN: ReturnState = "Return.status" as "return" {
//!         "REQUESTED" => Requested,
//!         "OPEN" => Approved,
//!     }
//! }
//!
//! let status = RETURN.read(&Overrides::default(), Some("open"));
//! assert_eq!(status.canonical, ReturnState::Approved);
//! assert_eq!(status.raw.as_deref(), Some("open"));
//! assert_eq!(RETURN.read(&Overrides::default(), Some("LOST")).canonical, ReturnState::Unknown);
//! ```

use ordercase_model::Status;

use crate::Overrides;

/// Rows from a source field's values to an axis. Values compare without regard to case; a value
/// that no row has is `unknown` with its text kept.
pub struct Table<E: 'static> {
    /// The source's field, as overrides and `source_field` name it.
    pub field: &'static str,
    /// The axis, as overrides name it: `order`, `payment`, `fulfilment`, ...
    pub axis: &'static str,
    /// Source value and ours.
    pub rows: &'static [(&'static str, E)],
    /// Reads the operator's canonical value.
    pub from_text: fn(&str) -> E,
}

impl<E: Copy + Default> Table<E> {
    /// The status of a raw value.
    #[must_use]
    pub fn read(&self, overrides: &Overrides, raw: Option<&str>) -> Status<E> {
        let canonical = raw.map_or_else(E::default, |raw| self.canonical(overrides, raw));
        Status::new(canonical, raw, self.field)
    }

    /// The same where the source calls the field otherwise, as in another of its dialects. The status names that field,
    /// so the operator may map a word of it under either name.
    #[must_use]
    pub fn read_as(&self, field: &str, overrides: &Overrides, raw: Option<&str>) -> Status<E> {
        let said = raw.and_then(|raw| overrides.get(field, raw, self.axis));
        let canonical = said.map_or_else(|| self.read(overrides, raw).canonical, self.from_text);
        Status::new(canonical, raw, field)
    }

    /// The canonical value alone.
    #[must_use]
    pub fn canonical(&self, overrides: &Overrides, raw: &str) -> E {
        if let Some(ours) = overrides.get(self.field, raw, self.axis) {
            return (self.from_text)(ours);
        }
        self.rows
            .iter()
            .find(|(value, _)| value.eq_ignore_ascii_case(raw))
            .map(|(_, ours)| *ours)
            .unwrap_or_default()
    }
}

/// Declares a [`Table`].
#[macro_export]
macro_rules! status_table {
    ($($(#[$meta:meta])* $vis:vis static $name:ident: $axis_type:ident = $field:literal as $axis:literal {
        $($raw:literal => $ours:ident),* $(,)?
    })*) => { $(
        $(#[$meta])*
        $vis static $name: $crate::Table<$crate::model::$axis_type> = $crate::Table {
            field: $field,
            axis: $axis,
            rows: &[$(($raw, $crate::model::$axis_type::$ours)),*],
            from_text: $crate::model::$axis_type::from_text,
        };
    )* };
}

#[cfg(test)]
mod tests {
    use crate::model::PaymentState;

    use super::*;

    status_table! {
        static PAYMENT: PaymentState = "state" as "payment" {
            "Settled" => Paid,
            "Declined" => Failed,
        }
    }

    fn overrides(json: &str) -> Overrides {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn the_operators_word_runs_before_the_rows() {
        let ours = overrides(
            r#"{"state": {"SETTLED": {"payment": "pending", "order": "open"}, "Ours": {"payment": "paid"}}}"#,
        );
        assert_eq!(
            PAYMENT.read(&ours, Some("Settled")).canonical,
            PaymentState::Pending
        );
        assert_eq!(
            PAYMENT.read(&ours, Some("Ours")).canonical,
            PaymentState::Paid
        );
        assert_eq!(
            PAYMENT.read(&ours, Some("Declined")).canonical,
            PaymentState::Failed
        );
    }

    #[test]
    fn a_field_of_another_dialect_is_mapped_under_either_name() {
        for field in ["state", "payment_state"] {
            let ours = overrides(&format!(
                r#"{{"{field}": {{"Odd": {{"payment": "paid"}}}}}}"#
            ));
            let status = PAYMENT.read_as("payment_state", &ours, Some("odd"));
            assert_eq!(status.canonical, PaymentState::Paid, "{field}");
            assert_eq!(status.source_field, "payment_state");
        }
        let usual = PAYMENT.read_as("payment_state", &Overrides::default(), Some("settled"));
        assert_eq!(usual.canonical, PaymentState::Paid);
    }

    #[test]
    fn an_override_of_another_axis_changes_nothing() {
        let ours = overrides(r#"{"state": {"Settled": {"order": "closed"}}}"#);
        assert_eq!(
            PAYMENT.read(&ours, Some("settled")).canonical,
            PaymentState::Paid
        );
    }

    #[test]
    fn unknown_keeps_its_text_and_absent_has_none() {
        let none = Overrides::default();
        let unknown = PAYMENT.read(&none, Some("Quantum"));
        assert_eq!(
            (unknown.canonical, unknown.raw.as_deref()),
            (PaymentState::Unknown, Some("Quantum"))
        );
        let absent = PAYMENT.read(&none, None);
        assert_eq!(
            (absent.canonical, absent.raw),
            (PaymentState::Unknown, None)
        );
    }
}
