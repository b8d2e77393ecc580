//! Choice rules. The operators are exactly those that Zendesk documents; the registry refuses
//! others (`StringMatches`, `IsString`, ...) with the unhelpful words "And is required".

use serde_json::Value;

/// One rule of a Choice state.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// What has to hold.
    pub test: Test,
    /// The state to go to then.
    pub next: String,
}

/// A condition.
#[derive(Clone, Debug, PartialEq)]
pub enum Test {
    /// All of them.
    And(Vec<Self>),
    /// Any of them.
    Or(Vec<Self>),
    /// The opposite.
    Not(Box<Self>),
    /// A comparison.
    Compare(Comparison),
}

/// One variable against one operand.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    /// Reference path of the left side.
    pub variable: String,
    /// Operator with the right side.
    pub operator: Operator,
}

/// An operator with its right side.
#[derive(Clone, Debug, PartialEq)]
pub enum Operator {
    /// `StringEquals`, `NumericLessThanPath`, ...
    Ordered {
        /// Which type both sides must have.
        family: Family,
        /// How they must relate.
        order: Order,
        /// The right side.
        operand: Operand,
    },
    /// `IsPresent`.
    IsPresent(bool),
    /// `IsNull`.
    IsNull(bool),
}

/// The type of a comparison; a value of another type makes it false.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the types speak for themselves")]
pub enum Family {
    String,
    Numeric,
    Boolean,
    Timestamp,
}

/// How the left side must relate to the right one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the relations speak for themselves")]
pub enum Order {
    Equals,
    LessThan,
    GreaterThan,
    LessThanEquals,
    GreaterThanEquals,
}

impl Order {
    /// True where `left` and `right`, compared, relate this way.
    #[must_use]
    pub const fn holds(self, compared: std::cmp::Ordering) -> bool {
        match self {
            Self::Equals => compared.is_eq(),
            Self::LessThan => compared.is_lt(),
            Self::GreaterThan => compared.is_gt(),
            Self::LessThanEquals => compared.is_le(),
            Self::GreaterThanEquals => compared.is_ge(),
        }
    }
}

/// The right side of a comparison.
#[derive(Clone, Debug, PartialEq)]
pub enum Operand {
    /// A literal.
    Literal(Value),
    /// Another path of the document (the `...Path` operators).
    Path(String),
}

/// Family, order and "compares with a path" of an operator's name; `None` for what Zendesk refuses.
pub(crate) fn ordered(name: &str) -> Option<(Family, Order, bool)> {
    let (stem, path) = name
        .strip_suffix("Path")
        .map_or((name, false), |stem| (stem, true));
    let families = [
        ("String", Family::String),
        ("Numeric", Family::Numeric),
        ("Boolean", Family::Boolean),
        ("Timestamp", Family::Timestamp),
    ];
    let (family, order) = families
        .into_iter()
        .find_map(|(word, family)| stem.strip_prefix(word).map(|order| (family, order)))?;
    let order = match order {
        "Equals" => Order::Equals,
        "LessThan" => Order::LessThan,
        "GreaterThan" => Order::GreaterThan,
        "LessThanEquals" => Order::LessThanEquals,
        "GreaterThanEquals" => Order::GreaterThanEquals,
        _ => return None,
    };
    let documented = match (family, path) {
        (Family::Numeric, _) | (Family::String | Family::Timestamp, false) => true,
        (Family::Boolean, _) | (Family::String, true) => order == Order::Equals,
        (Family::Timestamp, true) => false,
    };
    documented.then_some((family, order, path))
}

#[cfg(test)]
mod tests {
    use super::ordered;

    #[test]
    fn exactly_the_documented_operators_exist() {
        let mut known = Vec::new();
        for family in ["String", "Numeric", "Boolean", "Timestamp"] {
            for order in [
                "Equals",
                "LessThan",
                "GreaterThan",
                "LessThanEquals",
                "GreaterThanEquals",
            ] {
                for path in ["", "Path"] {
                    let name = format!("{family}{order}{path}");
                    if ordered(&name).is_some() {
                        known.push(name);
                    }
                }
            }
        }
        assert_eq!(known.len(), 5 + 1 + 10 + 2 + 5, "{known:?}");
        for refused in [
            "StringMatches",
            "IsString",
            "StringLessThanPath",
            "TimestampEqualsPath",
            "And",
        ] {
            assert!(ordered(refused).is_none(), "{refused}");
        }
    }
}
