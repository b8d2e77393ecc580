//! The two notations by which a flow moves data: `.$` keys and `{{$.path}}` placeholders.
//!
//! In a state's `Parameters` a value is dynamic only under a key that ends in `.$`. In an action's
//! definition placeholders work in every text. A pure path keeps the value's type; a placeholder
//! yields text. One [`Resolver`] resolves one state, within a budget, because a bundle can ask for
//! the whole document any number of times.

use std::cell::Cell;

use serde_json::{Map, Value};

use crate::emulate::{MissingPlaceholder, PlaceholderFormat, Switches};
use crate::limits::{DOCUMENT_BYTES_MAX, DOCUMENT_DEPTH_MAX};
use crate::reference::{Reference, ReferenceError};

/// Why a template does not resolve.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TemplateError {
    #[error(transparent)]
    Reference(#[from] ReferenceError),
    #[error("\"{0}\" ends in .$, so its value must be a path or hold a placeholder")]
    NotDynamic(String),
    #[error("the placeholder {{{{{0}}}}} holds an object or a list, which has no text")]
    NotText(String),
    #[error("the resolved value is larger than {DOCUMENT_BYTES_MAX} bytes")]
    TooLarge,
    #[error("the value nests deeper than {DOCUMENT_DEPTH_MAX}")]
    TooDeep,
}

type Resolved<T> = Result<T, TemplateError>;

/// Resolves templates against one document.
pub(crate) struct Resolver<'d> {
    root: &'d Value,
    format: PlaceholderFormat,
    missing: MissingPlaceholder,
    budget: Cell<usize>,
}

impl<'d> Resolver<'d> {
    pub(crate) fn new(root: &'d Value, switches: &Switches) -> Self {
        Self {
            root,
            format: switches.placeholder_object_format,
            missing: switches.placeholder_missing,
            budget: Cell::new(DOCUMENT_BYTES_MAX),
        }
    }

    /// The value at a path.
    pub(crate) fn path(&self, path: &str) -> Resolved<Value> {
        let value = path.parse::<Reference>()?.get(self.root)?;
        self.spend(size(value))?;
        Ok(value.clone())
    }

    /// A text with its placeholders filled.
    pub(crate) fn text(&self, text: &str) -> Resolved<String> {
        self.spend(text.len())?;
        let mut filled = String::with_capacity(text.len());
        for piece in Pieces::of(text) {
            match piece {
                Piece::Literal(literal) => filled.push_str(literal),
                Piece::Placeholder(path) => {
                    let value = self.placeholder(path)?;
                    self.spend(value.len())?;
                    filled.push_str(&value);
                }
            }
        }
        Ok(filled)
    }

    /// The value of a key that ended in `.$`.
    pub(crate) fn dynamic(&self, key: &str, text: &str) -> Resolved<Value> {
        if has_placeholder(text) {
            self.lone_or_text(text)
        } else if text.starts_with('$') {
            self.path(text)
        } else {
            Err(TemplateError::NotDynamic(key.to_owned()))
        }
    }

    /// A state's `Parameters`: only `.$` keys move.
    pub(crate) fn parameters(&self, template: &Value) -> Resolved<Value> {
        self.walk(template, 0, &|text| Ok(Value::from(text)))
    }

    /// A part of an action's definition: `.$` keys and placeholders in every text.
    pub(crate) fn definition(&self, template: &Value) -> Resolved<Value> {
        self.walk(template, 0, &|text| self.lone_or_text(text))
    }

    fn walk(
        &self,
        template: &Value,
        depth: usize,
        text: &dyn Fn(&str) -> Resolved<Value>,
    ) -> Resolved<Value> {
        if depth > DOCUMENT_DEPTH_MAX {
            return Err(TemplateError::TooDeep);
        }
        match template {
            Value::Object(fields) => {
                let fields = fields.iter().map(|(key, value)| {
                    self.spend(key.len())?;
                    match (key.strip_suffix(".$"), value) {
                        (Some(name), Value::String(path)) => {
                            Ok((name.to_owned(), self.dynamic(key, path)?))
                        }
                        (Some(_), _) => Err(TemplateError::NotDynamic(key.clone())),
                        (None, value) => Ok((key.clone(), self.walk(value, depth + 1, text)?)),
                    }
                });
                Ok(Value::Object(fields.collect::<Resolved<Map<_, _>>>()?))
            }
            Value::Array(items) => {
                let items = items.iter().map(|item| self.walk(item, depth + 1, text));
                Ok(Value::Array(items.collect::<Resolved<_>>()?))
            }
            Value::String(literal) => {
                self.spend(literal.len())?;
                text(literal)
            }
            other => Ok(other.clone()),
        }
    }

    /// A text, unless it is one placeholder and nothing else and the switch says that such a one
    /// keeps its type.
    fn lone_or_text(&self, text: &str) -> Resolved<Value> {
        if self.format == PlaceholderFormat::KeepLone
            && let [Piece::Placeholder(path)] = Pieces::of(text).collect::<Vec<_>>().as_slice()
        {
            return self.path(path);
        }
        self.text(text).map(Value::from)
    }

    fn placeholder(&self, path: &str) -> Resolved<String> {
        let reference = path.parse::<Reference>()?;
        let Some(value) = reference.find(self.root) else {
            return match self.missing {
                MissingPlaceholder::Error => Err(ReferenceError::NotFound(path.to_owned()).into()),
                MissingPlaceholder::Empty => Ok(String::new()),
            };
        };
        match value {
            Value::String(text) => Ok(text.clone()),
            Value::Object(_) | Value::Array(_) if self.format == PlaceholderFormat::Refuse => {
                Err(TemplateError::NotText(path.to_owned()))
            }
            other => Ok(other.to_string()),
        }
    }

    fn spend(&self, bytes: usize) -> Resolved<()> {
        let left = self
            .budget
            .get()
            .checked_sub(bytes)
            .ok_or(TemplateError::TooLarge)?;
        self.budget.set(left);
        Ok(())
    }
}

/// True where `text` holds `{{$...}}`.
pub(crate) fn has_placeholder(text: &str) -> bool {
    Pieces::of(text).any(|piece| matches!(piece, Piece::Placeholder(_)))
}

/// The paths inside the placeholders of `text`.
pub(crate) fn placeholders(text: &str) -> impl Iterator<Item = &str> {
    Pieces::of(text).filter_map(|piece| match piece {
        Piece::Placeholder(path) => Some(path),
        Piece::Literal(_) => None,
    })
}

#[derive(Debug, PartialEq)]
enum Piece<'t> {
    Literal(&'t str),
    Placeholder(&'t str),
}

/// Cuts a text into literals and placeholders. `{{word}}` without `$` is no placeholder of ZIS and
/// stays a literal.
struct Pieces<'t> {
    rest: &'t str,
}

impl<'t> Pieces<'t> {
    const fn of(text: &'t str) -> Self {
        Self { rest: text }
    }

    /// The next placeholder: where it starts, its path, what follows it.
    fn placeholder(&self) -> Option<(&'t str, &'t str, &'t str)> {
        let mut skipped = 0;
        loop {
            let tail = self.rest.get(skipped..)?;
            let open = skipped + tail.find("{{")?;
            let inside = self.rest.get(open + 2..)?;
            if let Some((path, after)) = inside.split_once("}}")
                && path.trim_start().starts_with('$')
            {
                return Some((self.rest.get(..open)?, path.trim(), after));
            }
            skipped = open + 1;
        }
    }
}

impl<'t> Iterator for Pieces<'t> {
    type Item = Piece<'t>;

    fn next(&mut self) -> Option<Piece<'t>> {
        if self.rest.is_empty() {
            return None;
        }
        let Some((before, path, after)) = self.placeholder() else {
            return Some(Piece::Literal(std::mem::take(&mut self.rest)));
        };
        if before.is_empty() {
            self.rest = after;
            return Some(Piece::Placeholder(path));
        }
        self.rest = self.rest.get(before.len()..).unwrap_or_default();
        Some(Piece::Literal(before))
    }
}

/// About how many bytes `value` has as compact JSON; never fewer than its texts.
pub(crate) fn size(value: &Value) -> usize {
    match value {
        Value::Null | Value::Bool(_) => 5,
        Value::Number(_) => 8,
        Value::String(text) => text.len() + 2,
        Value::Array(items) => 2 + items.iter().map(|item| size(item) + 1).sum::<usize>(),
        Value::Object(fields) => {
            2 + fields
                .iter()
                .map(|(key, value)| key.len() + 4 + size(value))
                .sum::<usize>()
        }
    }
}

/// True where `value` nests no deeper than `left`.
pub(crate) fn fits(value: &Value, left: usize) -> bool {
    let inner = |value| left > 0 && fits(value, left - 1);
    match value {
        Value::Array(items) => items.iter().all(inner),
        Value::Object(fields) => fields.values().all(inner),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn resolver(root: &Value) -> Resolver<'_> {
        Resolver::new(root, &Switches::default())
    }

    #[test]
    fn a_path_keeps_the_type_and_a_placeholder_makes_text() {
        let root = json!({"id": 7, "tags": ["a"], "ok": true, "none": null});
        let template = json!({
            "id.$": "$.id", "text.$": "ticket {{$.id}} {{ $.ok }}", "plain": "{{$.id}}",
            "deep": [{"tags.$": "$.tags", "all.$": "$"}]
        });
        let resolved = resolver(&root).parameters(&template).unwrap();
        assert_eq!(
            resolved,
            json!({
                "id": 7, "text": "ticket 7 true", "plain": "{{$.id}}",
                "deep": [{"tags": ["a"], "all": root}]
            })
        );
    }

    #[test]
    fn a_definition_fills_placeholders_without_the_suffix() {
        let root = json!({"id": 7, "tags": ["a", "b"], "none": null});
        let template =
            json!({"a": "n{{$.id}}", "b": "{{$.tags}}", "c": "{{$.none}}", "d": "{{x}}"});
        let resolved = resolver(&root).definition(&template).unwrap();
        assert_eq!(
            resolved,
            json!({"a": "n7", "b": "[\"a\",\"b\"]", "c": "null", "d": "{{x}}"})
        );
    }

    #[test]
    fn what_is_missing_or_not_dynamic_is_named() {
        let root = json!({});
        let error = |template: Value| {
            resolver(&root)
                .parameters(&template)
                .unwrap_err()
                .to_string()
        };
        assert_eq!(error(json!({"a.$": "$.x"})), "JSON path not found: $.x");
        assert_eq!(error(json!({"a.$": "{{$.x}}"})), "JSON path not found: $.x");
        assert!(error(json!({"a.$": "plain"})).contains("\"a.$\""));
        assert!(error(json!({"a.$": 7})).contains("\"a.$\""));
    }

    #[test]
    fn the_switches_change_what_they_name() {
        let root = json!({"o": {"k": 1}});
        let with = |switches: &Switches, text: &str| {
            Resolver::new(&root, switches).definition(&Value::from(text))
        };
        let keep = Switches {
            placeholder_object_format: PlaceholderFormat::KeepLone,
            ..Default::default()
        };
        assert_eq!(with(&keep, "{{$.o}}").unwrap(), json!({"k": 1}));
        assert_eq!(with(&keep, "x{{$.o}}").unwrap(), json!("x{\"k\":1}"));
        let refuse = Switches {
            placeholder_object_format: PlaceholderFormat::Refuse,
            ..Default::default()
        };
        assert!(with(&refuse, "{{$.o}}").is_err());
        let empty = Switches {
            placeholder_missing: MissingPlaceholder::Empty,
            ..Default::default()
        };
        assert_eq!(with(&empty, "[{{$.x}}]").unwrap(), json!("[]"));
    }

    #[test]
    fn asking_for_the_document_again_and_again_runs_out_of_budget() {
        let root = json!({"text": "x".repeat(DOCUMENT_BYTES_MAX / 4)});
        let template = json!({"a.$": "$", "b.$": "$", "c.$": "$", "d.$": "$", "e.$": "$"});
        assert_eq!(
            resolver(&root).parameters(&template),
            Err(TemplateError::TooLarge)
        );
    }

    #[test]
    fn text_is_cut_at_placeholders_only() {
        let cut: Vec<_> = Pieces::of("{{a {{ $.x }}{{$.y}} }} {{").collect();
        assert_eq!(
            cut,
            [
                Piece::Literal("{{a "),
                Piece::Placeholder("$.x"),
                Piece::Placeholder("$.y"),
                Piece::Literal(" }} {{"),
            ]
        );
    }
}
