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
pub(crate) struct MoneyBag<'a> {
    #[serde(borrow)]
    pub(crate) shop_money: Maybe<MoneyV2<'a>>,
    pub(crate) presentment_money: Maybe<MoneyV2<'a>>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct MoneyV2<'a> {
    #[serde(borrow)]
    pub(crate) amount: Option<DecimalText<'a>>,
    pub(crate) currency_code: Word<'a>,
}

impl<'a> MoneyV2<'a> {
    pub(crate) fn of(amount: Option<DecimalText<'a>>, currency: &Word<'a>) -> Self {
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

impl MoneyBag<'_> {
    pub(crate) fn pair(&self) -> Option<MoneyPair> {
        let side = |money: &Maybe<MoneyV2<'_>>| money.get().and_then(MoneyV2::money);
        let (shop, presentment) = (side(&self.shop_money), side(&self.presentment_money));
        money::pair(shop, presentment)
    }
}

/// The pair in a bag that may be absent.
pub(crate) fn pair(bag: &Maybe<MoneyBag<'_>>) -> Option<MoneyPair> {
    bag.get().and_then(MoneyBag::pair)
}

/// The number at the end of a global id: `gid://shopify/Order/1` is `1`; any other text is itself.
pub(crate) fn tail<'t>(id: &'t Word<'_>) -> Option<&'t str> {
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
pub(crate) struct Address<'a> {
    #[serde(borrow)]
    pub(crate) id: Word<'a>,
    pub(crate) name: Word<'a>,
    #[serde(alias = "first_name")]
    pub(crate) first_name: Word<'a>,
    #[serde(alias = "last_name")]
    pub(crate) last_name: Word<'a>,
    pub(crate) company: Word<'a>,
    pub(crate) address1: Word<'a>,
    pub(crate) address2: Word<'a>,
    pub(crate) city: Word<'a>,
    pub(crate) province: Word<'a>,
    #[serde(alias = "province_code")]
    pub(crate) province_code: Word<'a>,
    pub(crate) zip: Word<'a>,
    pub(crate) country: Word<'a>,
    #[serde(alias = "country_code")]
    pub(crate) country_code_v2: Word<'a>,
    pub(crate) phone: Word<'a>,
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
