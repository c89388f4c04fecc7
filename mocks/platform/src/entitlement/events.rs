//! Takes the events of billing (③): each has its effect once, in whatever order they come.

use axum::extract::State;

use super::App;
use super::store::{PurchaseCompleted, PurchaseRefunded};
use crate::context::Context;
use crate::event::{Event, PURCHASE_COMPLETED, PURCHASE_REFUNDED, Receipt, SignedEvent};
use crate::problem::{Code, Problem};
use crate::right::Right;

pub(super) async fn take(
    State(app): State<App>,
    SignedEvent { event, context }: SignedEvent,
) -> Result<Receipt, Problem> {
    let receipt = match event.r#type.as_str() {
        PURCHASE_COMPLETED => bought(&app, &context, event).await?,
        PURCHASE_REFUNDED => refunded(&app, &context, event).await?,
        other => {
            return Err(Problem::because(Code::InvalidRequest, format!("No event of type {other:?} is taken here.")));
        }
    };
    app.appended.notify_one();
    Ok(receipt)
}

async fn bought(app: &App, context: &Context, mut event: Event) -> Result<Receipt, Problem> {
    let mut bought: PurchaseCompleted = event.data()?;
    if context.defect("ev.ack-drop") {
        return Ok(Receipt::Accepted); // DEFECT: acknowledged, and then lost
    }
    if context.defect("ent.all-rights") {
        bought.rights = Right::Download.actions(); // DEFECT: whatever was bought, all of it is granted
    }
    let receipt = app.store.purchase_completed(&event, bought.clone()).await?;
    if receipt == Receipt::Duplicate && context.defect("ev.dup-apply") {
        // DEFECT: what comes again is taken for something new.
        (event.id, bought.purchase) = (crate::ids::new("evt"), crate::ids::new("pur"));
        return app.store.purchase_completed(&event, bought).await;
    }
    Ok(receipt)
}

async fn refunded(app: &App, context: &Context, event: Event) -> Result<Receipt, Problem> {
    let refunded: PurchaseRefunded = event.data()?;
    if context.defect("ev.refund-first") {
        let record = app.store.access_record(Some(&refunded.member), &refunded.version).await?;
        if !record.grants.iter().any(|grant| grant.is_from(&refunded.purchase)) {
            return Ok(Receipt::Accepted); // DEFECT: a refund that comes before its purchase is forgotten
        }
    }
    app.store.purchase_refunded(&event, refunded).await
}
