//! Every rule: broken by some histories, kept by another, and not applicable where there is nothing to judge.

use serde_json::json;

use super::history::{History, answers, lacks, moment, png, refused, sends, unanswered};
use crate::model::{Change, Content, Exchange, Outcome, RuleId};
use crate::trail::{Judge, Judgement, RULES};

/// The events of a history after Dusk was published; nobody has bought it yet.
type Story = fn(&mut History);

struct Case {
    rule: RuleId,
    breaks: &'static [Story],
    keeps: Story,
    silent: Story,
}

const EVENTS: &str = "billing -> entitlement POST /v1/events";
const CHANGES: &str = "entitlement -> generation POST /v1/events";
const BUY: &str = "member -> storefront POST /v1/purchases";
const CHARGE: &str = "storefront -> billing POST /v1/purchases";
const SUBMIT: &str = "member -> storefront POST /v1/jobs";
const FORWARD: &str = "storefront -> generation POST /v1/jobs";
const MAY_THEY: &str = "generation -> entitlement POST /access/v1/evaluation";
const MAY_I: &str = "member -> storefront GET /v1/versions/ver_dusk/access";
const ACCESS: &str = "storefront -> entitlement GET /v1/access";
const LOOK: &str = "member -> storefront GET /v1/jobs/";
const IMAGE: &str = "member -> storefront GET /v1/images/";
const FLAG: &str = "storefront -> flags POST /ofrep/v1/evaluate/flags/";

fn nothing(_: &mut History) {}

fn nothing_at_all(history: &mut History) {
    history.exchanges.clear();
}

fn buys(history: &mut History) {
    history.buys("Ann");
}

fn buys_and_asks(history: &mut History) {
    history.buys("Ann").asks("Ann");
}

fn generates(history: &mut History) {
    history.buys("Ann");
    history.generates("Ann");
}

fn buys_and_is_refunded(history: &mut History) {
    let purchase = history.buys("Ann").purchase();
    history.asks("Ann").refunds("Mo", "Ann", &purchase);
}

fn buys_and_gets_two_parts_back(history: &mut History) {
    let purchase = history.buys("Ann").purchase();
    history.asks("Ann").gives_back("Mo", "Ann", &purchase, 20).gives_back("Mo", "Ann", &purchase, 30);
}

/// Billing never answers an order.
fn order_gets_lost(history: &mut History) {
    history.looks_into_wallet("Ann");
    let quote = history.quotes("Ann");
    history.during(BUY, "Ann", json!({"quote": quote}), |history| {
        history.call(CHARGE, "Ann", json!({"quote": quote}), 201, json!({})).edit_last(unanswered);
        (503, json!({"code": "billing-unavailable", "detail": "Later."}))
    });
}

/// Billing refuses an order.
fn order_is_refused(history: &mut History, code: &str) {
    let quote = history.quotes("Ann");
    let refusal = json!({"code": code, "detail": "No."});
    history.during(BUY, "Ann", json!({"quote": quote}), |history| {
        history.call(CHARGE, "Ann", json!({"quote": quote}), 409, refusal.clone());
        (409, refusal)
    });
}

/// A job fails, and its money comes back so many times.
fn job_fails(history: &mut History, repaid: usize) {
    history.buys("Ann");
    let job = history.submits("Ann");
    history.sees("Ann", &job, "failed");
    for _ in 0..repaid {
        history.repays("Ann", &job);
    }
}

fn refund_event_is_lost(history: &mut History) {
    history.exchanges.retain(|exchange| {
        let json = exchange.request.body.json();
        json.and_then(|json| json.get("type")).is_none_or(|kind| kind != "atelier.purchase.refunded")
    });
}

/// Sam has no right, and the platform accepts his submit.
fn sam_is_let_in(history: &mut History) {
    history.lets_in_wrongly("Sam");
    history.submits_with("Sam", "key", "«secret credential-Ann»");
}

fn is_an_image(pixels: [u8; 4]) -> impl FnMut(&mut Exchange) {
    use base64::Engine;
    move |exchange| {
        if let Outcome::Answered(answer) = &mut exchange.outcome {
            answer.body.content = Content::Base64(base64::engine::general_purpose::STANDARD.encode(png(&pixels)));
        }
    }
}

const CASES: &[Case] = &[
    Case {
        rule: RuleId::M1,
        breaks: &[
            |history| {
                history.buys("Ann").moves("Ann", 20).looks_into_wallet("Ann");
            },
            |history| {
                history.call("storefront -> billing GET /v1/ledger", "Mo", json!(null), 200, json!({"sum": 5}));
            },
        ],
        keeps: |history| {
            history.buys("Ann");
            history.generates("Ann");
            history.looks_into_wallet("Ann");
        },
        silent: nothing,
    },
    Case {
        rule: RuleId::M2,
        breaks: &[
            |history| {
                history.buys("Ann").edit("storefront -> billing POST /v1/quotes", answers("/amount", 150.into()));
            },
            |history| {
                history.buys("Ann").edit(CHARGE, answers("/amount", 121.into()));
            },
            |history| {
                generates(history);
                history.edit("generation -> billing POST /v1/charges", sends("/amount", 9.into()));
            },
        ],
        keeps: generates,
        silent: nothing,
    },
    Case {
        rule: RuleId::M3,
        breaks: &[
            |history| {
                let quote = history.quotes("Ann");
                history.orders("Ann", &quote, "key").orders("Ann", &quote, "key");
            },
            |history| {
                // A service sends it again without the key.
                history.buys("Ann");
                let first = history
                    .exchanges
                    .iter()
                    .find(|exchange| exchange.edge.to == "billing" && exchange.request.path() == "/v1/purchases");
                let at = first.unwrap().at_micros + 1;
                history.again(CHARGE).edit_last(|exchange| {
                    exchange.at_micros = at;
                    lacks("idempotency-key")(exchange);
                    answers("/id", "pur_other".into())(exchange);
                });
            },
        ],
        keeps: |history| {
            history.buys("Ann").again(BUY);
        },
        silent: buys,
    },
    Case {
        rule: RuleId::M4,
        breaks: &[|history| {
            let quotes = [history.quotes("Ann"), history.quotes("Ann")];
            history.orders("Ann", &quotes[0], "key").orders("Ann", &quotes[1], "key");
        }],
        keeps: |history| {
            history.buys("Ann").again(BUY).edit_last(|exchange| {
                sends("/quote", "quo_other".into())(exchange);
                refused(422, "idempotency-key-reused")(exchange);
            });
        },
        silent: |history| {
            history.buys("Ann").again(BUY);
        },
    },
    Case {
        rule: RuleId::M5,
        breaks: &[|history| {
            history.buys("Ann").buys("Ann");
        }],
        keeps: |history| {
            history.buys("Ann");
            order_is_refused(history, "already-purchased");
        },
        silent: buys,
    },
    Case {
        rule: RuleId::M6,
        breaks: &[
            |history| {
                order_gets_lost(history);
                history.moves("Ann", -120).looks_into_wallet("Ann");
            },
            |history| {
                order_gets_lost(history);
                history.tells("completed", "Ann", "pur_lost").looks_into_wallet("Ann");
            },
        ],
        // A second click is answered, and what it bought is granted.
        keeps: |history| {
            order_gets_lost(history);
            history.buys("Ann").looks_into_wallet("Ann");
        },
        silent: buys,
    },
    Case {
        rule: RuleId::M7,
        breaks: &[|history| {
            order_is_refused(history, "insufficient-funds");
            history.tells("completed", "Ann", "pur_declined");
        }],
        keeps: |history| order_is_refused(history, "insufficient-funds"),
        silent: buys,
    },
    Case {
        rule: RuleId::M8,
        breaks: &[|history| {
            buys_and_is_refunded(history);
            let purchase = history.purchase();
            history.refunds("Mo", "Ann", &purchase);
        }],
        keeps: |history| {
            buys_and_is_refunded(history);
            history.again("storefront -> billing POST /v1/purchases/");
        },
        silent: buys,
    },
    Case {
        rule: RuleId::M9,
        breaks: &[
            |history| {
                buys_and_is_refunded(history);
                refund_event_is_lost(history);
            },
            |history| {
                buys_and_gets_two_parts_back(history);
                refund_event_is_lost(history);
            },
            |history| {
                // One event for two refunds.
                buys_and_gets_two_parts_back(history);
                history.exchanges.pop();
            },
            |history| {
                buys_and_gets_two_parts_back(history);
                history.edit_last(sends("/data/full", json!(true)));
            },
        ],
        keeps: |history| {
            buys_and_gets_two_parts_back(history);
            let purchase = history.buys("Sam").purchase();
            history.refunds("Mo", "Sam", &purchase);
        },
        silent: buys,
    },
    Case {
        rule: RuleId::M10,
        breaks: &[
            |history| job_fails(history, 0),
            |history| job_fails(history, 2),
            |history| {
                // The charge was made, and then the submit was refused.
                history.buys("Ann");
                history.submits("Ann");
                history.edit(FORWARD, refused(409, "queue-full")).edit(SUBMIT, refused(409, "queue-full"));
            },
        ],
        keeps: |history| job_fails(history, 1),
        silent: buys,
    },
    Case {
        rule: RuleId::M11,
        breaks: &[
            |history| {
                history.offers(300, &moment(7 * 86_400)).passes(3).buys("Ann").buys("Ann");
            },
            |history| {
                history.moves("Ann", -501).looks_into_wallet("Ann");
            },
        ],
        keeps: buys,
        silent: nothing_at_all,
    },
    Case {
        rule: RuleId::G1,
        breaks: &[
            |history| {
                history.buys("Ann").forget(EVENTS);
            },
            |history| {
                let purchase = history.buys("Ann").purchase();
                history.tells("completed", "Ann", &purchase);
            },
            |history| {
                history.tells("completed", "Sam", "pur_of_nobody");
            },
            |history| {
                history.buys("Ann").edit(EVENTS, refused(401, "event-unsigned"));
            },
        ],
        keeps: buys,
        silent: nothing,
    },
    Case {
        rule: RuleId::G2,
        breaks: &[
            |history| {
                history.lets_in_wrongly("Sam").asks("Sam");
            },
            sam_is_let_in,
            |history| {
                sam_is_let_in(history);
                history.edit(FORWARD, lacks("authorization"));
            },
            |history| {
                history.renders("job_that_nobody_submitted");
            },
        ],
        keeps: |history| {
            history.asks("Sam");
            history.submits("Sam");
        },
        silent: buys_and_asks,
    },
    Case {
        rule: RuleId::G3,
        breaks: &[
            |history| {
                history.buys("Ann").edit(EVENTS, unanswered);
            },
            |history| {
                history.buys("Ann").passes(3).asks("Ann").edit(ACCESS, answers("/generate", false.into()));
                history.edit(MAY_I, answers("/generate", false.into()));
            },
        ],
        keeps: buys_and_asks,
        silent: |history| {
            history.asks("Sam");
        },
    },
    Case {
        rule: RuleId::G4,
        breaks: &[|history| {
            generates(history);
            history.edit(MAY_THEY, answers("/decision", false.into()));
        }],
        keeps: generates,
        silent: buys_and_asks,
    },
    Case {
        rule: RuleId::G5,
        breaks: &[
            |history| {
                buys_and_asks(history);
                history.edit(MAY_I, answers("/generate", false.into()));
            },
            |history| {
                generates(history);
                history.edit(MAY_THEY, answers("/decision", false.into()));
            },
        ],
        keeps: generates,
        silent: buys,
    },
    Case {
        rule: RuleId::G6,
        breaks: &[
            |history| {
                history.buys("Ann").edit(EVENTS, sends("/data/rights", json!(["generate", "download"])));
            },
            |history| {
                buys_and_asks(history);
                history.edit(ACCESS, answers("/download", true.into()));
            },
            |history| {
                history.buys("Ann").edit(MAY_I_SOMETHING_ELSE.0, MAY_I_SOMETHING_ELSE.1);
            },
        ],
        keeps: buys_and_asks,
        silent: nothing,
    },
    Case {
        rule: RuleId::G7,
        breaks: &[
            |history| {
                buys_and_asks(history);
                history.passes(3).goes_to_the_end(2).asks("Ann").edit(ACCESS, answers("/generate", false.into()));
            },
            |history| {
                history.goes_to_the_end(2).lets_in_wrongly("Sam").asks("Sam");
            },
            |history| {
                history.goes_to_the_end(-2).asks("Sam");
            },
        ],
        keeps: |history| {
            history.goes_to_the_end(2).asks("Sam").goes_to_the_end(-2).lets_in_wrongly("Sam").asks("Sam");
        },
        silent: buys_and_asks,
    },
    Case {
        rule: RuleId::G8,
        breaks: &[|history| access_ends_while_the_job_runs(history, "failed", false)],
        keeps: |history| access_ends_while_the_job_runs(history, "failed", true),
        silent: generates,
    },
    Case {
        rule: RuleId::G9,
        breaks: &[|history| {
            buys_and_is_refunded(history);
            history.passes(3).lets_in_wrongly("Ann").asks("Ann");
        }],
        keeps: |history| {
            buys_and_is_refunded(history);
            history.passes(3).asks("Ann");
        },
        silent: buys_and_asks,
    },
    Case {
        rule: RuleId::S1,
        breaks: &[
            |history| {
                history.buys("Ann");
                let job = history.generates("Ann");
                history.sees("Sam", &job, "succeeded");
            },
            |history| {
                history.buys("Ann");
                let job = history.generates("Ann");
                history.gets_image("Sam", &job);
            },
            |history| {
                let purchase = history.buys("Ann").purchase();
                let request = format!("member -> storefront GET /v1/purchases/{purchase}");
                history.call(&request, "Sam", json!(null), 200, json!({"status": "charged"}));
            },
        ],
        keeps: |history| {
            history.buys("Ann");
            let job = history.generates("Ann");
            let request = format!("{LOOK}{job}");
            history.call(&request, "Sam", json!(null), 404, json!({"code": "not-found"}));
        },
        silent: generates,
    },
    Case {
        rule: RuleId::S2,
        breaks: &[|history| {
            let purchase = history.buys("Ann").purchase();
            history.refunds("Ann", "Ann", &purchase);
        }],
        keeps: |history| {
            let purchase = history.buys("Ann").purchase();
            let request = format!("{BUY}/{purchase}/refund");
            history.call(&request, "Ann", json!({}), 403, json!({"code": "forbidden"}));
        },
        silent: buys_and_is_refunded,
    },
    Case {
        rule: RuleId::S3,
        breaks: &[
            |history| {
                history.offers(120, &moment(7 * 86_400)).quotes("Ann");
                history.edit("member -> storefront POST /v1/quotes", |exchange| {
                    sends("/price", 1.into())(exchange);
                    answers("/amount", 1.into())(exchange);
                });
            },
            |history| {
                history.buys("Ann").edit(BUY, |exchange| {
                    sends("/member", "mem_Sam".into())(exchange);
                    answers("/member", "mem_Sam".into())(exchange);
                });
            },
        ],
        keeps: |history| {
            history.quotes("Ann");
            history.edit("member -> storefront POST /v1/quotes", sends("/price", 1.into()));
        },
        silent: buys,
    },
    Case {
        rule: RuleId::S4,
        breaks: &[
            |history| {
                generates(history);
                history.edit(SUBMIT, lacks("purchase-credential"));
            },
            |history| {
                generates(history);
                history.edit(FORWARD, lacks("purchase-credential"));
            },
            |history| {
                generates(history);
                history.edit(MAY_THEY, lacks("purchase-credential"));
            },
            |history| {
                generates(history);
                history.edit(FORWARD, |exchange| {
                    lacks("purchase-credential")(exchange);
                    exchange.request.headers.push(("purchase-credential".into(), "«secret other»".into()));
                });
            },
        ],
        keeps: generates,
        silent: |history| {
            history.submits("Sam");
        },
    },
    Case {
        rule: RuleId::S5,
        breaks: &[
            |history| {
                history.buys("Ann").edit(EVENTS, lacks("webhook-signature"));
            },
            |history| {
                history.buys("Ann").edit(EVENTS, sends("/data/member", "mem_Sam".into()));
            },
            |history| {
                history.buys("Ann").edit(CHANGES, |exchange| {
                    lacks("webhook-timestamp")(exchange);
                    exchange.request.headers.push(("webhook-timestamp".into(), "1700000000".into()));
                });
            },
            |history| {
                history.buys("Ann").edit(EVENTS, |exchange| {
                    exchange.faults.push("billing -> entitlement: set request /data/amount to 1".into());
                    exchange.changes.push(Change::RequestBody);
                });
            },
            |history| {
                history.looks_into_wallet("Ann").edit_last(|_| ());
                history.edit("member -> storefront GET /v1/wallet", |exchange| {
                    lacks("authorization")(exchange);
                    exchange.request.headers.push(("authorization".into(), "Bearer «secret forged»".into()));
                });
            },
        ],
        keeps: buys,
        silent: nothing,
    },
    Case {
        rule: RuleId::S6,
        breaks: &[|history| {
            buys_and_asks(history);
            sam_is_let_in(history);
        }],
        keeps: |history| {
            buys_and_asks(history);
            history.submits_with("Sam", "key", "«secret credential-Ann»");
        },
        silent: generates,
    },
    Case {
        rule: RuleId::S7,
        breaks: &[
            |history| {
                history.looks_into_wallet("Ann").edit("member -> storefront GET /v1/wallet", |exchange| {
                    exchange.request.target.push_str("?token=«secret session-Ann»");
                });
            },
            |history| {
                generates(history);
                history.edit("generation -> worker POST /v1/renders", |exchange| {
                    exchange.request.headers.push(("authorization".into(), "Bearer «secret session-Ann»".into()));
                });
            },
            |history| {
                history.asks("Sam").edit(MAY_I, answers("/note", "«secret session-Ann»".into()));
            },
            |history| {
                history.asks("Sam").edit(MAY_I, answers("/note", "«secret admin»".into()));
            },
        ],
        keeps: generates,
        silent: nothing_at_all,
    },
    Case {
        rule: RuleId::E1,
        breaks: &[
            |history| {
                history.buys("Ann").again(EVENTS).syncs("granted", "Ann");
            },
            |history| {
                history.buys("Ann").again(EVENTS).passes(3).asks("Ann");
                history.edit(ACCESS, answers("/generate", false.into()));
                history.edit(MAY_I, answers("/generate", false.into()));
            },
        ],
        keeps: |history| {
            history.buys("Ann").again(EVENTS).passes(3).asks("Ann");
        },
        silent: buys_and_asks,
    },
    Case {
        rule: RuleId::E2,
        breaks: &[
            |history| {
                history.buys("Ann").forget(CHANGES);
            },
            |history| {
                history.buys("Ann").passes(3).asks("Ann").edit(ACCESS, answers("/generate", false.into()));
            },
            |history| {
                // Generation has taken that access is revoked.
                buys_and_is_refunded(history);
                history.lets_in_wrongly("Ann").submits("Ann");
            },
        ],
        keeps: buys,
        silent: nothing,
    },
    Case {
        rule: RuleId::E3,
        breaks: &[
            |history| {
                buys_and_is_refunded(history);
                history.passes(3).first_again(EVENTS).syncs("granted", "Ann");
            },
            |history| {
                buys_and_is_refunded(history);
                history.passes(3).first_again(EVENTS).lets_in_wrongly("Ann").asks("Ann");
            },
            |history| {
                // The refund has been told, and needs no more time.
                buys_and_is_refunded(history);
                history.first_again(EVENTS).lets_in_wrongly("Ann").asks("Ann");
            },
        ],
        keeps: |history| {
            buys_and_is_refunded(history);
            history.passes(3).first_again(EVENTS).asks("Ann");
        },
        silent: buys_and_is_refunded,
    },
    Case {
        rule: RuleId::E4,
        breaks: &[
            |history| {
                buys_and_asks(history);
                history.submits_with("Ann", "key", "«secret credential-Ann»");
                history.submits_with("Ann", "key", "«secret credential-Ann»");
            },
            |history| {
                generates(history);
                let charge = "generation -> billing POST /v1/charges";
                history.again(charge).edit_last(answers("/id", "chg_other".into()));
            },
            |history| {
                // A service sends it on again, under a key of its own.
                generates(history);
                history.submits("Ann");
                let is_front =
                    |exchange: &Exchange| exchange.edge.from == "member" && exchange.request.path() == "/v1/jobs";
                let second = history.exchanges.iter().rposition(is_front).expect("there are two");
                history.exchanges.remove(second);
            },
        ],
        keeps: |history| {
            generates(history);
            history.again(SUBMIT);
        },
        silent: generates,
    },
    Case {
        rule: RuleId::E5,
        breaks: &[
            |history| {
                history.buys("Ann");
                history.submits("Ann");
            },
            |history| {
                history.buys("Ann");
                let job = history.submits("Ann");
                history.sees("Ann", &job, "processing");
            },
        ],
        keeps: generates,
        silent: buys,
    },
    Case {
        rule: RuleId::E6,
        breaks: &[
            |history| {
                generates(history);
                history.edit(LOOK, answers("/images", json!([])));
            },
            |history| {
                generates(history);
                history.edit(IMAGE, is_an_image([7, 7, 7, 7]));
            },
            |history| {
                generates(history);
                history.edit(IMAGE, |exchange| {
                    if let Outcome::Answered(answer) = &mut exchange.outcome {
                        answer.body.content = Content::Base64("AAAA".into());
                    }
                });
            },
            |history| {
                generates(history);
                history.edit(IMAGE, refused(404, "not-found"));
            },
            |history| {
                generates(history);
                history.edit("generation -> worker POST /v1/renders", answers("/images", json!([])));
            },
        ],
        keeps: generates,
        silent: buys,
    },
    Case {
        rule: RuleId::E7,
        breaks: &[
            |history| {
                history.buys("Ann");
                let job = history.submits("Ann");
                history.sees("Ann", &job, "succeeded").sees("Ann", &job, "processing");
            },
            |history| {
                generates(history);
                let illegal = json!([{"status": "unassigned"}, {"status": "succeeded"}]);
                history.edit("storefront -> generation GET /v1/jobs/", answers("/history", illegal));
            },
        ],
        keeps: |history| {
            history.buys("Ann");
            let job = history.submits("Ann");
            history.sees("Ann", &job, "preparing").sees("Ann", &job, "succeeded");
        },
        silent: buys,
    },
    Case {
        rule: RuleId::U9,
        breaks: &[
            |history| {
                history.buys("Ann").edit(FLAG, answers("/value", false.into()));
            },
            |history| {
                history.buys("Ann").edit(FLAG, unanswered);
            },
        ],
        keeps: buys,
        silent: nothing,
    },
];

/// A buyer who takes the file as well.
const MAY_I_SOMETHING_ELSE: (&str, fn(&mut Exchange)) = (BUY, |exchange| {
    exchange.request.method = "GET".into();
    exchange.request.target = "/v1/versions/ver_dusk/download".into();
});

fn access_ends_while_the_job_runs(history: &mut History, state: &str, repaid: bool) {
    let purchase = history.buys("Ann").purchase();
    history.asks("Ann");
    let job = history.submits("Ann");
    history.refunds("Mo", "Ann", &purchase).passes(3).sees("Ann", &job, state);
    if repaid {
        history.repays("Ann", &job);
    }
}

#[test]
fn every_rule_has_a_case_and_every_case_a_rule() {
    let rules: Vec<_> = RULES.iter().filter(|rule| matches!(rule.judge, Judge::Trail(_))).map(|rule| rule.id).collect();
    let cases: Vec<_> = CASES.iter().map(|case| case.rule).collect();
    assert_eq!(rules, cases);
    assert!(CASES.iter().all(|case| !case.breaks.is_empty()), "a rule that no history breaks");
}

#[test]
fn every_rule_is_broken_by_the_histories_that_break_it() {
    for case in CASES {
        for (number, story) in case.breaks.iter().enumerate() {
            let mut history = History::new();
            story(&mut history);
            let judgement = history.judged_by(case.rule);
            let Judgement::Broken(findings) = &judgement else { panic!("{} story {number}: {judgement:?}", case.rule) };
            assert!(findings.iter().all(|finding| finding.rule == case.rule && !finding.message.is_empty()));
            assert!(findings.iter().all(|finding| finding.edge.is_some()), "{}: {findings:?}", case.rule);
        }
    }
}

#[test]
fn every_rule_holds_for_a_history_that_keeps_it() {
    for case in CASES {
        let mut history = History::new();
        (case.keeps)(&mut history);
        let judgement = history.judged_by(case.rule);
        assert!(matches!(judgement, Judgement::Holds { measured: 1.. }), "{}: {judgement:?}", case.rule);
    }
}

#[test]
fn every_rule_is_silent_where_there_is_nothing_to_judge() {
    for case in CASES {
        let mut history = History::new();
        (case.silent)(&mut history);
        let judgement = history.judged_by(case.rule);
        assert_eq!(judgement, Judgement::NotApplicable, "{}", case.rule);
    }
}

#[test]
fn a_whole_paid_path_breaks_no_rule() {
    let mut history = History::new();
    history.buys("Ann");
    history.generates("Ann");
    history.asks("Sam").looks_into_wallet("Ann");
    let purchase = history.purchase();
    history.refunds("Mo", "Ann", &purchase).passes(3).asks("Ann").looks_into_wallet("Ann");
    assert_eq!(history.findings(), []);
}

#[test]
fn what_may_still_come_is_waited_for_until_its_bound_and_no_longer() {
    let mut history = History::new();
    history.buys("Ann").forget(EVENTS).forget(CHANGES);
    let soon = history.at;
    history.judged_at = Some(soon);
    for rule in [RuleId::G1, RuleId::G3] {
        let Judgement::Pending(pending) = history.judged_by(rule) else { panic!("{rule} should wait") };
        assert!(pending.due > soon && pending.due <= soon + 2_000_000, "{rule}");
    }
    let Judgement::Pending(pending) = history.judged_by(RuleId::G3) else { panic!("G3 should wait") };
    assert_eq!(pending.questions.len(), 1, "nobody has asked yet whether Ann may");
    history.judged_at = Some(soon + 2_000_000);
    assert!(matches!(history.judged_by(RuleId::G1), Judgement::Broken(_)));
}

#[test]
fn a_no_right_after_buying_again_does_not_go_back_on_what_had_ended() {
    /// Something else each time that it is seen.
    fn each_time(history: &mut History, place: &str, pointer: &str, values: [serde_json::Value; 2]) {
        let mut values = values.into_iter();
        history.edit(place, |exchange| answers(pointer, values.next().expect("it is seen twice"))(exchange));
    }
    let mut history = History::new();
    history.buys("Ann").asks("Ann").set_clock(2.0 * 86_400.0).buys("Ann").asks("Ann");
    for place in [BUY, CHARGE] {
        each_time(&mut history, place, "/expires_at", [86_400, 3 * 86_400].map(|end| moment(end).into()));
    }
    for place in [ACCESS, MAY_I] {
        each_time(&mut history, place, "/generate", [true, false].map(serde_json::Value::from));
    }
    let judged = history.judged_by(RuleId::G4);
    assert!(!matches!(judged, Judgement::Broken(_)), "{judged:?}");
}
