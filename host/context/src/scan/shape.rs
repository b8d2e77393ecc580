//! Shapes of numbers, and the words that announce them.

use super::QuoteKind;

/// The word as a number that could be quoted: Latin letters and digits with joints, at least one
/// digit or a long code of capitals.
pub(super) fn number(text: &str) -> Option<&str> {
    let joint = |c: char| matches!(c, '-' | '_' | '/' | '.');
    let fits = (1..=40).contains(&text.len())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || joint(c));
    let digits = text.bytes().any(|b| b.is_ascii_digit());
    let capitals = text.len() >= 12 && text.bytes().all(|b| b.is_ascii_uppercase());
    (fits && (digits || capitals)).then_some(text)
}

/// What a word announces.
pub(super) fn kind_word(lower: &str) -> Option<QuoteKind> {
    const ORDER: &[&str] = &[
        "order",
        "orders",
        "ordernumber",
        "orderid",
        "order-id",
        "bestellung",
        "bestellungen",
        "bestellnummer",
        "bestellnr",
        "auftrag",
        "auftragsnummer",
        "commande",
        "commandes",
        "pedido",
        "pedidos",
        "ordine",
        "ordini",
        "encomenda",
        "zamówienie",
        "zamówienia",
        "zamówieniu",
        "bestelling",
        "bestelnummer",
        "beställning",
        "ordernummer",
        "ordre",
        "ordrenummer",
        "tilaus",
        "objednávka",
        "sipariş",
        "comanda",
        "rendelés",
        "παραγγελία",
        "заказ",
        "заказа",
        "замовлення",
        "注文",
        "注文番号",
        "订单",
        "订单号",
        "訂單",
        "주문",
        "주문번호",
    ];
    const PARCEL: &[&str] = &[
        "tracking",
        "trackingnumber",
        "tracking-number",
        "track",
        "parcel",
        "package",
        "shipment",
        "awb",
        "consignment",
        "waybill",
        "sendungsnummer",
        "sendung",
        "sendungsverfolgung",
        "paket",
        "paketnummer",
        "colis",
        "suivi",
        "envío",
        "seguimiento",
        "spedizione",
        "rastreio",
        "przesyłka",
        "przesyłki",
        "zending",
        "försändelse",
        "追跡",
        "追跡番号",
        "快递",
        "快递单号",
        "运单号",
    ];
    if ORDER.contains(&lower) {
        Some(QuoteKind::Order)
    } else if PARCEL.contains(&lower) {
        Some(QuoteKind::Tracking)
    } else {
        None
    }
}

/// Whether the announcing word already says that a number follows.
pub(super) fn names_a_number(lower: &str) -> bool {
    ["number", "nummer", "nr", "id", "番号", "号", "번호"]
        .iter()
        .any(|end| lower.ends_with(end))
}

/// A word for number.
pub(super) fn number_word(lower: &str) -> bool {
    matches!(
        lower,
        "number"
            | "no"
            | "nr"
            | "num"
            | "№"
            | "n"
            | "nº"
            | "n°"
            | "id"
            | "ref"
            | "reference"
            | "code"
            | "numéro"
            | "numero"
            | "número"
            | "nummer"
            | "numer"
            | "numeru"
            | "номер"
            | "αριθμός"
    )
}

/// A word that may stand between the announcement and the number, or in a list of numbers.
pub(super) fn filler(lower: &str, listed: bool) -> bool {
    let between = matches!(lower, "is" | "was" | "ist" | "lautet" | "my");
    let list = matches!(
        lower,
        "and" | "or" | "und" | "oder" | "et" | "ou" | "y" | "e" | "i"
    );
    between || (listed && list)
}

fn digits(text: &str) -> usize {
    text.bytes().filter(u8::is_ascii_digit).count()
}

/// A parcel number by its shape alone.
pub(super) fn is_parcel(number: &str) -> bool {
    let bytes = number.as_bytes();
    let postal = matches!(bytes, [a, b, middle @ .., y, z]
        if middle.len() == 9
            && [a, b, y, z].iter().all(|c| c.is_ascii_uppercase())
            && middle.iter().all(u8::is_ascii_digit));
    let courier = bytes.len() == 18
        && bytes.starts_with(b"1Z")
        && bytes
            .iter()
            .all(|b| b.is_ascii_digit() || b.is_ascii_uppercase())
        && digits(number) >= 8;
    let long = (12..=22).contains(&bytes.len())
        && bytes.iter().all(u8::is_ascii_digit)
        && !looks_like_a_card(number);
    postal || courier || long
}

/// A code of capitals and digits that is too long to be anything but a number.
pub(super) fn is_code(number: &str) -> bool {
    let letters = number.bytes().filter(u8::is_ascii_uppercase).count();
    number.len() >= 10
        && letters >= 2
        && digits(number) >= 2
        && number
            .bytes()
            .all(|b| b.is_ascii_digit() || b.is_ascii_uppercase() || b == b'-')
}

/// A number that may be an order of somebody who is already known.
pub(super) fn is_bare(number: &str) -> bool {
    let count = digits(number);
    let joined = number
        .bytes()
        .all(|b| b.is_ascii_alphanumeric() || b == b'-');
    joined && (4..=9).contains(&count) && number.len() <= count + 6
}

/// Sixteen digits with a card's check digit: never kept, never looked up.
fn looks_like_a_card(number: &str) -> bool {
    if !(15..=16).contains(&number.len()) {
        return false;
    }
    let sum: u32 = number
        .chars()
        .rev()
        .filter_map(|c| c.to_digit(10))
        .enumerate()
        .map(|(place, digit)| match (place % 2, digit * 2) {
            (0, _) => digit,
            (_, doubled) if doubled > 9 => doubled - 9,
            (_, doubled) => doubled,
        })
        .sum();
    sum.is_multiple_of(10)
}
