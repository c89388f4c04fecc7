//! Removes a field from a JSON body.

use async_trait::async_trait;
use serde_json::Value;

use super::{Change, Fault, FaultKind, Next, NoResponse, Side, TapRequest, TapResponse};
use crate::tap::words::{FaultSyntaxError, WordReader};

pub(super) static KIND: FaultKind = FaultKind {
    openings: &["remove request", "remove response"],
    syntax: "remove (request | response) <JSON pointer>",
    about: "Takes a field out of a JSON body.",
    read,
};

struct RemoveJson {
    side: Side,
    pointer: String,
}

fn read(opening: &str, words: &mut WordReader<'_>) -> Result<Box<dyn Fault>, FaultSyntaxError> {
    Ok(Box::new(RemoveJson { side: Side::of(opening), pointer: words.pointer()? }))
}

impl RemoveJson {
    fn remove(&self, body: &mut Value) -> Result<(), String> {
        let (parent, name) = self.pointer.rsplit_once('/').expect("a pointer begins with a slash");
        let removed = match body.pointer_mut(parent) {
            Some(Value::Object(fields)) => fields.remove(&name.replace("~1", "/").replace("~0", "~")),
            Some(Value::Array(items)) => {
                name.parse::<usize>().ok().filter(|index| *index < items.len()).map(|index| items.remove(index))
            }
            Some(_) | None => None,
        };
        removed.map(|_| ()).ok_or_else(|| format!("had nothing at `{}`", self.pointer))
    }
}

#[async_trait]
impl Fault for RemoveJson {
    async fn disturb(&self, mut call: TapRequest, next: Next<'_>) -> Result<TapResponse, NoResponse> {
        match self.side {
            Side::Request => {
                next.tell(call.edit_json(|body| self.remove(body)));
                next.send(call).await
            }
            Side::Response => {
                let mut answer = next.send(call).await?;
                next.tell(answer.edit_json(|body| self.remove(body)).await);
                Ok(answer)
            }
        }
    }

    fn changes(&self) -> Vec<Change> {
        vec![self.side.body()]
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::tap::bench::Bench;

    #[tokio::test]
    async fn the_field_is_gone_on_the_side_that_was_named() {
        let bench = Bench::new().await;
        let mut scenario = bench.scenario();
        scenario.arm("a -> b GET: remove response /decision");
        scenario.arm("a -> b POST: remove request /items/0");
        assert_eq!(scenario.get("/json").await.json::<Value>().await.unwrap(), json!({"until": null}));
        let answer = scenario.request("POST", "/echo").json(&json!({"items": [1, 2]})).send().await.unwrap();
        assert_eq!(answer.json::<Value>().await.unwrap(), json!({"items": [2]}));
    }

    #[tokio::test]
    async fn a_field_that_is_not_there_is_missed() {
        let bench = Bench::new().await;
        let mut scenario = bench.scenario();
        scenario.arm("a -> b: remove response /grant/id");
        scenario.get("/json").await;
        assert_eq!(scenario.fired().missed.as_deref(), Some("the answer had nothing at `/grant/id`"));
    }
}
