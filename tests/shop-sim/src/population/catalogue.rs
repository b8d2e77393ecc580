//! What the shop sells: lamps and things around them.

use super::Draw;

/// One variant. Prices are hundredths of a euro, tax included.
#[derive(Debug)]
pub(crate) struct Article {
    pub(crate) product: u64,
    pub(crate) title: &'static str,
    pub(crate) variant: Option<&'static str>,
    pub(crate) sku: &'static str,
    pub(crate) cents: i64,
    pub(crate) grams: i64,
    pub(crate) vendor: &'static str,
}

const fn article(
    product: u64,
    title: &'static str,
    variant: Option<&'static str>,
    sku: &'static str,
    cents: i64,
    grams: i64,
) -> Article {
    Article {
        product,
        title,
        variant,
        sku,
        cents,
        grams,
        vendor: "Lamplight Works",
    }
}

static FIRST: Article = article(
    1,
    "Brass desk lamp",
    Some("Black"),
    "LAMP-DESK-BLK",
    8_900,
    2_400,
);
static ARTICLES: [Article; 16] = [
    article(
        1,
        "Brass desk lamp",
        Some("Black"),
        "LAMP-DESK-BLK",
        8_900,
        2_400,
    ),
    article(
        1,
        "Brass desk lamp",
        Some("Green"),
        "LAMP-DESK-GRN",
        8_900,
        2_400,
    ),
    article(2, "Paper lantern", Some("40 cm"), "LANT-40", 1_950, 300),
    article(2, "Paper lantern", Some("60 cm"), "LANT-60", 2_750, 450),
    article(3, "Floor lamp “Heron”", None, "LAMP-HERON", 21_900, 7_800),
    article(
        4,
        "LED bulb E27 warm",
        Some("Pack of 2"),
        "BULB-E27-2",
        1_290,
        180,
    ),
    article(
        4,
        "LED bulb E27 warm",
        Some("Pack of 6"),
        "BULB-E27-6",
        3_290,
        520,
    ),
    article(5, "Clip light", Some("Red"), "CLIP-RED", 2_490, 380),
    article(5, "Clip light", Some("White"), "CLIP-WHT", 2_490, 380),
    article(6, "Night light Moon 🌙", None, "NIGHT-MOON", 3_450, 600),
    article(
        7,
        "Linen lampshade",
        Some("Natural"),
        "SHADE-NAT",
        4_590,
        700,
    ),
    article(
        7,
        "Linen lampshade",
        Some("Indigo"),
        "SHADE-IND",
        4_590,
        700,
    ),
    article(
        8,
        "Textile cable 3 m",
        Some("Ochre"),
        "CABLE-OCH",
        1_490,
        220,
    ),
    article(9, "Dimmer switch", None, "DIMMER", 2_990, 150),
    article(10, "Candle set 🕯️", Some("Ivory"), "CANDLE-IV", 1_690, 900),
    article(
        11,
        "Wall sconce “Tilt”",
        Some("Chrome"),
        "SCONCE-CHR",
        12_450,
        1_900,
    ),
];

pub(crate) fn pick(draw: &mut Draw) -> &'static Article {
    draw.one(&ARTICLES, &FIRST)
}
