//! What a person or a test can ask of a platform, in the words of the path.

use std::fmt;

use serde::Deserialize;

macro_rules! operations {
    ($($(#[doc = $doc:literal])* $name:ident = $word:literal gives [$($field:literal),*],)*) => {
        /// One thing to ask of a platform. The target's file says how.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
        pub enum Operation { $($(#[doc = $doc])* #[serde(rename = $word)] $name,)* }

        impl Operation {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The word for it in a target's file.
            pub fn word(self) -> &'static str {
                match self { $(Self::$name => $word,)* }
            }

            /// The names of what its answer may give, for the target's file to point to.
            pub fn gives(self) -> &'static [&'static str] {
                match self { $(Self::$name => &[$($field),*],)* }
            }
        }
    };
}

operations! {
    /// Makes a new member; `name`, `role`.
    SignUp = "sign-up" gives ["member", "token"],
    /// Puts money into the member's wallet; `amount`, `key`, `card`.
    TopUp = "top-up" gives ["balance"],
    /// The member's money.
    Wallet = "wallet" gives ["balance"],
    /// What went in and out of the member's wallet.
    Entries = "entries" gives ["entries"],
    /// The sum over all accounts of the platform; asked by an administrator.
    Ledger = "ledger" gives ["sum"],
    /// Publishes a model version with its early-access terms; `name`, `terms`.
    Publish = "publish" gives ["model", "version"],
    /// Changes a version's early-access terms; `version`, `terms`.
    Reprice = "reprice" gives [],
    /// The terms of a model version; `version`.
    Offer = "offer" gives ["status", "ends_at", "generation_price", "download_price", "trial_uses"],
    /// Asks for a price; `version`, `right`, and of those who cheat `claimed_amount`, `claimed_member`.
    Quote = "quote" gives ["quote", "amount", "expires_at"],
    /// Buys at a quoted price; `quote`, `key`, and of those who cheat `claimed_amount`, `claimed_member`.
    Purchase = "purchase" gives ["purchase", "amount", "status"],
    /// One purchase; `purchase`.
    Order = "order" gives ["purchase", "amount", "status"],
    /// Gives money back for a purchase; `purchase`, `amount`, `key`. Asked by a moderator.
    Refund = "refund" gives ["refund", "amount"],
    /// Begins a trial; `version`.
    Trial = "trial" gives ["uses_left"],
    /// What the member may do with a version; `version`.
    Access = "access" gives ["generate", "download", "basis", "reason", "credential", "grant", "expires_at", "uses_left"],
    /// What a generation would cost; `version`, `quantity`.
    Estimate = "estimate" gives ["cost", "ready"],
    /// Asks for images; `version`, `prompt`, `quantity`, `seed`, `credential`, `key`.
    Submit = "submit" gives ["job", "state", "cost"],
    /// How a job is getting on; `job`.
    Status = "status" gives ["state", "images", "history", "failure", "cost", "refunded"],
    /// Stops a job; `job`.
    Cancel = "cancel" gives ["state", "refunded"],
    /// Fetches an image; `image`.
    Image = "image" gives [],
    /// Fetches the model's file; `version`.
    Download = "download" gives [],
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}
