//! The source's JSON. One form inside: that of Admin GraphQL ([`order`], [`customer`]); REST bodies
//! and webhooks are an older spelling of it, translated in [`rest`] before anything is mapped.

pub(crate) mod customer;
pub(crate) mod order;
pub(crate) mod rest;

use ordercase_sdk::DecimalText;
use ordercase_sdk::lenient::{Maybe, Word};
use ordercase_sdk::model::{Money, MoneyPair};
use ordercase_sdk::money;
use serde::Deserialize;

/// The same money in the shop's currency and in the buyer's.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct MoneyBag {
    pub(crate) shop_money: Maybe<MoneyV2>,
    pub(crate) presentment_money: Maybe<MoneyV2>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct MoneyV2 {
    pub(crate) amount: Option<DecimalText>,
    pub(crate) currency_code: Word,
}

impl MoneyV2 {
    pub(crate) fn of(amount: Option<DecimalText>, currency: &Word) -> Self {
        Self {
            amount,
            currency_code: currency.clone(),
        }
    }

    pub(crate) fn money(&self) -> Option<Money> {
        let amount = self.amount.as_ref()?.decimal();
        money::money(amount, self.currency_code.get())
    }
}

impl MoneyBag {
    pub(crate) fn pair(&self) -> Option<MoneyPair> {
        let side = |money: &Maybe<MoneyV2>| money.get().and_then(MoneyV2::money);
        let (shop, presentment) = (side(&self.shop_money), side(&self.presentment_money));
        money::pair(shop, presentment)
    }
}

/// The pair in a bag that may be absent.
pub(crate) fn pair(bag: &Maybe<MoneyBag>) -> Option<MoneyPair> {
    bag.get().and_then(MoneyBag::pair)
}

/// The number at the end of a global id: `gid://shopify/Order/1` is `1`; any other text is itself.
pub(crate) fn tail(id: &Word) -> Option<&str> {
    let id = id.get()?;
    if !id.starts_with("gid://") {
        return Some(id);
    }
    let path = id.split('?').next().unwrap_or(id);
    path.rsplit('/').next().filter(|tail| !tail.is_empty())
}

/// A postal address.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Address {
    pub(crate) id: Word,
    pub(crate) name: Word,
    #[serde(alias = "first_name")]
    pub(crate) first_name: Word,
    #[serde(alias = "last_name")]
    pub(crate) last_name: Word,
    pub(crate) company: Word,
    pub(crate) address1: Word,
    pub(crate) address2: Word,
    pub(crate) city: Word,
    pub(crate) province: Word,
    #[serde(alias = "province_code")]
    pub(crate) province_code: Word,
    pub(crate) zip: Word,
    pub(crate) country: Word,
    #[serde(alias = "country_code")]
    pub(crate) country_code_v2: Word,
    pub(crate) phone: Word,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_global_id_ends_in_the_numeric_one() {
        assert_eq!(tail(&"gid://shopify/Order/42".into()), Some("42"));
        assert_eq!(tail(&"gid://shopify/Line/42?order=1".into()), Some("42"));
        assert_eq!(tail(&"42".into()), Some("42"));
        assert_eq!(tail(&Word::default()), None);
    }
}
