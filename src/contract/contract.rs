//! The OpenAPI document of one service, read and compiled.

use super::document::{Document, escape};
use super::operation::{DocumentedOperation, Reader};
use super::schema::Schemas;
use super::template::PathTemplate;
use crate::base::config::ConfigError;

/// The methods a path item may have.
const METHODS: [&str; 8] = ["get", "put", "post", "delete", "options", "head", "patch", "trace"];

/// The OpenAPI document of one service. Threads share it by reference.
#[derive(Debug)]
pub struct Contract {
    pub(super) name: String,
    /// The more specific paths first.
    routes: Vec<Route>,
}

#[derive(Debug)]
pub(super) struct Route {
    pub template: PathTemplate,
    pub pointer: String,
    /// The operations, by method in capitals.
    pub operations: Vec<(String, DocumentedOperation)>,
}

impl Contract {
    /// Reads an OpenAPI document from its text, YAML or JSON; `name` is how errors and findings name it.
    pub fn load(name: &str, text: &str) -> Result<Self, ConfigError> {
        let document = Document::read(name, text)?;
        let schemas = Schemas::of(&document.value).map_err(|error| ConfigError::whole(name, error))?;
        let prefix = document.value.pointer("/servers/0/url").and_then(serde_json::Value::as_str).map_or("", path_of);
        let mut reader = Reader { document: &document, schemas };
        let mut routes = Vec::new();
        for (path, item) in document.members("/paths") {
            if path.starts_with("x-") {
                continue;
            }
            let template = PathTemplate::read(prefix, path).map_err(|message| document.mistake(&item, message))?;
            // A path item may be a reference, and parameters count from where it really stands.
            let (place, _) = document.at(&item)?;
            let mut operations = Vec::new();
            for method in METHODS {
                let pointer = format!("{place}/{method}");
                if document.value.pointer(&pointer).is_some() {
                    operations.push((method.to_uppercase(), reader.operation(&place, &pointer)?));
                }
            }
            routes.push(Route { template, pointer: format!("/paths/{}", escape(path)), operations });
        }
        if routes.is_empty() {
            return Err(ConfigError::whole(
                name,
                "the document has no `paths`: there is nothing to hold exchanges against",
            ));
        }
        // `/jobs/me` has to win over `/jobs/{id}`, in whatever order the document lists them.
        routes.sort_by_key(|route| route.template.rank());
        Ok(Self { name: name.to_owned(), routes })
    }

    /// The file's name, as findings give it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the path and the method of every documented operation.
    pub fn operations(&self) -> impl Iterator<Item = (String, String)> {
        self.routes
            .iter()
            .flat_map(|route| route.operations.iter().map(|(method, _)| (route.template.text.clone(), method.clone())))
    }

    /// The path as the document writes it, of which this one is an instance.
    pub fn template_of(&self, method: &str, path: &str) -> Option<&str> {
        let (route, _) = self.route(method, path)?;
        route.operation(method).map(|_| route.template.text.as_str())
    }

    /// Returns the route for a path, with the values of its placeholders. The most specific route wins, but a route
    /// that has the method goes before one that does not.
    pub(super) fn route(&self, method: &str, path: &str) -> Option<(&Route, Vec<(&str, String)>)> {
        let mut fitting = self.routes.iter().filter_map(|route| Some((route, route.template.values(path)?)));
        let first = fitting.next()?;
        if first.0.operation(method).is_some() {
            return Some(first);
        }
        Some(fitting.find(|(route, _)| route.operation(method).is_some()).unwrap_or(first))
    }
}

impl Route {
    /// Returns the operation of a method. A `HEAD` that is not documented is a `GET` without a body, as HTTP has it.
    pub fn operation(&self, method: &str) -> Option<&DocumentedOperation> {
        let of =
            |method: &str| self.operations.iter().find(|(known, _)| known == method).map(|(_, operation)| operation);
        of(method).or_else(|| of("GET").filter(|_| method == "HEAD"))
    }
}

/// The path within a server's URL, which is put before every path of the document.
fn path_of(url: &str) -> &str {
    let after_host = match url.split_once("://") {
        Some((_, rest)) => rest.find('/').map_or("", |at| &rest[at..]),
        None => url,
    };
    // A server URL with variables has no fixed path, so that nothing can be put before the document's paths.
    if after_host.starts_with('/') && !after_host.contains('{') { after_host } else { "" }
}
