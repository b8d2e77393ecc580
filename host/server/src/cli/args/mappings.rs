//! Mappings of a shop's words on the command line.

use std::str::FromStr;

use clap::Args;
use ordercase_store::MappingName;

/// `ordercase connection map`.
#[derive(Clone, Debug, Args)]
#[command(after_help = "\
What waits for this mapping goes back to work at once, and what is read from now on is told so. Records that are
stored already are told again by `ordercase replay`.
Axes: order, payment, fulfilment, shipment, return, refund, transaction_kind, transaction, dispute, cancel_reason,
customer, product. A value that an axis does not have is refused with those that it has.

Examples:
  ordercase connection map con_1 state=OnHold order=on_hold
  ordercase connection map con_1 'state=On Hold' order=on_hold payment=paid")]
pub struct ConnectionMap {
    /// Connection id
    pub connection: String,
    /// The shop's field and its word, as `mappings` and `dead-letters list` name them
    #[arg(value_name = "FIELD=WORD")]
    pub mapping: MappingName,
    /// What the word means; other axes of it stay as they are
    #[arg(value_name = "AXIS=CANONICAL", required = true)]
    pub meanings: Vec<MeaningArg>,
}

/// `AXIS=CANONICAL`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MeaningArg {
    /// Axis.
    pub axis: String,
    /// Canonical value on it.
    pub value: String,
}

impl FromStr for MeaningArg {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once('=') {
            Some((axis, value)) if !axis.is_empty() && !value.is_empty() => Ok(Self {
                axis: axis.to_owned(),
                value: value.to_owned(),
            }),
            _ => Err("a meaning is AXIS=CANONICAL, such as order=open".to_owned()),
        }
    }
}

/// `ordercase connection unmap`.
#[derive(Clone, Debug, Args)]
#[command(after_help = "\
The word means again what the plugin makes of it. Where the field must be mapped, records with it wait from now on.

Example:
  ordercase connection unmap con_1 state=OnHold")]
pub struct ConnectionUnmap {
    /// Connection id
    pub connection: String,
    /// The shop's field and its word
    #[arg(value_name = "FIELD=WORD")]
    pub mapping: MappingName,
}

/// `ordercase connection require`.
#[derive(Clone, Debug, Args)]
#[command(after_help = "\
Without this, a word that nobody knows is stored as `unknown` with its text, and shown so. With it, a record that has
such a word in this field is not stored: it waits under FIELD=WORD until `ordercase connection map` says what the word
means. What is stored already stays.

Examples:
  ordercase connection require con_1 state
  ordercase connection require con_1 state --not")]
pub struct ConnectionRequire {
    /// Connection id
    pub connection: String,
    /// The shop's field, as a status names it in `source_field`
    pub field: String,
    /// Require it no longer; what waits for a word of it goes back to work
    #[arg(long)]
    pub not: bool,
}
