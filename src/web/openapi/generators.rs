//! What generators of clients need: of every operation a name of its own, each parameter once, and words for each answer;
//! of every tuple its length instead of `items: false`, which some cannot read.
//!
//! Handlers are called `list` and `show` in many modules, so the names are made from method and path.

use std::collections::HashSet;

use utoipa::{
    Modify,
    openapi::{
        HttpMethod, OpenApi, RefOr, Schema,
        path::Operation,
        schema::{ArrayItems, ObjectBuilder, SchemaType},
    },
};

use super::problems;

/// Status and what it means where the handler says nothing; the others are [`problems`].
const ANSWERS: [(&str, &str); 5] = [
    ("200", "What was asked for"),
    ("201", "It has been made"),
    ("202", "It has been taken on, and goes on by itself"),
    ("204", "It has been done"),
    ("409", "It does not go with what is there already"),
];

/// Makes the document one that clients can be generated from.
pub struct ForGenerators;

impl Modify for ForGenerators {
    fn modify(&self, document: &mut OpenApi) {
        document.components.iter_mut().flat_map(|known| known.schemas.values_mut()).for_each(bound_tuples);
        for (path, item) in &mut document.paths.paths {
            for (method, operation) in super::operations_of(item) {
                operation.operation_id = Some(name(&method, path));
                say_parameters_once(operation);
                describe(operation);
            }
        }
    }
}

/// `GET /data/v1/metrics/{metric}/overall` is `get_metrics_by_metric_overall`.
fn name(method: &HttpMethod, path: &str) -> String {
    let method = match method {
        HttpMethod::Post => "post",
        HttpMethod::Put => "put",
        HttpMethod::Patch => "patch",
        HttpMethod::Delete => "delete",
        _ => "get",
    };
    let mut name = method.to_owned();
    for part in path.trim_start_matches("/data/v1").split('/').filter(|part| !part.is_empty()) {
        let parameter = part.strip_prefix('{').and_then(|part| part.strip_suffix('}'));
        name += if parameter.is_some() { "_by_" } else { "_" };
        name += &parameter.unwrap_or(part).replace('-', "_");
    }
    name
}

/// Paths are described by hand, and by their extractors once more.
fn say_parameters_once(operation: &mut Operation) {
    let mut known = HashSet::new();
    operation.parameters.iter_mut().for_each(|parameters| {
        parameters.retain(|parameter| match parameter {
            RefOr::T(parameter) => known.insert(parameter.name.clone()),
            RefOr::Ref(_) => true,
        });
    });
}

/// A tuple has as many items as are described; that there are no others is said by its length.
fn bound_tuples(schema: &mut RefOr<Schema>) {
    match schema {
        RefOr::T(Schema::Object(object)) => object.properties.values_mut().for_each(bound_tuples),
        RefOr::T(Schema::Array(array)) => match &mut array.items {
            ArrayItems::RefOrSchema(item) => bound_tuples(item),
            ArrayItems::False => {
                let anything = ObjectBuilder::new().schema_type(SchemaType::AnyValue).build();
                array.items = ArrayItems::RefOrSchema(Box::new(anything.into()));
                array.min_items = Some(array.prefix_items.len());
                array.max_items = array.min_items;
            }
        },
        _ => {}
    }
}

fn describe(operation: &mut Operation) {
    for (status, response) in &mut operation.responses.responses {
        let said = ANSWERS.iter().find(|(known, _)| known == status).map(|(_, words)| *words);
        if let (RefOr::T(response), Some(words)) = (response, said.or_else(|| problems::meaning(status)))
            && response.description.is_empty()
        {
            words.clone_into(&mut response.description);
        }
    }
}
