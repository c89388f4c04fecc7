//! Gives a field of a JSON body another value.

use async_trait::async_trait;
use serde_json::Value;

use super::{Change, Fault, FaultKind, Next, NoResponse, Side, TapRequest, TapResponse};
use crate::tap::words::{FaultSyntaxError, WordReader};

pub(super) static KIND: FaultKind = FaultKind {
    openings: &["set request", "set response"],
    syntax: "set (request | response) <JSON pointer> to <JSON>",
    about: "Gives a field of a JSON body this value; a signature over the body is not renewed.",
    read,
};

struct SetJson {
    side: Side,
    pointer: String,
    value: Value,
}

fn read(opening: &str, words: &mut WordReader<'_>) -> Result<Box<dyn Fault>, FaultSyntaxError> {
    let pointer = words.pointer()?;
    words.keyword("to")?;
    let value = words.json("a value")?;
    Ok(Box::new(SetJson { side: Side::of(opening), pointer, value }))
}

impl SetJson {
    /// Puts the value at the pointer: over an existing value, as a new field of an object, or (`-`) at the end of an
    /// array.
    fn set(&self, body: &mut Value) -> Result<(), String> {
        if let Some(place) = body.pointer_mut(&self.pointer) {
            if *place == self.value {
                return Err(format!("had this value at `{}` anyway", self.pointer));
            }
            place.clone_from(&self.value);
            return Ok(());
        }
        let (parent, name) = self.pointer.rsplit_once('/').expect("a pointer begins with a slash");
        match body.pointer_mut(parent) {
            Some(Value::Object(fields)) => {
                fields.insert(name.replace("~1", "/").replace("~0", "~"), self.value.clone());
                Ok(())
            }
            Some(Value::Array(items)) if name == "-" => {
                items.push(self.value.clone());
                Ok(())
            }
            Some(_) | None => Err(format!("had no place for `{}`", self.pointer)),
        }
    }
}

#[async_trait]
impl Fault for SetJson {
    async fn disturb(&self, mut call: TapRequest, next: Next<'_>) -> Result<TapResponse, NoResponse> {
        match self.side {
            Side::Request => {
                next.tell(call.edit_json(|body| self.set(body)));
                next.send(call).await
            }
            Side::Response => {
                let mut answer = next.send(call).await?;
                next.tell(answer.edit_json(|body| self.set(body)).await);
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

    use super::*;
    use crate::tap::bench::Bench;

    #[tokio::test]
    async fn the_caller_reads_another_decision_and_so_does_the_record() {
        let bench = Bench::new().await;
        let mut scenario = bench.scenario();
        scenario.arm("a -> b: set response /decision to false once");
        assert_eq!(
            scenario.get("/json").await.json::<Value>().await.unwrap(),
            json!({"decision": false, "until": null})
        );
        let exchanges = scenario.exchanges();
        assert_eq!(exchanges[0].response().unwrap().body.json().unwrap()["decision"], false);
        assert_eq!(scenario.times(), 1);
    }

    #[tokio::test]
    async fn the_callee_reads_another_field() {
        let bench = Bench::new().await;
        let mut scenario = bench.scenario();
        scenario.arm(r#"a -> b POST /echo: set request /offer/price to {"amount": 1}"#);
        let sent = json!({"offer": {"price": 300}});
        let answer = scenario.request("POST", "/echo").json(&sent).send().await.unwrap();
        assert_eq!(answer.json::<Value>().await.unwrap(), json!({"offer": {"price": {"amount": 1}}}));
        assert_eq!(scenario.exchanges()[0].request.body.json().unwrap()["offer"]["price"]["amount"], 1);
    }

    #[tokio::test]
    async fn a_body_that_is_not_json_is_missed() {
        let bench = Bench::new().await;
        let mut scenario = bench.scenario();
        scenario.arm("a -> b: set response /decision to false");
        assert_eq!(scenario.get("/bytes/9").await.bytes().await.unwrap().len(), 9);
        assert_eq!(scenario.fired().missed.as_deref(), Some("the answer was not JSON"));
    }

    #[test]
    fn values_are_set_inserted_and_appended_but_only_where_there_is_a_place() {
        let set = |pointer: &str| {
            let mut body = json!({"a": [1], "b": {"c/d": 1}});
            let fault = SetJson { side: Side::Request, pointer: pointer.into(), value: json!(7) };
            fault.set(&mut body).map(|()| body)
        };
        assert_eq!(set("/a/0"), Ok(json!({"a": [7], "b": {"c/d": 1}})));
        assert_eq!(set("/a/-"), Ok(json!({"a": [1, 7], "b": {"c/d": 1}})));
        assert_eq!(set("/b/c~1d"), Ok(json!({"a": [1], "b": {"c/d": 7}})));
        assert_eq!(set("/b/x"), Ok(json!({"a": [1], "b": {"c/d": 1, "x": 7}})));
        assert_eq!(set("/a/9"), Err("had no place for `/a/9`".into()));
        assert_eq!(set("/x/y"), Err("had no place for `/x/y`".into()));
    }
}
