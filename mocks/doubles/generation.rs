//! Generation: estimates, jobs and images. It decides and charges by the books, and has every image at once: a job is done as
//! soon as somebody looks at it, and drawn as the double of the worker draws.

use std::collections::HashSet;

use atelier::billing::ledger::Kind;
use atelier::clock::Time;
use atelier::context::Carried;
use atelier::entitlement::rule::Basis;
use atelier::generation::state::Status;
use atelier::generation::store::{CURRENCY, Job, Order, Resource};
use atelier::problem::{Class, Code, Problem};
use atelier::request::{text, within};
use atelier::right::Action;
use atelier::session::Member;
use serde::Deserialize;
use serde_json::json;
use wiremock::ResponseTemplate;

use super::books::Books;
use super::entitlement::{Decided, decide, use_trial};
use super::wire::{Answered, Asked, Desk, Route, answer, new_id};

pub const ROUTES: &[Route] = &[
    ("POST", "/v1/estimates", estimate),
    ("GET", "/v1/jobs", jobs),
    ("POST", "/v1/jobs", submit),
    ("GET", "/v1/jobs/{id}", job),
    ("POST", "/v1/jobs/{id}/cancel", cancel),
    ("GET", "/v1/images/{id}", image),
];

/// Credits for one image of up to 256 × 256 pixels; whatever is larger costs twice.
const BASE: i64 = 5;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EstimateRequest {
    resources: Vec<Resource>,
    quantity: Option<u32>,
    width: Option<u32>,
    height: Option<u32>,
}

fn estimate(desk: &Desk, asked: &Asked<'_>) -> Answered {
    let wanted: EstimateRequest = asked.body()?;
    check_resources(&wanted.resources)?;
    let quantity = within("quantity", wanted.quantity.unwrap_or(1), 1..=4)?;
    let per_image = per_image(side("width", wanted.width)?, side("height", wanted.height)?);
    let visitor = asked.visitor()?;
    let books = desk.books();
    let mut ready = visitor.is_some();
    for resource in &wanted.resources {
        // A refusal is an answer here; trouble is not.
        if let (true, Some(member)) = (ready, &visitor)
            && let Err(problem) = may_generate(&books, desk, asked, member, &resource.version)
        {
            match problem.code.entry().class {
                Class::NotBought | Class::NotAllowed | Class::Conflict => ready = false,
                Class::SignedOut | Class::NoFunds | Class::BadRequest | Class::TryLater | Class::Broken => {
                    return Err(problem);
                }
            }
        }
    }
    let estimate = json!({
        "cost": per_image * i64::from(quantity), "currency": CURRENCY, "ready": ready,
        "breakdown": {"base": BASE, "per_image": per_image, "quantity": quantity},
    });
    Ok(answer(200, &estimate))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct JobRequest {
    resources: Vec<Resource>,
    prompt: String,
    seed: Option<u64>,
    quantity: Option<u32>,
    width: Option<u32>,
    height: Option<u32>,
}

impl JobRequest {
    fn order(self) -> Result<Order, Problem> {
        text("prompt", &self.prompt, 2_000)?;
        check_resources(&self.resources)?;
        Ok(Order {
            resources: self.resources,
            prompt: self.prompt,
            seed: within("seed", self.seed.unwrap_or_else(|| rand::random::<u32>().into()), 0..=(1 << 53) - 1)?,
            quantity: within("quantity", self.quantity.unwrap_or(1), 1..=4)?,
            width: side("width", self.width)?,
            height: side("height", self.height)?,
        })
    }
}

/// From one to ten versions, each once.
fn check_resources(resources: &[Resource]) -> Result<(), Problem> {
    within("the number of resources", resources.len(), 1..=10)?;
    let mut seen = HashSet::new();
    for resource in resources {
        if !seen.insert(&resource.version) {
            return Err(Problem::because(Code::InvalidRequest, format!("{} is there twice.", resource.version)));
        }
        within("strength", resource.strength.unwrap_or(1.0), 0.0..=2.0)?;
    }
    Ok(())
}

fn side(name: &str, given: Option<u32>) -> Result<u32, Problem> {
    within(name, given.unwrap_or(256), 64..=512)
}

fn per_image(width: u32, height: u32) -> i64 {
    if width * height <= 256 * 256 { BASE } else { BASE * 2 }
}

/// On what a member may generate with a version; refuses who may not.
fn may_generate(
    books: &Books,
    desk: &Desk,
    asked: &Asked<'_>,
    member: &Member,
    version: &str,
) -> Result<Basis, Problem> {
    let Decided { refusal, basis, .. } = decide(books, desk, asked, member, version, Action::Generate, None)?;
    match refusal {
        Some(code) => {
            Err(Problem::because(code, format!("{} ({version})", code.entry().title)).with("version", version))
        }
        None => Ok(basis),
    }
}

fn submit(desk: &Desk, asked: &Asked<'_>) -> Answered {
    let wanted: JobRequest = asked.body()?;
    let member = asked.member()?;
    let once = asked.once(&member.id, "jobs")?;
    let order = wanted.order()?;
    let done = desk.books().once(&once, |books| {
        let mut trials = Vec::new();
        for Resource { version, .. } in &order.resources {
            if may_generate(books, desk, asked, &member, version)? == Basis::Trial {
                trials.push(version.clone());
            }
        }
        let (id, cost) = (new_id("job"), per_image(order.width, order.height) * i64::from(order.quantity));
        books.account(&member.id).book(-cost, Kind::Charge, &id, asked.now)?;
        for version in trials {
            use_trial(books, &member.id, &version, &id);
        }
        let job = Job {
            id,
            member: member.id.clone(),
            order,
            cost,
            charge: new_id("chg"),
            refunded: 0,
            created_at: asked.now,
            history: vec![(Status::Unassigned, asked.now)],
            images: Vec::new(),
            failure: None,
            carried: Carried::default(),
        };
        let shown = job.shown();
        books.account(&member.id).jobs.push(job);
        Ok(shown)
    })?;
    let location = format!("/v1/jobs/{}", done.body["id"].as_str().unwrap_or_default());
    Ok(done.answer(202).insert_header("location", location))
}

/// Brings a job to its end, if it is not there yet.
fn finish(job: &mut Job, at: Time) {
    if job.status().is_terminal() {
        return;
    }
    let steps = [Status::Preparing, Status::Scheduled, Status::Processing, Status::Succeeded];
    job.history.extend(steps.map(|status| (status, at)));
    job.images = (0..job.order.quantity).map(|_| new_id("img")).collect();
}

fn jobs(desk: &Desk, asked: &Asked<'_>) -> Answered {
    let member = asked.member()?.id;
    let mut books = desk.books();
    let jobs = &mut books.account(&member).jobs;
    jobs.iter_mut().for_each(|job| finish(job, asked.now));
    Ok(answer(200, &json!({"jobs": jobs.iter().rev().map(Job::shown).collect::<Vec<_>>()})))
}

/// One's own job. Somebody else's is not told from one that does not exist.
fn mine<'b>(books: &'b mut Books, member: &str, id: &str) -> Result<&'b mut Job, Problem> {
    let mut jobs = books.account(member).jobs.iter_mut();
    Ok(jobs.find(|job| job.id == id).ok_or(Code::NotFound)?)
}

fn job(desk: &Desk, asked: &Asked<'_>) -> Answered {
    let member = asked.member()?.id;
    let mut books = desk.books();
    let job = mine(&mut books, &member, asked.id)?;
    finish(job, asked.now);
    Ok(answer(200, &job.shown()))
}

fn cancel(desk: &Desk, asked: &Asked<'_>) -> Answered {
    let member = asked.member()?.id;
    let mut books = desk.books();
    let job = mine(&mut books, &member, asked.id)?;
    if job.status().is_terminal() {
        return Err(Code::JobFinished.into());
    }
    job.history.push((Status::Canceled, asked.now));
    job.refunded = job.cost;
    let job = job.clone();
    books.account(&member).book(job.cost, Kind::ChargeRefund, &job.id, asked.now)?;
    Ok(answer(200, &job.shown()))
}

fn image(desk: &Desk, asked: &Asked<'_>) -> Answered {
    let member = asked.member()?.id;
    let mut books = desk.books();
    let mut jobs = books.account(&member).jobs.iter();
    let found = jobs.find_map(|job| Some((job, job.images.iter().position(|image| image == asked.id)?)));
    let (Job { order, .. }, place) = found.ok_or(Code::NotFound)?;
    let seed = order.seed + u64::try_from(place).unwrap_or_default();
    let png = atelier::render::png(&order.prompt, seed, order.width, order.height);
    Ok(ResponseTemplate::new(200).set_body_raw(png, "image/png"))
}
