//! The platform's page in a real browser. Words in quotes are names of elements and states in the target file.

use cucumber::{then, when};
use gherkin::Step;
use paidpath::{StepResult, World};

use crate::steps::parameters::{Code, Element, Member, Model, PageState};

/// The member opens the page of a model version in a browser of their own. A member with a session is signed in there.
#[when(expr = "{member} opens the page of {model}")]
async fn opens_page(world: &mut World, member: Member, model: Model) -> StepResult {
    world.open_page(&member.0, &model.0).await
}

/// The member opens the page in one more tab and uses that tab from now on.
#[when(expr = "{member} opens the page of {model} in another tab")]
async fn opens_tab(world: &mut World, member: Member, model: Model) -> StepResult {
    world.open_another_tab(&member.0, &model.0).await
}

/// The member goes back to the tab that was opened first.
#[when(expr = "{member} goes back to the first tab")]
async fn first_tab(world: &mut World, member: Member) -> StepResult {
    world.pages.turn_to_first_tab(&member.0).await
}

/// The member loads the page again.
#[when(expr = "{member} reloads the page")]
async fn reloads(world: &mut World, member: Member) -> StepResult {
    world.pages.reload(&member.0).await
}

/// The member presses a button. The page has to react with a request, a navigation, or something to read.
#[when(expr = "{member} presses {element}")]
async fn presses(world: &mut World, member: Member, element: Element) -> StepResult {
    world.pages.press(&member.0, &element.0, 1).await
}

/// The member presses a button twice in quick succession.
#[when(expr = "{member} double-clicks {element}")]
async fn double_clicks(world: &mut World, member: Member, element: Element) -> StepResult {
    world.pages.press(&member.0, &element.0, 2).await
}

/// The member types a text into a field, in place of its content.
#[when(expr = "{member} types {string} into {element}")]
async fn types(world: &mut World, member: Member, text: String, element: Element) -> StepResult {
    world.pages.type_into(&member.0, &text, &element.0).await
}

/// The member types the platform's id of a model version into a field.
#[when(expr = "{member} types the id of {model} into {element}")]
async fn types_id(world: &mut World, member: Member, model: Model, element: Element) -> StepResult {
    world.type_model_into(&member.0, &model.0, &element.0).await
}

/// The member chooses an option in a list.
#[when(expr = "{member} chooses {string} in {element}")]
async fn chooses(world: &mut World, member: Member, option: String, element: Element) -> StepResult {
    world.pages.choose_in(&member.0, &option, &element.0).await
}

/// Waits until the page is in a state.
#[when(expr = "the page has become {page_state}")]
async fn has_become(world: &mut World, state: PageState) -> StepResult {
    world.expect_state(&state.0).await
}

/// The page gets into a state, as a person can read it, within the target's bound for a job.
#[then(expr = "the page becomes {page_state}")]
async fn becomes(world: &mut World, state: PageState) -> StepResult {
    world.expect_state(&state.0).await
}

/// The member can read this text on the page.
#[then(expr = "{member} sees {string}")]
async fn sees(world: &mut World, member: Member, text: String) -> StepResult {
    world.expect_sight(&member.0, &text).await
}

/// The member cannot read this text on the page, or cannot read it any more.
#[then(expr = "{member} does not see {string}")]
async fn does_not_see(world: &mut World, member: Member, text: String) -> StepResult {
    world.expect_no_sight(&member.0, &text).await
}

/// The page shows this number of images.
#[then(expr = "{member} sees {int} image(s)")]
async fn sees_images(world: &mut World, member: Member, quantity: usize) -> StepResult {
    world.expect_images_shown(&member.0, quantity).await
}

/// An element of the page has this text.
#[then(expr = "{element} says {string}")]
async fn says(world: &mut World, element: Element, text: String) -> StepResult {
    world.expect_element(&element.0, &text).await
}

/// The page explains this refusal in the words of the platform's catalogue, and nothing fails silently.
#[then(expr = "the page explains {code}")]
async fn explains(world: &mut World, code: Code) -> StepResult {
    world.pages.expect_explained(&code.0).await
}

/// The page explains each refusal in the table. The request behind the element is refused with one code after the other. The table
/// has a row for each code.
#[then(expr = "pressing {element} explains each refusal of {string}")]
async fn explains_each(world: &mut World, element: Element, request: String, step: &Step) -> StepResult {
    let rows = step.table.iter().flat_map(|table| &table.rows);
    let codes: Vec<String> = rows.filter_map(|row| row.first().cloned()).collect();
    world.expect_each_explained(&element.0, &request, &codes).await
}

/// Assistive technology can use the page: axe-core finds nothing wrong and leaves nothing undecided.
#[then(expr = "the page is accessible")]
async fn accessible(world: &mut World) -> StepResult {
    world.pages.expect_accessible().await
}

/// Every failure on the page is explained in words that a person can read and that are announced.
#[then(expr = "nothing fails silently")]
async fn nothing_silent(world: &mut World) -> StepResult {
    world.pages.expect_nothing_silent().await
}

/// The page and the platform agree on the member's rights and wallet, before and after a reload.
#[then(expr = "the page of {member} agrees with the platform")]
async fn agrees(world: &mut World, member: Member) -> StepResult {
    world.expect_agreement(&member.0).await
}

/// The page submitted exactly the model versions, the quantity and the prompt that were chosen.
#[then(expr = "what was chosen is what was submitted")]
async fn as_chosen(world: &mut World) -> StepResult {
    world.expect_submitted_as_chosen().await
}

/// The last press, however often it was repeated, made one purchase or one job.
#[then(expr = "that had one effect")]
async fn one_effect(world: &mut World) -> StepResult {
    world.pages.expect_one_effect().await
}

/// A refused request was sent again with the same key, and not before the time that the platform named.
#[then(expr = "the retry had the same key and was not too early")]
async fn polite_retry(world: &mut World) -> StepResult {
    world.expect_polite_retry().await
}
