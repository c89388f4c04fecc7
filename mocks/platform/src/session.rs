//! Sessions: the member's token, which the storefront makes and every service verifies by itself.

use serde::{Deserialize, Serialize};

use crate::clock::Time;
use crate::problem::{Code, Problem};
use crate::signing;

const PURPOSE: &str = "session";

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    #[default]
    Member,
    /// Refunds purchases, and uses everything without buying.
    Moderator,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    pub id: String,
    pub name: String,
    pub role: Role,
}

/// The claims of a session token.
#[derive(Debug, Serialize, Deserialize)]
struct Claims {
    sub: String,
    role: Role,
    name: String,
    exp: Time,
}

/// Makes a session token for a member.
pub fn issue(key: &str, member: &Member, expires_at: Time) -> String {
    let claims = Claims { sub: member.id.clone(), role: member.role, name: member.name.clone(), exp: expires_at };
    signing::seal(key, PURPOSE, &claims)
}

/// Returns the member that a session token names.
///
/// # Errors
/// `signed-out` if the token is not ours, `session-expired` if it was.
pub fn verify(key: &str, token: &str, now: Time) -> Result<Member, Problem> {
    let claims: Claims = signing::open(key, PURPOSE, token).ok_or(Code::SignedOut)?;
    // At the very moment of its expiry a session has expired, as a grant has.
    if now >= claims.exp {
        return Err(Code::SessionExpired.into());
    }
    Ok(Member { id: claims.sub, name: claims.name, role: claims.role })
}
