//! Takes the events of entitlement (④): access has changed, so a remembered yes is outdated.

use axum::extract::State;
use serde::Deserialize;

use super::App;
use crate::event::{ACCESS_CHANGED, Receipt, SignedEvent};
use crate::problem::{Code, Problem};

#[derive(Deserialize)]
struct Changed {
    member: String,
    version: String,
}

/// Forgetting twice is forgetting once, so these events need no inbox.
pub(super) async fn take(
    State(app): State<App>,
    SignedEvent { event, context }: SignedEvent,
) -> Result<Receipt, Problem> {
    if event.r#type != ACCESS_CHANGED {
        return Err(Problem::because(
            Code::InvalidRequest,
            format!("No event of type {:?} is taken here.", event.r#type),
        ));
    }
    let Changed { member, version } = event.data()?;
    app.gatekeeper.forget(&context, &member, &version);
    Ok(Receipt::Accepted)
}
