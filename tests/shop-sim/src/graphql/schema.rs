//! The Admin API's SDL, boiled down to what checking and projecting need.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use graphql_parser::schema::{Definition, Field, InputValue, Type, TypeDefinition};

use crate::{SchemaSource, SimError};

/// A reference to a type: how many lists around it, and whether the value may be null.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TypeRef {
    pub(crate) name: String,
    pub(crate) list: bool,
    pub(crate) required: bool,
}

/// One argument or input field.
#[derive(Clone, Debug)]
pub(crate) struct ArgumentDef {
    pub(crate) ty: TypeRef,
    pub(crate) has_default: bool,
}

/// One field of an object or interface.
#[derive(Clone, Debug)]
pub(crate) struct FieldDef {
    pub(crate) ty: TypeRef,
    pub(crate) arguments: HashMap<String, ArgumentDef>,
}

/// One named type.
#[derive(Clone, Debug)]
pub(crate) enum TypeDef {
    Scalar,
    Enum(HashSet<String>),
    Object {
        fields: HashMap<String, FieldDef>,
        interfaces: HashSet<String>,
    },
    Interface {
        fields: HashMap<String, FieldDef>,
    },
    Union(HashSet<String>),
    Input(HashMap<String, ArgumentDef>),
}

/// All types by name.
#[derive(Debug)]
pub(crate) struct Schema {
    types: HashMap<String, TypeDef>,
}

/// A parsed schema is shared by every shop of the process: parsing takes a moment.
static PARSED: Mutex<Vec<(PathBuf, Arc<Schema>)>> = Mutex::new(Vec::new());

const FILE: &str = "shared/corpus/schemas/shopify/admin-2026-10.graphql";

impl Schema {
    /// The schema of the source, or why there is none.
    pub(crate) fn load(source: &SchemaSource) -> Result<Result<Arc<Self>, String>, SimError> {
        let file = match source {
            SchemaSource::Off => return Ok(Err("switched off".to_owned())),
            SchemaSource::File(file) => file.clone(),
            SchemaSource::Detect => match detect() {
                Some(file) => file,
                None => return Ok(Err("no shared folder beside the checkout".to_owned())),
            },
        };
        let mut parsed = PARSED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, known)) = parsed.iter().find(|(known, _)| *known == file) {
            return Ok(Ok(Arc::clone(known)));
        }
        let text = std::fs::read_to_string(&file)
            .map_err(|error| SimError::Schema(format!("{}: {error}", file.display())))?;
        let schema = Arc::new(Self::parse(&text)?);
        parsed.push((file, Arc::clone(&schema)));
        Ok(Ok(schema))
    }

    pub(crate) fn parse(text: &str) -> Result<Self, SimError> {
        let document = graphql_parser::parse_schema::<String>(text)
            .map_err(|error| SimError::Schema(error.to_string()))?;
        let mut types: HashMap<String, TypeDef> = ["ID", "Int", "Float", "String", "Boolean"]
            .into_iter()
            .map(|name| (name.to_owned(), TypeDef::Scalar))
            .collect();
        for definition in document.definitions {
            if let Definition::TypeDefinition(definition) = definition {
                let (name, known) = boiled(definition);
                types.insert(name, known);
            }
        }
        Ok(Self { types })
    }

    pub(crate) fn get(&self, name: &str) -> Option<&TypeDef> {
        self.types.get(name)
    }

    pub(crate) fn field(&self, ty: &str, field: &str) -> Option<&FieldDef> {
        match self.types.get(ty)? {
            TypeDef::Object { fields, .. } | TypeDef::Interface { fields } => fields.get(field),
            _ => None,
        }
    }

    pub(crate) fn is_leaf(&self, ty: &str) -> bool {
        matches!(
            self.types.get(ty),
            Some(TypeDef::Scalar | TypeDef::Enum(_)) | None
        )
    }

    /// Whether an object of type `ty` is also an `on`.
    pub(crate) fn is_a(&self, ty: &str, on: &str) -> bool {
        if ty == on {
            return true;
        }
        match (self.types.get(ty), self.types.get(on)) {
            (Some(TypeDef::Object { interfaces, .. }), _) if interfaces.contains(on) => true,
            (_, Some(TypeDef::Union(members))) => members.contains(ty),
            _ => false,
        }
    }
}

/// Upwards from the place of this source and from the working folder.
fn detect() -> Option<PathBuf> {
    let here = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let working = std::env::current_dir().ok();
    [Some(here), working]
        .into_iter()
        .flatten()
        .flat_map(|start| start.ancestors().map(Path::to_path_buf).collect::<Vec<_>>())
        .map(|folder| folder.join(FILE))
        .find(|file| file.is_file())
}

fn boiled(definition: TypeDefinition<'_, String>) -> (String, TypeDef) {
    match definition {
        TypeDefinition::Scalar(scalar) => (scalar.name, TypeDef::Scalar),
        TypeDefinition::Enum(known) => {
            let values = known.values.into_iter().map(|value| value.name).collect();
            (known.name, TypeDef::Enum(values))
        }
        TypeDefinition::Object(object) => (
            object.name,
            TypeDef::Object {
                fields: fields(object.fields),
                interfaces: object.implements_interfaces.into_iter().collect(),
            },
        ),
        TypeDefinition::Interface(interface) => (
            interface.name,
            TypeDef::Interface {
                fields: fields(interface.fields),
            },
        ),
        TypeDefinition::Union(union) => (
            union.name,
            TypeDef::Union(union.types.into_iter().collect()),
        ),
        TypeDefinition::InputObject(input) => (input.name, TypeDef::Input(arguments(input.fields))),
    }
}

fn fields(fields: Vec<Field<'_, String>>) -> HashMap<String, FieldDef> {
    fields
        .into_iter()
        .map(|field| {
            let known = FieldDef {
                ty: reference(&field.field_type),
                arguments: arguments(field.arguments),
            };
            (field.name, known)
        })
        .collect()
}

fn arguments(values: Vec<InputValue<'_, String>>) -> HashMap<String, ArgumentDef> {
    values
        .into_iter()
        .map(|value| {
            let known = ArgumentDef {
                ty: reference(&value.value_type),
                has_default: value.default_value.is_some(),
            };
            (value.name, known)
        })
        .collect()
}

pub(crate) fn reference(ty: &Type<'_, String>) -> TypeRef {
    match ty {
        Type::NamedType(name) => TypeRef {
            name: name.clone(),
            list: false,
            required: false,
        },
        Type::ListType(inner) => TypeRef {
            list: true,
            required: false,
            ..reference(inner)
        },
        Type::NonNullType(inner) => TypeRef {
            required: true,
            ..reference(inner)
        },
    }
}
