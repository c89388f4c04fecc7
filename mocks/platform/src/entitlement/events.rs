//! What billing tells (③): each event has its effect once, in whatever order they come.

use axum::extract::State;

use super::App;
use crate::event::{PURCHASE_COMPLETED, PURCHASE_REFUNDED, Receipt, Signed};
use crate::problem::{Code, Problem};

pub(super) async fn take(State(app): State<App>, Signed { event, .. }: Signed) -> Result<Receipt, Problem> {
    let receipt = match event.r#type.as_str() {
        PURCHASE_COMPLETED => app.store.bought(&event, event.data()?).await?,
        PURCHASE_REFUNDED => app.store.refunded(&event, event.data()?).await?,
        other => {
            return Err(Problem::because(Code::InvalidRequest, format!("No event of type {other:?} is taken here.")));
        }
    };
    app.bell.notify_one();
    Ok(receipt)
}
