//! What can be broken on purpose.

use crate::base::suggest::did_you_mean;
use crate::model::{Edge, Exchange};
use crate::run::Trial;
use crate::tap::{Disturbance, Misread};

/// One bug that a platform can be given, for one scenario at a time.
#[derive(Debug, Clone, Copy)]
pub struct Defect {
    /// Layer and name: `gw.header-strip`.
    pub id: &'static str,
    /// What one observes.
    pub observed: &'static str,
    /// The rules that it breaks.
    pub rules: &'static [&'static str],
    /// Caller and callee of the hop on which it breaks the path.
    pub hop: (&'static str, &'static str),
    /// Whether a test of the happy path stays green.
    pub subtle: bool,
    /// The tag of the only scenarios that can see it, where it is none of a service's: then no service can tell whether it
    /// fired.
    pub tag: Option<&'static str>,
    /// How it is switched on.
    pub how: How,
}

/// How a defect is switched on for one scenario.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// Its id travels in the scenario's baggage: the platform has it, in its test mode.
    Baggage,
    /// A tap does it, in the words of `--fault`.
    Fault(&'static str),
}

/// A name that is no defect's.
#[derive(Debug, thiserror::Error)]
#[error("there is no defect `{name}`.{hint} `paidpath prove --list` lists them.")]
pub struct UnknownDefect {
    name: String,
    hint: String,
}

impl Defect {
    /// The hop on which it breaks the path.
    pub fn edge(&self) -> Edge {
        Edge::new(self.hop.0, self.hop.1)
    }

    /// The trial that switches it on.
    ///
    /// # Errors
    /// If the words of its fault cannot be read: whoever listed it made a mistake.
    pub fn trial(&self) -> Result<Trial, Misread> {
        match self.how {
            How::Baggage => Ok(Trial::defect(self.id)),
            How::Fault(words) => Ok(Trial::faults([words.parse::<Disturbance>()?])),
        }
    }
}

/// The defects of these names; `gw.*` names all whose id begins with `gw.`; no name names all there are.
///
/// # Errors
/// For a name that none has.
pub fn named(all: &[Defect], names: &[String]) -> Result<Vec<Defect>, UnknownDefect> {
    let is_named = |defect: &Defect, name: &String| match name.strip_suffix('*') {
        Some(beginning) => defect.id.starts_with(beginning),
        None => defect.id == name,
    };
    for name in names {
        if !all.iter().any(|defect| is_named(defect, name)) {
            let hint = did_you_mean(name, all.iter().map(|defect| defect.id));
            return Err(UnknownDefect { name: name.clone(), hint });
        }
    }
    let wanted = |defect: &&Defect| names.is_empty() || names.iter().any(|name| is_named(defect, name));
    Ok(all.iter().filter(wanted).copied().collect())
}

/// Returns the ids of the defects that an exchange names in this header. The request counts too: a page has no other way to
/// name its defects than in what it asks for.
pub fn named_in<'e>(exchange: &'e Exchange, header: &str) -> impl Iterator<Item = &'e str> {
    let header = header.to_ascii_lowercase();
    let answered = exchange.response().map(|answer| answer.headers.as_slice()).unwrap_or_default();
    let headers = exchange.request.headers.iter().chain(answered);
    headers.filter(move |(name, _)| *name == header).flat_map(|(_, ids)| ids.split('+'))
}
