//! Callers and callees that write their own bytes, for what HTTP libraries do not let through.

use std::future::Future;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// A connection to a tap.
pub(super) async fn connect(address: &str) -> TcpStream {
    TcpStream::connect(address.strip_prefix("http://").unwrap()).await.unwrap()
}

/// Reads until what was read ends with `end`, or (if that never comes) until the peer closes; gives all of it.
pub(super) async fn read_to(stream: &mut TcpStream, end: &str) -> String {
    let mut read = Vec::new();
    let mut byte = [0];
    while !read.ends_with(end.as_bytes()) && stream.read(&mut byte).await.unwrap_or(0) > 0 {
        read.push(byte[0]);
    }
    String::from_utf8(read).unwrap()
}

/// Writes `request` on a connection of its own and gives everything that comes back until the tap closes.
pub(super) async fn exchange(address: &str, request: &str) -> String {
    let mut stream = connect(address).await;
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

/// A callee that treats every connection as `serve` does; gives its address.
pub(super) async fn callee<F, Fut>(serve: F) -> String
where
    F: Fn(TcpStream) -> Fut + Send + 'static,
    Fut: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream));
        }
    });
    format!("http://{address}")
}
