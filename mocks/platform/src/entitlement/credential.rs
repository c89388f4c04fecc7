//! The purchase credential: what a member presents to show that they bought.
//!
//! It names the grant and is bound to member and version. It is no substitute for the grant, which is looked up each time;
//! so it may live as long as the grant does, and a refund works at once.

use serde::{Deserialize, Serialize};

use super::store::Grant;
use crate::clock::Time;
use crate::problem::Code;
use crate::right::Action;
use crate::signing;

const PURPOSE: &str = "purchase";

/// The content of a purchase credential.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Credential {
    pub grant: String,
    pub member: String,
    pub version: String,
    pub rights: Vec<Action>,
    /// The end of the grant.
    pub exp: Option<Time>,
}

/// Makes the credential of a grant.
pub fn issue(key: &str, grant: &Grant) -> String {
    let credential = Credential {
        grant: grant.id.clone(),
        member: grant.member.clone(),
        version: grant.version.clone(),
        rights: grant.rights.clone(),
        exp: grant.expires_at,
    };
    signing::seal(key, PURPOSE, &credential)
}

/// Reads a credential that we made. It may still belong to somebody other than the caller.
pub fn open(key: &str, token: &str) -> Option<Credential> {
    signing::open(key, PURPOSE, token)
}

/// Looks among what was presented for a credential of this member for this version. Those for other versions are let
/// pass: a job may need several.
///
/// # Errors
/// `credential-invalid` if one was not made by us, `credential-foreign` if one belongs to somebody else,
/// `purchase-required` if none is for this version.
pub fn find(key: &str, presented: &[&str], member: &str, version: &str) -> Result<Credential, Code> {
    let mut found = None;
    // To the end, and not to the first that fits: one foreign credential is reason enough to refuse.
    for token in presented {
        let credential = open(key, token).ok_or(Code::CredentialInvalid)?;
        if credential.member != member {
            return Err(Code::CredentialForeign);
        }
        if credential.version == version {
            found = Some(credential);
        }
    }
    found.ok_or(Code::PurchaseRequired)
}
