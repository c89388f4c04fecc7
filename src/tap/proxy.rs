//! The tap itself: it listens, serves connections, and closes.

use std::error::Error;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::{JoinHandle, JoinSet};

use super::attribution::Attribution;
use super::board::FaultBoard;
use super::fault::NoResponse;
use super::passage;
use super::recorder::Recorder;
use super::upstream::{InvalidUpstream, Upstream};
use crate::model::Edge;

/// The longest silence of a callee, unless the tap is set otherwise.
const PATIENCE: Duration = Duration::from_secs(60);

/// A recording reverse proxy on one edge. Stop it with [`Tap::stop`]; when it is dropped it closes too, but nobody
/// waits for it.
pub struct Tap {
    site: Arc<TapContext>,
    local: SocketAddr,
    /// The signal to stop. Dropping it is the signal too.
    stop: oneshot::Sender<()>,
    served: JoinHandle<()>,
}

/// The parts that all exchanges on one tap share.
pub(super) struct TapContext {
    pub edge: Arc<Edge>,
    pub attribution: Attribution,
    pub recorder: Recorder,
    pub board: FaultBoard,
    /// The origin of the tap.
    pub address: String,
    upstream: RwLock<Option<Arc<Upstream>>>,
    patience_millis: AtomicU64,
    last_span: AtomicU64,
}

impl TapContext {
    /// Returns the callee, once its address is known.
    pub fn upstream(&self) -> Option<Arc<Upstream>> {
        self.upstream.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub fn patience(&self) -> Duration {
        Duration::from_millis(self.patience_millis.load(Ordering::Relaxed))
    }

    /// A number for a span that the tap begins.
    pub fn span(&self) -> u64 {
        self.last_span.fetch_add(1, Ordering::Relaxed) + 1
    }
}

impl Tap {
    /// Opens a tap on `edge` that listens at `listen` (port 0: any free one), on the current tokio runtime. Until
    /// [`Tap::point_at`] says where to forward to, callers get the answer that the callee is unreachable.
    pub async fn open(
        edge: Edge,
        listen: SocketAddr,
        attribution: Attribution,
        recorder: Recorder,
        faults: FaultBoard,
    ) -> io::Result<Self> {
        let listener = TcpListener::bind(listen).await?;
        let local = listener.local_addr()?;
        // An address such as 0.0.0.0 can be listened at, but not called.
        let host = if local.ip().is_unspecified() { IpAddr::V4(Ipv4Addr::LOCALHOST) } else { local.ip() };
        let site = Arc::new(TapContext {
            edge: Arc::new(edge),
            attribution,
            recorder,
            board: faults,
            address: format!("http://{}", SocketAddr::new(host, local.port())),
            upstream: RwLock::new(None),
            patience_millis: AtomicU64::new(0),
            last_span: AtomicU64::new(0),
        });
        let (stop, stopped) = oneshot::channel();
        let served = tokio::spawn(serve(listener, Arc::clone(&site), stopped));
        let tap = Self { site, local, stop, served };
        tap.give_up_after(PATIENCE);
        Ok(tap)
    }

    /// The edge it stands on.
    pub fn edge(&self) -> &Edge {
        &self.site.edge
    }

    /// Returns the address for callers on this host: `http://127.0.0.1:41234`, without a slash at the end.
    pub fn address(&self) -> &str {
        &self.site.address
    }

    pub fn local_addr(&self) -> SocketAddr {
        self.local
    }

    /// Forwards to `url` from now on. `url` is `http` or `https`, and a path in it is put before the path of every
    /// request. Requests under way end where they began.
    pub fn point_at(&self, url: &str) -> Result<(), InvalidUpstream> {
        let upstream = Arc::new(Upstream::at(url)?);
        *self.site.upstream.write().unwrap_or_else(PoisonError::into_inner) = Some(upstream);
        Ok(())
    }

    /// Sets the longest silence of the callee before an exchange counts as broken. The default is 60 s; delays that a
    /// fault makes do not count.
    pub fn give_up_after(&self, patience: Duration) {
        let millis = u64::try_from(patience.as_millis()).unwrap_or(u64::MAX);
        self.site.patience_millis.store(millis, Ordering::Relaxed);
    }

    /// Stops listening, cuts the connections there are, and waits for all of that.
    pub async fn stop(self) {
        drop(self.stop);
        if let Err(error) = self.served.await {
            tracing::error!(edge = %self.site.edge, %error, "a tap ended badly");
        }
    }
}

async fn serve(listener: TcpListener, site: Arc<TapContext>, mut stopped: oneshot::Receiver<()>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            _ = &mut stopped => break,
            Some(ended) = connections.join_next() => report(&site, ended),
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(converse(stream, Arc::clone(&site)));
                }
                // Out of file descriptors, most likely. Others may be freed; the caller sees a slow connect.
                Err(error) => {
                    tracing::warn!(edge = %site.edge, %error, "a tap could not accept a connection");
                    tokio::time::sleep(Duration::from_millis(10)).await;
                }
            },
        }
    }
    // Closed first, so that no caller gets a connection that nobody will serve.
    drop(listener);
    connections.shutdown().await;
}

fn report(site: &TapContext, ended: Result<(), tokio::task::JoinError>) {
    if let Err(error) = ended
        && error.is_panic()
    {
        tracing::error!(edge = %site.edge, %error, "a tap panicked on a connection");
    }
}

/// Serves one connection of a caller, from the first request to the last.
async fn converse(stream: TcpStream, site: Arc<TapContext>) {
    // Small writes would wait for acknowledgements otherwise, and each hop would cost 40 ms.
    let _ = stream.set_nodelay(true);
    let service = service_fn(|request| passage::pass(Arc::clone(&site), request));
    let mut connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    // Most errors here are callers that went away, and the records say so. Only a `NoResponse` is ours: a fault ends the exchange
    // in a way that HTTP has no words for.
    let Err(error) = (&mut connection).await else { return };
    let Some(cut) = error.source().and_then(|cause| cause.downcast_ref::<NoResponse>()) else { return };
    let mut stream = connection.into_parts().io.into_inner();
    match cut {
        NoResponse::Unreachable(_) | NoResponse::Unsent(_) | NoResponse::Broken(_) => {
            // Closed this way, the caller sees "connection reset".
            let _ = stream.set_zero_linger();
        }
        NoResponse::Raw { bytes, .. } => {
            // The exchange is recorded already, and a caller that is gone has nothing to read.
            let _ = stream.write_all(bytes).await;
            let _ = stream.shutdown().await;
        }
    }
}
