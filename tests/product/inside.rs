//! Traffic stays on the hosts that the topology allows, whatever services answer and pages try.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use paidpath::under_test::Browsers;

use crate::browser::{config, run};
use crate::support::Folder;

/// A listener that gives this answer to everybody, and reports the first line of each request.
fn listener(at: &str, answer: String) -> (u16, Receiver<String>) {
    let listener = TcpListener::bind((at, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    let (sender, asked) = channel();
    std::thread::spawn(move || {
        for mut connection in listener.incoming().map_while(Result::ok) {
            let mut head = [0; 4096];
            let count = connection.read(&mut head).unwrap_or_default();
            let head = String::from_utf8_lossy(&head[..count]).into_owned();
            let _ = connection.write_all(answer.as_bytes());
            if sender.send(head.lines().next().unwrap_or_default().to_owned()).is_err() {
                return;
            }
        }
    });
    (port, asked)
}

fn answer(status: &str, headers: &str, body: &str) -> String {
    let length = body.len();
    format!("HTTP/1.1 {status}\r\ncontent-length: {length}\r\nconnection: close\r\n{headers}\r\n{body}")
}

#[test]
fn a_readiness_probe_follows_no_redirect_to_another_host() {
    let (elsewhere, asked) = listener("127.0.0.2", answer("200 OK", "", ""));
    let location = format!("location: http://127.0.0.2:{elsewhere}/\r\n");
    let (shop, _asked) = listener("127.0.0.1", answer("302 Found", &location, ""));
    let folder = Folder::with(
        "t.toml",
        &format!(
            "name = \"t\"\nentry = \"shop\"\nstart_up = \"2s\"\n[services.shop]\nprovider = \"url\"\n\
             url = \"http://127.0.0.1:{shop}\"\nready = \"/ready\"\n"
        ),
    );
    folder.write(
        "a.feature",
        "Feature: A\n  Scenario: B\n    Given Ann has 500 credits\n    Then Ann has 500 credits left\n",
    );
    let mut command = folder.command(&["run", "a.feature", "--topology", "t.toml"]);
    // A proxy would be asked instead, and would be on another host.
    let ran = command.env("http_proxy", format!("http://127.0.0.2:{elsewhere}")).output().unwrap();
    let said = String::from_utf8_lossy(&ran.stderr);
    assert_eq!(ran.status.code(), Some(2), "{said}");
    assert!(said.contains("it redirects to `127.0.0.2`"), "{said}");
    assert!(asked.try_recv().is_err());
}

#[test]
fn a_page_reaches_no_host_that_is_not_allowed_and_the_host_is_named() {
    let Some(config) = config() else { return };
    let (named, asked_by_name) = listener("127.0.0.1", answer("200 OK", "access-control-allow-origin: *\r\n", "x"));
    let (other, asked_by_address) = listener("127.0.0.3", answer("200 OK", "access-control-allow-origin: *\r\n", "x"));
    let page = format!(
        "<!doctype html><img src=http://evil.localhost:{named}/i><iframe src=http://evil.localhost:{named}/f></iframe>\
         <script>fetch('http://127.0.0.3:{other}/');new WebSocket('ws://evil.localhost:{named}/');\
         navigator.sendBeacon('http://evil.localhost:{named}/b');fetch('http://evil.localhost:{named}/l')\
         .catch(() => document.body.append('shut in'))</script>"
    );
    let (site, _) = listener("127.0.0.1", answer("200 OK", "content-type: text/html\r\n", &page));
    run(async {
        let browsers = Browsers::start(config.clone()).await.unwrap();
        let page = browsers.open(&format!("http://localhost:{site}")).await.unwrap();
        page.goto("/").await.unwrap();
        page.see("shut in", Duration::from_secs(20)).await.unwrap();
        assert_eq!(page.log().foreign_hosts(&config.hosts).into_iter().collect::<Vec<_>>(), ["evil.localhost"]);
        browsers.stop().await;
    });
    assert_eq!((asked_by_name.try_iter().count(), asked_by_address.try_iter().count()), (0, 0));
}
