//! Giving back what was charged and not delivered: until billing has taken it, and once.

use serde::Deserialize;
use serde_json::json;

use super::App;
use super::store::Debt;
use super::submit::charge;
use crate::context::Context;
use crate::outbox::pauses;
use crate::problem::Problem;
use crate::service::Shutdown;

/// Runs until the service stops.
pub(super) async fn run(app: App, mut shutdown: Shutdown) {
    let mut waits = pauses();
    loop {
        // A store that cannot be read may hold any number of debts.
        let debts = app.store.debts().await;
        let mut owed = debts.is_err();
        for debt in debts.unwrap_or_default() {
            if let Err(problem) = pay(&app, &debt).await {
                tracing::warn!(job = debt.job, %problem, "a refund will be tried again");
                owed = true;
            }
        }
        let pause = if owed { waits.next() } else { None };
        if pause.is_none() {
            waits = pauses();
        }
        let again = async {
            match pause {
                Some(pause) => tokio::time::sleep(pause).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = app.bell.notified() => {}
            () = again => {}
            () = shutdown.requested() => return,
        }
    }
}

/// Pays a debt. An error means that it has to be tried again.
async fn pay(app: &App, debt: &Debt) -> Result<(), Problem> {
    #[derive(Deserialize)]
    struct Refund {
        amount: i64,
    }
    let context = Context::revive(&app.kit, debt.carried.clone())?;
    let charge = match &debt.charge {
        Some(charge) => charge.clone(),
        // It is not known whether there was a charge. To make it (again) settles that: the key is the same.
        None => match charge(app, &context, &debt.job, debt.amount).await {
            Ok(charge) => charge,
            Err(problem) if problem.code.entry().retry => return Err(problem),
            // Billing refuses it, so there was none, and there will be none.
            Err(_) => return app.store.settle(debt, 0).await,
        },
    };
    let body = json!({"amount": debt.amount, "reason": debt.reason});
    let path = format!("/v1/charges/{charge}/refunds");
    let Refund { amount } = app.billing.post(&context, &path).key(&debt.job).json(&body).send().await?.json()?;
    app.store.settle(debt, amount).await
}
