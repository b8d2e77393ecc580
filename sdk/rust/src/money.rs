//! Putting money together from the parts that platforms send.

use ordercase_model::{Currency, Decimal, Money, MoneyPair};

/// Money of an amount and a currency; `None` when either is missing or not readable.
#[must_use]
pub fn money(amount: Option<Decimal>, currency: Option<&str>) -> Option<Money> {
    Some(Money::new(amount?, currency?.parse().ok()?))
}

/// Both sides where there are two, the same on both where there is one; `None` without any.
#[must_use]
pub fn pair(shop: Option<Money>, presentment: Option<Money>) -> Option<MoneyPair> {
    match (shop, presentment) {
        (None, None) => None,
        (Some(shop), None) => Some(MoneyPair::same(shop)),
        (None, presentment) => Some(MoneyPair {
            shop: None,
            presentment,
        }),
        (shop, presentment) => Some(MoneyPair { shop, presentment }),
    }
}

/// Zero in the currencies of a pair.
#[must_use]
pub fn zero_like(pair: &MoneyPair) -> MoneyPair {
    each(pair, |_| rust_decimal::Decimal::ZERO)
}

/// A pair with both amounts calculated anew.
#[must_use]
pub fn each(
    pair: &MoneyPair,
    f: impl Fn(rust_decimal::Decimal) -> rust_decimal::Decimal,
) -> MoneyPair {
    let side =
        |money: &Money| Money::new(Decimal::from_value(f(money.amount.value())), money.currency);
    MoneyPair {
        shop: pair.shop.as_ref().map(side),
        presentment: pair.presentment.as_ref().map(side),
    }
}

/// A pair without its signs, the digits kept.
#[must_use]
pub fn magnitude(pair: &MoneyPair) -> MoneyPair {
    let side = |money: &Money| Money::new(crate::decimal::magnitude(&money.amount), money.currency);
    MoneyPair {
        shop: pair.shop.as_ref().map(side),
        presentment: pair.presentment.as_ref().map(side),
    }
}

/// Whether a side is below zero: most models, ours too, want refunds and discounts as positive numbers.
#[must_use]
pub fn is_negative(pair: &MoneyPair) -> bool {
    [&pair.shop, &pair.presentment]
        .into_iter()
        .flatten()
        .any(|money| money.amount.is_negative())
}

/// The sum of pairs, side by side. A side is `None` when one pair lacks it, when currencies differ,
/// or when the sum has too many digits; the whole is `None` without any side.
#[must_use]
pub fn sum<'a>(pairs: impl IntoIterator<Item = &'a MoneyPair>) -> Option<MoneyPair> {
    let mut pairs = pairs.into_iter();
    let mut total = pairs.next()?.clone();
    for pair in pairs {
        total.shop = add(total.shop.as_ref(), pair.shop.as_ref());
        total.presentment = add(total.presentment.as_ref(), pair.presentment.as_ref());
    }
    (total.shop.is_some() || total.presentment.is_some()).then_some(total)
}

fn add(a: Option<&Money>, b: Option<&Money>) -> Option<Money> {
    a?.checked_add(b?).ok()
}

/// `a` less `b`, side by side; sides as in [`sum`].
#[must_use]
pub fn difference(a: &MoneyPair, b: &MoneyPair) -> Option<MoneyPair> {
    let negative = each(b, |value| -value);
    sum([a, &negative])
}

/// An amount in minor units (cents) as a decimal with `digits` decimals.
#[must_use]
pub fn from_minor_units(units: i64, digits: u32) -> Option<Decimal> {
    rust_decimal::Decimal::try_new(units, digits)
        .ok()
        .map(Decimal::from_value)
}

/// Money in minor units with the decimals of its currency (ISO 4217).
#[must_use]
pub fn from_minor(units: i64, currency: Currency) -> Option<Money> {
    from_minor_units(units, currency.exponent()).map(|amount| Money::new(amount, currency))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn eur(amount: &str) -> MoneyPair {
        MoneyPair::same(money(amount.parse().ok(), Some("eur")).unwrap())
    }

    #[test]
    fn sums_keep_decimals_and_refuse_mixed_currencies() {
        let total = sum([&eur("10.00"), &eur("0.50")]).unwrap();
        assert_eq!(total.shop.unwrap().amount.as_str(), "10.50");
        let usd = MoneyPair::same(money("1".parse().ok(), Some("USD")).unwrap());
        assert_eq!(sum([&eur("1"), &usd]), None);
        assert_eq!(sum([]), None);
    }

    #[test]
    fn minor_units_take_the_currencys_decimals() {
        let amount = |units, code: &str| {
            from_minor(units, code.parse().unwrap())
                .unwrap()
                .amount
                .to_string()
        };
        assert_eq!(amount(1999, "EUR"), "19.99");
        assert_eq!(amount(1999, "JPY"), "1999");
        assert_eq!(amount(-1999, "KWD"), "-1.999");
        assert_eq!(amount(100, "EUR"), "1.00");
    }

    #[test]
    fn magnitude_keeps_digits() {
        assert_eq!(
            magnitude(&eur("-1.50")).shop.unwrap().amount.as_str(),
            "1.50"
        );
        assert!(is_negative(&eur("-1.50")) && !is_negative(&eur("0.00")));
        assert_eq!(difference(&eur("5.00"), &eur("1.50")).unwrap(), eur("3.50"));
    }
}
