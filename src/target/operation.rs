//! The operations of a platform, in the words of the path.

use std::fmt;

use serde::Deserialize;

/// The words of sentences for the states in which a job ends.
pub const FINAL_STATES: [&str; 4] = ["succeeded", "failed", "expired", "canceled"];
/// The word for the state in which a job is worked on.
pub const WORKING_STATE: &str = "processing";

macro_rules! operations {
    ($(#[doc = $doc:literal] $name:ident = $word:literal takes [$($value:literal),*] gives [$($field:literal),*],)*) => {
        /// An operation of a platform. The target file says how it is requested.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize, schemars::JsonSchema)]
        pub enum Operation { $(#[doc = $doc] #[serde(rename = $word)] $name,)* }

        impl Operation {
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The word for it in a target's file.
            pub fn word(self) -> &'static str {
                match self { $(Self::$name => $word,)* }
            }

            /// Returns its meaning, in a sentence.
            pub fn means(self) -> &'static str {
                match self { $(Self::$name => $doc.trim_ascii(),)* }
            }

            /// The names of the values that its request may use as placeholders.
            pub fn takes(self) -> &'static [&'static str] {
                match self { $(Self::$name => &[$($value),*],)* }
            }

            /// The names of what its answer may give, for the target's file to point to.
            pub fn gives(self) -> &'static [&'static str] {
                match self { $(Self::$name => &[$($field),*],)* }
            }
        }
    };
}

operations! {
    /// Makes a new member.
    SignUp = "sign-up" takes ["name", "role"] gives ["member", "token"],
    /// Puts money into the member's wallet.
    TopUp = "top-up" takes ["amount", "key", "card"] gives ["balance"],
    /// The member's money.
    Wallet = "wallet" takes [] gives ["balance"],
    /// Lists what went in and out of the member's wallet.
    Entries = "entries" takes [] gives ["entries"],
    /// The sum over all accounts of the platform; asked by an administrator.
    Ledger = "ledger" takes [] gives ["sum"],
    /// Publishes a model version with its early-access terms: all of them as one object, or each by itself.
    Publish = "publish" takes ["name", "early_access", "generation_price", "download_price", "trial_uses", "ends_at"] gives ["model", "version"],
    /// Changes a version's early-access terms.
    Reprice = "reprice" takes ["version", "early_access", "generation_price", "download_price", "trial_uses", "ends_at"] gives [],
    /// The terms of a model version.
    Offer = "offer" takes ["version"] gives ["status", "ends_at", "generation_price", "download_price", "trial_uses"],
    /// Asks for a price. Values whose names begin with `claimed_` are sent by members who cheat.
    Quote = "quote" takes ["version", "right", "claimed_amount", "claimed_member"] gives ["quote", "amount", "expires_at"],
    /// Buys at a quoted price, or, where there is no operation `quote`, by version and right.
    Purchase = "purchase" takes ["quote", "key", "version", "right", "claimed_amount", "claimed_member"] gives ["purchase", "amount", "status"],
    /// One purchase.
    Order = "order" takes ["purchase"] gives ["purchase", "amount", "status"],
    /// Gives money back for a purchase; asked by a moderator.
    Refund = "refund" takes ["purchase", "amount", "key"] gives ["refund", "amount"],
    /// Begins a trial.
    Trial = "trial" takes ["version"] gives ["uses_left"],
    /// Says what the member may do with a version.
    Access = "access" takes ["version"] gives ["generate", "download", "basis", "reason", "credential", "grant", "expires_at", "uses_left"],
    /// Says what a generation would cost.
    Estimate = "estimate" takes ["version", "quantity"] gives ["cost", "ready"],
    /// Asks for images.
    Submit = "submit" takes ["version", "prompt", "quantity", "seed", "credential", "key"] gives ["job", "state", "cost"],
    /// Says how a job is getting on.
    Status = "status" takes ["job"] gives ["state", "images", "history", "failure", "cost", "refunded"],
    /// Stops a job.
    Cancel = "cancel" takes ["job"] gives ["state", "refunded"],
    /// Fetches an image.
    Image = "image" takes ["image"] gives [],
    /// Fetches the model's file.
    Download = "download" takes ["version"] gives [],
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}
