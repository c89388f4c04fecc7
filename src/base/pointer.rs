//! JSON pointers in which `*` as a segment stands for every item of a list.

use serde_json::Value;

/// Returns the value at a pointer; a pointer with `*` gives the list of what is found in each item.
pub fn at(json: &Value, pointer: &str) -> Option<Value> {
    match pointer.split_once("/*") {
        None => json.pointer(pointer).cloned(),
        Some((list, rest)) => {
            let items = json.pointer(list)?.as_array()?;
            Some(items.iter().filter_map(|item| at(item, rest)).collect())
        }
    }
}
