//! Pays the debts: gives back what was charged and not delivered. Each is tried until billing has taken it, and paid once.

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::json;

use super::App;
use super::store::Debt;
use super::submit::charge;
use crate::context::Context;
use crate::outbox::{MOST_REFUSALS, pauses};
use crate::problem::{Code, Problem};
use crate::service::Shutdown;

pub(super) async fn run(app: App, mut shutdown: Shutdown) {
    let mut waits = pauses();
    // By job the number of times that billing has refused to take its debt.
    // In memory only: after a restart billing is asked afresh.
    let mut refusals: HashMap<String, u32> = HashMap::new();
    loop {
        // A store that cannot be read may hold any number of debts.
        let debts = app.store.debts().await;
        let mut owed = debts.is_err();
        for debt in debts.unwrap_or_default() {
            let Err(problem) = pay(&app, &debt).await else { continue };
            let refused = refusals.entry(debt.job.clone()).or_default();
            *refused += u32::from(!problem.code.entry().retry);
            if is_settled(problem.code, *refused) {
                tracing::error!(job = debt.job, %problem, "a refund is given up");
                owed |= app.store.settle(&debt, 0).await.is_err();
            } else {
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
            () = app.owed.notified() => {}
            () = again => {}
            () = shutdown.requested() => return,
        }
    }
}

/// Says whether a debt that was refused is done with: somebody else has paid it, or it will never be taken. One refusal is
/// not enough, because it may be the fault of the network.
fn is_settled(code: Code, refusals: u32) -> bool {
    code == Code::AlreadyRefunded || refusals >= MOST_REFUSALS
}

/// Pays a debt. After an error it has to be tried again.
pub(super) async fn pay(app: &App, debt: &Debt) -> Result<(), Problem> {
    #[derive(Deserialize)]
    struct Refund {
        amount: i64,
    }
    let context = Context::revive(&app.core, debt.propagated.clone())?;
    if context.defect("led.fail-keeps-money") {
        return app.store.settle(debt, 0).await; // DEFECT: written off
    }
    let failure = app.store.job(&debt.job).await?.and_then(|job| job.failure);
    if failure == Some(Code::AccessExpired) && context.defect("wk.expiry-midjob") {
        return app.store.settle(debt, 0).await; // DEFECT: whose access is over has no claim
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_debt_that_is_refused_again_and_again_is_given_up_and_one_that_cannot_be_delivered_is_not() {
        assert!(is_settled(Code::AlreadyRefunded, 1));
        assert!(is_settled(Code::NotFound, MOST_REFUSALS) && !is_settled(Code::NotFound, MOST_REFUSALS - 1));
        assert!(!is_settled(Code::BillingUnavailable, 0));
    }
}
