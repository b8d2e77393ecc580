//! Every field, argument, fragment and variable of a query against the SDL, with the messages and
//! codes that the Admin API answers with.

use graphql_parser::Pos;
use graphql_parser::query::{Field, Selection, SelectionSet, TypeCondition, Value as Literal};
use serde_json::json;

use super::schema::{ArgumentDef, TypeDef, TypeRef, reference};
use super::{GraphError, Request, Schema};

/// All complaints about a request; none means that it may run.
pub(crate) fn check(schema: &Schema, request: &Request) -> Vec<GraphError> {
    let root = if request.kind == "mutation" {
        "Mutation"
    } else {
        "QueryRoot"
    };
    let mut checker = Checker {
        schema,
        request,
        found: Vec::new(),
        used: Vec::new(),
    };
    let path = vec![request.name.clone().map_or_else(
        || request.kind.to_owned(),
        |name| format!("{} {name}", request.kind),
    )];
    checker.set(root, &request.selection, &path);
    checker.variables(&path);
    checker.found
}

struct Checker<'a> {
    schema: &'a Schema,
    request: &'a Request,
    found: Vec<GraphError>,
    /// Variables met, with the type of the place they stand in.
    used: Vec<(String, TypeRef)>,
}

impl Checker<'_> {
    fn complain(
        &mut self,
        message: String,
        pos: Pos,
        path: &[String],
        extensions: serde_json::Value,
    ) {
        self.found
            .push(GraphError::at(message, pos, path, extensions));
    }

    fn set(&mut self, ty: &str, set: &SelectionSet<'static, String>, path: &[String]) {
        for selection in &set.items {
            match selection {
                Selection::Field(field) => self.field(ty, field, path),
                Selection::InlineFragment(inline) => {
                    let on = inline
                        .type_condition
                        .as_ref()
                        .map_or(ty, |TypeCondition::On(on)| on);
                    let path = extended(path, &format!("... on {on}"));
                    if self.composite(on, inline.position, &path) {
                        self.set(on, &inline.selection_set, &path);
                    }
                }
                Selection::FragmentSpread(spread) => {
                    let path = extended(path, &format!("...{}", spread.fragment_name));
                    let Some(fragment) = self.request.fragments.get(&spread.fragment_name) else {
                        let name = &spread.fragment_name;
                        self.complain(
                            format!("Fragment {name} was used, but not defined"),
                            spread.position,
                            &path,
                            json!({ "code": "useAndDefineFragment", "fragmentName": name }),
                        );
                        continue;
                    };
                    let TypeCondition::On(on) = &fragment.type_condition;
                    if self.composite(on, fragment.position, &path) {
                        self.set(on, &fragment.selection_set, &path);
                    }
                }
            }
        }
    }

    fn composite(&mut self, ty: &str, pos: Pos, path: &[String]) -> bool {
        match self.schema.get(ty) {
            Some(TypeDef::Object { .. } | TypeDef::Interface { .. } | TypeDef::Union(_)) => true,
            _ => {
                self.complain(
                    format!("No such type {ty}, so it can't be a fragment condition"),
                    pos,
                    path,
                    json!({ "code": "undefinedType", "typeName": ty }),
                );
                false
            }
        }
    }

    fn field(&mut self, ty: &str, field: &Field<'static, String>, path: &[String]) {
        let name = &field.name;
        let path = extended(path, field.alias.as_ref().unwrap_or(name));
        if name == "__typename" {
            return;
        }
        let Some(known) = self.schema.field(ty, name) else {
            self.complain(
                format!("Field '{name}' doesn't exist on type '{ty}'"),
                field.position,
                &path,
                json!({ "code": "undefinedField", "typeName": ty, "fieldName": name }),
            );
            return;
        };
        self.arguments(ty, field, &known.arguments, &path);
        let inner = &known.ty.name;
        let leaf = self.schema.is_leaf(inner);
        if leaf && !field.selection_set.items.is_empty() {
            self.complain(
                format!("Selections can't be made on scalars (field '{name}' returns {inner} but has selections)"),
                field.position,
                &path,
                json!({ "code": "selectionMismatch", "nodeName": format!("field '{name}'"), "typeName": inner }),
            );
        } else if !leaf && field.selection_set.items.is_empty() {
            self.complain(
                format!("Field must have selections (field '{name}' returns {inner} but has no selections. Did you mean '{name} {{ ... }}'?)"),
                field.position,
                &path,
                json!({ "code": "selectionMismatch", "nodeName": format!("field '{name}'"), "typeName": inner }),
            );
        } else if !leaf {
            self.set(inner, &field.selection_set, &path);
        }
    }

    fn arguments(
        &mut self,
        ty: &str,
        field: &Field<'static, String>,
        known: &std::collections::HashMap<String, ArgumentDef>,
        path: &[String],
    ) {
        for (name, value) in &field.arguments {
            match known.get(name) {
                Some(argument) => self.literal(value, &argument.ty, field, name, path),
                None => self.complain(
                    format!("Field '{}' doesn't accept argument '{name}'", field.name),
                    field.position,
                    path,
                    json!({ "code": "argumentNotAccepted", "name": field.name, "typeName": ty, "argumentName": name }),
                ),
            }
        }
        for (name, argument) in known {
            let given = field.arguments.iter().any(|(given, _)| given == name);
            if argument.ty.required && !argument.has_default && !given {
                self.complain(
                    format!("Field '{}' is missing required arguments: {name}", field.name),
                    field.position,
                    path,
                    json!({ "code": "missingRequiredArguments", "className": "Field", "name": field.name, "arguments": name }),
                );
            }
        }
    }

    fn literal(
        &mut self,
        value: &Literal<'static, String>,
        ty: &TypeRef,
        field: &Field<'static, String>,
        argument: &str,
        path: &[String],
    ) {
        let fits = match value {
            Literal::Variable(name) => {
                self.used.push((name.clone(), ty.clone()));
                return;
            }
            Literal::Null => !ty.required,
            Literal::List(items) if ty.list => {
                let inner = TypeRef {
                    list: false,
                    required: false,
                    name: ty.name.clone(),
                };
                for item in items {
                    self.literal(item, &inner, field, argument, path);
                }
                return;
            }
            other => self.scalar_fits(other, &ty.name),
        };
        if !fits {
            let shown = if ty.required {
                format!("{}!", ty.name)
            } else {
                ty.name.clone()
            };
            self.complain(
                format!(
                    "Argument '{argument}' on Field '{}' has an invalid value ({value}). Expected type '{shown}'.",
                    field.name
                ),
                field.position,
                path,
                json!({ "code": "argumentLiteralsIncompatible", "typeName": "Field", "argumentName": argument }),
            );
        }
    }

    fn scalar_fits(&self, value: &Literal<'static, String>, ty: &str) -> bool {
        match (self.schema.get(ty), value) {
            (Some(TypeDef::Enum(values)), Literal::Enum(given)) => values.contains(given),
            (Some(TypeDef::Enum(_)), _) => false,
            (Some(TypeDef::Input(known)), Literal::Object(given)) => {
                given.keys().all(|key| known.contains_key(key))
                    && known.iter().all(|(key, one)| {
                        !one.ty.required || one.has_default || given.contains_key(key)
                    })
            }
            (Some(TypeDef::Scalar), value) => match ty {
                "Int" => matches!(value, Literal::Int(_)),
                "Float" => matches!(value, Literal::Int(_) | Literal::Float(_)),
                "Boolean" => matches!(value, Literal::Boolean(_)),
                "String" => matches!(value, Literal::String(_)),
                "ID" => matches!(value, Literal::String(_) | Literal::Int(_)),
                _ => !matches!(value, Literal::Enum(_)),
            },
            _ => false,
        }
    }

    fn variables(&mut self, path: &[String]) {
        let declared = &self.request.declared;
        let used = std::mem::take(&mut self.used);
        for (name, wanted) in &used {
            let Some(variable) = declared.iter().find(|one| one.name == *name) else {
                let pos = Pos { line: 1, column: 1 };
                self.complain(
                    format!(
                        "Variable ${name} is used by {} but not declared",
                        path.join("")
                    ),
                    pos,
                    path,
                    json!({ "code": "variableNotDefined", "variableName": name }),
                );
                continue;
            };
            let ty = reference(&variable.var_type);
            let may_be_null = !ty.required && variable.default_value.is_none();
            if ty.name != wanted.name || ty.list != wanted.list || (wanted.required && may_be_null)
            {
                self.complain(
                    format!("Type mismatch on variable ${name} ({} / {})", shown(&ty), shown(wanted)),
                    variable.position,
                    path,
                    json!({ "code": "variableMismatch", "variableName": name, "typeName": shown(&ty) }),
                );
            }
        }
        for variable in declared {
            let name = &variable.name;
            if !used.iter().any(|(known, _)| known == name) && !self.in_directive(name) {
                self.complain(
                    format!(
                        "Variable ${name} is declared by {} but not used",
                        path.join("")
                    ),
                    variable.position,
                    path,
                    json!({ "code": "variableNotUsed", "variableName": name }),
                );
            }
            let ty = reference(&variable.var_type);
            let given = self
                .request
                .variables
                .get(name)
                .is_some_and(|value| !value.is_null());
            if ty.required && variable.default_value.is_none() && !given {
                self.found.push(GraphError(json!({
                    "message": format!("Variable ${name} of type {} was provided invalid value", shown(&ty)),
                    "locations": [{ "line": variable.position.line, "column": variable.position.column }],
                    "extensions": { "value": null, "code": "INVALID_VARIABLE",
                                    "problems": [{ "path": [], "explanation": "Expected value to not be null" }] },
                })));
            }
        }
    }

    /// Whether a directive uses the variable; those are not walked by type.
    fn in_directive(&self, name: &str) -> bool {
        let text = RequestText(self.request).to_string();
        text.contains(&format!("if: ${name}"))
    }
}

struct RequestText<'a>(&'a Request);

impl std::fmt::Display for RequestText<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}", self.0.selection)?;
        self.0
            .fragments
            .values()
            .try_for_each(|fragment| write!(formatter, "{fragment}"))
    }
}

fn shown(ty: &TypeRef) -> String {
    let inner = if ty.list {
        format!("[{}!]", ty.name)
    } else {
        ty.name.clone()
    };
    if ty.required {
        format!("{inner}!")
    } else {
        inner
    }
}

fn extended(path: &[String], step: &str) -> Vec<String> {
    path.iter()
        .cloned()
        .chain(std::iter::once(step.to_owned()))
        .collect()
}
