//! Whether a manifest makes sense: everything that its shape alone cannot rule out.

use std::collections::BTreeSet;

use ordercase_model::{Comparability, Kind};

use super::{
    Auth, Export, Manifest, ManifestError, Origin, RateLimit, Scheme, SettingKind, Webhooks,
    problem::Problems,
};
use crate::{
    egress::{path, reserved_header},
    limits,
};

/// The contract that this host serves.
pub(crate) const WIT: &str = "ordercase:source@0.1.0";

pub(super) fn check(manifest: &Manifest) -> Result<(), ManifestError> {
    let mut problems = Problems::default();
    plugin(manifest, &mut problems);
    origins(manifest, &mut problems);
    settings(manifest, &mut problems);
    streams(manifest, &mut problems);
    webhooks(manifest, &mut problems);
    problems.into_result()
}

fn plugin(manifest: &Manifest, problems: &mut Problems) {
    let plugin = &manifest.plugin;
    problems.unless(
        (2..=40).contains(&plugin.id.len()) && is_name(&plugin.id, b'-'),
        "plugin.id",
        format!("is `{}`", plugin.id),
        "use 2 to 40 of a-z, 0-9 and -, beginning with a letter",
    );
    problems.unless(
        is_version(&plugin.version),
        "plugin.version",
        format!("is `{}`", plugin.version),
        "write three numbers such as 0.1.0",
    );
    problems.unless(
        plugin.wit == WIT,
        "plugin.wit",
        format!("is `{}`", plugin.wit),
        format!("this host serves {WIT}"),
    );
    let texts = [
        ("plugin.name", &plugin.name),
        ("plugin.api-version", &plugin.api_version),
        ("plugin.licence", &plugin.licence),
        ("plugin.contact", &plugin.contact),
    ];
    for (key, text) in texts {
        let fine = !text.trim().is_empty() && text.len() <= limits::MANIFEST_TEXT_BYTES_MAX;
        let fix = format!("write 1 to {} bytes", limits::MANIFEST_TEXT_BYTES_MAX);
        problems.unless(fine, key, "is empty or too long", fix);
    }
    let exports = &plugin.exports;
    let distinct: BTreeSet<_> = exports.iter().collect();
    problems.unless(
        !exports.is_empty() && distinct.len() == exports.len(),
        "plugin.exports",
        "is empty or repeats itself",
        "name each implemented export once",
    );
}

fn origins(manifest: &Manifest, problems: &mut Problems) {
    let reaches_out = manifest.plugin.exports.iter().any(|e| e.may_reach_out());
    problems.unless(
        !(reaches_out && manifest.origins.is_empty()),
        "origins",
        "is missing",
        "an export that reads the source needs an origin to read from",
    );
    problems.unless(
        manifest.origins.len() <= limits::ORIGINS_MAX,
        "origins",
        format!("has {} entries", manifest.origins.len()),
        format!("at most {} fit", limits::ORIGINS_MAX),
    );
    let mut seen = BTreeSet::new();
    for origin in &manifest.origins {
        let key = format!("origins.{}", origin.alias);
        problems.unless(
            is_name(&origin.alias, b'-') && seen.insert(&origin.alias),
            format!("{key}.alias"),
            "is not a name, or is taken",
            "use a-z, 0-9 and -, beginning with a letter, once",
        );
        one_origin(manifest, origin, &key, problems);
    }
}

fn one_origin(manifest: &Manifest, origin: &Origin, key: &str, problems: &mut Problems) {
    for name in origin.url.settings() {
        let setting = manifest.settings.get(name);
        problems.unless(
            setting.is_some_and(|s| {
                s.kind == SettingKind::String && (s.required || s.default.is_some())
            }),
            format!("{key}.url"),
            format!("names the setting `{name}`"),
            format!("declare [settings.{name}] as a required string"),
        );
    }
    let lists = [
        ("methods", origin.methods.is_empty()),
        ("path-prefixes", origin.path_prefixes.is_empty()),
        ("content-types", origin.content_types.is_empty()),
    ];
    for (list, empty) in lists {
        problems.unless(
            !empty,
            format!("{key}.{list}"),
            "is empty",
            "name at least one",
        );
    }
    for prefix in &origin.path_prefixes {
        problems.unless(
            path::is_prefix(prefix),
            format!("{key}.path-prefixes"),
            format!("has `{prefix}`"),
            "begin with /, without .., //, %, ? or #",
        );
    }
    for media in &origin.content_types {
        problems.unless(
            is_media_type(media),
            format!("{key}.content-types"),
            format!("has `{media}`"),
            "write a lower-case type such as application/json",
        );
    }
    auth(manifest, origin, key, problems);
    if let Some(limit) = &origin.rate_limit {
        rate_limit(limit, &format!("{key}.rate-limit"), problems);
    }
}

fn auth(manifest: &Manifest, origin: &Origin, key: &str, problems: &mut Problems) {
    for slot in origin.auth.slots() {
        problems.unless(
            manifest.secrets.contains_key(slot),
            format!("{key}.auth"),
            format!("names the secret slot `{slot}`"),
            format!("declare [secrets.{slot}]"),
        );
    }
    match &origin.auth {
        Auth::Header { header, prefix, .. } => {
            let allowed = header.eq_ignore_ascii_case("authorization") || !reserved_header(header);
            let named = http::HeaderName::from_bytes(header.as_bytes()).is_ok();
            let prefixed = prefix
                .as_deref()
                .is_none_or(|p| p.bytes().all(|b| (0x20..0x7f).contains(&b)));
            problems.unless(
                allowed && named && prefixed,
                format!("{key}.auth.header"),
                format!("is `{header}`"),
                "name a header that carries credentials and belongs to nobody else",
            );
        }
        Auth::Query { param, .. } => problems.unless(
            !param.is_empty()
                && param
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.')),
            format!("{key}.auth.param"),
            format!("is `{param}`"),
            "use letters, digits, _, - and .",
        ),
        Auth::None | Auth::Bearer { .. } | Auth::Basic { .. } => {}
    }
}

fn rate_limit(limit: &RateLimit, key: &str, problems: &mut Problems) {
    let positive = |n: f64| n.is_finite() && n > 0.0;
    match limit {
        RateLimit::Bucket {
            capacity,
            refill_per_second,
            reserve,
        } => problems.unless(
            *capacity > 0 && positive(*refill_per_second) && reserve.is_none_or(|r| r < *capacity),
            key,
            "never lets a request through",
            "capacity and refill-per-second are above 0, reserve is below capacity",
        ),
        RateLimit::Cost {
            requested,
            available,
            maximum,
            restore_rate,
            start_maximum,
            start_restore_rate,
            reserve,
        } => {
            let pointers = [requested, available, maximum, restore_rate];
            problems.unless(
                pointers.into_iter().all(|p| is_pointer(p)),
                key,
                "has something that is not a JSON pointer",
                "begin each of requested, available, maximum, restore-rate with /",
            );
            problems.unless(
                positive(*start_maximum)
                    && positive(*start_restore_rate)
                    && (0.0..*start_maximum).contains(reserve),
                key,
                "never lets a request through",
                "start-maximum and start-restore-rate are above 0, reserve is below start-maximum",
            );
        }
    }
}

fn settings(manifest: &Manifest, problems: &mut Problems) {
    for name in manifest.settings.keys().chain(manifest.secrets.keys()) {
        problems.unless(
            is_name(name, b'_'),
            format!("settings.{name}"),
            "is not a name",
            "use a-z, 0-9 and _, beginning with a letter",
        );
    }
    problems.unless(
        manifest.settings.len() + manifest.secrets.len() <= limits::SETTINGS_MAX,
        "settings",
        "has too many fields",
        format!("at most {} fit, secrets included", limits::SETTINGS_MAX),
    );
    for (name, setting) in &manifest.settings {
        let key = format!("settings.{name}");
        problems.unless(
            setting.pattern.is_none() || setting.kind == SettingKind::String,
            format!("{key}.pattern"),
            "stands on something that is no text",
            "drop it, or make the type string",
        );
        if let Some(Err(message)) = setting.default.as_ref().map(|d| setting.check(d)) {
            problems.add(format!("{key}.default"), message, "give one that fits");
        }
    }
}

fn streams(manifest: &Manifest, problems: &mut Problems) {
    let reads = [
        Export::Pull,
        Export::Fetch,
        Export::Search,
        Export::Map,
        Export::Receive,
    ];
    problems.unless(
        !manifest.streams.is_empty() || !reads.into_iter().any(|e| manifest.exports(e)),
        "streams",
        "is missing",
        "declare one [streams.<name>] for each kind of record that the plugin emits",
    );
    for (name, stream) in &manifest.streams {
        let key = format!("streams.{name}");
        problems.unless(
            is_name(name, b'_'),
            key.clone(),
            "is not a name",
            "use a-z, 0-9 and _",
        );
        problems.unless(
            !matches!(stream.kind, Kind::Unknown | Kind::Tombstone),
            format!("{key}.kind"),
            "is not a kind of record",
            "use customer, order, shipment, refund, return, payment or product",
        );
        problems.unless(
            stream.version != Comparability::Unknown,
            format!("{key}.version"),
            "is not known",
            "use integer, instant, tuple or equality",
        );
        problems.unless(
            (1..=limits::PAGE_LIMIT_MAX).contains(&stream.page_limit),
            format!("{key}.page-limit"),
            format!("is {}", stream.page_limit),
            format!("use 1 to {}", limits::PAGE_LIMIT_MAX),
        );
    }
}

fn webhooks(manifest: &Manifest, problems: &mut Problems) {
    let receives = manifest.exports(Export::Receive);
    problems.unless(
        receives == manifest.webhooks.is_some(),
        "webhooks",
        "and the export `receive` do not go together",
        "declare both or neither",
    );
    problems.unless(
        receives || !manifest.exports(Export::Subscribe),
        "plugin.exports",
        "has `subscribe` without `receive`",
        "whoever registers webhooks also reads them: export both",
    );
    let Some(recipe) = &manifest.webhooks else {
        return;
    };
    if recipe.scheme == Scheme::Hmac {
        hmac(manifest, recipe, problems);
    }
    problems.unless(
        recipe.topic_header.is_some() != recipe.topic_pointer.is_some(),
        "webhooks.topic-header",
        "and topic-pointer do not go together",
        "name exactly one place where the topic is",
    );
    problems.unless(
        recipe.topic_pointer.as_deref().is_none_or(is_pointer),
        "webhooks.topic-pointer",
        "is not a JSON pointer",
        "begin it with /",
    );
    let headers = [
        ("signature-header", &recipe.signature_header),
        ("topic-header", &recipe.topic_header),
        ("id-header", &recipe.id_header),
        ("time-header", &recipe.time_header),
    ];
    for (key, header) in headers {
        let named = |h: &String| http::HeaderName::from_bytes(h.as_bytes()).is_ok();
        problems.unless(
            header.as_ref().is_none_or(named),
            format!("webhooks.{key}"),
            "is not the name of a header",
            "use letters, digits and -",
        );
    }
    problems.unless(
        !recipe.topics.is_empty() && recipe.topics.len() <= limits::TOPICS_MAX,
        "webhooks.topics",
        format!("has {} entries", recipe.topics.len()),
        format!("name 1 to {} topics", limits::TOPICS_MAX),
    );
}

fn hmac(manifest: &Manifest, recipe: &Webhooks, problems: &mut Problems) {
    let needed = [
        ("algorithm", recipe.algorithm.is_some(), "sha256"),
        ("encoding", recipe.encoding.is_some(), "base64"),
        (
            "signature-header",
            recipe.signature_header.is_some(),
            "x-signature",
        ),
        ("signed", recipe.signed.is_some(), "{body}"),
        ("slot", recipe.slot.is_some(), "webhook_secret"),
    ];
    for (key, there, example) in needed {
        let fix = format!("add {key} = \"{example}\"");
        problems.unless(there, format!("webhooks.{key}"), "is missing", fix);
    }
    if let Some(slot) = &recipe.slot {
        problems.unless(
            manifest.secrets.contains_key(slot),
            "webhooks.slot",
            format!("names the secret slot `{slot}`"),
            format!("declare [secrets.{slot}]"),
        );
    }
    if let Some(signed) = &recipe.signed {
        problems.unless(
            crate::webhook::template_signs_body(signed),
            "webhooks.signed",
            format!("is `{signed}`"),
            "build it from {body} and {header:<name>}, with {body} in it",
        );
    }
}

fn is_name(text: &str, joiner: u8) -> bool {
    let inner = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == joiner;
    text.len() <= 40
        && text.bytes().next().is_some_and(|b| b.is_ascii_lowercase())
        && text.bytes().all(inner)
}

fn is_version(text: &str) -> bool {
    let number = |part: &str| part.parse::<u32>().is_ok_and(|n| n.to_string() == part);
    text.split('.').count() == 3 && text.split('.').all(number)
}

fn is_media_type(text: &str) -> bool {
    let token = |t: &str| {
        !t.is_empty()
            && t.bytes().all(|b| {
                b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'+' | b'.')
            })
    };
    text.split_once('/')
        .is_some_and(|(a, b)| token(a) && token(b))
}

fn is_pointer(text: &str) -> bool {
    text.starts_with('/') && text.len() <= limits::MANIFEST_TEXT_BYTES_MAX
}
