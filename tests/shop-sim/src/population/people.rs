//! The shop's customers. Every e-mail lies in a domain reserved for examples.

use serde_json::{Value, json};

use super::Draw;

/// Numeric customer ids start here, so that they never look like order ids.
pub(crate) const CUSTOMER_ID_BASE: u64 = 7_100_000_000_000;

const PURPOSE: u64 = 0x7065_6f70_6c65;

/// One person, told from the seed and the customer's index.
#[derive(Clone, Debug)]
pub(crate) struct Person {
    pub(crate) first: &'static str,
    pub(crate) last: &'static str,
    /// As typed at checkout: sometimes with capitals.
    pub(crate) email: Option<String>,
    pub(crate) phone: Option<String>,
    pub(crate) place: &'static Place,
    pub(crate) street: String,
    pub(crate) postcode: String,
    /// Has an account, rather than having checked out as a guest.
    pub(crate) account: bool,
    pub(crate) vip: bool,
}

/// Where people live.
#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) city: &'static str,
    pub(crate) country: &'static str,
    pub(crate) code: &'static str,
    pub(crate) province: Option<(&'static str, &'static str)>,
    pub(crate) locale: &'static str,
    dial: &'static str,
    phone_digits: usize,
    postcode_digits: usize,
}

const fn place(
    city: &'static str,
    country: (&'static str, &'static str),
    province: Option<(&'static str, &'static str)>,
    locale: &'static str,
    dial: (&'static str, usize),
    postcode_digits: usize,
) -> Place {
    let (country, code) = country;
    let (dial, phone_digits) = dial;
    Place {
        city,
        country,
        code,
        province,
        locale,
        dial,
        phone_digits,
        postcode_digits,
    }
}

const GERMANY: (&str, &str) = ("Germany", "DE");
const STATES: (&str, &str) = ("United States", "US");

static HOME: Place = place("Berlin", GERMANY, None, "de-DE", ("+49", 10), 5);
static PLACES: [Place; 12] = [
    place("Berlin", GERMANY, None, "de-DE", ("+49", 10), 5),
    place("Leipzig", GERMANY, None, "de-DE", ("+49", 10), 5),
    place("Köln", GERMANY, None, "de-DE", ("+49", 10), 5),
    place("Graz", ("Austria", "AT"), None, "de-AT", ("+43", 10), 4),
    place("Lyon", ("France", "FR"), None, "fr-FR", ("+33", 9), 5),
    place("Gdańsk", ("Poland", "PL"), None, "pl-PL", ("+48", 9), 5),
    place(
        "Málaga",
        ("Spain", "ES"),
        Some(("Málaga", "MA")),
        "es-ES",
        ("+34", 9),
        5,
    ),
    place(
        "Utrecht",
        ("Netherlands", "NL"),
        None,
        "nl-NL",
        ("+31", 9),
        4,
    ),
    place(
        "Portland",
        STATES,
        Some(("Oregon", "OR")),
        "en-US",
        ("+1", 10),
        5,
    ),
    place(
        "Austin",
        STATES,
        Some(("Texas", "TX")),
        "en-US",
        ("+1", 10),
        5,
    ),
    place(
        "Osaka",
        ("Japan", "JP"),
        Some(("Ōsaka", "JP-27")),
        "ja-JP",
        ("+81", 10),
        7,
    ),
    place(
        "Kyoto",
        ("Japan", "JP"),
        Some(("Kyōto", "JP-26")),
        "ja-JP",
        ("+81", 10),
        7,
    ),
];

const FIRST: [&str; 48] = [
    "Mia", "Noah", "Zoë", "Jürgen", "Aoife", "Łukasz", "María", "Kenji", "Sven", "Chloé", "Omar",
    "Priya", "Bjørn", "Inès", "Hanna", "Tomás", "Yuki", "Leila", "Anna", "Paul", "Greta", "Oskar",
    "Amina", "Diego", "Freya", "Hugo", "Ida", "Jonas", "Klara", "Levi", "Marta", "Nils", "Olga",
    "Pedro", "Rosa", "Stefan", "Thea", "Uwe", "Vera", "Willem", "Xenia", "Yannick", "Zofia",
    "Elif", "Haruto", "Sakura", "Emma", "Liam",
];
const LAST: [&str; 48] = [
    "Keller",
    "Müller",
    "O’Connor",
    "Nowak",
    "García",
    "Tanaka",
    "Lindqvist",
    "Dubois",
    "Haddad",
    "Sharma",
    "Ødegård",
    "Moreau",
    "Weiß",
    "Silva",
    "Sato",
    "Rahimi",
    "Schmidt",
    "Becker",
    "Vogel",
    "Jansen",
    "de Vries",
    "Kowalska",
    "Fernández",
    "Rossi",
    "Novák",
    "Andersen",
    "Bauer",
    "Fuchs",
    "Lang",
    "Huber",
    "Winter",
    "Sommer",
    "Berg",
    "Stein",
    "Wolf",
    "Krüger",
    "Özdemir",
    "Yamamoto",
    "Watanabe",
    "Brown",
    "Clark",
    "Evans",
    "Martin",
    "Petit",
    "Leroy",
    "Visser",
    "Mulder",
    "Król",
];
const STREETS: [&str; 16] = [
    "Lindenstraße",
    "Rosenweg",
    "Hafenallee",
    "Mill Lane",
    "Rue des Lilas",
    "Calle Mayor",
    "Ulica Długa",
    "Kerkstraat",
    "Gartenweg",
    "Bergstraße",
    "Harbor Street",
    "Elm Avenue",
    "Am Markt",
    "Poststraße",
    "Sunset Drive",
    "Nishiki-dori",
];
const DOMAINS: [&str; 5] = [
    "example.com",
    "example.org",
    "example.net",
    "mail.example.com",
    "post.example.org",
];

/// The person with that index.
pub(crate) fn person(seed: u64, index: u32) -> Person {
    let mut draw = Draw::of(seed, PURPOSE, u64::from(index));
    let first = draw.word(&FIRST);
    let last = draw.word(&LAST);
    let place = draw.one(&PLACES, &HOME);
    let account = draw.percent(62);
    let street = format!("{} {}", draw.word(&STREETS), draw.between(1, 199));
    let postcode = draw.digits(place.postcode_digits);
    let email = email(&mut draw, first, last, index);
    let phone = draw
        .percent(55)
        .then(|| format!("{}{}", place.dial, draw.digits(place.phone_digits)));
    Person {
        first,
        last,
        email: Some(email),
        phone,
        place,
        street,
        postcode,
        account,
        vip: draw.percent(6),
    }
}

/// Unique through the index: no two people of one shop share an address.
fn email(draw: &mut Draw, first: &str, last: &str, index: u32) -> String {
    let mut local = format!("{}.{}", ascii(first), ascii(last));
    if draw.percent(30) {
        local = format!("{}{}", ascii(first), draw.between(50, 99));
    }
    let plus = if draw.percent(5) { "+shop" } else { "" };
    let text = format!("{local}.{index}{plus}@{}", draw.word(&DOMAINS)).to_ascii_lowercase();
    if draw.percent(10) {
        capitalised(&text)
    } else {
        text
    }
}

fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}

fn ascii(name: &str) -> String {
    name.chars()
        .filter_map(|letter| match letter {
            'ü' => Some('u'),
            'ö' | 'Ö' | 'ø' | 'Ø' | 'ó' => Some('o'),
            'ë' | 'é' | 'è' => Some('e'),
            'á' | 'å' => Some('a'),
            'í' => Some('i'),
            'ß' => Some('s'),
            'Ł' | 'ł' => Some('l'),
            letter if letter.is_ascii_alphanumeric() => Some(letter),
            _ => None,
        })
        .collect()
}

impl Person {
    pub(crate) fn name(&self) -> String {
        format!("{} {}", self.first, self.last)
    }
}

/// A mailing address in the API's shape.
pub(crate) fn address(person: &Person, id: u64) -> Value {
    let place = person.place;
    json!({
        "__typename": "MailingAddress",
        "id": format!("gid://shopify/MailingAddress/{id}?model_name=CustomerAddress"),
        "firstName": person.first,
        "lastName": person.last,
        "name": person.name(),
        "company": null,
        "address1": person.street,
        "address2": null,
        "city": place.city,
        "zip": person.postcode,
        "province": place.province.map(|(name, _)| name),
        "provinceCode": place.province.map(|(_, code)| code),
        "country": place.country,
        "countryCode": place.code,
        "countryCodeV2": place.code,
        "phone": person.phone,
        "latitude": null,
        "longitude": null,
        "timeZone": null,
        "coordinatesValidated": false,
        "validationResultSummary": null,
        "formatted": [person.street, format!("{} {}", person.postcode, place.city), place.country],
        "formattedArea": format!("{}, {}", place.city, place.country),
    })
}
