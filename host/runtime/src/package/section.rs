//! The custom section that carries a manifest inside its component.

use wasmparser::{Encoding, Parser, Payload};

use super::ManifestError;

/// Name of the custom section: the text of `plugin.toml`, as it was.
pub const SECTION: &str = "ordercase:manifest";

/// The bytes of the manifest section of a component.
///
/// # Errors
/// When the bytes are no component, or have no such section or more than one.
pub fn section(component: &[u8]) -> Result<&[u8], ManifestError> {
    let not = |error: &dyn std::fmt::Display| ManifestError::NotAComponent(error.to_string());
    let mut found = Vec::new();
    let mut depth = 0_u32;
    for payload in Parser::new(0).parse_all(component) {
        match payload.map_err(|error| not(&error))? {
            Payload::Version { encoding, .. } => {
                if depth == 0 && encoding != Encoding::Component {
                    return Err(not(
                        &"this is a core module; wrap it with `ordercase-kit build`",
                    ));
                }
                depth += 1;
            }
            Payload::End(_) => depth = depth.saturating_sub(1),
            Payload::CustomSection(reader) if depth == 1 && reader.name() == SECTION => {
                found.push(reader.data());
            }
            _ => {}
        }
    }
    match found.as_slice() {
        [one] => Ok(one),
        [] => Err(ManifestError::Absent),
        many => Err(ManifestError::Repeated(many.len())),
    }
}

/// The component with that manifest text inside it; the same input gives the same bytes.
///
/// # Errors
/// When the text is no manifest, the bytes are no component, or one is already there.
pub fn embed(component: &[u8], manifest: &str) -> Result<Vec<u8>, ManifestError> {
    super::Manifest::parse(manifest)?;
    match section(component) {
        Err(ManifestError::Absent) => {}
        Err(error) => return Err(error),
        Ok(_) => return Err(ManifestError::Repeated(2)),
    }
    let mut payload = Vec::with_capacity(SECTION.len() + manifest.len() + 5);
    leb128(&mut payload, SECTION.len());
    payload.extend_from_slice(SECTION.as_bytes());
    payload.extend_from_slice(manifest.as_bytes());
    let mut out = component.to_vec();
    out.push(CUSTOM_SECTION_ID);
    leb128(&mut out, payload.len());
    out.extend_from_slice(&payload);
    Ok(out)
}

const CUSTOM_SECTION_ID: u8 = 0;

/// Unsigned little-endian base 128, as every length in WebAssembly.
fn leb128(out: &mut Vec<u8>, mut value: usize) {
    loop {
        let [low, ..] = value.to_le_bytes();
        value >>= 7;
        if value == 0 {
            out.push(low & 0x7f);
            return;
        }
        out.push(low | 0x80);
    }
}
