//! The facts: named values that events carry.

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! facts {
    ($($name:ident = $word:literal, $means:literal;)*) => {
        /// A named value of an event, which the target file extracts from an exchange.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
        pub enum Fact { $(#[serde(rename = $word)] $name,)* }

        impl Fact {
            pub const ALL: &'static [(Self, &'static str)] = &[$((Self::$name, $means),)*];

            /// Returns the name of the fact in target files and journals.
            pub const fn word(self) -> &'static str {
                match self { $(Self::$name => $word,)* }
            }
        }
    };
}

facts! {
    Ahead = "ahead", "seconds by which the scenario's clock is ahead";
    Allowed = "allowed", "whether the member may generate";
    Amount = "amount", "money, in the smallest unit";
    Balance = "balance", "the balance of the member's wallet";
    Basis = "basis", "why they may: owner, moderator, public, purchase, trial";
    Charge = "charge", "the id of a job's charge";
    ClaimedAmount = "claimed_amount", "a price that the client had no business to send";
    ClaimedMember = "claimed_member", "a member that the client had no business to send";
    Credential = "credential", "what the member presents as proof of a purchase";
    Download = "download", "whether the member may download";
    DownloadPrice = "download_price", "the price of download";
    Duplicate = "duplicate", "whether the receiver says that it had the event already";
    EndsAt = "ends_at", "when early access ends";
    Event = "event", "the id of the event";
    ExpiresAt = "expires_at", "when what was bought ends";
    Failure = "failure", "the code of why a job failed";
    Flag = "flag", "the name of the flag";
    Full = "full", "whether all of the price was given back";
    GenerationPrice = "generation_price", "the price of generation";
    Grant = "grant", "the id of the grant";
    History = "history", "the states of a job so far, oldest first";
    Image = "image", "the id of an image";
    Images = "images", "how many images there are";
    ImageIds = "image_ids", "the ids of a job's images";
    Issued = "issued", "the credential that the answer gives";
    Job = "job", "the id of the job";
    Key = "key", "the idempotency key";
    Member = "member", "the id of the member it is about";
    Needs = "needs", "who alone may do this: moderator";
    Owner = "owner", "the id of the member whose model it is";
    Prompt = "prompt", "what is to be in the image";
    Purchase = "purchase", "the id of the purchase";
    Quantity = "quantity", "how many images were asked for";
    Quote = "quote", "the id of the quote";
    Reason = "reason", "why they may not, as a stable code";
    Refund = "refund", "the id of the refund";
    Replayed = "replayed", "whether the answer is an earlier one";
    Right = "right", "what was bought: generation, download";
    Rights = "rights", "what that allows to do";
    Sequence = "sequence", "the event's place among those of its subject; text that compares as time does";
    Signature = "signature", "what the sender signed the event with";
    SignedAt = "signed_at", "when the sender signed it, in seconds since 1970";
    State = "state", "where a job or a purchase stands, or what has become of a grant";
    Status = "status", "whether a version is published";
    Subject = "subject", "what the event is ordered by";
    Sum = "sum", "the sum over all accounts";
    TopUp = "top_up", "the id of the payment";
    Value = "value", "what a flag says";
    Version = "version", "the id of the model version";
    Versions = "versions", "the ids of all model versions in a job";
    Who = "who", "the session of whoever asks, as a fingerprint";
    // paidpath measures this one itself: no exchange carries it.
    SinceCharge = "since_charge_micros", "microseconds since the charge that led to it; measured, not extracted";
}

impl Fact {
    /// Returns the fact of this name, if a target file may extract it.
    pub fn extracted(word: &str) -> Option<Self> {
        Self::names().find(|fact| fact.word() == word)
    }

    /// Returns true if the value only says which one it is, so that the number 7 and the text “7” are the same.
    pub const fn is_identity(self) -> bool {
        match self {
            Self::Basis
            | Self::Charge
            | Self::ClaimedMember
            | Self::Credential
            | Self::Event
            | Self::Failure
            | Self::Flag
            | Self::Grant
            | Self::History
            | Self::Image
            | Self::ImageIds
            | Self::Issued
            | Self::Job
            | Self::Key
            | Self::Member
            | Self::Owner
            | Self::Purchase
            | Self::Quote
            | Self::Reason
            | Self::Refund
            | Self::Right
            | Self::Rights
            | Self::Signature
            | Self::State
            | Self::Status
            | Self::Subject
            | Self::TopUp
            | Self::Version
            | Self::Versions
            | Self::Who => true,
            Self::Ahead
            | Self::Allowed
            | Self::Amount
            | Self::Balance
            | Self::ClaimedAmount
            | Self::Download
            | Self::DownloadPrice
            | Self::Duplicate
            | Self::EndsAt
            | Self::ExpiresAt
            | Self::Full
            | Self::GenerationPrice
            | Self::Images
            | Self::Needs
            | Self::Prompt
            | Self::Quantity
            | Self::Replayed
            | Self::Sequence
            | Self::SignedAt
            | Self::Sum
            | Self::Value
            | Self::SinceCharge => false,
        }
    }

    /// Returns the fact that is the price of a right.
    pub fn price_of(right: &str) -> Option<Self> {
        // Rights are named by the target file, and their prices after them.
        Self::extracted(&format!("{right}_price"))
    }

    /// Returns the facts that a target file may extract.
    pub fn names() -> impl Iterator<Item = Self> {
        Self::ALL.iter().map(|(fact, _)| *fact).filter(|fact| *fact != Self::SinceCharge)
    }
}

impl fmt::Display for Fact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}
