//! The parameters of sentences. A name begins with a capital letter, or with a letter of a script without capitals.

use std::str::FromStr;
use std::time::Duration;

use cucumber::Parameter;
use paidpath::{Right, ServiceEvent};

/// A member in the scenario, by a name of your choice: `Ann`.
#[derive(Debug, Clone, Parameter)]
#[param(name = "member", regex = r"[\p{Lu}\p{Lo}]\p{L}*")]
pub struct Member(pub String);

/// A model version in the scenario, by a name of your choice: `Dusk`.
#[derive(Debug, Clone, Parameter)]
#[param(name = "model", regex = r"[\p{Lu}\p{Lo}][\p{L}\d]*")]
pub struct Model(pub String);

/// An amount of money: `100 credits`.
#[derive(Debug, Clone, Copy, Parameter)]
#[param(name = "money", regex = r"-?[0-9]+ credits?")]
pub struct Money(pub i64);

/// A length of time: `2 days`, `300 milliseconds`.
#[derive(Debug, Clone, Copy, Parameter)]
#[param(name = "duration", regex = r"[0-9]+ (?:milliseconds?|seconds?|minutes?|hours?|days?)")]
pub struct Span(pub Duration);

/// A right: `generation` or `download`.
#[derive(Debug, Clone, Copy, Parameter)]
#[param(name = "right", regex = "generation|download")]
pub struct RightTo(pub Right);

/// A stable error code: `insufficient-funds`.
#[derive(Debug, Clone, Parameter)]
#[param(name = "code", regex = "[A-Za-z][A-Za-z0-9]*(?:[-_.][A-Za-z0-9]+)*")]
pub struct Code(pub String);

/// The final state of a job: `succeeded`, `failed`, `expired` or `canceled`.
#[derive(Debug, Clone, Parameter)]
#[param(name = "state", regex = "succeeded|failed|expired|canceled")]
pub struct State(pub String);

/// A service of the platform: `billing`.
#[derive(Debug, Clone, Parameter)]
#[param(name = "service", regex = "[a-z]+(?:-[a-z]+)*")]
pub struct Service(pub String);

/// An element of the page, by its name in the target file, in quotes: `"Generate"`.
#[derive(Debug, Clone, Parameter)]
#[param(name = "element", regex = r#""[^"]*"|'[^']*'"#)]
pub struct Element(pub String);

/// A state of the page, by its name in the target file, in quotes: `"ready"`.
#[derive(Debug, Clone, Parameter)]
#[param(name = "page_state", regex = r#""[^"]*"|'[^']*'"#)]
pub struct PageState(pub String);

/// An event that one service sends another: `purchase event`, `refund event` or `access event`.
#[derive(Debug, Clone, Copy, Parameter)]
#[param(name = "event", regex = "(?:purchase|refund|access) event")]
pub struct EventName(pub ServiceEvent);

/// Says why a word cannot be read although it matches the pattern of its parameter: a number may be too large for what it is.
pub fn unreadable(parameter: &str, word: &str) -> Option<String> {
    match parameter {
        "int" => {
            let is_read = word.parse::<u16>().is_ok();
            (!is_read).then(|| {
                format!("`{word}` cannot be read: a number is written in digits, and is from 0 to {}", u16::MAX)
            })
        }
        "money" => word.parse::<Money>().err(),
        "duration" => word.parse::<Span>().err(),
        _ => None,
    }
}

macro_rules! words {
    ($($name:ident),*) => {$(
        impl FromStr for $name {
            type Err = std::convert::Infallible;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                // Cucumber hands over the text of the whole match, with the quotes.
                Ok(Self(text.trim_matches(['"', '\'']).to_owned()))
            }
        }
    )*};
}

words!(Member, Model, Code, State, Service, Element, PageState);

impl FromStr for Money {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let amount = text.split(' ').next().unwrap_or_default();
        // JSON numbers are exact up to here.
        let read = amount.parse().ok().filter(|amount: &i64| amount.unsigned_abs() < 1 << 53);
        read.map(Self).ok_or_else(|| {
            format!("`{text}` is more money than an answer can hold: at most {} credits", (1_u64 << 53) - 1)
        })
    }
}

impl FromStr for EventName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        text.parse().map(Self)
    }
}

impl FromStr for RightTo {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

impl FromStr for Span {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || format!("`{text}` is not a length of time that can be waited for");
        let (number, unit) = text.split_once(' ').ok_or_else(wrong)?;
        let number: u64 = number.parse().map_err(|_| wrong())?;
        let millis = match unit.trim_end_matches('s') {
            "millisecond" => 1,
            "second" => 1_000,
            "minute" => 60_000,
            "hour" => 3_600_000,
            "day" => 86_400_000,
            _ => return Err(wrong()),
        };
        // Clocks and dates are computed with it: a thousand years are enough.
        let millis = number.checked_mul(millis).filter(|millis| *millis <= 1_000 * 366 * 86_400_000);
        millis.map(|millis| Self(Duration::from_millis(millis))).ok_or_else(wrong)
    }
}
