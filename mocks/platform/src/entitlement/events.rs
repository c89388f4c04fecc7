//! What billing tells (③): each event has its effect once, in whatever order they come.

use axum::extract::State;

use super::App;
use super::rule::bought_with;
use super::store::{Bought, Refunded};
use crate::context::Context;
use crate::event::{Event, PURCHASE_COMPLETED, PURCHASE_REFUNDED, Receipt, Signed};
use crate::problem::{Code, Problem};
use crate::right::Right;

pub(super) async fn take(State(app): State<App>, Signed { event, context }: Signed) -> Result<Receipt, Problem> {
    let receipt = match event.r#type.as_str() {
        PURCHASE_COMPLETED => bought(&app, &context, event).await?,
        PURCHASE_REFUNDED => refunded(&app, &context, event).await?,
        other => {
            return Err(Problem::because(Code::InvalidRequest, format!("No event of type {other:?} is taken here.")));
        }
    };
    app.bell.notify_one();
    Ok(receipt)
}

async fn bought(app: &App, context: &Context, mut event: Event) -> Result<Receipt, Problem> {
    let mut bought: Bought = event.data()?;
    if context.defect("ev.ack-drop") {
        return Ok(Receipt::Accepted); // DEFECT: acknowledged, and then lost
    }
    if context.defect("ent.all-rights") {
        bought.rights = Right::Download.actions(); // DEFECT: whatever was bought, all of it is granted
    }
    let receipt = app.store.bought(&event, bought.clone()).await?;
    if receipt == Receipt::Duplicate && context.defect("ev.dup-apply") {
        // DEFECT: what comes again is taken for something new.
        (event.id, bought.purchase) = (crate::ids::new("evt"), crate::ids::new("pur"));
        return app.store.bought(&event, bought).await;
    }
    Ok(receipt)
}

async fn refunded(app: &App, context: &Context, event: Event) -> Result<Receipt, Problem> {
    let refunded: Refunded = event.data()?;
    if context.defect("ev.refund-first") {
        let standing = app.store.standing(Some(&refunded.member), &refunded.version).await?;
        if !standing.grants.iter().any(|grant| bought_with(grant, &refunded.purchase)) {
            return Ok(Receipt::Accepted); // DEFECT: a refund that comes before its purchase is forgotten
        }
    }
    app.store.refunded(&event, refunded).await
}
