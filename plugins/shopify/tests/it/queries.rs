//! The queries against the platform's own schema: every field and argument exists, every required
//! argument is there, every fragment is defined, used, and on a type that exists.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use graphql_parser::query::{
    Definition, Document, Field, FragmentDefinition, OperationDefinition, Selection, SelectionSet,
    TypeCondition,
};
use graphql_parser::schema::{self, Type, TypeDefinition};
use ordercase_plugin_shopify::query;

use crate::shared::folder;

type Fields<'a> = BTreeMap<&'a str, &'a schema::Field<'static, String>>;

struct Schema<'a>(BTreeMap<&'a str, Fields<'a>>);

impl<'a> Schema<'a> {
    fn of(document: &'a schema::Document<'static, String>) -> Self {
        let types = document.definitions.iter().filter_map(|definition| {
            let schema::Definition::TypeDefinition(definition) = definition else {
                return None;
            };
            let (name, fields) = match definition {
                TypeDefinition::Object(object) => (&object.name, object.fields.as_slice()),
                TypeDefinition::Interface(object) => (&object.name, object.fields.as_slice()),
                TypeDefinition::Union(union) => (&union.name, &[][..]),
                _ => return None,
            };
            let fields = fields.iter().map(|field| (field.name.as_str(), field));
            Some((name.as_str(), fields.collect()))
        });
        Self(types.collect())
    }
}

fn named<'a>(ty: &'a Type<'static, String>) -> &'a str {
    match ty {
        Type::NamedType(name) => name,
        Type::ListType(inner) | Type::NonNullType(inner) => named(inner),
    }
}

struct Check<'s, 'q> {
    schema: &'s Schema<'s>,
    fragments: BTreeMap<&'q str, &'q FragmentDefinition<'static, String>>,
    used: BTreeSet<&'q str>,
    wrong: Vec<String>,
}

impl<'q> Check<'_, 'q> {
    fn set(&mut self, ty: &str, set: &'q SelectionSet<'static, String>) {
        let Some(fields) = self.schema.0.get(ty) else {
            self.wrong.push(format!("no type {ty}"));
            return;
        };
        for selection in &set.items {
            match selection {
                Selection::Field(field) if field.name == "__typename" => {}
                Selection::Field(field) => match fields.get(field.name.as_str()) {
                    Some(known) => self.field(known, field),
                    None => self.wrong.push(format!("no field {ty}.{}", field.name)),
                },
                Selection::InlineFragment(inline) => {
                    let on = inline.type_condition.as_ref();
                    let on = on.map_or(ty, |TypeCondition::On(on)| on);
                    self.set(on, &inline.selection_set);
                }
                Selection::FragmentSpread(spread) => {
                    let name = spread.fragment_name.as_str();
                    self.used.insert(name);
                    match self.fragments.get(name).copied() {
                        Some(fragment) => {
                            let TypeCondition::On(on) = &fragment.type_condition;
                            self.set(on, &fragment.selection_set);
                        }
                        None => self.wrong.push(format!("no fragment {name}")),
                    }
                }
            }
        }
    }

    fn field(&mut self, known: &schema::Field<'static, String>, field: &'q Field<'static, String>) {
        let given: BTreeSet<&str> = field
            .arguments
            .iter()
            .map(|(name, _)| name.as_str())
            .collect();
        for name in &given {
            if !known
                .arguments
                .iter()
                .any(|argument| argument.name == *name)
            {
                self.wrong
                    .push(format!("no argument {name} of {}", field.name));
            }
        }
        for argument in &known.arguments {
            let required = matches!(argument.value_type, Type::NonNullType(_));
            if required
                && argument.default_value.is_none()
                && !given.contains(argument.name.as_str())
            {
                self.wrong
                    .push(format!("{} needs {}", field.name, argument.name));
            }
        }
        let deprecated = known.directives.iter().any(|d| d.name == "deprecated");
        if deprecated {
            self.wrong.push(format!("{} is deprecated", field.name));
        }
        let inner = named(&known.field_type);
        let composite = self.schema.0.contains_key(inner);
        if composite == field.selection_set.items.is_empty() {
            self.wrong
                .push(format!("{}: {inner} and its selection", field.name));
        }
        if composite {
            self.set(inner, &field.selection_set);
        }
    }
}

#[test]
fn every_query_is_valid_for_2026_10_and_asks_for_nothing_deprecated() {
    let Some(shared) = folder() else { return };
    let sdl = shared.join("corpus/schemas/shopify/admin-2026-10.graphql");
    let sdl = fs::read_to_string(sdl).unwrap();
    let document = graphql_parser::parse_schema::<String>(&sdl)
        .unwrap()
        .into_static();
    let schema = Schema::of(&document);
    for (name, text) in query::ALL {
        let document = parsed(text);
        let wrong = check(&schema, &document);
        assert!(wrong.is_empty(), "{name}: {wrong:?}");
    }
    // The check itself can fail.
    let broken = "query Q { shop { nope } orders { nodes { fulfillments(x: 1) { id } } } }";
    let document = parsed(broken);
    let wrong = check(&schema, &document);
    assert_eq!(
        wrong,
        ["no field Shop.nope", "no argument x of fulfillments"]
    );
}

fn parsed(text: &str) -> Document<'static, String> {
    graphql_parser::parse_query::<String>(text)
        .unwrap()
        .into_static()
}

fn check(schema: &Schema<'_>, document: &Document<'static, String>) -> Vec<String> {
    let fragments = document.definitions.iter().filter_map(|d| match d {
        Definition::Fragment(fragment) => Some((fragment.name.as_str(), fragment)),
        Definition::Operation(_) => None,
    });
    let mut check = Check {
        schema,
        fragments: fragments.collect(),
        used: BTreeSet::new(),
        wrong: Vec::new(),
    };
    for definition in &document.definitions {
        match definition {
            Definition::Operation(OperationDefinition::Query(query)) => {
                check.set("QueryRoot", &query.selection_set);
            }
            Definition::Operation(OperationDefinition::Mutation(mutation)) => {
                check.set("Mutation", &mutation.selection_set);
            }
            _ => {}
        }
    }
    let unused: Vec<&str> = check
        .fragments
        .keys()
        .filter(|name| !check.used.contains(*name))
        .copied()
        .collect();
    check
        .wrong
        .extend(unused.iter().map(|name| format!("{name} is not used")));
    check.wrong
}
