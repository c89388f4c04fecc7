//! Who is calling: the member's session token, which the storefront makes and every service verifies by itself.

use serde::{Deserialize, Serialize};

use crate::clock::Time;
use crate::problem::{Code, Problem};
use crate::signing;

const PURPOSE: &str = "session";

/// What a member is on the platform.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Buys, owns, generates.
    #[default]
    Member,
    /// Also refunds, and uses everything without buying.
    Moderator,
}

/// A person with a session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// `mem_…`
    pub id: String,
    /// The name that others see.
    pub name: String,
    /// What the member may do.
    pub role: Role,
}

/// What a session token says.
#[derive(Debug, Serialize, Deserialize)]
struct Claims {
    sub: String,
    role: Role,
    name: String,
    exp: Time,
}

/// A session token for this member.
#[must_use]
pub fn issue(key: &str, member: &Member, expires_at: Time) -> String {
    let claims = Claims { sub: member.id.clone(), role: member.role, name: member.name.clone(), exp: expires_at };
    signing::seal(key, PURPOSE, &claims)
}

/// The member that this session token names.
///
/// # Errors
/// `signed-out` if the token is not ours, `session-expired` if it was.
pub fn verify(key: &str, token: &str, now: Time) -> Result<Member, Problem> {
    let claims: Claims = signing::open(key, PURPOSE, token).ok_or(Code::SignedOut)?;
    if now >= claims.exp {
        return Err(Code::SessionExpired.into());
    }
    Ok(Member { id: claims.sub, name: claims.name, role: claims.role })
}
