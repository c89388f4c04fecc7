//! The half of an exchange that a fault acts on.

use http::HeaderName;

use crate::model::Change;

/// The half of an exchange that a fault acts on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    Request,
    Response,
}

impl Side {
    /// The half that an opening names; the request, unless it says `response`.
    pub fn of(opening: &str) -> Self {
        if opening.contains("response") { Self::Response } else { Self::Request }
    }

    /// Returns the change that a fault makes to the body of this half.
    pub fn body(self) -> Change {
        match self {
            Self::Request => Change::RequestBody,
            Self::Response => Change::ResponseBody,
        }
    }

    /// Returns the change that a fault makes to a header of this half.
    pub fn header(self, name: &HeaderName) -> Change {
        let name = name.to_string();
        match self {
            Self::Request => Change::RequestHeader { name },
            Self::Response => Change::ResponseHeader { name },
        }
    }
}
