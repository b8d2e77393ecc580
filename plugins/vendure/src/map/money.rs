//! Whole numbers into money. Vendure keeps every currency in the same number of decimals: ¥1,879.90
//! is a legal total, so the table of ISO 4217 has no say here.

use ordercase_sdk::model::{Currency, Money, MoneyPair};
use ordercase_sdk::{Context, PluginError, money};

use crate::limits::MONEY_DECIMALS_MAX;
use crate::wire::Minor;

/// How many decimals the server's MoneyStrategy keeps.
pub(crate) fn money_decimals(ctx: &Context) -> Result<u32, PluginError> {
    let Some(setting) = ctx
        .settings
        .get("money_decimals")
        .filter(|setting| !setting.is_null())
    else {
        return Ok(2);
    };
    setting
        .as_u64()
        .and_then(|decimals| u32::try_from(decimals).ok())
        .filter(|decimals| *decimals <= MONEY_DECIMALS_MAX)
        .ok_or_else(|| PluginError::InvalidConfig {
            field: "money_decimals".to_owned(),
            message: format!("a whole number from 0 to {MONEY_DECIMALS_MAX}"),
        })
}

/// The currency of an order, with the server's decimals.
#[derive(Clone, Copy)]
pub(super) struct Scale {
    pub(super) currency: Option<Currency>,
    pub(super) decimals: u32,
}

impl Scale {
    /// Money of an amount; `None` without a currency.
    pub(super) fn pair(self, units: i64) -> Option<MoneyPair> {
        let amount = money::from_minor_units(units, self.decimals)?;
        Some(MoneyPair::same(Money::new(amount, self.currency?)))
    }

    /// Money of an amount that may be absent.
    pub(super) fn read(self, units: &Minor<'_>) -> Option<MoneyPair> {
        self.pair(units.get()?)
    }
}
