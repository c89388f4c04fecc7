//! What a Then-sentence expects. Each method judges something, or says that there is nothing to judge.

use serde_json::Value;

use super::asking::accepted;
use super::{Right, StepError, StepResult, World};
use crate::base::wait::{self, Look};
use crate::target::{Operation, PlatformAnswer, Values};

impl World {
    /// The answer that Then-sentences speak of.
    ///
    /// # Errors
    /// If nothing was asked yet.
    pub fn last_answer(&self) -> Result<&PlatformAnswer, StepError> {
        self.last.as_ref().ok_or_else(|| StepError::scenario("nothing has been asked of the platform yet"))
    }

    /// Counts one judgement.
    pub(super) fn judge(&mut self, holds: bool, otherwise: impl FnOnce() -> String) -> StepResult {
        self.expect(holds, || StepError::platform(otherwise()))
    }

    /// Counts one judgement, and fails with an error of its own kind.
    fn expect(&mut self, holds: bool, otherwise: impl FnOnce() -> StepError) -> StepResult {
        self.judged += 1;
        if holds { Ok(()) } else { Err(otherwise()) }
    }

    /// Judges something that the world does not know of.
    ///
    /// # Errors
    /// With `otherwise`, if it does not hold.
    pub fn expect_that(&mut self, holds: bool, otherwise: &str) -> StepResult {
        self.judge(holds, || otherwise.to_owned())
    }

    /// The platform did what was asked.
    ///
    /// # Errors
    /// If it refused, with what it said.
    pub fn expect_accepted(&mut self) -> StepResult {
        self.judged += 1;
        let answer = self.last_answer()?;
        accepted(answer, &format!("the {}", answer.asked))
    }

    /// The platform did what was asked, as something that the scenario builds on and does not judge.
    ///
    /// # Errors
    /// If it refused, with what it said.
    pub fn accepted_before(&self) -> StepResult {
        let answer = self.last_answer()?;
        accepted(answer, &format!("the {}", answer.asked))
    }

    /// The platform refused, with this code, and said so in words.
    ///
    /// # Errors
    /// If it did what was asked, refused with another code, or without a sentence.
    pub fn expect_refused(&mut self, code: &str) -> StepResult {
        let answer = self.last_answer()?.clone();
        let catalogue = self.context.rules.catalogue.as_ref();
        if let Some(catalogue) = catalogue.filter(|_| answer.code.as_deref() != Some(code)) {
            catalogue.known(code).map_err(StepError::scenario)?;
        }
        let what = format!("the {} should be refused with {code}", answer.asked);
        let is_right = !answer.ok && answer.code.as_deref() == Some(code);
        let said = format!("{what}, and was {}", answer.summary());
        self.expect(is_right, || StepError::not_refused(code, said))?;
        let is_in_words = !answer.message.trim().is_empty();
        self.expect(is_in_words, || StepError::not_refused(code, format!("{what} in words, and has none")))
    }

    /// The refusal asks the member to try again later, and says when.
    ///
    /// # Errors
    /// If it is not temporary, or has no `Retry-After`.
    pub fn expect_temporary(&mut self) -> StepResult {
        let answer = self.last_answer()?.clone();
        self.judge(matches!(answer.status, 429 | 503), || {
            format!("a temporary refusal has the status 503 or 429; this one was {}", answer.summary())
        })?;
        self.judge(answer.header("retry-after").is_some(), || "the refusal does not say when to try again".into())
    }

    /// A field of the last answer says this.
    ///
    /// # Errors
    /// If it says something else, or is not there.
    pub fn expect_field(&mut self, field: &str, expected: &str) -> StepResult {
        let answer = self.last_answer()?.clone();
        accepted(&answer, &format!("the {}", answer.asked))?;
        let seen = answer.text(field);
        self.judge(seen.as_deref() == Some(expected), || {
            format!(
                "the {} of the {} should be {expected}, and is {}",
                field,
                answer.asked,
                seen.as_deref().unwrap_or("not there")
            )
        })
    }

    /// A wallet holds so much.
    ///
    /// # Errors
    /// If it holds something else.
    pub async fn expect_balance(&mut self, member: &str, expected: i64) -> StepResult {
        let within = self.context.bounds().sync.0;
        let this = &*self;
        // Refunds arrive a moment after the failure they belong to.
        let seen = wait::until(within, || async {
            match this.balance(member).await {
                Ok(balance) if balance == expected => Look::Holds(balance),
                Ok(balance) => Look::NotYet(format!("{member} has {balance} credits")),
                Err(trouble) => Look::Never(trouble),
            }
        });
        let seen = seen.await;
        match seen {
            Ok(balance) => self.judge(balance == expected, String::new),
            Err(wait::Gave::Never(trouble)) => Err(trouble),
            Err(wait::Gave::Up { last_seen, .. }) => {
                self.judge(false, || format!("{member} should have {expected} credits, but {last_seen}"))
            }
        }
    }

    /// What the member has paid since they joined, jobs included.
    ///
    /// # Errors
    /// If it is something else.
    pub async fn expect_paid(&mut self, member: &str, expected: i64) -> StepResult {
        let opening = self.member(member)?.opening_balance;
        self.expect_balance(member, opening - expected).await
    }

    /// Exactly so many of the requests that were sent at once were accepted, or were answered with the same thing.
    ///
    /// # Errors
    /// If the number of different things that were made is another.
    pub fn expect_made(&mut self, made: usize) -> StepResult {
        if self.at_once.is_empty() {
            return Err(StepError::scenario("nothing was sent several times at once"));
        }
        let key = |answer: &PlatformAnswer| answer.text("purchase").or_else(|| answer.text("job"));
        let mut different: Vec<_> = self.at_once.iter().filter(|answer| answer.ok).filter_map(key).collect();
        different.sort();
        different.dedup();
        let sent = self.at_once.len();
        self.judge(different.len() == made, || {
            format!("{sent} requests at once should make {made}, and made {}", different.len())
        })
    }

    /// The platform says that the member may, or may not, within the time a change may take.
    ///
    /// # Errors
    /// If it keeps saying the opposite.
    pub async fn expect_access(&mut self, member: &str, right: Right, model: &str, may: bool) -> StepResult {
        let field = match right {
            Right::Generation => "generate",
            Right::Download => "download",
        };
        let within = if may { self.context.bounds().sync.0 } else { self.context.bounds().revoke.0 };
        let this = &*self;
        let seen = wait::until(within, || async {
            match this.ask_access(member, model).await {
                Ok(answer) if answer.ok && answer.field(field) == Some(&Value::Bool(may)) => Look::Holds(()),
                Ok(answer) if answer.ok => Look::NotYet(format!(
                    "{field}: {}, {}",
                    answer.text(field).unwrap_or_else(|| "not said".into()),
                    answer.text("reason").or_else(|| answer.text("basis")).unwrap_or_else(|| "no reason".into())
                )),
                Ok(answer) => Look::NotYet(answer.summary()),
                Err(trouble) => Look::Never(trouble),
            }
        });
        let seen = seen.await;
        let word = if may { "may" } else { "may not" };
        match seen {
            Ok(()) => self.judge(true, String::new),
            Err(wait::Gave::Never(trouble)) => Err(trouble),
            Err(wait::Gave::Up { last_seen, .. }) => self.judge(false, || {
                format!("{member} {word} use {model} for {right} within {within:?}, but the platform says {last_seen}")
            }),
        }
    }

    /// The latest job came to this end.
    ///
    /// # Errors
    /// If it came to another, or to none in time.
    pub async fn expect_job(&mut self, state: &str) -> StepResult {
        let status = self.final_status().await?;
        let seen = status.text("state").unwrap_or_default();
        let why = status.field("failure").map(|failure| format!(": {failure}")).unwrap_or_default();
        self.last = Some(status);
        self.judge(seen == state, || format!("the job should have {state}, and {seen}{why}"))
    }

    /// The latest job failed for this reason.
    ///
    /// # Errors
    /// If it did not fail, or for another reason.
    pub async fn expect_job_failed_with(&mut self, code: &str) -> StepResult {
        let status = self.final_status().await?;
        let seen = status.field("failure").and_then(|failure| failure.get("code")).and_then(Value::as_str);
        let seen = seen.unwrap_or("no reason").to_owned();
        self.judge(seen == code, || format!("the job should fail with {code}, and has {seen}"))
    }

    /// The latest job went through legal states only, and each at most once.
    ///
    /// # Errors
    /// If its history breaks the order of states.
    pub async fn expect_legal_history(&mut self) -> StepResult {
        const ORDER: [&str; 4] = ["unassigned", "preparing", "scheduled", "processing"];
        let status = self.final_status().await?;
        let history = status.field("history").and_then(Value::as_array).cloned().unwrap_or_default();
        let states: Vec<_> = history.iter().filter_map(|entry| entry.get("status").and_then(Value::as_str)).collect();
        let ranks: Vec<_> =
            states.iter().map(|state| ORDER.iter().position(|known| known == state).unwrap_or(ORDER.len())).collect();
        let legal = !ranks.is_empty() && ranks.windows(2).all(|pair| pair[0] < pair[1]) && ranks[0] == 0;
        self.judge(legal, || format!("the job's history is not a legal one: {}", states.join(" → ")))
    }

    /// The member gets so many images, and each of them shows something.
    ///
    /// # Errors
    /// If the job did not succeed, an image is missing, does not decode, or is blank.
    pub async fn expect_images(&mut self, member: &str, expected: u64) -> StepResult {
        let refused = self.last_answer()?.clone();
        accepted(&refused, &format!("{member}'s {}", refused.asked))?;
        let status = self.final_status().await?;
        let state = status.text("state").unwrap_or_default();
        let why = status.field("failure").map(|failure| format!(": {failure}")).unwrap_or_default();
        self.judge(state == "succeeded", || {
            format!("{member} should get {expected} images, but the job {state}{why}")
        })?;
        let seen = self.fetch_images(member, &status).await? as u64;
        self.judge(seen == expected, || format!("{member} should get {expected} images, and got {seen}"))
    }

    /// The page's price, the quote, and the terms agree.
    ///
    /// # Errors
    /// If the platform shows one price and quotes another.
    pub async fn expect_price(&mut self, member: &str, right: Right, model: &str, expected: i64) -> StepResult {
        let values = Values::new().with("version", self.model(model)?.id.as_str());
        let offer = self.get(member, Operation::Offer, values).await?;
        let shown = offer.number(&format!("{right}_price"));
        self.judge(shown == Some(expected), || {
            format!("{model} should be shown at {expected} credits, and is at {shown:?}")
        })?;
        let quote = self.quote(member, right, model).await?;
        accepted(&quote, "the quote")?;
        let quoted = quote.number("amount");
        self.judge(quoted == Some(expected), || {
            format!("{model} should be quoted at {expected} credits, and is at {quoted:?}")
        })
    }

    /// Money was neither made nor lost: all accounts together sum to zero.
    ///
    /// # Errors
    /// If they do not.
    pub async fn expect_conserved(&mut self) -> StepResult {
        let sum = self.ledger_sum().await?;
        self.judge(sum == 0, || format!("all accounts together should sum to 0, and sum to {sum}"))
    }
}
