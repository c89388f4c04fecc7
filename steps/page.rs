//! The platform's page, in a real browser. Words in quotes are what the target's file calls elements and states.

use cucumber::{then, when};
use gherkin::Step;
use paidpath::{StepResult, World};

use crate::steps::parameters::{Code, Element, Member, Model, PageState};

/// The member opens the page of a model version in a browser of their own, signed in if they are.
#[when(expr = "{member} opens the page of {model}")]
async fn opens_page(world: &mut World, member: Member, model: Model) -> StepResult {
    world.open_page(&member.0, &model.0).await
}

/// The member opens the page once more beside what they have open, and looks at that from now on.
#[when(expr = "{member} opens the page of {model} in another tab")]
async fn opens_tab(world: &mut World, member: Member, model: Model) -> StepResult {
    world.open_another_tab(&member.0, &model.0).await
}

/// The member turns to the tab that they opened first.
#[when(expr = "{member} goes back to the first tab")]
async fn first_tab(world: &mut World, member: Member) -> StepResult {
    world.pages.turn_to_first_tab(&member.0).await
}

/// The member loads the page again.
#[when(expr = "{member} reloads the page")]
async fn reloads(world: &mut World, member: Member) -> StepResult {
    world.pages.reload(&member.0).await
}

/// The member presses a button. Something has to answer: a request, a navigation, or words to read.
#[when(expr = "{member} presses {element}")]
async fn presses(world: &mut World, member: Member, element: Element) -> StepResult {
    world.pages.press(&member.0, &element.0, 1).await
}

/// The member presses a button twice in quick succession.
#[when(expr = "{member} double-clicks {element}")]
async fn double_clicks(world: &mut World, member: Member, element: Element) -> StepResult {
    world.pages.press(&member.0, &element.0, 2).await
}

/// The member types into a field, in place of what is there.
#[when(expr = "{member} types {string} into {element}")]
async fn types(world: &mut World, member: Member, text: String, element: Element) -> StepResult {
    world.pages.type_into(&member.0, &text, &element.0).await
}

/// The member types what the platform calls a model version.
#[when(expr = "{member} types the id of {model} into {element}")]
async fn types_id(world: &mut World, member: Member, model: Model, element: Element) -> StepResult {
    world.type_model_into(&member.0, &model.0, &element.0).await
}

/// The member chooses from a list.
#[when(expr = "{member} chooses {string} in {element}")]
async fn chooses(world: &mut World, member: Member, option: String, element: Element) -> StepResult {
    world.pages.choose_in(&member.0, &option, &element.0).await
}

/// Goes on once the page is in a state.
#[when(expr = "the page has become {page_state}")]
async fn has_become(world: &mut World, state: PageState) -> StepResult {
    world.expect_state(&state.0).await
}

/// By what a person can read, the page is in a state; it has the target's bound for a job to get there.
#[then(expr = "the page becomes {page_state}")]
async fn becomes(world: &mut World, state: PageState) -> StepResult {
    world.expect_state(&state.0).await
}

/// The member can read this on the page.
#[then(expr = "{member} sees {string}")]
async fn sees(world: &mut World, member: Member, text: String) -> StepResult {
    world.expect_sight(&member.0, &text).await
}

/// The member cannot read this on the page, or no longer.
#[then(expr = "{member} does not see {string}")]
async fn does_not_see(world: &mut World, member: Member, text: String) -> StepResult {
    world.expect_no_sight(&member.0, &text).await
}

/// So many images are shown on the page.
#[then(expr = "{member} sees {int} image(s)")]
async fn sees_images(world: &mut World, member: Member, quantity: usize) -> StepResult {
    world.expect_images_shown(&member.0, quantity).await
}

/// An element of the page says this.
#[then(expr = "{element} says {string}")]
async fn says(world: &mut World, element: Element, text: String) -> StepResult {
    world.expect_element(&element.0, &text).await
}

/// The page says what this refusal means, in the words of the platform's catalogue, and nothing fails silently.
#[then(expr = "the page explains {code}")]
async fn explains(world: &mut World, code: Code) -> StepResult {
    world.pages.expect_explained(&code.0).await
}

/// Each refusal in the table, one after the other, of what pressing this asks for; the page explains every one. A row for each
/// code.
#[then(expr = "pressing {element} explains each refusal of {string}")]
async fn explains_each(world: &mut World, element: Element, request: String, step: &Step) -> StepResult {
    let rows = step.table.iter().flat_map(|table| &table.rows);
    let codes: Vec<String> = rows.filter_map(|row| row.first().cloned()).collect();
    world.expect_each_explained(&element.0, &request, &codes).await
}

/// Tools for people who cannot see the page understand it: axe-core finds nothing wrong, and nothing that it cannot decide.
#[then(expr = "the page is accessible")]
async fn accessible(world: &mut World) -> StepResult {
    world.pages.expect_accessible().await
}

/// Whatever looks wrong on the page is explained by words that a person can read and that are announced.
#[then(expr = "nothing fails silently")]
async fn nothing_silent(world: &mut World) -> StepResult {
    world.pages.expect_nothing_silent().await
}

/// What the page tells the member they may do and have is what the platform says, before and after a reload.
#[then(expr = "the page of {member} agrees with the platform")]
async fn agrees(world: &mut World, member: Member) -> StepResult {
    world.expect_agreement(&member.0).await
}

/// What was chosen on the page is what the page asked for: nothing dropped, nothing swapped.
#[then(expr = "what was chosen is what was submitted")]
async fn as_chosen(world: &mut World) -> StepResult {
    world.expect_submitted_as_chosen().await
}

/// Two clicks were one purchase, or one job.
#[then(expr = "that had one effect")]
async fn one_effect(world: &mut World) -> StepResult {
    world.pages.expect_one_effect().await
}

/// What was refused was sent again with the same key, and not before the platform wanted it.
#[then(expr = "the retry kept its key and its distance")]
async fn polite_retry(world: &mut World) -> StepResult {
    world.expect_polite_retry().await
}
