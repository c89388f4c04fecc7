//! Which half of an exchange a fault acts on.

/// Which half of an exchange a fault acts on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// What the callee sees.
    Request,
    /// What the caller gets.
    Response,
}

impl Side {
    /// The half that an opening names; the request, unless it says `response`.
    pub fn of(opening: &str) -> Self {
        if opening.contains("response") { Self::Response } else { Self::Request }
    }
}
