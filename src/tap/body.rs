//! Bodies on their way through a tap, streamed or made by a fault, and the wrapper that records them as they pass.

use std::error::Error;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures::{StreamExt, stream};
use http_body::{Body, Frame, SizeHint};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, BodyStream, StreamBody};
use hyper::body::Incoming;
use tokio::time::{Instant, Sleep, sleep};

use super::record::{ExchangeEnd, ExchangeRecord, Ongoing};

/// The largest body that a fault may hold in memory, in bytes. A larger one passes undisturbed.
pub const HOLD: usize = 32 << 20;

/// The reason why a body ended too early.
pub type BoxError = Box<dyn Error + Send + Sync>;

/// The body of a request or a response on its way through a tap.
pub enum Payload {
    Whole(Bytes),
    /// A body that is forwarded while it arrives.
    Streaming(Streaming),
    /// A body that a fault made.
    Scripted(UnsyncBoxBody<Bytes, BoxError>),
}

/// A body from the network that may not stall for ever.
pub struct Streaming {
    body: Incoming,
    patience: Duration,
    /// The deadline, which runs while nothing arrives.
    stall: Option<Pin<Box<Sleep>>>,
}

/// The result of holding a body.
pub(super) enum HeldBody {
    Whole(Bytes),
    /// A body larger than [`HOLD`], complete.
    TooLarge(Payload),
    /// The part that arrived before the body broke off, and the reason.
    Broken(Bytes, BoxError),
}

impl Payload {
    /// Wraps a body from the network. It counts as broken when nothing has arrived for `patience`.
    pub(super) fn streaming(body: Incoming, patience: Duration) -> Self {
        // Known to be empty: the caller is spared a stream, and hyper sends no chunked framing.
        if body.is_end_stream() {
            return Self::Whole(Bytes::new());
        }
        Self::Streaming(Streaming { body, patience, stall: None })
    }

    /// Makes a body of `head`, after which the connection breaks.
    pub fn cut(head: Bytes, reason: impl Into<BoxError>) -> Self {
        Self::played(stream::iter([Ok(head), Err(reason.into())]))
    }

    /// Makes a body of `whole` in pieces of at most `piece` bytes, with a pause before each.
    pub fn paced(mut whole: Bytes, piece: usize, pause: Duration) -> Self {
        let pieces =
            std::iter::from_fn(move || (!whole.is_empty()).then(|| whole.split_to(piece.clamp(1, whole.len()))));
        Self::played(stream::iter(pieces).then(move |piece| async move {
            sleep(pause).await;
            Ok(piece)
        }))
    }

    fn played(pieces: impl futures::Stream<Item = Result<Bytes, BoxError>> + Send + 'static) -> Self {
        Self::Scripted(StreamBody::new(pieces.map(|piece| piece.map(Frame::data))).boxed_unsync())
    }

    /// Takes the body in whole, as far as [`HOLD`] goes. Trailers are lost.
    pub(super) async fn hold(mut self) -> HeldBody {
        if let Self::Whole(bytes) = self {
            return HeldBody::Whole(bytes);
        }
        let mut held = BytesMut::new();
        loop {
            match self.frame().await {
                None => return HeldBody::Whole(held.freeze()),
                Some(Err(error)) => return HeldBody::Broken(held.freeze(), error),
                Some(Ok(frame)) => {
                    // Only trailers are no data. A body that a fault holds is sent with a length, and a length excludes
                    // trailers.
                    let Ok(data) = frame.into_data() else { continue };
                    held.extend_from_slice(&data);
                }
            }
            if held.len() > HOLD {
                // A fault cannot see a body of this size whole, so the held part goes back in front of the rest and
                // nothing is lost.
                let rest = BodyStream::new(self);
                let begun = stream::iter([Ok(Frame::data(held.freeze()))]);
                return HeldBody::TooLarge(Self::Scripted(StreamBody::new(begun.chain(rest)).boxed_unsync()));
            }
        }
    }
}

impl Body for Payload {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        match &mut *self {
            Self::Whole(bytes) if bytes.is_empty() => Poll::Ready(None),
            Self::Whole(bytes) => Poll::Ready(Some(Ok(Frame::data(std::mem::take(bytes))))),
            Self::Scripted(body) => Pin::new(body).poll_frame(cx),
            Self::Streaming(streaming) => streaming.poll_frame(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Whole(bytes) => bytes.is_empty(),
            Self::Scripted(body) => body.is_end_stream(),
            Self::Streaming(streaming) => streaming.body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Self::Scripted(body) => body.size_hint(),
            Self::Streaming(streaming) => streaming.body.size_hint(),
        }
    }
}

impl Streaming {
    fn poll_frame(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        if let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(cx) {
            // The clock measures silence, not duration: a slow answer that keeps arriving is never given up.
            self.stall = None;
            return Poll::Ready(frame.map(|frame| frame.map_err(Into::into)));
        }
        let patience = self.patience;
        let stall = self.stall.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(Instant::now() + patience)));
        ready!(stall.as_mut().poll(cx));
        Poll::Ready(Some(Err(format!("nothing more came for {patience:?}").into())))
    }
}

/// A body that the recorder reads along with.
pub(super) struct RecordedBody {
    payload: Payload,
    reader: Reader,
    /// A failure that is reported one poll late, so that hyper first flushes what it was given before: it drops the connection
    /// with everything unflushed as soon as a body fails.
    failed: Option<BoxError>,
    /// True for an answer with a `Content-Length` and no body: hyper leaves the header out unless the body may have
    /// bytes.
    is_elsewhere: bool,
}

enum Reader {
    /// The body was recorded earlier.
    Nobody,
    Request(Arc<ExchangeRecord>),
    /// The exchange that ends with the body; `None` once it has ended.
    Response(Option<Ongoing>),
}

impl RecordedBody {
    /// Wraps the body of a request, which is recorded as it passes.
    pub fn request(payload: Payload, record: Arc<ExchangeRecord>) -> Self {
        Self { payload, reader: Reader::Request(record), failed: None, is_elsewhere: false }
    }

    /// Wraps a body that was recorded earlier.
    pub fn unread(payload: Payload) -> Self {
        Self { payload, reader: Reader::Nobody, failed: None, is_elsewhere: false }
    }

    /// Wraps the body of an answer. The exchange ends with it, before its last byte can reach the caller, so that a
    /// caller that has its answer finds the exchange recorded.
    pub fn response(payload: Payload, ongoing: Ongoing) -> Self {
        let mut flow = Self { payload, reader: Reader::Response(Some(ongoing)), failed: None, is_elsewhere: false };
        // hyper does not poll a body that is empty from the start, so nothing else would end the exchange.
        if flow.payload.is_end_stream() {
            flow.end(ExchangeEnd::Answered);
        }
        flow
    }

    /// An answer that speaks of a body without having one (RFC 9110 §8.6): its length is said, nothing is sent.
    pub fn bodiless(ongoing: Ongoing, has_length: bool) -> Self {
        Self { is_elsewhere: has_length, ..Self::response(Payload::Whole(Bytes::new()), ongoing) }
    }

    fn end(&mut self, end: ExchangeEnd) {
        match &mut self.reader {
            Reader::Nobody | Reader::Request(_) => {}
            Reader::Response(ongoing) => {
                if let Some(ongoing) = ongoing.take() {
                    ongoing.end(end);
                }
            }
        }
    }
}

impl Body for RecordedBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        if let Some(error) = self.failed.take() {
            return Poll::Ready(Some(Err(error)));
        }
        match ready!(Pin::new(&mut self.payload).poll_frame(cx)) {
            Some(Ok(frame)) => {
                // Recorded before the frame is handed on, so that a caller that has its answer finds it in the record.
                if let Some(data) = frame.data_ref() {
                    match &self.reader {
                        Reader::Nobody | Reader::Response(None) => {}
                        Reader::Request(record) => record.sent(data),
                        Reader::Response(Some(ongoing)) => ongoing.record().got(data),
                    }
                }
                if self.payload.is_end_stream() {
                    self.end(ExchangeEnd::Answered);
                }
                Poll::Ready(Some(Ok(frame)))
            }
            Some(Err(error)) => {
                self.end(ExchangeEnd::Broken(with_causes(error.as_ref())));
                self.failed = Some(error);
                // Polled again at once: by then hyper has flushed the bytes before the failure.
                cx.waker().wake_by_ref();
                Poll::Pending
            }
            None => {
                self.end(ExchangeEnd::Answered);
                Poll::Ready(None)
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.failed.is_none() && !self.is_elsewhere && self.payload.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        if self.is_elsewhere { SizeHint::default() } else { self.payload.size_hint() }
    }
}

/// An error with everything that caused it, in one line.
pub(super) fn with_causes(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let more = error.to_string();
        if !text.ends_with(&more) {
            text.push_str(": ");
            text.push_str(&more);
        }
        cause = error.source();
    }
    text
}
