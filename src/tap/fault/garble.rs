//! Replaces a body with noise.

use async_trait::async_trait;
use bytes::Bytes;
use rand::RngExt;
use rand::rngs::StdRng;

use super::{Change, Fault, FaultKind, Next, NoResponse, Payload, Side, TapRequest, TapResponse};
use crate::tap::words::{FaultSyntaxError, WordReader};

pub(super) static KIND: FaultKind = FaultKind {
    openings: &["garble", "garble response", "garble request"],
    syntax: "garble [response | request]",
    about: "Changes the first byte of a body and about one in eight of the others; the length stays.",
    read,
};

struct Garble {
    side: Side,
}

fn read(opening: &str, _: &mut WordReader<'_>) -> Result<Box<dyn Fault>, FaultSyntaxError> {
    let side = if opening == "garble request" { Side::Request } else { Side::Response };
    Ok(Box::new(Garble { side }))
}

#[async_trait]
impl Fault for Garble {
    async fn disturb(&self, mut call: TapRequest, next: Next<'_>) -> Result<TapResponse, NoResponse> {
        let mut rng = next.rng();
        match self.side {
            Side::Request => {
                next.tell(garbled(&call.body, &mut rng).map(|noise| call.body = noise));
                next.send(call).await
            }
            Side::Response => {
                let mut answer = next.send(call).await?;
                let noise = answer.hold().await.and_then(|body| garbled(&body, &mut rng));
                next.tell(noise.map(|noise| answer.body = Payload::Whole(noise)));
                Ok(answer)
            }
        }
    }

    fn changes(&self) -> Vec<Change> {
        vec![self.side.body()]
    }
}

fn garbled(body: &[u8], rng: &mut StdRng) -> Result<Bytes, String> {
    if body.is_empty() {
        return Err("there was no body".into());
    }
    let mut noise = body.to_vec();
    for (index, byte) in noise.iter_mut().enumerate() {
        if index == 0 || rng.random_ratio(1, 8) {
            *byte ^= rng.random_range(1..=u8::MAX);
        }
    }
    Ok(noise.into())
}

#[cfg(test)]
mod tests {
    use crate::tap::bench::Bench;

    #[tokio::test]
    async fn both_sides_can_be_garbled_and_keep_their_length() {
        for side in ["", " response", " request"] {
            let bench = Bench::new().await;
            let mut scenario = bench.scenario();
            scenario.arm(&format!("a -> b: garble{side}"));
            let sent = "all that was said".repeat(10);
            let answer = scenario.request("POST", "/echo").body(sent.clone()).send().await.unwrap();
            let came = answer.bytes().await.unwrap();
            assert_eq!(came.len(), sent.len());
            assert_ne!(came, sent);
            assert_eq!(scenario.times(), 1);
        }
    }

    #[tokio::test]
    async fn nothing_cannot_be_garbled() {
        let bench = Bench::new().await;
        let mut scenario = bench.scenario();
        scenario.arm("a -> b: garble request");
        scenario.get("/json").await;
        assert_eq!(scenario.times(), 0);
    }
}
