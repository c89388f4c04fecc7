//! Generating images.

use cucumber::{then, when};
use paidpath::{StepResult, World};

use crate::steps::parameters::{Code, Member, Model, State};

/// The member asks for one image as a page does: the client looks up the member's rights first, and waits for access that was just
/// bought.
#[when(expr = "{member} generates an image with {model}")]
async fn generates(world: &mut World, member: Member, model: Model) -> StepResult {
    world.generate(&member.0, &model.0, 1).await
}

/// The member asks for several images.
#[when(expr = "{member} generates {int} images with {model}")]
async fn generates_several(world: &mut World, member: Member, quantity: u64, model: Model) -> StepResult {
    world.generate(&member.0, &model.0, quantity).await
}

/// The member asks for one image with the credential that the client already has, without looking anything up.
#[when(expr = "{member} generates at once with {model}")]
async fn generates_at_once(world: &mut World, member: Member, model: Model) -> StepResult {
    world.submit(&member.0, &model.0, 1).await
}

/// The member presents the credential of another member.
#[when(expr = "{member} generates with {model} using the credential of {member}")]
async fn generates_with_credential(world: &mut World, member: Member, model: Model, other: Member) -> StepResult {
    world.submit_with_credential_of(&member.0, &other.0, &model.0).await
}

/// The member presents a credential of another member with one letter changed.
#[when(expr = "{member} generates with {model} using a forged credential of {member}")]
async fn generates_with_forged(world: &mut World, member: Member, model: Model, other: Member) -> StepResult {
    world.submit_with_forged_credential_of(&member.0, &other.0, &model.0).await
}

/// The member's client sends the key of the latest generation with another one.
#[when(expr = "{member} uses the same key to generate {int} images with {model}")]
async fn reuses_key(world: &mut World, member: Member, quantity: u64, model: Model) -> StepResult {
    world.reuse_job_key(&member.0, &model.0, quantity).await
}

/// Several clients of the member generate at the same moment, each with a key of its own.
#[when(expr = "{member} generates with {model} with {int} clients at once")]
async fn generates_with_clients(world: &mut World, member: Member, model: Model, clients: usize) -> StepResult {
    world.generate_at_once(&member.0, &model.0, clients).await
}

/// The member's client sends the same generation, with the same key, several times at the same moment.
#[when(expr = "{member} sends one generation with {model} {int} times at once")]
async fn sends_at_once(world: &mut World, member: Member, model: Model, times: usize) -> StepResult {
    world.submit_at_once(&member.0, &model.0, times).await
}

/// The requests that were sent at the same moment made this number of jobs.
#[then(expr = "that made {int} job(s)")]
async fn made_jobs(world: &mut World, made: usize) -> StepResult {
    world.answers.expect_made(made)
}

/// The member asks for the price of a generation.
#[when(expr = "{member} asks what {int} image(s) with {model} cost(s)")]
async fn estimates(world: &mut World, member: Member, quantity: u64, model: Model) -> StepResult {
    world.estimate(&member.0, &model.0, quantity).await
}

/// Waits until the latest job is in progress.
#[when(expr = "the job has begun")]
async fn has_begun(world: &mut World) -> StepResult {
    world.wait_until_begun().await
}

/// The member stops the latest job.
#[when(expr = "the job is canceled")]
async fn cancels(world: &mut World) -> StepResult {
    world.cancel().await
}

/// A member stops the latest job, which may be somebody else's.
#[when(expr = "{member} cancels the job")]
async fn cancels_as(world: &mut World, member: Member) -> StepResult {
    world.cancel_as(&member.0).await
}

/// The member gets one image. It can be fetched, decodes, and is not blank.
#[then(expr = "{member} gets an image")]
async fn gets_an_image(world: &mut World, member: Member) -> StepResult {
    world.expect_images(&member.0, 1).await
}

/// The member gets several images. Each can be fetched, decodes, and is not blank.
#[then(expr = "{member} gets {int} images")]
async fn gets_images(world: &mut World, member: Member, quantity: u64) -> StepResult {
    world.expect_images(&member.0, quantity).await
}

/// The latest job gets into this final state within the target's bound.
#[then(expr = "the job has {state}")]
async fn job_has(world: &mut World, state: State) -> StepResult {
    world.expect_job(&state.0).await
}

/// The latest job failed for this reason.
#[then(expr = "the job failed with {code}")]
async fn job_failed_with(world: &mut World, code: Code) -> StepResult {
    world.expect_job_failed_with(&code.0).await
}

/// The latest job went through its states in the order that the target file lists, and through none twice.
#[then(expr = "the job went through its states in order")]
async fn legal_history(world: &mut World) -> StepResult {
    world.expect_legal_history().await
}

/// A member asks for the status of the latest job, which may be somebody else's.
#[when(expr = "{member} looks at the job")]
async fn looks_at_job(world: &mut World, member: Member) -> StepResult {
    world.look_at_job(&member.0).await
}

/// A member asks for the first image of the latest job, which may be somebody else's.
#[when(expr = "{member} looks at the image")]
async fn looks_at_image(world: &mut World, member: Member) -> StepResult {
    world.look_at_image(&member.0).await
}

/// The member downloads the file of the model version.
#[when(expr = "{member} downloads {model}")]
async fn downloads(world: &mut World, member: Member, model: Model) -> StepResult {
    world.download(&member.0, &model.0).await
}
