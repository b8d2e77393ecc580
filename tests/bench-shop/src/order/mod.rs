//! Orders of a seed, and the three forms in which a shop tells them.
//!
//! One to five lines, a quarter with a code, a twentieth refunded, seven of ten shipped, names beyond ASCII, quotes in
//! notes, one customer for three orders; thirty days that end on 2026-10-20, one moment an order. The same seed gives
//! the same orders; every form tells the same facts, so that what is made of them can be compared.

pub(crate) mod graphql;
pub(crate) mod rest;
mod words;

use words::{CARRIERS, CITIES, FIRST, GOODS, LAST, MATERIALS, SIZES, STREETS, TAGS};

/// Where numbers of orders begin.
const FIRST_NUMBER: u64 = 1_001;
/// Where ids of orders begin.
pub(crate) const FIRST_ID: u64 = 5_500_000_000_000;
/// 2026-09-20, the first order's day.
const FIRST_DAY_SECONDS: u64 = 1_789_862_400;
/// From the first order to the last.
const SPAN_SECONDS: u64 = 30 * 86_400;

/// From an order's placing to its first change.
const CHANGED_AFTER_SECONDS: u64 = 300;

/// A small generator: the numbers after a seed are always the same.
pub(crate) struct Draw(u64);

impl Draw {
    pub(crate) fn of(seed: u64, what: u64, which: u64) -> Self {
        let mut draw =
            Self(seed ^ what.rotate_left(32) ^ which.wrapping_mul(0x2545_F491_4F6C_DD1D));
        draw.next();
        draw
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.next() % end.max(1)
    }

    fn one_in(&mut self, of: u64) -> bool {
        self.below(of) == 0
    }

    fn pick<T: Copy>(&mut self, of: &[T], otherwise: T) -> T {
        let at = self.below(of.len() as u64) as usize;
        of.get(at).copied().unwrap_or(otherwise)
    }
}

/// A postal address.
pub(crate) struct Address {
    pub(crate) first: &'static str,
    pub(crate) last: &'static str,
    pub(crate) street: String,
    pub(crate) more: Option<String>,
    pub(crate) city: words::City,
    pub(crate) phone: String,
}

/// A line of an order; money in cents.
pub(crate) struct Line {
    pub(crate) id: u64,
    pub(crate) product: u64,
    pub(crate) variant: u64,
    pub(crate) sku: String,
    pub(crate) title: String,
    pub(crate) size: &'static str,
    pub(crate) quantity: u64,
    pub(crate) price: u64,
    pub(crate) discount: u64,
    pub(crate) tax: u64,
    pub(crate) grams: u64,
}

/// An order; money in cents.
pub(crate) struct Order {
    pub(crate) at: u64,
    pub(crate) id: u64,
    pub(crate) number: u64,
    pub(crate) created: String,
    /// The same, seconds since 1970.
    placed: u64,
    pub(crate) updated: String,
    pub(crate) customer: u64,
    pub(crate) email: String,
    pub(crate) billing: Address,
    pub(crate) shipping: Address,
    pub(crate) lines: Vec<Line>,
    pub(crate) code: Option<String>,
    pub(crate) discount: u64,
    pub(crate) shipping_cost: u64,
    pub(crate) subtotal: u64,
    pub(crate) tax: u64,
    /// Hundredths of a percent.
    pub(crate) tax_rate: u64,
    pub(crate) total: u64,
    pub(crate) paid: bool,
    pub(crate) fulfilled: bool,
    pub(crate) carrier: &'static str,
    pub(crate) tracking: String,
    pub(crate) refund: Option<u64>,
    pub(crate) note: Option<&'static str>,
    pub(crate) tags: Vec<&'static str>,
}

impl Order {
    /// The order at a place among `of`, oldest first.
    pub(crate) fn draw(seed: u64, at: u64, of: u64) -> Self {
        let mut draw = Draw::of(seed, 1, at);
        let created = FIRST_DAY_SECONDS + at * SPAN_SECONDS / of.max(1);
        let customer = draw.below((of / 3).max(1));
        let mut person = Draw::of(seed, 2, customer);
        let (first, last) = (person.pick(&FIRST, "Ada"), person.pick(&LAST, "Li"));
        let billing = address(&mut person, first, last);
        let shipping = if draw.one_in(5) {
            address(&mut draw, first, last)
        } else {
            let mut again = Draw::of(seed, 2, customer);
            again.below(1);
            again.below(1);
            address(&mut again, first, last)
        };
        let code = draw
            .one_in(4)
            .then(|| format!("SAVE{}", 5 * (1 + draw.below(4))));
        let tax_rate = draw.pick(&[0, 700, 825, 1_900, 2_000], 0);
        let count = draw.pick(&[1, 1, 1, 1, 2, 2, 2, 2, 3, 5], 1);
        let lines: Vec<Line> = (0..count)
            .map(|n| line(&mut draw, seed, at * 16 + n, code.is_some(), tax_rate))
            .collect();
        let sum = |of: fn(&Line) -> u64| lines.iter().map(of).sum::<u64>();
        let subtotal = sum(|line| line.price * line.quantity - line.discount);
        let (discount, tax) = (sum(|line| line.discount), sum(|line| line.tax));
        let shipping_cost = draw.pick(&[0, 499, 999, 1_499], 0);
        let refund = draw.one_in(20).then(|| {
            // What was paid for one of them.
            let paid = |line: &Line| (line.price * line.quantity - line.discount) / line.quantity;
            lines.first().map_or(0, paid)
        });
        let plain: String = format!("{first}.{last}.{customer}")
            .chars()
            .filter(|c| c.is_ascii_alphanumeric() || *c == '.')
            .collect();
        Self {
            at,
            id: FIRST_ID + at,
            number: FIRST_NUMBER + at,
            created: instant(created),
            placed: created,
            updated: instant(created + CHANGED_AFTER_SECONDS),
            customer: 7_000_000_000_000 + customer,
            email: format!("{}@example.com", plain.to_lowercase()),
            billing,
            shipping,
            code,
            discount,
            shipping_cost,
            subtotal,
            tax,
            tax_rate,
            total: subtotal + tax + shipping_cost,
            paid: refund.is_some() || !draw.one_in(12),
            fulfilled: draw.below(10) < 7,
            carrier: draw.pick(&CARRIERS, "UPS"),
            tracking: format!("1Z{:016X}", draw.next()),
            refund,
            note: draw.one_in(6).then_some(
                "Please leave it with the neighbour at no. 4 \u{2014} \"ring twice\" if nobody answers.",
            ),
            tags: tags(&mut draw),
            lines,
        }
    }

    /// Changes it: later by so many seconds than it changed first.
    pub(crate) fn change(&mut self, seconds: u64) {
        self.updated = instant(self.placed + CHANGED_AFTER_SECONDS + seconds);
    }

    /// Its place, from the numeric id.
    pub(crate) fn place(id: u64) -> Option<u64> {
        id.checked_sub(FIRST_ID)
    }
}

fn address(draw: &mut Draw, first: &'static str, last: &'static str) -> Address {
    Address {
        first,
        last,
        street: format!(
            "{} {}",
            1 + draw.below(999),
            draw.pick(&STREETS, "Main Street")
        ),
        more: draw.one_in(3).then(|| format!("Apt {}", draw.below(400))),
        city: draw.pick(&CITIES, CITIES[0]),
        phone: format!("+1{:010}", 2_012_000_000 + draw.below(7_000_000_000)),
    }
}

fn line(draw: &mut Draw, seed: u64, id: u64, reduced: bool, tax_rate: u64) -> Line {
    let product = draw.below(2_000);
    let mut goods = Draw::of(seed, 3, product);
    let title = format!(
        "{} {}",
        goods.pick(&MATERIALS, "Plain"),
        goods.pick(&GOODS, "Beanie")
    );
    let (price, grams) = (500 + goods.below(15_000), 100 + goods.below(2_000));
    let quantity = 1 + draw.below(3);
    let discount = if reduced { price * quantity / 10 } else { 0 };
    let option = draw.below(5);
    Line {
        id: 14_000_000_000_000 + id,
        product: 8_000_000_000_000 + product,
        variant: 45_000_000_000_000 + product * 8 + option,
        sku: format!("SKU-{product:05}-{option}"),
        title,
        size: draw.pick(&SIZES, "One Size"),
        quantity,
        price,
        discount,
        tax: (price * quantity - discount) * tax_rate / 10_000,
        grams,
    }
}

fn tags(draw: &mut Draw) -> Vec<&'static str> {
    let mut tags = Vec::new();
    for _ in 0..draw.below(4) {
        let tag = draw.pick(&TAGS, "vip");
        if !tags.contains(&tag) {
            tags.push(tag);
        }
    }
    tags
}

/// Cents as a shop writes them.
pub(crate) fn money(cents: u64) -> String {
    format!("{}.{:02}", cents / 100, cents % 100)
}

/// Seconds since 1970 as RFC 3339.
fn instant(seconds: u64) -> String {
    let days = seconds / 86_400 + 719_468;
    let era = days / 146_097;
    let day_of_era = days % 146_097;
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 {
        shifted + 3
    } else {
        shifted - 9
    };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    let of_day = seconds % 86_400;
    format!(
        "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z",
        of_day / 3_600,
        of_day / 60 % 60,
        of_day % 60
    )
}

/// The place of the first order at or after a moment, among `of`; for a window that begins in the middle.
pub(crate) fn places_until(moment: &str, of: u64) -> u64 {
    let (mut low, mut high) = (0, of);
    while low < high {
        let middle = u64::midpoint(low, high);
        let created = instant(FIRST_DAY_SECONDS + middle * SPAN_SECONDS / of.max(1));
        if created.as_str() <= moment {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    low
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_the_same_orders_and_another_seed_others() {
        let of = |seed| graphql::node(&Order::draw(seed, 7, 100)).to_string();
        assert_eq!(of(1), of(1));
        assert_ne!(of(1), of(2));
    }

    #[test]
    fn moments_are_ordered_and_found_again() {
        assert_eq!(instant(FIRST_DAY_SECONDS), "2026-09-20T00:00:00Z");
        let third = Order::draw(1, 3, 1_000).created;
        assert_eq!(places_until(&third, 1_000), 4);
        assert_eq!(places_until("2027-01-01T00:00:00Z", 1_000), 1_000);
    }

    #[test]
    fn a_changed_order_is_newer_and_otherwise_the_same() {
        let (before, mut after) = (Order::draw(1, 3, 1_000), Order::draw(1, 3, 1_000));
        after.change(1);
        assert!(after.updated > before.updated);
        after.updated.clone_from(&before.updated);
        assert_eq!(graphql::whole(&after), graphql::whole(&before));
    }

    #[test]
    fn totals_are_the_sums_of_their_parts() {
        for at in 0..200 {
            let order = Order::draw(9, at, 200);
            let lines: u64 = order.lines.iter().map(|l| l.price * l.quantity).sum();
            assert_eq!(
                order.total,
                lines - order.discount + order.tax + order.shipping_cost
            );
        }
    }
}
