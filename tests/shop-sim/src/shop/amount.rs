//! Sums of money in both of an order's currencies, in hundredths.

use serde_json::{Value, json};

use crate::population::Presentment;

/// A sum as the shop keeps it and as the buyer sees it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Amount {
    pub(crate) shop: i64,
    pub(crate) buyer: i64,
}

/// The currency that the shop keeps its books in.
pub(crate) const SHOP_CURRENCY: &str = "EUR";

impl Presentment {
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::Eur => "EUR",
            Self::Usd => "USD",
            Self::Jpy => "JPY",
        }
    }

    pub(crate) fn of_code(code: &str) -> Option<Self> {
        [Self::Eur, Self::Usd, Self::Jpy]
            .into_iter()
            .find(|known| known.code() == code)
    }

    /// Euro cents in the buyer's currency, in hundredths; yen only whole.
    const fn converted(self, cents: i64) -> i64 {
        match self {
            Self::Eur => cents,
            Self::Usd => cents * 109 / 100,
            Self::Jpy => cents * 162 / 100 * 100,
        }
    }

    const fn whole(self, hundredths: i64) -> i64 {
        match self {
            Self::Jpy => hundredths / 100 * 100,
            Self::Eur | Self::Usd => hundredths,
        }
    }
}

impl Amount {
    pub(crate) const fn of_cents(cents: i64, presentment: Presentment) -> Self {
        Self {
            shop: cents,
            buyer: presentment.converted(cents),
        }
    }

    pub(crate) const fn times(self, count: i64) -> Self {
        Self {
            shop: self.shop * count,
            buyer: self.buyer * count,
        }
    }

    /// `part` of `whole` of it, in units that the currencies have.
    pub(crate) const fn share(self, part: i64, whole: i64, presentment: Presentment) -> Self {
        if whole == 0 {
            return Self { shop: 0, buyer: 0 };
        }
        Self {
            shop: self.shop * part / whole,
            buyer: presentment.whole(self.buyer * part / whole),
        }
    }

    /// The tax inside a price that includes it.
    pub(crate) const fn tax_inside(self, presentment: Presentment) -> Self {
        self.share(19, 119, presentment)
    }

    pub(crate) const fn is_zero(self) -> bool {
        self.shop == 0 && self.buyer == 0
    }

    pub(crate) fn least(self, other: Self) -> Self {
        if self.shop <= other.shop { self } else { other }
    }

    /// Reads a money bag back.
    pub(crate) fn of_bag(bag: &Value) -> Self {
        let hundredths = |side: &str| {
            bag.get(side)
                .and_then(|money| money.get("amount"))
                .and_then(Value::as_str)
                .map_or(0, parse_hundredths)
        };
        Self {
            shop: hundredths("shopMoney"),
            buyer: hundredths("presentmentMoney"),
        }
    }

    pub(crate) fn bag(self, presentment: Presentment) -> Value {
        json!({
            "__typename": "MoneyBag",
            "shopMoney": money(self.shop, SHOP_CURRENCY),
            "presentmentMoney": money(self.buyer, presentment.code()),
        })
    }
}

impl std::ops::Add for Amount {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            shop: self.shop + other.shop,
            buyer: self.buyer + other.buyer,
        }
    }
}

impl std::ops::Sub for Amount {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self {
            shop: self.shop - other.shop,
            buyer: self.buyer - other.buyer,
        }
    }
}

impl std::iter::Sum for Amount {
    fn sum<I: Iterator<Item = Self>>(sums: I) -> Self {
        sums.fold(Self::default(), |total, sum| total + sum)
    }
}

pub(crate) fn money(hundredths: i64, currency: &str) -> Value {
    json!({ "__typename": "MoneyV2", "amount": decimal(hundredths), "currencyCode": currency })
}

/// As the GraphQL API writes decimals: at least one digit behind the point, no more than needed.
pub(crate) fn decimal(hundredths: i64) -> String {
    let sign = if hundredths < 0 { "-" } else { "" };
    let (whole, rest) = (hundredths.abs() / 100, hundredths.abs() % 100);
    if rest % 10 == 0 {
        format!("{sign}{whole}.{}", rest / 10)
    } else {
        format!("{sign}{whole}.{rest:02}")
    }
}

pub(crate) fn parse_hundredths(text: &str) -> i64 {
    let (sign, digits) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let fraction: String = fraction.chars().chain("00".chars()).take(2).collect();
    let whole: i64 = whole.parse().unwrap_or(0);
    sign * (whole * 100 + fraction.parse::<i64>().unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_written_as_the_api_writes_them_and_read_back() {
        for (hundredths, text) in [(0, "0.0"), (1_050, "10.5"), (1_055, "10.55"), (-7, "-0.07")] {
            assert_eq!(decimal(hundredths), text);
            assert_eq!(parse_hundredths(text), hundredths);
        }
    }

    #[test]
    fn yen_stay_whole_when_they_are_shared() {
        let price = Amount::of_cents(8_900, Presentment::Jpy);
        assert_eq!(price.buyer, 1_441_800);
        assert_eq!(price.tax_inside(Presentment::Jpy).buyer % 100, 0);
    }
}
