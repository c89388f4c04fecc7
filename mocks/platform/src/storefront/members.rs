//! Members and their sessions. A session is a signed token: there is nothing to keep.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::{HeaderName, SET_COOKIE};
use serde::Deserialize;
use serde_json::{Value, json};

use super::App;
use crate::context::{Context, SESSION_COOKIE};
use crate::problem::Problem;
use crate::request::{Body, text};
use crate::session::{self, Member, Role};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MemberRequest {
    name: String,
    #[serde(default)]
    role: Role,
}

pub(super) async fn join(
    State(app): State<App>,
    context: Context,
    Body { value: asked, .. }: Body<MemberRequest>,
) -> Result<(StatusCode, Json<Value>), Problem> {
    text("name", &asked.name, 64)?;
    match asked.role {
        Role::Member => {}
        Role::Moderator => context.admin()?,
    }
    let member = Member { id: crate::ids::new("mem"), name: asked.name, role: asked.role };
    let settings = &app.core.settings;
    let token = session::issue(&settings.session_key, &member, context.now().after(settings.session_life));
    let answer = json!({"id": member.id, "name": member.name, "role": member.role, "token": token});
    Ok((StatusCode::CREATED, Json(answer)))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SessionRequest {
    token: String,
}

type Cookie = (StatusCode, [(HeaderName, String); 1]);

fn cookie(value: &str, life: Duration) -> Cookie {
    let cookie = format!("{SESSION_COOKIE}={value}; Path=/; HttpOnly; SameSite=Lax; Max-Age={}", life.as_secs());
    (StatusCode::NO_CONTENT, [(SET_COOKIE, cookie)])
}

pub(super) async fn sign_in(
    State(app): State<App>,
    context: Context,
    Body { value: asked, .. }: Body<SessionRequest>,
) -> Result<Cookie, Problem> {
    let settings = &app.core.settings;
    // A token that is good is also a legal cookie: base64url and a dot.
    session::verify(&settings.session_key, &asked.token, context.now())?;
    Ok(cookie(&asked.token, settings.session_life))
}

pub(super) async fn sign_out() -> Cookie {
    cookie("", Duration::ZERO)
}

pub(super) async fn me(context: Context) -> Result<Json<Member>, Problem> {
    Ok(Json(context.member()?.clone()))
}
