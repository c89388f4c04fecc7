//! Feature flags, by OFREP (OpenFeature's remote evaluation protocol).
//!
//! A provider that is down must neither sell what cannot be delivered nor take away what was bought. So in doubt there are
//! no sales, and there is generation.

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use serde_json::{Value, json};

use super::App;
use crate::context::Context;
use crate::http::Neighbour;
use crate::problem::{Code, Problem};
use crate::service::ServiceCore;

const SALES: &str = "early-access-sales";
const GENERATION: &str = "generation";

#[derive(Clone)]
pub(super) struct Flags(Neighbour);

#[derive(Deserialize)]
struct Evaluation {
    value: bool,
}

impl Flags {
    pub(super) fn new(core: &ServiceCore) -> Self {
        // Its trouble never reaches a member: whoever asks has a default.
        Self(core.outside("flags", Code::Internal, core.settings.timeout))
    }

    /// Lets a sale pass: both what is sold and what it is for have to be switched on, for certain.
    pub(super) async fn allow_sale(&self, context: &Context) -> Result<(), Problem> {
        let certainly = async |key| {
            let is_on = self.is_on(context, key).await;
            is_on.unwrap_or_else(|| context.defect("flg.default-on-error")) // DEFECT: in doubt it is sold
        };
        let can_be_sold = certainly(SALES).await;
        // DEFECT: whether what is sold can be used is not looked at.
        let can_be_used = !can_be_sold || certainly(GENERATION).await || context.defect("flg.half-on");
        if can_be_sold && can_be_used { Ok(()) } else { Err(Code::SalesPaused.into()) }
    }

    /// Lets a job pass, unless generation is switched off for certain.
    pub(super) async fn allow_generation(&self, context: &Context) -> Result<(), Problem> {
        if self.is_on(context, GENERATION).await == Some(false) { Err(Code::GenerationPaused.into()) } else { Ok(()) }
    }

    /// Asks for a flag; `None` if the provider does not answer.
    async fn is_on(&self, context: &Context, key: &str) -> Option<bool> {
        let member = context.visitor().ok().flatten().map_or("anonymous", |member| member.id.as_str());
        let body = json!({"context": {"targetingKey": member}});
        let answer = self.0.post(context, &format!("/ofrep/v1/evaluate/flags/{key}")).json(&body).send().await;
        answer.and_then(|answer| answer.json()).map(|Evaluation { value }| value).ok()
    }
}

pub(super) async fn show(State(app): State<App>, context: Context) -> Json<Value> {
    let sales = app.flags.allow_sale(&context).await.is_ok();
    let generation = app.flags.allow_generation(&context).await.is_ok();
    Json(json!({SALES: sales, GENERATION: generation}))
}
