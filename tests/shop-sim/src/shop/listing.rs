//! Lists of orders and customers: filtered, sorted, cut into pages with stable opaque cursors.
//!
//! A cursor holds the sort value and the id of its row, so that rows which move or appear do not
//! shift the pages behind it, as at Shopify.

use std::collections::HashSet;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Value, json};

use super::search::{Filter, Term, parse};
use super::{Shop, json as fields};
use crate::population::{Buyer, CUSTOMER_ID_BASE, person};

/// Lists kept between pages.
const LISTS_KEPT: usize = 6;

/// Arguments of a list field.
#[derive(Clone, Debug, Default)]
pub(crate) struct ListArgs {
    pub(crate) first: Option<i64>,
    pub(crate) last: Option<i64>,
    pub(crate) after: Option<String>,
    pub(crate) before: Option<String>,
    pub(crate) reverse: bool,
    pub(crate) sort_key: Option<String>,
    pub(crate) query: Option<String>,
}

/// One page: ids with their cursors.
#[derive(Clone, Debug, Default)]
pub(crate) struct Listed {
    pub(crate) rows: Vec<(u32, String)>,
    pub(crate) has_next: bool,
    pub(crate) has_previous: bool,
    pub(crate) total: usize,
    /// `extensions.search` of the answer, where the filter had unknown fields.
    pub(crate) warnings: Vec<String>,
}

/// Why there is no page, in the words that Shopify uses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PageError(pub(crate) String);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Orders,
    Customers,
}

impl Shop {
    pub(crate) fn list_orders(&mut self, args: &ListArgs) -> Result<Listed, PageError> {
        self.list(Kind::Orders, None, args)
    }

    pub(crate) fn list_orders_of(
        &mut self,
        customer: u32,
        args: &ListArgs,
    ) -> Result<Listed, PageError> {
        self.list(Kind::Orders, Some(customer), args)
    }

    pub(crate) fn list_customers(&mut self, args: &ListArgs) -> Result<Listed, PageError> {
        self.list(Kind::Customers, None, args)
    }

    fn list(&mut self, kind: Kind, of: Option<u32>, args: &ListArgs) -> Result<Listed, PageError> {
        let key = args.sort_key.clone().unwrap_or_else(|| "ID".to_owned());
        if !self.sorts_by(kind, &key) {
            return Err(PageError(format!("shop-sim does not sort by {key}")));
        }
        let query = args.query.clone().unwrap_or_default();
        let filter = parse(&query).map_err(|why| PageError(format!("Invalid search: {why}")))?;
        let mut warnings = Vec::new();
        unknown_fields(kind, &filter, &mut warnings);
        let rows = self.rows(kind, of, &key, &query, &filter);
        let mut listed = self.cut(&rows, &key, args)?;
        listed.warnings = warnings;
        Ok(listed)
    }

    fn sorts_by(&self, kind: Kind, key: &str) -> bool {
        match kind {
            Kind::Orders => matches!(
                key,
                "ID" | "CREATED_AT" | "PROCESSED_AT" | "ORDER_NUMBER" | "UPDATED_AT" | "RELEVANCE"
            ),
            Kind::Customers => matches!(key, "ID" | "CREATED_AT" | "UPDATED_AT" | "RELEVANCE"),
        }
    }

    /// All rows of a list, ascending, remembered between pages.
    fn rows(
        &mut self,
        kind: Kind,
        of: Option<u32>,
        key: &str,
        query: &str,
        filter: &Filter,
    ) -> Arc<Vec<(i64, u32)>> {
        let name = format!("{kind:?}|{of:?}|{key}|{query}");
        let known = self
            .lists
            .iter()
            .find(|(list, revision, _)| *list == name && *revision == self.revision);
        if let Some((_, _, rows)) = known {
            return Arc::clone(rows);
        }
        let ids: Vec<u32> = match (kind, of) {
            (Kind::Orders, Some(index)) => self.orders_of(index).to_vec(),
            (Kind::Orders, None) => (0..self.order_count())
                .filter(|sequence| !self.deleted.contains(sequence))
                .collect(),
            (Kind::Customers, _) => (0..self.customer_count()).collect(),
        };
        let test = Test {
            shop: self,
            kind,
            found: Vec::new(),
        }
        .prepare(filter);
        let mut rows: Vec<(i64, u32)> = ids
            .into_iter()
            .filter(|id| test.passes(filter, *id))
            .map(|id| (self.sort_value(kind, key, id), id))
            .collect();
        rows.sort_unstable();
        let rows = Arc::new(rows);
        if self.lists.len() >= LISTS_KEPT {
            self.lists.remove(0);
        }
        self.lists.push((name, self.revision, Arc::clone(&rows)));
        rows
    }

    fn times(&self, kind: Kind, id: u32) -> (i64, i64) {
        match kind {
            Kind::Orders => usize::try_from(id)
                .ok()
                .and_then(|at| self.stories.get(at))
                .map_or((0, 0), |story| (story.created, story.updated)),
            Kind::Customers => self.customer_times(id),
        }
    }

    fn sort_value(&self, kind: Kind, key: &str, id: u32) -> i64 {
        match key {
            "UPDATED_AT" => self.times(kind, id).1,
            "CREATED_AT" | "PROCESSED_AT" => self.times(kind, id).0,
            _ => i64::from(id),
        }
    }

    fn cut(&self, rows: &[(i64, u32)], key: &str, args: &ListArgs) -> Result<Listed, PageError> {
        let size = page_size(args.first, args.last)?;
        let read = |cursor: &Option<String>| {
            cursor
                .as_deref()
                .map(|text| self.read_cursor(text, key))
                .transpose()
        };
        let (after, before) = (read(&args.after)?, read(&args.before)?);
        let mut ordered = rows.to_vec();
        if args.reverse {
            ordered.reverse();
        }
        let is_after =
            |row: (i64, u32), mark: (i64, u32)| if args.reverse { row < mark } else { row > mark };
        let start = after.map_or(0, |mark| {
            ordered.partition_point(|row| !is_after(*row, mark))
        });
        let end = before.map_or(ordered.len(), |mark| {
            ordered.partition_point(|row| is_after(mark, *row))
        });
        let end = end.max(start);
        let (start, end) = match args.last {
            Some(_) if args.first.is_none() => (end.saturating_sub(size).max(start), end),
            _ => (start, (start + size).min(end)),
        };
        let page = ordered.get(start..end).unwrap_or(&[]);
        Ok(Listed {
            rows: page
                .iter()
                .map(|row| (row.1, self.cursor(key, *row)))
                .collect(),
            has_next: end < ordered.len(),
            has_previous: start > 0,
            total: ordered.len(),
            warnings: Vec::new(),
        })
    }

    fn cursor(&self, key: &str, (value, id): (i64, u32)) -> String {
        let inside =
            json!({ "last_id": id, "last_value": value, "sort": key, "epoch": self.cursor_epoch });
        BASE64.encode(inside.to_string())
    }

    fn read_cursor(&self, text: &str, key: &str) -> Result<(i64, u32), PageError> {
        let broken = || PageError("Invalid cursor for current pagination sort.".to_owned());
        let bytes = BASE64.decode(text).map_err(|_| broken())?;
        let inside: Value = serde_json::from_slice(&bytes).map_err(|_| broken())?;
        let epoch = fields::int(&inside, "epoch") == i64::from(self.cursor_epoch);
        if fields::text(&inside, "sort") != key || !epoch {
            return Err(broken());
        }
        let id = u32::try_from(fields::int(&inside, "last_id")).map_err(|_| broken())?;
        Ok((fields::int(&inside, "last_value"), id))
    }
}

fn page_size(first: Option<i64>, last: Option<i64>) -> Result<usize, PageError> {
    let size = first
        .or(last)
        .ok_or_else(|| PageError("you must provide one of first or last".to_owned()))?;
    if size > crate::limits::PAGE_NODES_MAX {
        return Err(PageError(format!(
            "first cannot exceed {}",
            crate::limits::PAGE_NODES_MAX
        )));
    }
    usize::try_from(size).map_err(|_| PageError("first must not be negative".to_owned()))
}

/// A cut of a list that lies inside an object, such as an order's lines.
pub(crate) fn cut_nested(
    length: usize,
    args: &ListArgs,
) -> Result<(Vec<usize>, bool, bool), PageError> {
    let size = page_size(args.first, args.last)?;
    let read = |cursor: &Option<String>| {
        cursor
            .as_deref()
            .map(|text| {
                BASE64
                    .decode(text)
                    .ok()
                    .and_then(|bytes| String::from_utf8(bytes).ok())
                    .and_then(|text| text.strip_prefix("at:")?.parse::<usize>().ok())
                    .ok_or_else(|| {
                        PageError("Invalid cursor for current pagination sort.".to_owned())
                    })
            })
            .transpose()
    };
    let mut order: Vec<usize> = (0..length).collect();
    if args.reverse {
        order.reverse();
    }
    let place = |mark: usize| order.iter().position(|at| *at == mark).unwrap_or(length);
    let start = read(&args.after)?.map_or(0, |mark| (place(mark) + 1).min(length));
    let end = read(&args.before)?.map_or(length, place).max(start);
    let (start, end) = match args.last {
        Some(_) if args.first.is_none() => (end.saturating_sub(size).max(start), end),
        _ => (start, (start + size).min(end)),
    };
    let page = order.get(start..end).unwrap_or(&[]).to_vec();
    Ok((page, end < length, start > 0))
}

pub(crate) fn nested_cursor(at: usize) -> String {
    BASE64.encode(format!("at:{at}"))
}

// ---- filters ----------------------------------------------------------------------------------

const ORDER_FIELDS: [&str; 12] = [
    "",
    "id",
    "name",
    "email",
    "updated_at",
    "created_at",
    "processed_at",
    "customer_id",
    "financial_status",
    "fulfillment_status",
    "status",
    "tag",
];
const CUSTOMER_FIELDS: [&str; 9] = [
    "",
    "id",
    "email",
    "phone",
    "updated_at",
    "customer_date",
    "created_at",
    "first_name",
    "last_name",
];

fn unknown_fields(kind: Kind, filter: &Filter, warnings: &mut Vec<String>) {
    match filter {
        Filter::All(inner) | Filter::Any(inner) => {
            inner
                .iter()
                .for_each(|one| unknown_fields(kind, one, warnings));
        }
        Filter::Not(inner) => unknown_fields(kind, inner, warnings),
        Filter::Term(term) => {
            if !known_fields(kind).contains(&term.field.as_str()) {
                warnings.push(term.field.clone());
            }
        }
    }
}

const fn known_fields(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Orders => &ORDER_FIELDS,
        Kind::Customers => &CUSTOMER_FIELDS,
    }
}

/// A filter about to be applied: what needs a look at every record is looked up once before.
struct Test<'a> {
    shop: &'a Shop,
    kind: Kind,
    found: Vec<(Term, HashSet<u32>)>,
}

impl Test<'_> {
    fn prepare(mut self, filter: &Filter) -> Self {
        match filter {
            Filter::All(inner) | Filter::Any(inner) => {
                for one in inner {
                    self = self.prepare(one);
                }
            }
            Filter::Not(inner) => self = self.prepare(inner),
            Filter::Term(term) => {
                if matches!(
                    term.field.as_str(),
                    "email" | "phone" | "first_name" | "last_name" | ""
                ) {
                    let ids = self.look_up(term);
                    self.found.push((term.clone(), ids));
                }
            }
        }
        self
    }

    fn passes(&self, filter: &Filter, id: u32) -> bool {
        match filter {
            Filter::All(inner) => inner.iter().all(|one| self.passes(one, id)),
            Filter::Any(inner) => inner.iter().any(|one| self.passes(one, id)),
            Filter::Not(inner) => !self.passes(inner, id),
            Filter::Term(term) => self.term(term, id),
        }
    }

    fn term(&self, term: &Term, id: u32) -> bool {
        let (created, updated) = self.shop.times(self.kind, id);
        let time = |at: i64| {
            crate::clock::parse(&term.value).is_some_and(|mark| term.compare.holds(at, mark))
        };
        match term.field.as_str() {
            "updated_at" => time(updated),
            "created_at" | "processed_at" | "customer_date" => time(created),
            "id" => self.id(term, id),
            "name" => {
                let number = (1_001 + u64::from(id)).to_string();
                term.value.trim_start_matches('#') == number
            }
            "customer_id" => self.customer_of(id).is_some_and(|index| {
                fields::id_number(&term.value) == Some(CUSTOMER_ID_BASE + u64::from(index))
            }),
            "financial_status" => self.status(id, "displayFinancialStatus", &term.value),
            "fulfillment_status" => {
                let value = match term.value.as_str() {
                    "shipped" => "fulfilled",
                    "unshipped" => "unfulfilled",
                    "partial" => "partially_fulfilled",
                    other => other,
                };
                self.status(id, "displayFulfillmentStatus", value)
            }
            "status" => self.open_or_closed(id, &term.value),
            "tag" => self.shop.order(id).is_some_and(|order| {
                fields::list(&order, "tags")
                    .iter()
                    .any(|tag| tag.as_str() == Some(&term.value))
            }),
            "email" | "phone" | "first_name" | "last_name" | "" => self
                .found
                .iter()
                .any(|(looked_up, ids)| looked_up == term && ids.contains(&id)),
            _ => true,
        }
    }

    fn id(&self, term: &Term, id: u32) -> bool {
        let mine = match self.kind {
            Kind::Orders => fields::id_number(&crate::population::order_gid(id)),
            Kind::Customers => Some(CUSTOMER_ID_BASE + u64::from(id)),
        };
        let (Some(mine), Some(wanted)) = (mine, fields::id_number(&term.value)) else {
            return false;
        };
        let signed = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
        term.compare.holds(signed(mine), signed(wanted))
    }

    fn customer_of(&self, id: u32) -> Option<u32> {
        match self.shop.stories.get(usize::try_from(id).ok()?)?.buyer {
            Buyer::Customer(index) => Some(index),
            Buyer::Stranger(_) | Buyer::PhoneOnly(_) => None,
        }
    }

    fn status(&self, id: u32, key: &str, wanted: &str) -> bool {
        self.shop
            .order(id)
            .is_some_and(|order| fields::text(&order, key).eq_ignore_ascii_case(wanted))
    }

    fn open_or_closed(&self, id: u32, wanted: &str) -> bool {
        let Some(order) = self.shop.order(id) else {
            return false;
        };
        let cancelled = !fields::text(&order, "cancelledAt").is_empty();
        let closed = !fields::text(&order, "closedAt").is_empty();
        match wanted {
            "open" => !closed && !cancelled,
            "closed" => closed && !cancelled,
            "cancelled" => cancelled,
            "not_closed" => !closed,
            _ => true,
        }
    }

    /// Which records a word or a personal field finds.
    fn look_up(&self, term: &Term) -> HashSet<u32> {
        let wanted = term.value.trim_matches('*').to_lowercase();
        match self.kind {
            Kind::Customers => self.customers_with(term, &wanted).collect(),
            Kind::Orders => self.orders_with(term, &wanted),
        }
    }

    fn customers_with<'b>(
        &'b self,
        term: &'b Term,
        wanted: &'b str,
    ) -> impl Iterator<Item = u32> + 'b {
        let one = (term.field == "email").then(|| index_in(wanted)).flatten();
        let range = one.map_or(0..self.shop.customer_count(), |index| {
            index..index.saturating_add(1)
        });
        range.filter(move |index| {
            let who = person(self.shop.origin.seed, *index);
            let has = |text: &str| text.to_lowercase() == wanted;
            match term.field.as_str() {
                "email" => who.email.as_deref().is_some_and(has),
                "phone" => who.phone.as_deref().is_some_and(has),
                "first_name" => has(who.first),
                "last_name" => has(who.last),
                _ => has(who.first) || has(who.last) || who.email.as_deref().is_some_and(has),
            }
        })
    }

    fn orders_with(&self, term: &Term, wanted: &str) -> HashSet<u32> {
        let shop = self.shop;
        let mut ids: HashSet<u32> = HashSet::new();
        if term.field.is_empty() {
            let number = wanted.trim_start_matches('#').parse::<u32>().ok();
            ids.extend(number.and_then(|number| number.checked_sub(1_001)));
        }
        let people: HashSet<u32> = self.people_with(term, wanted);
        ids.extend(shop.stories.iter().filter_map(|story| {
            let index = match story.buyer {
                Buyer::Customer(index) | Buyer::Stranger(index) => index,
                Buyer::PhoneOnly(_) => return None,
            };
            people.contains(&index).then_some(story.sequence)
        }));
        // What was changed by hand may carry another address than the person has.
        for (sequence, order) in &shop.changed {
            let matches = fields::text(order, "email").to_lowercase() == wanted;
            if matches {
                ids.insert(*sequence)
            } else {
                ids.remove(sequence)
            };
        }
        ids
    }

    fn people_with(&self, term: &Term, wanted: &str) -> HashSet<u32> {
        let email_only = Term {
            field: "email".to_owned(),
            ..term.clone()
        };
        let term = if wanted.contains('@') {
            &email_only
        } else {
            term
        };
        let customers = Test {
            shop: self.shop,
            kind: Kind::Customers,
            found: Vec::new(),
        };
        customers.customers_with(term, wanted).collect()
    }
}

/// The customer's index that every generated address carries: `mia.keller.17@example.com`.
fn index_in(email: &str) -> Option<u32> {
    let local = email.split('@').next()?;
    local.split('+').next()?.rsplit('.').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::super::search::Compare;
    use super::*;
    use crate::Options;

    fn shop() -> Shop {
        let options = Options {
            orders: 300,
            ..Options::default()
        };
        Shop::open(&options).unwrap().0
    }

    fn args(first: i64) -> ListArgs {
        ListArgs {
            first: Some(first),
            ..ListArgs::default()
        }
    }

    #[test]
    fn pages_together_are_the_list_even_when_a_row_moves_between_them() {
        let mut shop = shop();
        let mut seen = Vec::new();
        let mut args = ListArgs {
            sort_key: Some("CREATED_AT".to_owned()),
            reverse: true,
            ..args(50)
        };
        loop {
            let page = shop.list_orders(&args).unwrap();
            seen.extend(page.rows.iter().map(|row| row.0));
            shop.place_order(1_900_000_000, &crate::population::NewOrder::default());
            if !page.has_next {
                break;
            }
            args.after = page.rows.last().map(|row| row.1.clone());
        }
        let expected: Vec<u32> = (0..300).rev().collect();
        assert_eq!(seen, expected);
    }

    #[test]
    fn a_window_of_update_times_is_half_open() {
        let mut shop = shop();
        let (_, at) = shop.times(Kind::Orders, 100);
        let text = crate::clock::utc(at);
        let query = |query: String| ListArgs {
            query: Some(query),
            ..args(250)
        };
        let from = shop
            .list_orders(&query(format!("updated_at:>='{text}'")))
            .unwrap();
        let to = shop
            .list_orders(&query(format!("updated_at:<'{text}'")))
            .unwrap();
        assert_eq!(from.total + to.total, 300);
        assert!(from.rows.iter().any(|row| row.0 == 100) || from.total > 250);
        assert!(to.rows.iter().all(|row| row.0 != 100));
    }

    #[test]
    fn an_email_finds_every_order_of_its_person_and_no_other() {
        let mut shop = shop();
        let order = shop.order(7).unwrap();
        let email = fields::text(&order, "email").to_uppercase();
        let found = shop
            .list_orders(&ListArgs {
                query: Some(format!("email:\"{email}\"")),
                ..args(250)
            })
            .unwrap();
        assert!(found.rows.iter().any(|row| row.0 == 7));
        for (id, _) in &found.rows {
            let other = shop.order(*id).unwrap();
            assert_eq!(fields::text(&other, "email").to_uppercase(), email);
        }
    }

    #[test]
    fn a_cursor_of_another_sort_or_before_a_reset_is_refused() {
        let mut shop = shop();
        let page = shop.list_orders(&args(5)).unwrap();
        let after = page.rows.last().map(|row| row.1.clone());
        let other = ListArgs {
            after: after.clone(),
            sort_key: Some("UPDATED_AT".to_owned()),
            ..args(5)
        };
        assert!(shop.list_orders(&other).is_err());
        shop.cursor_epoch += 1;
        assert!(shop.list_orders(&ListArgs { after, ..args(5) }).is_err());
    }

    #[test]
    fn an_unknown_field_is_ignored_and_warned_of() {
        let mut shop = shop();
        let odd = ListArgs {
            query: Some("tracking:X".to_owned()),
            ..args(1)
        };
        let page = shop.list_orders(&odd).unwrap();
        assert_eq!(
            (page.total, page.warnings),
            (300, vec!["tracking".to_owned()])
        );
    }

    #[test]
    fn comparators_hold_as_written() {
        assert!(Compare::Below.holds(1, 2) && !Compare::Below.holds(2, 2));
        assert!(Compare::AtMost.holds(2, 2) && Compare::Above.holds(3, 2));
    }
}
