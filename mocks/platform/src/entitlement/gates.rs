//! Gates: the terms of a version, as the storefront sets them. For fellow services only.

use axum::Json;
use axum::extract::{Path, State};

use super::App;
use super::store::Gate;
use crate::context::Context;
use crate::problem::Problem;
use crate::request::Body;

pub(super) async fn set(
    State(app): State<App>,
    context: Context,
    Path(version): Path<String>,
    Body { value: gate, .. }: Body<Gate>,
) -> Result<Json<Gate>, Problem> {
    context.fellow()?;
    app.store.set_gate(&version, gate.clone()).await?;
    Ok(Json(gate))
}
