//! What a component imports and exports, read from its bytes before anything is compiled.

use std::collections::BTreeSet;

use wasmparser::{Parser, Payload, Validator};

use super::AdmissionError;
use crate::{Export, Manifest};

/// Interfaces of the contract that a plugin may import: three that do something, three of types.
const IMPORTABLE: [&str; 6] = ["http", "log", "time", "types", "errors", "records"];
const PACKAGE: &str = "ordercase:source/";

/// Validates the whole component and returns its imports, which are all allowed, and whose exports
/// are exactly those of the manifest.
pub(super) fn check(component: &[u8], manifest: &Manifest) -> Result<Vec<String>, AdmissionError> {
    Validator::new()
        .validate_all(component)
        .map_err(|error| AdmissionError::Malformed(error.to_string()))?;
    let surface = read(component).map_err(|error| AdmissionError::Malformed(error.to_string()))?;
    for import in &surface.imports {
        let allowed = interface(import).is_some_and(|name| IMPORTABLE.contains(&name));
        if !allowed {
            return Err(AdmissionError::Import {
                name: import.clone(),
            });
        }
    }
    exports(&surface.exports, manifest)?;
    Ok(surface.imports)
}

fn exports(found: &[String], manifest: &Manifest) -> Result<(), AdmissionError> {
    let claimed: BTreeSet<Export> = manifest.plugin.exports.iter().copied().collect();
    let known = |name: &String| interface(name)?.parse::<Export>().ok();
    let there: BTreeSet<Export> = found.iter().filter_map(known).collect();
    let stray = found.iter().filter(|name| known(name).is_none());
    let undeclared = there
        .difference(&claimed)
        .map(ToString::to_string)
        .chain(stray.cloned());
    let absent = claimed.difference(&there).map(ToString::to_string);
    let (undeclared, absent): (Vec<_>, Vec<_>) = (undeclared.collect(), absent.collect());
    if undeclared.is_empty() && absent.is_empty() {
        Ok(())
    } else {
        Err(AdmissionError::Exports { undeclared, absent })
    }
}

/// The interface in `ordercase:source/<interface>@0.1.<patch>`.
fn interface(name: &str) -> Option<&str> {
    let (interface, version) = name.strip_prefix(PACKAGE)?.split_once('@')?;
    let patch = version.strip_prefix("0.1.")?;
    patch.parse::<u32>().ok().map(|_| interface)
}

struct Surface {
    imports: Vec<String>,
    exports: Vec<String>,
}

/// Imports and exports of the outermost component.
fn read(component: &[u8]) -> wasmparser::Result<Surface> {
    let mut surface = Surface {
        imports: Vec::new(),
        exports: Vec::new(),
    };
    let mut depth = 0_u32;
    for payload in Parser::new(0).parse_all(component) {
        match payload? {
            Payload::Version { .. } => depth += 1,
            Payload::End(_) => depth = depth.saturating_sub(1),
            Payload::ComponentImportSection(section) if depth == 1 => {
                for import in section {
                    surface.imports.push(import?.name.name.to_owned());
                }
            }
            Payload::ComponentExportSection(section) if depth == 1 => {
                for export in section {
                    surface.exports.push(export?.name.name.to_owned());
                }
            }
            _ => {}
        }
    }
    Ok(surface)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_contract_and_its_patches_are_recognised() {
        assert_eq!(interface("ordercase:source/http@0.1.0"), Some("http"));
        assert_eq!(interface("ordercase:source/pull@0.1.7"), Some("pull"));
        for other in [
            "ordercase:source/http",
            "ordercase:source/http@0.2.0",
            "ordercase:source/http@0.1.0-rc",
            "wasi:cli/environment@0.2.0",
            "ordercase:sourcex/http@0.1.0",
            "http",
            "",
        ] {
            assert_eq!(interface(other), None, "{other}");
        }
    }
}
