//! A parsed request: the operation that is meant, its fragments, its variables.

use std::collections::HashMap;

use graphql_parser::query::{
    Definition, Directive, Document, Field, FragmentDefinition, OperationDefinition, Selection,
    SelectionSet, TypeCondition, Value as Literal, VariableDefinition,
};
use serde_json::{Map, Value};

use super::GraphError;
use crate::limits::QUERY_DEPTH_MAX;

type Text = String;

/// What came in, ready to be checked and run.
#[derive(Debug)]
pub(crate) struct Request {
    /// `query` or `mutation`.
    pub(crate) kind: &'static str,
    pub(crate) name: Option<String>,
    pub(crate) selection: SelectionSet<'static, Text>,
    pub(crate) declared: Vec<VariableDefinition<'static, Text>>,
    pub(crate) fragments: HashMap<String, FragmentDefinition<'static, Text>>,
    pub(crate) variables: Map<String, Value>,
}

/// One answer key with every field that was asked for under it.
pub(crate) type Collected<'a> = Vec<(&'a str, Vec<&'a Field<'static, Text>>)>;

impl Request {
    pub(crate) fn read(body: &Value) -> Result<Self, GraphError> {
        let query = body
            .get("query")
            .and_then(Value::as_str)
            .ok_or_else(|| GraphError::plain("No query string was present"))?;
        let document: Document<'static, Text> = graphql_parser::parse_query::<Text>(query)
            .map_err(|error| GraphError::coded(format!("syntax error: {error}"), "PARSE_ERROR"))?
            .into_static();
        let wanted = body.get("operationName").and_then(Value::as_str);
        let variables = match body.get("variables") {
            Some(Value::Object(map)) => map.clone(),
            _ => Map::new(),
        };
        let mut fragments = HashMap::new();
        let mut operations = Vec::new();
        for definition in document.definitions {
            match definition {
                Definition::Fragment(fragment) => {
                    fragments.insert(fragment.name.clone(), fragment);
                }
                Definition::Operation(operation) => operations.push(unpack(operation)?),
            }
        }
        let chosen = operations
            .into_iter()
            .find(|(_, name, ..)| wanted.is_none() || name.as_deref() == wanted);
        let (kind, name, selection, declared) =
            chosen.ok_or_else(|| GraphError::plain("An operation name is required"))?;
        let request = Self {
            kind,
            name,
            selection,
            declared,
            fragments,
            variables,
        };
        request.depth(&request.selection, 0)?;
        Ok(request)
    }

    /// Bounds nesting, fragments included, which also ends fragments that contain themselves.
    fn depth(&self, set: &SelectionSet<'static, Text>, level: usize) -> Result<(), GraphError> {
        if level > QUERY_DEPTH_MAX {
            return Err(GraphError::plain(format!(
                "Query is nested deeper than {QUERY_DEPTH_MAX}"
            )));
        }
        for selection in &set.items {
            match selection {
                Selection::Field(field) => self.depth(&field.selection_set, level + 1)?,
                Selection::InlineFragment(inline) => {
                    self.depth(&inline.selection_set, level + 1)?;
                }
                Selection::FragmentSpread(spread) => {
                    if let Some(fragment) = self.fragments.get(&spread.fragment_name) {
                        self.depth(&fragment.selection_set, level + 1)?;
                    }
                }
            }
        }
        Ok(())
    }

    /// The fields asked of an object of that type, fragments resolved, same keys together.
    pub(crate) fn collect<'a>(
        &'a self,
        sets: &[&'a SelectionSet<'static, Text>],
        applies: &dyn Fn(&str) -> bool,
    ) -> Collected<'a> {
        let mut found = Vec::new();
        for set in sets {
            self.collect_into(set, applies, &mut found);
        }
        found
    }

    fn collect_into<'a>(
        &'a self,
        set: &'a SelectionSet<'static, Text>,
        applies: &dyn Fn(&str) -> bool,
        found: &mut Collected<'a>,
    ) {
        for selection in &set.items {
            match selection {
                Selection::Field(field) if self.wanted(&field.directives) => {
                    let key = field.alias.as_ref().unwrap_or(&field.name).as_str();
                    match found.iter_mut().find(|(known, _)| *known == key) {
                        Some((_, fields)) => fields.push(field),
                        None => found.push((key, vec![field])),
                    }
                }
                Selection::InlineFragment(inline) if self.wanted(&inline.directives) => {
                    let matches = inline
                        .type_condition
                        .as_ref()
                        .is_none_or(|TypeCondition::On(on)| applies(on));
                    if matches {
                        self.collect_into(&inline.selection_set, applies, found);
                    }
                }
                Selection::FragmentSpread(spread) if self.wanted(&spread.directives) => {
                    if let Some(fragment) = self.fragments.get(&spread.fragment_name) {
                        let TypeCondition::On(on) = &fragment.type_condition;
                        if applies(on) {
                            self.collect_into(&fragment.selection_set, applies, found);
                        }
                    }
                }
                _ => {}
            }
        }
    }

    /// `@include` and `@skip`.
    fn wanted(&self, directives: &[Directive<'static, Text>]) -> bool {
        directives.iter().all(|directive| {
            let condition = directive
                .arguments
                .iter()
                .find(|(name, _)| name == "if")
                .and_then(|(_, value)| self.value(value))
                .and_then(|value| value.as_bool());
            match directive.name.as_str() {
                "include" => condition.unwrap_or(true),
                "skip" => !condition.unwrap_or(false),
                _ => true,
            }
        })
    }

    /// Arguments with variables filled in; those without a value are absent.
    pub(crate) fn arguments(&self, field: &Field<'static, Text>) -> Map<String, Value> {
        field
            .arguments
            .iter()
            .filter_map(|(name, value)| Some((name.clone(), self.value(value)?)))
            .collect()
    }

    pub(crate) fn value(&self, literal: &Literal<'static, Text>) -> Option<Value> {
        Some(match literal {
            Literal::Variable(name) => return self.variable(name),
            Literal::Int(number) => number.as_i64().map_or(Value::Null, Value::from),
            Literal::Float(number) => Value::from(*number),
            Literal::String(text) | Literal::Enum(text) => Value::from(text.clone()),
            Literal::Boolean(truth) => Value::from(*truth),
            Literal::Null => Value::Null,
            Literal::List(items) => items.iter().filter_map(|item| self.value(item)).collect(),
            Literal::Object(entries) => Value::Object(
                entries
                    .iter()
                    .filter_map(|(key, value)| Some((key.clone(), self.value(value)?)))
                    .collect(),
            ),
        })
    }

    fn variable(&self, name: &str) -> Option<Value> {
        if let Some(value) = self.variables.get(name) {
            return Some(value.clone());
        }
        let declared = self
            .declared
            .iter()
            .find(|declared| declared.name == name)?;
        self.value(declared.default_value.as_ref()?)
    }
}

type Unpacked = (
    &'static str,
    Option<String>,
    SelectionSet<'static, Text>,
    Vec<VariableDefinition<'static, Text>>,
);

fn unpack(operation: OperationDefinition<'static, Text>) -> Result<Unpacked, GraphError> {
    Ok(match operation {
        OperationDefinition::SelectionSet(set) => ("query", None, set, Vec::new()),
        OperationDefinition::Query(query) => (
            "query",
            query.name,
            query.selection_set,
            query.variable_definitions,
        ),
        OperationDefinition::Mutation(mutation) => (
            "mutation",
            mutation.name,
            mutation.selection_set,
            mutation.variable_definitions,
        ),
        OperationDefinition::Subscription(_) => {
            return Err(GraphError::plain(
                "Schema is not configured for subscriptions",
            ));
        }
    })
}
