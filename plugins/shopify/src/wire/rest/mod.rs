//! REST bodies and flat webhook bodies, translated into the GraphQL form.

mod customer;
mod order;

pub(crate) use customer::RestCustomer;
pub(crate) use order::RestOrder;

use ordercase_sdk::DecimalText;
use ordercase_sdk::lenient::{Flag, List, Maybe, Word};
use serde::Deserialize;

use super::order::TaxLine;
use super::{MoneyBag, MoneyV2};

/// A `*_set`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Set<'a> {
    #[serde(borrow)]
    shop_money: Maybe<Side<'a>>,
    presentment_money: Maybe<Side<'a>>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Side<'a> {
    #[serde(borrow)]
    amount: Option<DecimalText<'a>>,
    currency_code: Word<'a>,
}

impl<'a> Set<'a> {
    fn bag(self) -> MoneyBag<'a> {
        let side = |side: Maybe<Side<'a>>| {
            Maybe(side.0.map(|side| MoneyV2 {
                amount: side.amount,
                currency_code: side.currency_code,
            }))
        };
        MoneyBag {
            shop_money: side(self.shop_money),
            presentment_money: side(self.presentment_money),
        }
    }
}

/// In which currencies an order's bare amounts are.
#[derive(Clone, Debug, Default)]
struct Currencies<'a> {
    shop: Word<'a>,
    presentment: Word<'a>,
}

impl<'a> Currencies<'a> {
    /// The set where there is one, else the bare amount, which is in the shop's currency.
    fn bag(&self, set: Maybe<Set<'a>>, bare: Option<DecimalText<'a>>) -> Maybe<MoneyBag<'a>> {
        if let Some(set) = set.0 {
            return Maybe(Some(set.bag()));
        }
        Maybe(bare.map(|amount| self.bare(amount)))
    }

    fn bare(&self, amount: DecimalText<'a>) -> MoneyBag<'a> {
        let money = MoneyV2::of(Some(amount), &self.shop);
        let one_currency = self
            .presentment
            .get()
            .is_none_or(|p| Some(p) == self.shop.get());
        MoneyBag {
            presentment_money: Maybe(one_currency.then(|| money.clone())),
            shop_money: Maybe(Some(money)),
        }
    }
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct RestTaxLine<'a> {
    #[serde(borrow)]
    title: Word<'a>,
    rate: Option<DecimalText<'a>>,
    channel_liable: Flag,
    price: Option<DecimalText<'a>>,
    price_set: Maybe<Set<'a>>,
}

fn tax_lines<'a>(lines: List<RestTaxLine<'a>>, currencies: &Currencies<'a>) -> List<TaxLine<'a>> {
    List(
        lines
            .0
            .into_iter()
            .map(|line| TaxLine {
                title: line.title,
                rate: line.rate,
                channel_liable: line.channel_liable,
                price_set: currencies.bag(line.price_set, line.price),
            })
            .collect(),
    )
}

/// Tags are one text with commas.
fn tags<'a>(text: &Word<'_>) -> List<Word<'a>> {
    List(
        text.or_empty()
            .split(',')
            .map(str::trim)
            .filter(|tag| !tag.is_empty())
            .map(|tag| Word::from(tag.to_owned()))
            .collect(),
    )
}
