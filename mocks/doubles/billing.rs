//! Billing: wallets, quotes, purchases, charges, and what is given back of them.

use atelier::billing::ledger::Kind;
use atelier::billing::store::{
    Account as Holding, CURRENCY, Charge, ChargeRefund, Purchase, PurchaseRefund, Quote, Status, TopUp,
};
use atelier::clock::Time;
use atelier::entitlement::store::{Grant, Source};
use atelier::event::{PURCHASE_COMPLETED, PURCHASE_REFUNDED};
use atelier::problem::{Code, Problem};
use atelier::request::{text, within};
use atelier::right::Right;
use jiff::SignedDuration;
use serde::Deserialize;
use serde_json::{Value, json};
use wiremock::ResponseTemplate;

use super::books::{Account, Books};
use super::wire::{Answered, Asked, Desk, Route, answer, new_id};

pub const ROUTES: &[Route] = &[
    ("GET", "/v1/accounts/me", account),
    ("POST", "/v1/top-ups", top_up),
    ("GET", "/v1/entries", entries),
    ("GET", "/v1/ledger", ledger),
    ("POST", "/v1/quotes", quote),
    ("POST", "/v1/versions/{version}/quotes/withdraw", withdraw),
    ("GET", "/v1/purchases", purchases),
    ("POST", "/v1/purchases", buy),
    ("GET", "/v1/purchases/{id}", purchase),
    ("POST", "/v1/purchases/{id}/refunds", refund),
    ("POST", "/v1/charges", charge),
    ("POST", "/v1/charges/{id}/refunds", refund_charge),
];

/// How long a quote holds its price.
const HELD: SignedDuration = SignedDuration::from_mins(15);

/// The most credits that one movement may have.
const MOST: i64 = u32::MAX as i64;

fn account(desk: &Desk, asked: &Asked<'_>) -> Answered {
    let member = asked.member()?.id;
    let balance = desk.books().account(&member).balance();
    Ok(answer(200, &json!({"account": format!("wallet:{member}"), "balance": balance, "currency": CURRENCY})))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TopUpRequest {
    amount: i64,
    card: Card,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Card {
    Ok,
    Declined,
}

fn top_up(desk: &Desk, asked: &Asked<'_>) -> Answered {
    let TopUpRequest { amount, card } = asked.body()?;
    let member = asked.member()?.id;
    let once = asked.once(&member, "top-ups")?;
    within("amount", amount, 1..=1_000_000)?;
    match card {
        Card::Ok => {}
        Card::Declined => return Err(Code::PaymentDeclined.into()),
    }
    let done = desk.books().once(&once, |books| {
        let (account, id) = (books.account(&member), new_id("top"));
        account.book(amount, Kind::TopUp, &id, asked.now)?;
        Ok(TopUp { id, amount, balance: account.balance() })
    });
    Ok(done?.answer(201))
}

fn entries(desk: &Desk, asked: &Asked<'_>) -> Answered {
    let member = asked.member()?.id;
    Ok(answer(200, &json!({"entries": desk.books().account(&member).entries})))
}

fn ledger(desk: &Desk, asked: &Asked<'_>) -> Answered {
    asked.moderator()?;
    let ledger = desk.books().ledger();
    let sum: i64 = ledger.values().sum();
    let accounts = ledger.into_iter().map(|(account, balance)| Holding { account, balance });
    Ok(answer(200, &json!({"accounts": accounts.collect::<Vec<_>>(), "sum": sum})))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct QuoteRequest {
    version: String,
    right: Right,
    amount: i64,
    owner: String,
    ends_at: Option<Time>,
    access_days: Option<u32>,
}

fn quote(desk: &Desk, asked: &Asked<'_>) -> Answered {
    let wanted: QuoteRequest = asked.body()?;
    asked.fellow()?;
    let member = asked.member()?.id;
    if wanted.owner == member {
        return Err(Code::OwnModel.into());
    }
    if wanted.ends_at.is_some_and(|end| asked.now >= end) {
        return Err(Code::EarlyAccessEnded.into());
    }
    let quote = Quote {
        id: new_id("quo"),
        member,
        version: wanted.version,
        right: wanted.right,
        amount: within("amount", wanted.amount, 1..=MOST)?,
        ends_at: wanted.ends_at,
        access_days: wanted.access_days,
        expires_at: asked.now.plus(HELD),
    };
    let mut books = desk.books();
    let account = books.account(&quote.member);
    not_yet_bought(account, &quote, asked.now)?;
    let opened = json!({
        "id": quote.id, "version": quote.version, "right": quote.right, "amount": quote.amount, "currency": CURRENCY,
        "expires_at": quote.expires_at,
    });
    account.quotes.push((quote, false));
    Ok(answer(201, &opened))
}

/// Refuses what the member has already: bought, not refunded, not over.
fn not_yet_bought(account: &Account, quote: &Quote, now: Time) -> Result<(), Problem> {
    let holds = |purchase: &&Purchase| {
        purchase.version == quote.version
            && purchase.right.includes(quote.right)
            && purchase.status == Status::Charged
            && purchase.expires_at.is_none_or(|end| now < end)
    };
    match account.purchases.iter().find(holds) {
        Some(purchase) => Err(Problem::new(Code::AlreadyPurchased).with("purchase", purchase.id.clone())),
        None => Ok(()),
    }
}

fn withdraw(desk: &Desk, asked: &Asked<'_>) -> Answered {
    asked.fellow()?;
    for account in desk.books().all() {
        let of_version = account.quotes.iter_mut().filter(|(quote, _)| quote.version == asked.id);
        of_version.for_each(|(_, withdrawn)| *withdrawn = true);
    }
    Ok(ResponseTemplate::new(204))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PurchaseRequest {
    quote: String,
}

fn buy(desk: &Desk, asked: &Asked<'_>) -> Answered {
    let wanted: PurchaseRequest = asked.body()?;
    let member = asked.member()?.id;
    let once = asked.once(&member, "purchases")?;
    let done = desk.books().once(&once, |books| {
        let account = books.account(&member);
        let held = account.quotes.iter().find(|(quote, _)| quote.id == wanted.quote).cloned();
        let unknown = || Problem::because(Code::NotFound, "There is no such quote.");
        let (quote, withdrawn) = held.ok_or_else(unknown)?;
        not_yet_bought(account, &quote, asked.now)?;
        if quote.ends_at.is_some_and(|end| asked.now >= end) {
            return Err(Code::EarlyAccessEnded.into());
        }
        if withdrawn {
            return Err(Code::QuoteChanged.into());
        }
        if asked.now >= quote.expires_at {
            return Err(Code::QuoteExpired.into());
        }
        let lasts = quote.access_days.map(|days| SignedDuration::from_hours(24 * i64::from(days)));
        let purchase = Purchase {
            id: new_id("pur"),
            quote: quote.id,
            member: quote.member,
            version: quote.version,
            right: quote.right,
            amount: quote.amount,
            currency: CURRENCY.into(),
            status: Status::Charged,
            refunded: 0,
            purchased_at: asked.now,
            expires_at: lasts.map(|lasts| asked.now.plus(lasts)),
        };
        account.book(-purchase.amount, Kind::Purchase, &purchase.id, asked.now)?;
        account.purchases.push(purchase.clone());
        let grant = Grant {
            id: new_id("grt"),
            member: purchase.member.clone(),
            version: purchase.version.clone(),
            rights: purchase.right.actions(),
            expires_at: purchase.expires_at,
            revoked: false,
            source: Source::Purchase { purchase: purchase.id.clone() },
        };
        books.grant(desk, asked, grant);
        let told = json!({
            "purchase": purchase.id, "member": purchase.member, "version": purchase.version, "right": purchase.right,
            "rights": purchase.right.actions(), "amount": purchase.amount, "ends_at": quote.ends_at,
            "expires_at": purchase.expires_at,
        });
        tell(books, desk, asked, PURCHASE_COMPLETED, told);
        Ok(purchase)
    });
    Ok(done?.answer(201))
}

fn tell(books: &Books, desk: &Desk, asked: &Asked<'_>, r#type: &str, data: Value) {
    if let Some(telling) = &books.purchases_to {
        telling.tell(desk, asked, "billing", r#type, data);
    }
}

fn purchases(desk: &Desk, asked: &Asked<'_>) -> Answered {
    let member = asked.member()?.id;
    Ok(answer(200, &json!({"purchases": desk.books().account(&member).purchases})))
}

fn purchase(desk: &Desk, asked: &Asked<'_>) -> Answered {
    let member = asked.member()?;
    let mut books = desk.books();
    let found = books.all().flat_map(|account| &account.purchases).find(|purchase| purchase.id == asked.id);
    // Somebody else's purchase is not told from one that does not exist.
    let mine = found.filter(|purchase| purchase.member == member.id || asked.moderator().is_ok());
    Ok(answer(200, mine.ok_or(Code::NotFound)?))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RefundRequest {
    amount: Option<i64>,
}

fn refund(desk: &Desk, asked: &Asked<'_>) -> Answered {
    let RefundRequest { amount } = asked.body()?;
    let moderator = asked.moderator()?;
    let once = asked.once(&moderator, &format!("purchases/{}/refunds", asked.id))?;
    amount.map(|amount| within("amount", amount, 1..=MOST)).transpose()?;
    let done = desk.books().once(&once, |books| {
        let of = |account: &&mut Account| account.purchases.iter().any(|purchase| purchase.id == asked.id);
        let account = books.all().find(of).ok_or(Code::NotFound)?;
        let mut all = account.purchases.iter_mut();
        let purchase = all.find(|purchase| purchase.id == asked.id).expect("invariant: it is in this account");
        let amount = refundable(amount, purchase.amount, purchase.refunded)?;
        purchase.refunded += amount;
        let full = purchase.refunded == purchase.amount;
        if full {
            purchase.status = Status::Refunded;
        }
        let purchase = purchase.clone();
        account.book(amount, Kind::PurchaseRefund, &purchase.id, asked.now)?;
        if full {
            books.revoke(desk, asked, &purchase.member, &purchase.id);
        }
        let told = json!({
            "purchase": purchase.id, "member": purchase.member, "version": purchase.version, "amount": amount, "full": full,
        });
        tell(books, desk, asked, PURCHASE_REFUNDED, told);
        Ok(PurchaseRefund { id: new_id("ref"), purchase: purchase.id, amount })
    });
    Ok(done?.answer(201))
}

/// How much may be given back now.
fn refundable(amount: Option<i64>, paid: i64, refunded: i64) -> Result<i64, Problem> {
    let left = paid - refunded;
    let amount = amount.unwrap_or(left);
    match left {
        0 => Err(Code::AlreadyRefunded.into()),
        _ if amount > left => Err(Problem::new(Code::RefundTooLarge).with("left", left)),
        _ => Ok(amount),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ChargeRequest {
    job: String,
    amount: i64,
}

fn charge(desk: &Desk, asked: &Asked<'_>) -> Answered {
    let ChargeRequest { job, amount } = asked.body()?;
    asked.fellow()?;
    let member = asked.member()?.id;
    let once = asked.once(&member, "charges")?;
    within("amount", amount, 1..=MOST)?;
    let done = desk.books().once(&once, |books| {
        let account = books.account(&member);
        account.book(-amount, Kind::Charge, &job, asked.now)?;
        let charge = Charge { id: new_id("chg"), member: member.clone(), job, amount };
        account.charges.push((charge.clone(), 0));
        Ok(charge)
    });
    Ok(done?.answer(201))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ChargeRefundRequest {
    amount: i64,
    reason: String,
}

/// Does not need the member: a job is also refunded after its member's session has ended.
fn refund_charge(desk: &Desk, asked: &Asked<'_>) -> Answered {
    let ChargeRefundRequest { amount, reason } = asked.body()?;
    asked.fellow()?;
    let once = asked.once("generation", &format!("charges/{}/refunds", asked.id))?;
    text("reason", &reason, 200)?;
    within("amount", amount, 1..=MOST)?;
    let done = desk.books().once(&once, |books| {
        let of = |account: &&mut Account| account.charges.iter().any(|(charge, _)| charge.id == asked.id);
        let account = books.all().find(of).ok_or(Code::NotFound)?;
        let mut all = account.charges.iter_mut();
        let (charge, refunded) =
            all.find(|(charge, _)| charge.id == asked.id).expect("invariant: it is in this account");
        let amount = refundable(Some(amount), charge.amount, *refunded)?;
        *refunded += amount;
        let charge = charge.clone();
        account.book(amount, Kind::ChargeRefund, &charge.job, asked.now)?;
        Ok(ChargeRefund { id: new_id("ref"), charge: charge.id, amount })
    });
    Ok(done?.answer(201))
}
