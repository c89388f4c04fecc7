//! Has images rendered (⑧), and checks them before the job is called a success.

use std::io::Cursor;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::json;

use super::App;
use super::store::{Job, Order};
use crate::context::Context;
use crate::problem::Problem;

#[derive(Deserialize)]
struct Renders {
    images: Vec<Render>,
}

#[derive(Deserialize)]
struct Render {
    media_type: String,
    data: String,
}

/// Has the images of a job rendered, and returns them as PNG files. A worker that cannot be reached is asked a second time
/// with the same job id; one whose answer cannot be used is not.
pub(super) async fn render(app: &App, context: &Context, job: &Job) -> Result<Vec<Vec<u8>>, Problem> {
    let Order { resources, prompt, seed, quantity, width, height } = &job.order;
    let body = json!({
        "job": job.id, "prompt": prompt, "seed": seed, "width": width, "height": height, "quantity": quantity,
        "resources": resources,
    });
    if context.defect("wk.lost-job") {
        return std::future::pending().await; // DEFECT: taken off the queue by a worker that has died
    }
    let call = || app.worker.post(context, "/v1/renders").json(&body).send();
    let answer = match call().await {
        Ok(answer) => answer,
        Err(_) => call().await?,
    };
    let Renders { mut images } = answer.json()?;
    if context.defect("wk.success-empty") {
        return Ok(Vec::new()); // DEFECT: whatever came back, it went well
    }
    if images.len() > 1 && context.defect("wk.one-short") {
        images.pop(); // DEFECT: fewer than were ordered, and nobody counts
        return Ok(images.iter().filter_map(|image| checked(image, *width, *height)).collect());
    }
    let files: Vec<_> = images.iter().filter_map(|image| checked(image, *width, *height)).collect();
    if files.len() != images.len() || u32::try_from(files.len()) != Ok(*quantity) {
        tracing::warn!(job = job.id, wanted = quantity, got = images.len(), good = files.len(), "bad images");
        return Err(app.worker.unavailable.into());
    }
    Ok(files)
}

/// Returns the file, if it is a whole PNG of that size.
fn checked(image: &Render, width: u32, height: u32) -> Option<Vec<u8>> {
    let file = STANDARD.decode(&image.data).ok().filter(|_| image.media_type == "image/png")?;
    let mut reader = png::Decoder::new(Cursor::new(&file)).read_info().ok()?;
    let info = reader.info();
    // Before anything is decoded: a small file can say that it is very large.
    if (info.width, info.height) != (width, height) {
        return None;
    }
    let mut pixels = vec![0; reader.output_buffer_size()?];
    reader.next_frame(&mut pixels).ok()?;
    reader.finish().ok()?;
    Some(file)
}
