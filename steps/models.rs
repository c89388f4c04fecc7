//! Model versions and their terms.

use cucumber::{given, when};
use gherkin::Step;
use paidpath::{StepError, StepResult, Terms, World};

use crate::steps::parameters::{Member, Model, Money, RightTo, Span};

/// The owner of model versions for which no sentence names one.
const CREATOR: &str = "Cora";

/// A model version in early access that sells generation.
#[given(expr = "early access to {model} costs {money} for generation")]
async fn sells_generation(world: &mut World, model: Model, price: Money) -> StepResult {
    world.publish(&model.0, CREATOR, Terms { generation: Some(price.0), ..Terms::default() }).await
}

/// A model version in early access that sells download.
#[given(expr = "early access to {model} costs {money} for download")]
async fn sells_download(world: &mut World, model: Model, price: Money) -> StepResult {
    world.publish(&model.0, CREATOR, Terms { download: Some(price.0), ..Terms::default() }).await
}

/// A model version in early access that sells both.
#[given(expr = "early access to {model} costs {money} for generation and {money} for download")]
async fn sells_both(world: &mut World, model: Model, generation: Money, download: Money) -> StepResult {
    let terms = Terms { generation: Some(generation.0), download: Some(download.0), ..Terms::default() };
    world.publish(&model.0, CREATOR, terms).await
}

/// A public model version, which everybody may use.
#[given(expr = "{model} is public")]
async fn is_public(world: &mut World, model: Model) -> StepResult {
    world.publish(&model.0, CREATOR, Terms::default()).await
}

/// A model version in early access with all its terms: rows `owner`, `generation`, `download`, `trials`, `ends in`,
/// `access lasts`.
#[given(expr = "the early-access model version {model}")]
async fn with_terms(world: &mut World, model: Model, step: &Step) -> StepResult {
    let (owner, terms) = read_terms(step)?;
    world.publish(&model.0, &owner.unwrap_or_else(|| CREATOR.to_owned()), terms).await
}

/// The owner changes the price.
#[when(expr = "the price of {right} access to {model} becomes {money}")]
async fn reprices(world: &mut World, right: RightTo, model: Model, price: Money) -> StepResult {
    world.reprice(&model.0, |terms| terms.set_price(right.0, Some(price.0))).await
}

/// A member, who may not be the owner, changes the price.
#[when(expr = "{member} sets the price of {right} access to {model} to {money}")]
async fn reprices_as(world: &mut World, member: Member, right: RightTo, model: Model, price: Money) -> StepResult {
    world.reprice_as(&member.0, right.0, &model.0, price.0).await
}

/// The owner ends early access, and the version becomes public.
#[when(expr = "the owner of {model} ends early access")]
async fn ends_early_access(world: &mut World, model: Model) -> StepResult {
    world.reprice(&model.0, |terms| *terms = Terms::default()).await
}

fn read_terms(step: &Step) -> Result<(Option<String>, Terms), StepError> {
    let table = step.table().ok_or_else(|| StepError::scenario("this sentence needs a table of terms under it"))?;
    // Terms that the table leaves out keep their defaults.
    let (mut owner, mut terms) = (None, Terms::default());
    for row in &table.rows {
        let [name, value] = row.as_slice() else {
            return Err(StepError::scenario("each row of the terms has two cells: a name and a value"));
        };
        let wrong = |what: String| StepError::scenario(format!("`{name}`: {what}"));
        let money = || {
            value
                .parse::<Money>()
                .map(|money| money.0)
                .map_err(|_| wrong(format!("`{value}` is not money: write `100 credits`")))
        };
        let span = || value.parse::<Span>().map(|span| span.0).map_err(wrong);
        match name.as_str() {
            "owner" => owner = Some(value.parse::<Member>().map(|member| member.0).expect("any text is a name")),
            "generation" => terms.generation = Some(money()?),
            "download" => terms.download = Some(money()?),
            "trials" => {
                terms.trial_uses = Some(value.parse().map_err(|_| wrong(format!("`{value}` is not a number")))?)
            }
            "ends in" => terms.ends_in = Some(span()?),
            "access lasts" => terms.access_lasts = Some(span()?),
            _ => return Err(wrong("is not a term: owner, generation, download, trials, ends in, access lasts".into())),
        }
    }
    Ok((owner, terms))
}
