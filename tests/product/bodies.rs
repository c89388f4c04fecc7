//! Bodies that nobody expects: a finding or a clear error, in bounded memory, and never a crash.

use std::time::Duration;

use wiremock::matchers::{any, method};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::support::Folder;

/// How much more memory than a small body one may take, in KiB: some copies of the largest, and less than what is packed.
const AT_MOST: u64 = 48 << 10;

/// Sixty-four million zeros, packed a thousandfold; as `Content-Encoding: deflate` has it.
fn packed() -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, 8192, 8192);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_compression(png::Compression::High);
    encoder.write_header().unwrap().write_image_data(&vec![0; 8192 * 8192]).unwrap();
    // What a PNG keeps its pixels in is such a stream: length, name, contents and checksum of each chunk, after 8 bytes.
    let (mut chunks, mut packed) = (&file[8..], Vec::new());
    while chunks.len() >= 12 {
        let length = u32::from_be_bytes(chunks[..4].try_into().unwrap()) as usize;
        if &chunks[4..8] == b"IDAT" {
            packed.extend_from_slice(&chunks[8..8 + length]);
        }
        chunks = &chunks[12 + length..];
    }
    assert!(packed.len() * 500 < 8192 * 8192, "{} bytes", packed.len());
    packed
}

/// The most memory that a process has had so far, in KiB.
fn peak(process: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?.trim().trim_end_matches(" kB").parse().ok()
}

#[tokio::test]
async fn a_body_of_any_kind_is_told_of_and_never_ends_the_run() {
    let deep = format!("{{\"images\":{}{}}}", "[".repeat(10_000), "]".repeat(10_000));
    let large = format!("{{\"images\":[\"{}\"]}}", "A".repeat(10 << 20));
    let mut small = None;
    for (what, body, encoding) in [
        ("not JSON", b"<html>not now</html>".to_vec(), None),
        ("not UTF-8", vec![0xff; 5_000], None),
        ("10 MiB", large.into_bytes(), None),
        ("10,000 deep", deep.into_bytes(), None),
        ("packed", packed(), Some("deflate")),
    ] {
        let worker = MockServer::start().await;
        let mut answer = ResponseTemplate::new(200).set_body_raw(body, "application/json");
        if let Some(encoding) = encoding {
            answer = answer.insert_header("content-encoding", encoding);
        }
        Mock::given(method("POST")).respond_with(answer).mount(&worker).await;
        Mock::given(any()).respond_with(ResponseTemplate::new(200)).mount(&worker).await;
        let folder = Folder::new();
        let provider = format!("worker=url:{}", worker.uri());
        let arguments = ["demo", "--name", "^From the purchase to the image$", "--provider", &provider];
        let mut child = folder.start(&arguments);
        let mut most = 0;
        while child.try_wait().unwrap().is_none() {
            most = peak(child.id()).unwrap_or_default().max(most);
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let ran = folder.wait(child);
        ran.expect(1, &["generation → worker"]);
        let small = *small.get_or_insert(most);
        assert!(most < small + AT_MOST, "{what}: {most} KiB, and a small one {small} KiB");
    }
}
