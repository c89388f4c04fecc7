//! `paidpath schema`: the JSON Schemas of the files that describe a platform, for editors.

use clap::{Args, ValueEnum};
use schemars::generate::SchemaSettings;

use crate::target::Target;
use crate::topology::Topology;
use crate::trail::Mapping;

#[derive(Debug, Args)]
pub struct Arguments {
    /// The file that the schema describes
    #[arg(value_name = "FILE")]
    file: SchemaFile,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum SchemaFile {
    /// target.toml: how to speak to a platform
    Target,
    /// topology.toml: the services of a platform
    Topology,
}

pub fn schema(arguments: &Arguments) -> String {
    text(arguments.file)
}

/// Returns the schema as text, with a line break at its end.
pub fn text(file: SchemaFile) -> String {
    // Taplo reads draft 7 and earlier.
    let mut generator = SchemaSettings::draft07().into_generator();
    let schema = match file {
        SchemaFile::Topology => generator.into_root_schema_for::<Topology>(),
        SchemaFile::Target => {
            // Two rooms read the target's file, and neither knows the other: `target` skips the section `[trail]`.
            let trail = generator.subschema_for::<Mapping>();
            let mut schema = generator.into_root_schema_for::<Target>();
            if let Some(properties) = schema.pointer_mut("/properties").and_then(serde_json::Value::as_object_mut) {
                properties.insert("trail".into(), trail.into());
            }
            schema
        }
    };
    let text = serde_json::to_string_pretty(&schema).expect("a schema has string keys only");
    format!("{text}\n")
}
