//! How exchanges end that do not end well, and how a tap ends.

use std::time::Duration;

use serde_json::Value;
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};

use super::raw;
use crate::base::wait::{Look, until};
use crate::model::Outcome;
use crate::tap::Attribution;
use crate::tap::bench::Bench;

/// An address where nobody listens.
async fn closed() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

fn broken(outcome: &Outcome) -> &str {
    let Outcome::Broken { reason } = outcome else { panic!("not broken: {outcome:?}") };
    reason
}

#[tokio::test]
async fn a_callee_that_cannot_be_reached_is_reported_by_the_tap_in_its_own_name() {
    let not_pointed = Bench::unpointed(Attribution::ByHeader, Default::default()).await;
    let nobody_there = Bench::unpointed(Attribution::ByHeader, Default::default()).await;
    nobody_there.tap.point_at(&closed().await).unwrap();
    let no_tls = Bench::new().await;
    no_tls.tap.point_at(&raw::callee(async |_: TcpStream| ()).await.replace("http:", "https:")).unwrap();
    for bench in [not_pointed, nobody_there, no_tls] {
        let scenario = bench.scenario();
        let answer = scenario.get("/json").await;
        assert_eq!(
            (answer.status().as_u16(), &answer.headers()["x-paidpath-tap"]),
            (502, &"unreachable".parse().unwrap())
        );
        assert_eq!(answer.headers()["content-type"], "application/problem+json");
        assert_eq!(answer.json::<Value>().await.unwrap()["code"], "tap-unreachable");
        assert!(matches!(&scenario.exchanges()[0].outcome, Outcome::Unreachable { .. }));
    }
}

#[tokio::test]
async fn a_callee_that_hangs_up_breaks_the_callers_connection_too() {
    let bench = Bench::new().await;
    let hangs_up = raw::callee(async |mut stream| drop(raw::read_to(&mut stream, "\r\n\r\n").await));
    bench.tap.point_at(&hangs_up.await).unwrap();
    let scenario = bench.scenario();
    assert!(scenario.request("POST", "/").body("{}").send().await.unwrap_err().is_request());
    broken(&scenario.exchanges()[0].outcome);
}

#[tokio::test]
async fn a_callee_that_breaks_off_in_its_answer_breaks_off_for_the_caller_where_it_did() {
    let bench = Bench::new().await;
    let breaks_off = raw::callee(async |mut stream| {
        raw::read_to(&mut stream, "\r\n\r\n").await;
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf").await.unwrap();
    });
    bench.tap.point_at(&breaks_off.await).unwrap();
    let scenario = bench.scenario();
    let mut answer = scenario.get("/").await;
    assert_eq!(answer.chunk().await.unwrap().unwrap(), "half");
    assert!(answer.chunk().await.is_err());
    broken(&scenario.exchanges()[0].outcome);
}

#[tokio::test]
async fn a_callee_that_never_answers_or_never_ends_is_given_up() {
    let bench = Bench::new().await;
    bench.tap.give_up_after(Duration::from_millis(60));
    let silent = raw::callee(async |mut stream| {
        raw::read_to(&mut stream, "never").await;
    });
    bench.tap.point_at(&silent.await).unwrap();
    let scenario = bench.scenario();
    assert!(scenario.request("GET", "/").send().await.is_err());
    assert_eq!(broken(&scenario.exchanges()[0].outcome), "no answer within 60ms");

    let endless = raw::callee(async |mut stream| {
        raw::read_to(&mut stream, "\r\n\r\n").await;
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf").await.unwrap();
        raw::read_to(&mut stream, "never").await;
    });
    bench.tap.point_at(&endless.await).unwrap();
    assert!(scenario.get("/").await.bytes().await.is_err());
    assert_eq!(broken(&scenario.exchanges()[1].outcome), "nothing more came for 60ms");
    assert_eq!(scenario.in_flight(), 0);
}

#[tokio::test]
async fn an_answer_that_takes_long_but_never_stalls_is_not_given_up() {
    let bench = Bench::new().await;
    bench.tap.give_up_after(Duration::from_secs(1));
    let steady = raw::callee(async |mut stream| {
        raw::read_to(&mut stream, "\r\n\r\n").await;
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\n").await.unwrap();
        for _ in 0..4 {
            tokio::time::sleep(Duration::from_millis(300)).await;
            stream.write_all(b"x").await.unwrap();
        }
    });
    bench.tap.point_at(&steady.await).unwrap();
    assert_eq!(bench.scenario().get("/").await.text().await.unwrap(), "xxxx");
}

#[tokio::test]
async fn a_caller_that_goes_away_ends_the_exchange_and_the_callee_notices() {
    let bench = Bench::new().await;
    let (says, mut said) = tokio::sync::mpsc::unbounded_channel();
    let patient = raw::callee(move |mut stream: TcpStream| {
        let says = says.clone();
        async move {
            raw::read_to(&mut stream, "\r\n\r\n").await;
            says.send("asked").unwrap();
            raw::read_to(&mut stream, "never").await;
            says.send("left alone").unwrap();
        }
    });
    bench.tap.point_at(&patient.await).unwrap();
    let scenario = bench.scenario();
    let asked = scenario.ask("/").await;
    assert_eq!(said.recv().await, Some("asked"));
    asked.abort();
    scenario.settled().await;
    assert!(broken(&scenario.exchanges()[0].outcome).starts_with("the caller went away"));
    assert_eq!(tokio::time::timeout(Duration::from_secs(10), said.recv()).await, Ok(Some("left alone")));
}

#[tokio::test]
async fn a_stopped_tap_refuses_callers_and_cuts_those_it_has() {
    let bench = Bench::new().await;
    let silent = raw::callee(async |mut stream| {
        raw::read_to(&mut stream, "never").await;
    });
    bench.tap.point_at(&silent.await).unwrap();
    let scenario = bench.scenario();
    let (trace, recorder, address) = (scenario.trace, bench.recorder.clone(), bench.tap.address().to_owned());
    let asked = scenario.ask("/").await;
    bench.tap.stop().await;
    assert_eq!(recorder.in_flight(trace), 0);
    assert!(asked.await.unwrap().is_err());
    assert!(TcpStream::connect(address.strip_prefix("http://").unwrap()).await.is_err());
}

#[tokio::test]
async fn a_dropped_tap_stops_listening() {
    let bench = Bench::new().await;
    let address = bench.tap.local_addr();
    drop(bench);
    let waiting = until(Duration::from_secs(10), async || match TcpStream::connect(address).await {
        Err(_) => Look::<_, ()>::Holds(()),
        Ok(_) => Look::NotYet("it still listens".into()),
    });
    waiting.await.unwrap();
}
