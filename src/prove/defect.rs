//! Defects: bugs that a platform or a tap can be given on purpose.

use crate::base::suggest::did_you_mean;
use crate::model::{Edge, Exchange, RuleId};
use crate::tap::{Disturbance, FaultSyntaxError};
use crate::world::Trial;

/// One bug that a platform can be given, for one scenario at a time.
#[derive(Debug, Clone)]
pub struct Defect {
    /// The layer and the name, such as `gw.header-strip`.
    pub id: &'static str,
    /// The effect that a user observes.
    pub observed: &'static str,
    /// The ids of the rules that the defect breaks.
    pub rules: Vec<RuleId>,
    /// The caller and the callee of the hop on which the defect breaks the path.
    pub hop: (&'static str, &'static str),
    /// True where a test of the happy path stays green.
    pub subtle: bool,
    /// The tag of the only scenarios that can notice the defect, where no service holds it. Then no service can report that
    /// it fired.
    pub tag: Option<&'static str>,
    /// The way in which the defect is switched on.
    pub how: How,
}

/// The way in which a defect is switched on for one scenario.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// The defect's id travels in the baggage of the scenario, and the platform has the bug in its test mode.
    Baggage,
    /// A tap applies this fault, in the words of `--fault`.
    Fault(&'static str),
}

/// The error for a name that no defect has.
#[derive(Debug, thiserror::Error)]
#[error("there is no defect `{name}`.{hint} `paidpath prove --list` lists them.")]
pub struct UnknownDefect {
    name: String,
    hint: String,
}

impl Defect {
    /// Returns the hop on which the defect breaks the path.
    pub fn edge(&self) -> Edge {
        Edge::new(self.hop.0, self.hop.1)
    }

    /// Returns the trial that switches the defect on. An error means that the listed fault cannot be read.
    pub fn trial(&self) -> Result<Trial, FaultSyntaxError> {
        match self.how {
            How::Baggage => Ok(Trial::defect(self.id)),
            How::Fault(words) => Ok(Trial::faults([words.parse::<Disturbance>()?])),
        }
    }
}

/// Returns the defects of these names. `gw.*` stands for all ids that begin with `gw.`, and no name for all defects.
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
    Ok(all.iter().filter(wanted).cloned().collect())
}

/// Returns the ids of the defects that an exchange names in this header. The request counts too: a page has no other way to
/// name its defects than in what it asks for.
pub fn named_in<'e>(exchange: &'e Exchange, header: &str) -> impl Iterator<Item = &'e str> {
    let header = header.to_ascii_lowercase();
    let answered = exchange.response().map(|answer| answer.headers.as_slice()).unwrap_or_default();
    let headers = exchange.request.headers.iter().chain(answered);
    headers.filter(move |(name, _)| *name == header).flat_map(|(_, ids)| ids.split('+'))
}
