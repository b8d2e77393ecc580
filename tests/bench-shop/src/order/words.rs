//! The words that orders are made of.

/// A city: name, region, its code, postal code, country, its code.
pub(crate) type City = [&'static str; 6];

pub(super) const FIRST: [&str; 16] = [
    "Ava",
    "Noah",
    "Zo\u{eb}",
    "Liam",
    "Sof\u{ed}a",
    "J\u{fc}rgen",
    "Mia",
    "Oluwaseun",
    "Chlo\u{e9}",
    "Hiro",
    "Priya",
    "Lars",
    "Ana\u{ef}s",
    "Tomasz",
    "Emma",
    "Bj\u{f6}rn",
];
pub(super) const LAST: [&str; 16] = [
    "Smith",
    "Garc\u{ed}a",
    "M\u{fc}ller",
    "O'Neil",
    "Nguyen",
    "Kowalski",
    "Tanaka",
    "Dubois",
    "Okafor",
    "Rossi",
    "Jensen",
    "Patel",
    "Brown",
    "Silva",
    "Nov\u{e1}k",
    "Lindstr\u{f6}m",
];
pub(super) const CITIES: [City; 6] = [
    ["Portland", "Oregon", "OR", "97205", "United States", "US"],
    ["Austin", "Texas", "TX", "78701", "United States", "US"],
    ["M\u{fc}nchen", "Bayern", "BY", "80331", "Germany", "DE"],
    [
        "Lyon",
        "Auvergne-Rh\u{f4}ne-Alpes",
        "ARA",
        "69001",
        "France",
        "FR",
    ],
    ["Leeds", "England", "ENG", "LS1 4AP", "United Kingdom", "GB"],
    ["Toronto", "Ontario", "ON", "M5H 2N2", "Canada", "CA"],
];
pub(super) const STREETS: [&str; 6] = [
    "Maple Street",
    "High Street",
    "Rue de la R\u{e9}publique",
    "Lindwurmstra\u{df}e",
    "Oak Avenue",
    "Queen Street West",
];
pub(super) const MATERIALS: [&str; 8] = [
    "Organic",
    "Merino",
    "Waxed",
    "Recycled",
    "Heavyweight",
    "Brushed",
    "Insulated",
    "Everyday",
];
pub(super) const GOODS: [&str; 8] = [
    "T-Shirt",
    "Crew Sock 3-Pack",
    "Canvas Tote",
    "Rain Jacket",
    "Water Bottle",
    "Beanie",
    "Trail Shoe",
    "Notebook",
];
pub(super) const SIZES: [&str; 5] = [
    "S / Black",
    "M / Navy",
    "L / Forest",
    "XL / Sand",
    "One Size",
];
pub(super) const TAGS: [&str; 7] = [
    "vip",
    "wholesale",
    "gift",
    "repeat",
    "newsletter",
    "fraud-checked",
    "b2b",
];
pub(super) const CARRIERS: [&str; 5] = ["UPS", "DHL Express", "FedEx", "USPS", "Royal Mail"];
