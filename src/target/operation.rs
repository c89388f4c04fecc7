//! The operations of a platform, in the words of the path.

use std::fmt;

use serde::Deserialize;

/// The words of sentences for the states in which a job ends.
pub const FINAL_STATES: [&str; 4] = ["succeeded", "failed", "expired", "canceled"];
/// The word for the state in which a job is worked on.
pub const WORKING_STATE: &str = "processing";

macro_rules! slots {
    ($($name:ident = $word:literal,)*) => {
        /// A named value of an operation: a placeholder in its request, or a field of its answer.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Slot { $($name,)* }

        impl Slot {
            /// Returns the name in a target file.
            pub const fn word(self) -> &'static str {
                match self { $(Self::$name => $word,)* }
            }
        }
    };
}

slots! {
    AccessDays = "access_days",
    Amount = "amount",
    Balance = "balance",
    Basis = "basis",
    Card = "card",
    ClaimedAmount = "claimed_amount",
    ClaimedMember = "claimed_member",
    Cost = "cost",
    Credential = "credential",
    Download = "download",
    DownloadPrice = "download_price",
    EarlyAccess = "early_access",
    EndsAt = "ends_at",
    Entries = "entries",
    ExpiresAt = "expires_at",
    Failure = "failure",
    Generate = "generate",
    GenerationPrice = "generation_price",
    Grant = "grant",
    History = "history",
    Image = "image",
    Images = "images",
    Job = "job",
    Key = "key",
    Member = "member",
    Model = "model",
    Name = "name",
    Prompt = "prompt",
    Purchase = "purchase",
    Quantity = "quantity",
    Quote = "quote",
    Ready = "ready",
    Reason = "reason",
    Refund = "refund",
    Refunded = "refunded",
    Right = "right",
    Role = "role",
    Seed = "seed",
    State = "state",
    Status = "status",
    Sum = "sum",
    Token = "token",
    TrialUses = "trial_uses",
    UsesLeft = "uses_left",
    Version = "version",
}

impl fmt::Display for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

macro_rules! operations {
    ($(#[doc = $doc:literal] $name:ident = $word:literal takes [$($value:ident),*] gives [$($field:ident),*],)*) => {
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

            /// Returns the values that the request may use as placeholders.
            pub fn takes(self) -> &'static [Slot] {
                match self { $(Self::$name => &[$(Slot::$value),*],)* }
            }

            /// Returns the fields of the answer that a target file may point to.
            pub fn gives(self) -> &'static [Slot] {
                match self { $(Self::$name => &[$(Slot::$field),*],)* }
            }
        }
    };
}

operations! {
    /// Makes a new member.
    SignUp = "sign-up" takes [Name, Role] gives [Member, Token],
    /// Puts money into the member's wallet.
    TopUp = "top-up" takes [Amount, Key, Card] gives [Balance],
    /// The member's money.
    Wallet = "wallet" takes [] gives [Balance],
    /// Lists what went in and out of the member's wallet.
    Entries = "entries" takes [] gives [Entries],
    /// The sum over all accounts of the platform; asked by an administrator.
    Ledger = "ledger" takes [] gives [Sum],
    /// Publishes a model version with its early-access terms: all of them as one object, or each by itself.
    Publish = "publish" takes [Name, EarlyAccess, GenerationPrice, DownloadPrice, TrialUses, EndsAt, AccessDays] gives [Model, Version],
    /// Changes a version's early-access terms.
    Reprice = "reprice" takes [Version, EarlyAccess, GenerationPrice, DownloadPrice, TrialUses, EndsAt, AccessDays] gives [],
    /// The terms of a model version.
    Offer = "offer" takes [Version] gives [Status, EndsAt, GenerationPrice, DownloadPrice, TrialUses],
    /// Asks for a price. Values whose names begin with `claimed_` are sent by members who cheat.
    Quote = "quote" takes [Version, Right, ClaimedAmount, ClaimedMember] gives [Quote, Amount, ExpiresAt],
    /// Buys at a quoted price, or, where there is no operation `quote`, by version and right.
    Purchase = "purchase" takes [Quote, Key, Version, Right, ClaimedAmount, ClaimedMember] gives [Purchase, Amount, Status],
    /// One purchase.
    Order = "order" takes [Purchase] gives [Purchase, Amount, Status],
    /// Gives money back for a purchase; asked by a moderator.
    Refund = "refund" takes [Purchase, Amount, Key] gives [Refund, Amount],
    /// Begins a trial.
    Trial = "trial" takes [Version] gives [UsesLeft],
    /// Says what the member may do with a version.
    Access = "access" takes [Version] gives [Generate, Download, Basis, Reason, Credential, Grant, ExpiresAt, UsesLeft],
    /// Says what a generation would cost.
    Estimate = "estimate" takes [Version, Quantity] gives [Cost, Ready],
    /// Asks for images.
    Submit = "submit" takes [Version, Prompt, Quantity, Seed, Credential, Key] gives [Job, State, Cost],
    /// Says how a job is getting on.
    Status = "status" takes [Job] gives [State, Images, History, Failure, Cost, Refunded],
    /// Stops a job.
    Cancel = "cancel" takes [Job] gives [State, Refunded],
    /// Fetches an image.
    Image = "image" takes [Image] gives [],
    /// Fetches the model's file.
    Download = "download" takes [Version] gives [],
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}
