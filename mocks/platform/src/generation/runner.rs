//! Runs jobs, each in a task of its own, from `unassigned` to an end.

use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::gatekeeper::Permission;
use super::state::Status;
use super::store::{Job, Step};
use super::{App, worker};
use crate::context::Context;
use crate::outbox::pauses;
use crate::problem::{Code, Problem};
use crate::service::Shutdown;

/// The number of times that access is asked for before a job fails because entitlement does not answer.
const TRIES: usize = 3;

pub(super) async fn run(app: App, mut submitted: mpsc::UnboundedReceiver<String>, mut shutdown: Shutdown) {
    let mut running = JoinSet::new();
    loop {
        tokio::select! {
            Some(id) = submitted.recv() => {
                let app = app.clone();
                running.spawn(async move {
                    for pause in pauses() {
                        match take(&app, &id).await {
                            Ok(()) => return,
                            Err(problem) => tracing::error!(job = id, %problem, "a job will be taken up again"),
                        }
                        tokio::time::sleep(pause).await;
                    }
                });
            }
            Some(ended) = running.join_next() => {
                if let Err(error) = ended {
                    tracing::error!(%error, "a job failed");
                }
            }
            () = shutdown.requested() => return,
        }
    }
}

/// Brings one job to its end, from whatever state it is in. An error means that the store failed.
async fn take(app: &App, id: &str) -> Result<(), Problem> {
    let job = app.store.job(id).await?.ok_or(Code::NotFound)?;
    if job.status().is_terminal() {
        return Ok(());
    }
    let context = Context::revive(&app.core, job.propagated.clone())?;
    let end = tokio::select! {
        end = work(app, &context, &job) => end,
        () = deadline(app, &context, &job) => Ok(Step::Expire),
    };
    let end = match end {
        Ok(step) => step,
        // Somebody else has ended it: it was canceled.
        Err(problem) if problem.code == Code::JobFinished => return Ok(()),
        Err(problem) => Step::Fail(problem.code),
    };
    match app.store.advance(id, end, context.now()).await {
        Ok(_) => app.owed.notify_one(),
        Err(problem) if problem.code == Code::JobFinished => {}
        Err(problem) => return Err(problem),
    }
    Ok(())
}

/// Does the work of a job, and returns its last step.
async fn work(app: &App, context: &Context, job: &Job) -> Result<Step, Problem> {
    let mut status = job.status();
    // A job that an earlier process has left may be further on.
    if status == Status::Unassigned {
        status = app.store.advance(&job.id, Step::Prepare, context.now()).await?.status();
    }
    for resource in &job.order.resources {
        check(app, context, &resource.version, &job.id).await?;
    }
    if status == Status::Preparing {
        status = app.store.advance(&job.id, Step::Schedule, context.now()).await?.status();
    }
    if status == Status::Scheduled {
        app.store.advance(&job.id, Step::Process, context.now()).await?;
    }
    let images = worker::render(app, context, job).await?;
    if context.defect("wk.expiry-midjob") {
        for resource in &job.order.resources {
            check(app, context, &resource.version, &job.id).await?; // DEFECT: what was let in is thrown out again
        }
    }
    Ok(Step::Succeed(images))
}

/// Asks for access again, which may have ended since the job was submitted.
async fn check(app: &App, context: &Context, version: &str, job: &str) -> Result<Permission, Problem> {
    for pause in pauses().take(TRIES - 1) {
        match app.gatekeeper.ask_afresh(context, version, Some(job)).await {
            Err(problem) if problem.code.entry().retry => tokio::time::sleep(pause).await,
            decided => return decided,
        }
    }
    app.gatekeeper.ask_afresh(context, version, Some(job)).await
}

/// Waits until the job has become too old by the clock of its trace, which can be moved meanwhile.
async fn deadline(app: &App, context: &Context, job: &Job) {
    let end = job.created_at.after(app.core.settings.job_deadline);
    loop {
        let moved = app.core.clocks.moved();
        let left = context.now().left_until(end);
        if left == Duration::ZERO {
            return;
        }
        tokio::select! {
            () = moved => {}
            () = tokio::time::sleep(left) => {}
        }
    }
}
