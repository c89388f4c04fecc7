//! Whatever passes arrives as it was sent.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use bytes::Bytes;
use futures::StreamExt;
use tokio::io::AsyncWriteExt;
use tokio::sync::mpsc;

use super::raw;
use crate::model::Content;
use crate::tap::bench::{Bench, client, serve};

/// Answers with what it was asked: method, target, the headers that are the caller's own, body.
async fn mirror(request: Request) -> Response {
    let (head, body) = request.into_parts();
    let status: u16 = head.headers.get("x-status").map_or(200, |status| status.to_str().unwrap().parse().unwrap());
    let mut headers = HeaderMap::new();
    for (name, value) in &head.headers {
        if name.as_str().starts_with("x-") {
            headers.append(name.clone(), value.clone());
        }
    }
    headers.insert("x-asked", format!("{} {}", head.method, head.uri).parse().unwrap());
    (StatusCode::from_u16(status).unwrap(), headers, Body::new(body)).into_response()
}

#[tokio::test]
async fn through_the_tap_everything_is_as_it_is_without_it() {
    let address = serve(Router::new().fallback(any(mirror))).await;
    let bench = Bench::before(Router::new().fallback(any(mirror))).await;
    let client = client();
    for method in ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PURCHASE"] {
        for status in [200, 201, 204, 301, 304, 404, 422, 500, 599] {
            for body in [None, Some(""), Some("{\"a\": 1}"), Some("žluť")] {
                let ask = async |origin: &str| {
                    let url = format!("{origin}/a/b%2Fc;v=1?q=%20x&y=+&y=2");
                    let mut request = client.request(method.parse().unwrap(), url).header("x-status", status);
                    request = request.header("x-two", "one").header("x-two", "two, three");
                    if let Some(body) = body {
                        request = request.body(body);
                    }
                    let answer = request.send().await.unwrap();
                    let mut headers = answer.headers().clone();
                    headers.remove("date");
                    (answer.status(), headers, answer.bytes().await.unwrap())
                };
                assert_eq!(ask(bench.tap.address()).await, ask(&address).await, "{method} {status} {body:?}");
            }
        }
    }
}

#[tokio::test]
async fn a_large_body_streams_both_ways_and_only_its_beginning_is_kept() {
    const CHUNK: usize = 1 << 20;
    const CHUNKS: u64 = 20;
    let echo = any(async |request: Request| Body::new(request.into_body()));
    let bench = Bench::before(Router::new().fallback(echo)).await;
    let scenario = bench.scenario();
    let (send, mut chunks) = mpsc::channel::<Bytes>(1);
    let body = futures::stream::poll_fn(move |cx| chunks.poll_recv(cx)).map(Ok::<_, std::io::Error>);
    send.send(Bytes::from(vec![b'x'; CHUNK])).await.unwrap();
    // The answer's head and first bytes come while most of the request is not even written.
    let answer = scenario.request("POST", "/").body(reqwest::Body::wrap_stream(body)).send().await.unwrap();
    let mut answer = answer.bytes_stream();
    let mut came = 0;
    for sent in 1..=CHUNKS {
        while came < sent * CHUNK as u64 {
            came += answer.next().await.unwrap().unwrap().len() as u64;
        }
        if sent < CHUNKS {
            send.send(Bytes::from(vec![b'x'; CHUNK])).await.unwrap();
        }
    }
    drop(send);
    assert!(answer.next().await.is_none());
    let [exchange] = &scenario.exchanges()[..] else { panic!("one exchange") };
    for body in [&exchange.request.body, &exchange.response().unwrap().body] {
        assert_eq!((body.size, body.truncated), (CHUNKS * CHUNK as u64, true));
        assert!(matches!(&body.content, Content::Text(text) if text.len() == 1 << 20));
    }
}

#[tokio::test]
async fn pipelined_requests_are_answered_in_order_on_one_connection() {
    let bench = Bench::before(Router::new().fallback(any(mirror))).await;
    let ask = |path: &str, more: &str| format!("GET {path} HTTP/1.1\r\nhost: tap\r\n{more}\r\n");
    let requests = [ask("/1", ""), ask("/2", ""), ask("/3", "connection: close\r\n")].concat();
    let answers = raw::exchange(bench.tap.address(), &requests).await;
    let asked: Vec<&str> = answers.lines().filter(|line| line.starts_with("x-asked")).collect();
    assert_eq!(asked, ["x-asked: GET /1", "x-asked: GET /2", "x-asked: GET /3"]);
}

#[tokio::test]
async fn connections_to_the_callee_are_used_again() {
    let accepted = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&accepted);
    let callee = raw::callee(move |mut stream| {
        count.fetch_add(1, Ordering::SeqCst);
        async move {
            while raw::read_to(&mut stream, "\r\n\r\n").await.ends_with("\r\n\r\n") {
                stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").await.unwrap();
            }
        }
    });
    let bench = Bench::new().await;
    bench.tap.point_at(&callee.await).unwrap();
    for _ in 0..5 {
        assert_eq!(client().get(bench.url("/")).send().await.unwrap().text().await.unwrap(), "ok");
    }
    assert_eq!(accepted.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_caller_that_expects_100_continue_is_told_to() {
    let bench = Bench::before(Router::new().fallback(any(mirror))).await;
    let mut stream = raw::connect(bench.tap.address()).await;
    let head = "POST / HTTP/1.1\r\nhost: tap\r\nexpect: 100-continue\r\ncontent-length: 5\r\nconnection: close\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    assert_eq!(raw::read_to(&mut stream, "\r\n\r\n").await, "HTTP/1.1 100 Continue\r\n\r\n");
    stream.write_all(b"hello").await.unwrap();
    let answer = raw::read_to(&mut stream, "\r\n\r\nhello").await;
    assert!(answer.starts_with("HTTP/1.1 200 OK") && answer.ends_with("hello"), "{answer}");
}

#[tokio::test]
async fn chunked_bodies_and_trailers_pass_in_both_directions() {
    let callee = raw::callee(async |mut stream| {
        let request = raw::read_to(&mut stream, "0\r\nx-sum: 3\r\n\r\n").await;
        assert!(request.contains("\r\n3\r\nabc\r\n"), "{request}");
        let answer =
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ntrailer: x-end\r\n\r\n2\r\nok\r\n0\r\nx-end: 1\r\n\r\n";
        stream.write_all(answer.as_bytes()).await.unwrap();
    });
    let bench = Bench::new().await;
    bench.tap.point_at(&callee.await).unwrap();
    let request = "POST / HTTP/1.1\r\nhost: tap\r\nte: trailers\r\nconnection: te, close\r\ntrailer: x-sum\r\n\
                   transfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nx-sum: 3\r\n\r\n";
    let answer = raw::exchange(bench.tap.address(), request).await;
    assert!(answer.ends_with("2\r\nok\r\n0\r\nx-end: 1\r\n\r\n"), "{answer}");
}

#[tokio::test]
async fn what_belongs_to_one_connection_stays_on_it() {
    let bench = Bench::new().await;
    let request = "GET /headers HTTP/1.1\r\nhost: tap\r\nconnection: upgrade, x-hop, close\r\nupgrade: websocket\r\nx-hop: 1\r\n\
                   keep-alive: timeout=5\r\nproxy-authorization: Basic eA==\r\naccept-encoding: gzip\r\nexpect: 100-continue\r\nx-end: 2\r\n\r\n";
    let answer = raw::exchange(bench.tap.address(), request).await;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200 OK"), "an upgrade is declined by answering the plain request: {head}");
    let seen: serde_json::Value = serde_json::from_str(body).unwrap();
    let mut names: Vec<&String> = seen.as_object().unwrap().keys().collect();
    names.sort();
    assert_eq!(names, ["host", "x-end"]);
    assert_ne!(seen["host"], "tap", "the callee sees its own name");
}

#[tokio::test]
async fn a_redirect_to_the_callee_leads_back_through_the_tap() {
    let redirect = any(async |headers: HeaderMap| {
        let host = headers["host"].to_str().unwrap();
        (StatusCode::SEE_OTHER, [("location", format!("http://{host}/done?x=1"))])
    });
    let bench = Bench::before(Router::new().fallback(redirect)).await;
    let answer = client().get(bench.url("/")).send().await.unwrap();
    assert_eq!(answer.headers()["location"], *bench.url("/done?x=1"));
}

#[tokio::test]
async fn a_path_in_the_callees_address_is_put_before_every_request() {
    let address = serve(Router::new().fallback(any(mirror))).await;
    let bench = Bench::new().await;
    bench.tap.point_at(&format!("{address}/api/v1/")).unwrap();
    let answer = client().get(bench.url("/models?id=1")).send().await.unwrap();
    assert_eq!(answer.headers()["x-asked"], "GET /api/v1/models?id=1");
    assert_eq!(
        raw::exchange(bench.tap.address(), "CONNECT a:1 HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n")
            .await
            .get(9..12),
        Some("405")
    );
}

#[tokio::test]
async fn a_tap_can_be_pointed_elsewhere_but_only_at_a_server() {
    let bench = Bench::new().await;
    assert_eq!(client().get(bench.url("/count")).send().await.unwrap().text().await.unwrap(), "1");
    bench.tap.point_at(&serve(Router::new().fallback(any(async || "elsewhere"))).await).unwrap();
    assert_eq!(client().get(bench.url("/count")).send().await.unwrap().text().await.unwrap(), "elsewhere");
    for nonsense in ["", "localhost", "/path", "ftp://host/", "http://"] {
        assert!(bench.tap.point_at(nonsense).is_err(), "{nonsense}");
    }
}

#[tokio::test]
async fn server_sent_events_arrive_one_by_one() {
    let (send, events) = mpsc::unbounded_channel::<&'static str>();
    let events = Arc::new(std::sync::Mutex::new(Some(events)));
    let stream = any(async move || {
        let mut events = events.lock().unwrap().take().unwrap();
        let body = futures::stream::poll_fn(move |cx| events.poll_recv(cx)).map(Ok::<_, std::io::Error>);
        ([("content-type", "text/event-stream")], Body::from_stream(body))
    });
    let bench = Bench::before(Router::new().fallback(stream)).await;
    let scenario = bench.scenario();
    send.send("data: 1\n\n").unwrap();
    let mut answer = tokio::time::timeout(Duration::from_secs(5), scenario.get("/")).await.unwrap();
    assert_eq!(answer.chunk().await.unwrap().unwrap(), "data: 1\n\n");
    send.send("data: 2\n\n").unwrap();
    assert_eq!(answer.chunk().await.unwrap().unwrap(), "data: 2\n\n");
    assert_eq!(scenario.in_flight(), 1);
    drop(send);
    assert!(answer.chunk().await.unwrap().is_none());
    assert_eq!(scenario.in_flight(), 0);
}
