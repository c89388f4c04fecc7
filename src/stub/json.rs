//! Whether one JSON value is another, with as much leeway as was asked for, and where the first difference is.

use serde_json::Value;

use super::matcher::shown;
use crate::base::redact::Policy;
use crate::base::secret_names::SecretNames;

/// What does not count as a difference.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Leeway {
    /// The order in arrays.
    pub order: bool,
    /// Members of objects, and elements at the end of arrays (anywhere, where their order does not count), that nobody asked
    /// for.
    pub extra: bool,
}

/// The value that was written: WireMock takes JSON in a string, too.
///
/// # Errors
/// If the string holds none, or wants placeholders filled.
pub(super) fn written(value: Value) -> Result<Value, String> {
    let value = match &value {
        Value::String(text) => serde_json::from_str(text)
            .map_err(|_| "`equalToJson` holds a string that is not JSON; the value may stand there itself")?,
        _ => value,
    };
    match value.to_string().contains("${json-unit.") {
        true => Err("`${json-unit.…}` is not supported: use `matchesJsonPath` for what may vary".into()),
        false => Ok(value),
    }
}

/// The first difference, for people.
pub(super) fn difference(wanted: &Value, came: &Value, leeway: Leeway) -> Option<String> {
    at(wanted, came, leeway, "")
}

fn at(wanted: &Value, came: &Value, leeway: Leeway, pointer: &str) -> Option<String> {
    let place = || if pointer.is_empty() { "there".to_owned() } else { format!("at {pointer}") };
    match (wanted, came) {
        (Value::Object(wanted), Value::Object(came)) => {
            let inside = wanted.iter().find_map(|(key, value)| match came.get(key) {
                Some(theirs) => at(value, theirs, leeway, &format!("{pointer}/{key}")),
                None => Some(format!("nothing at {pointer}/{key}")),
            });
            let extra = came.keys().find(|key| !leeway.extra && !wanted.contains_key(*key));
            inside.or_else(|| extra.map(|key| format!("one with {pointer}/{key}, which nobody wants")))
        }
        (Value::Array(wanted), Value::Array(came)) => {
            let (many, few) = (came.len() > wanted.len() && !leeway.extra, came.len() < wanted.len());
            if many || few {
                return Some(format!("{} an array of {}, and not of {}", place(), came.len(), wanted.len()));
            }
            if leeway.order {
                return (!is_covered(wanted, came, leeway)).then(|| format!("{} other elements", place()));
            }
            let mut pairs = wanted.iter().zip(came).enumerate();
            pairs.find_map(|(index, (wanted, came))| at(wanted, came, leeway, &format!("{pointer}/{index}")))
        }
        (Value::Number(wanted), Value::Number(came)) if wanted.as_f64() == came.as_f64() => None,
        _ if wanted == came => None,
        _ if is_secret(pointer) => Some(format!("{} another value, which is not shown", place())),
        _ => Some(format!("{} {}", place(), shown(&came.to_string()))),
    }
}

/// Whether each wanted element can be given one of its own among those that came.
fn is_covered(wanted: &[Value], came: &[Value], leeway: Leeway) -> bool {
    let mut given: Vec<Option<usize>> = vec![None; came.len()];
    (0..wanted.len()).all(|one| assign(one, wanted, came, leeway, &mut given, &mut vec![false; came.len()]))
}

/// Gives an element one of its own; who has it already may have to take another.
fn assign(
    one: usize,
    wanted: &[Value],
    came: &[Value],
    leeway: Leeway,
    given: &mut [Option<usize>],
    asked: &mut [bool],
) -> bool {
    for other in 0..came.len() {
        if asked[other] || difference(&wanted[one], &came[other], leeway).is_some() {
            continue;
        }
        asked[other] = true;
        if given[other].is_none_or(|holder| assign(holder, wanted, came, leeway, given, asked)) {
            given[other] = Some(one);
            return true;
        }
    }
    false
}

fn is_secret(pointer: &str) -> bool {
    let names = SecretNames::from(&Policy::default());
    let mut within = None;
    pointer.split('/').any(|part| names.has_field(within.replace(part), part))
}
