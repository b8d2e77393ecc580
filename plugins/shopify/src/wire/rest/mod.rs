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
struct Set {
    shop_money: Maybe<Side>,
    presentment_money: Maybe<Side>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Side {
    amount: Option<DecimalText>,
    currency_code: Word,
}

impl Set {
    fn bag(self) -> MoneyBag {
        let side = |side: Maybe<Side>| {
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
struct Currencies {
    shop: Word,
    presentment: Word,
}

impl Currencies {
    /// The set where there is one, else the bare amount, which is in the shop's currency.
    fn bag(&self, set: Maybe<Set>, bare: Option<DecimalText>) -> Maybe<MoneyBag> {
        if let Some(set) = set.0 {
            return Maybe(Some(set.bag()));
        }
        Maybe(bare.map(|amount| self.bare(amount)))
    }

    fn bare(&self, amount: DecimalText) -> MoneyBag {
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
struct RestTaxLine {
    title: Word,
    rate: Option<DecimalText>,
    channel_liable: Flag,
    price: Option<DecimalText>,
    price_set: Maybe<Set>,
}

fn tax_lines(lines: List<RestTaxLine>, currencies: &Currencies) -> List<TaxLine> {
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
fn tags(text: &Word) -> List<Word> {
    List(
        text.or_empty()
            .split(',')
            .map(str::trim)
            .filter(|tag| !tag.is_empty())
            .map(Word::from)
            .collect(),
    )
}
