//! Signing in to the dashboard and out of it: with the printed code, with a password, or by accepting an invitation.

use actix_web::{
    HttpRequest, HttpResponse,
    cookie::{Cookie, SameSite, time},
    http::header,
    web::{Data, Json},
};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::{
    control::{Deed, Environment, Role, SESSION_LIFETIME, Scope, Scopes, Session},
    web::{
        address::{client_address, limit_key},
        api::ApiState,
        auth::{COOKIE, OPERATOR, same_site},
        error::ApiError,
        problem::Problem,
        scribe::Scribe,
    },
};

/// How one may sign in.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(untagged)]
pub enum SignIn {
    /// With the code the server printed when it started.
    Code {
        code: String,
    },
    Password {
        email: String,
        password: String,
    },
}

/// Which environment to look at.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct Turn {
    pub environment: String,
}

/// An invitation accepted.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Acceptance {
    /// From the link.
    pub code: String,
    /// 10 to 256 characters.
    pub password: String,
}

/// A password changed.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PasswordChange {
    pub old: String,
    /// 10 to 256 characters.
    pub new: String,
}

/// An open session.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct SessionAnswer {
    /// Those it may look at.
    pub environments: Vec<Environment>,
    /// The one being looked at.
    pub environment: String,
    /// Whose it is; null if the printed code opened it.
    pub email: Option<String>,
    pub role: Role,
    /// What it may do.
    #[schema(value_type = Vec<Scope>)]
    pub scopes: Scopes,
}

/// Who is signed in, and what they may look at.
#[utoipa::path(get, path = "/session", tag = "session", security(("session" = [])),
    responses((status = 200, body = SessionAnswer), (status = 401, body = Problem)))]
pub async fn show(request: HttpRequest, state: Data<ApiState>) -> Result<Json<SessionAnswer>, ApiError> {
    let session = session(&request, &state).await?;
    let environments = state.control.environments_of(&session).await?;
    let Session { environment, email, role, .. } = session;
    Ok(Json(SessionAnswer {
        environments,
        environment: environment.to_string(),
        email,
        role,
        scopes: role.scopes(),
    }))
}

/// Signs in.
#[utoipa::path(post, path = "/session", tag = "session", security(()), request_body = SignIn,
    responses((status = 204, description = "Signed in; the cookie is set"),
        (status = 401, body = Problem), (status = 429, body = Problem)))]
pub async fn open(
    request: HttpRequest,
    state: Data<ApiState>,
    body: Json<SignIn>,
) -> Result<HttpResponse, ApiError> {
    same_site(&request)?;
    count_try(&request, &state)?;
    let (welcome, email) = match body.into_inner() {
        SignIn::Code { code } => (state.login_code.matches(&code), None),
        SignIn::Password { email, password } => {
            state.limits.account(&email)?;
            (state.control.verify_password(&email, &password).await?, Some(email))
        }
    };
    if !welcome {
        not_welcomed(&request, &state, email.as_deref()).await?;
        return Err(ApiError::BadCredentials);
    }
    welcomed(&request, &state, email.as_deref()).await
}

/// Accepts an invitation: sets a password and signs in.
#[utoipa::path(post, path = "/session/invitation", tag = "session", security(()), request_body = Acceptance,
    responses((status = 204, description = "Signed in; the cookie is set"), (status = 400, body = Problem),
        (status = 404, description = "Used, expired, taken back or made up", body = Problem),
        (status = 429, body = Problem)))]
pub async fn accept(
    request: HttpRequest,
    state: Data<ApiState>,
    body: Json<Acceptance>,
) -> Result<HttpResponse, ApiError> {
    same_site(&request)?;
    count_try(&request, &state)?;
    match state.control.accept_invitation(&body.code, &body.password).await? {
        Some(email) => {
            let scribe = Scribe::at_the_door(&request, &state, &email);
            scribe.note_for_owners(Deed::InvitationAccepted, &email, json!({})).await;
            welcomed(&request, &state, Some(&email)).await
        }
        None => Err(ApiError::NotFound("this invitation was used, has expired or was taken back".to_owned())),
    }
}

/// Changes one's own password. Every other session of that person ends.
#[utoipa::path(put, path = "/session/password", tag = "session", security(("session" = [])), request_body = PasswordChange,
    responses((status = 204), (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, description = "The printed code opened this session", body = Problem),
        (status = 429, body = Problem)))]
pub async fn change_password(
    request: HttpRequest,
    state: Data<ApiState>,
    body: Json<PasswordChange>,
) -> Result<HttpResponse, ApiError> {
    same_site(&request)?;
    count_try(&request, &state)?;
    let session = session(&request, &state).await?;
    let Some(email) = &session.email else {
        return Err(ApiError::Forbidden("the printed code opened this session: it has no password"));
    };
    state.limits.account(email)?;
    if !state.control.verify_password(email, &body.old).await? {
        return Err(ApiError::BadCredentials);
    }
    state.control.change_password(email, &body.new, &session.id).await?;
    let scribe = Scribe::at_the_door(&request, &state, email);
    scribe.note_for_owners(Deed::PasswordChanged, email, json!({})).await;
    Ok(HttpResponse::NoContent().finish())
}

/// Tries are counted before they are looked at, so that many at once are no way around.
fn count_try(request: &HttpRequest, state: &ApiState) -> Result<(), ApiError> {
    let address = client_address(request.head(), &state.trusted_proxies)
        .ok_or_else(|| ApiError::Internal("a request without peer".to_owned()))?;
    state.limits.sign_in(limit_key(address))?;
    Ok(())
}

async fn welcomed(
    request: &HttpRequest,
    state: &ApiState,
    email: Option<&str>,
) -> Result<HttpResponse, ApiError> {
    let device = request.headers().get(header::USER_AGENT).and_then(|agent| agent.to_str().ok());
    let value = state.control.open_session(email, device.unwrap_or_default()).await?;
    let who = email.map_or_else(|| OPERATOR.to_owned(), str::to_lowercase);
    Scribe::at_the_door(request, state, &who).note_for_owners(Deed::SignedIn, &who, json!({})).await;
    let lifetime = time::Duration::try_from(SESSION_LIFETIME).unwrap_or(time::Duration::HOUR);
    Ok(HttpResponse::NoContent().cookie(bake(request, value, lifetime)).finish())
}

/// Notes that somebody did not get in. What they called themselves is noted only if somebody is called so: people type
/// passwords into the wrong field.
async fn not_welcomed(request: &HttpRequest, state: &ApiState, email: Option<&str>) -> Result<(), ApiError> {
    let (with, whose) = match email.map(str::to_lowercase) {
        None => ("code", OPERATOR.to_owned()),
        Some(email) => {
            let is_known = state.control.people().await?.iter().any(|person| person.email == email);
            ("password", if is_known { email } else { String::new() })
        }
    };
    let scribe = Scribe::at_the_door(request, state, "somebody");
    scribe.note_for_owners(Deed::SignInFailed, &whose, json!({"with": with})).await;
    Ok(())
}

/// Looks at another environment.
#[utoipa::path(put, path = "/session", tag = "session", security(("session" = [])), request_body = Turn,
    responses((status = 204, description = "The session looks at that environment now"),
        (status = 401, body = Problem), (status = 404, body = Problem)))]
pub async fn turn(
    request: HttpRequest,
    state: Data<ApiState>,
    body: Json<Turn>,
) -> Result<HttpResponse, ApiError> {
    same_site(&request)?;
    let session = session(&request, &state).await?;
    match state.control.turn_session(&session, &body.environment).await? {
        true => Ok(HttpResponse::NoContent().finish()),
        false => Err(ApiError::NotFound("there is no such environment".to_owned())),
    }
}

/// Signs out.
#[utoipa::path(delete, path = "/session", tag = "session", security(()),
    responses((status = 204, description = "Signed out")))]
pub async fn close(request: HttpRequest, state: Data<ApiState>) -> Result<HttpResponse, ApiError> {
    same_site(&request)?;
    if let Ok(cookie) = cookie(&request) {
        state.control.close_session(&cookie).await?;
    }
    let expired = bake(&request, String::new(), time::Duration::ZERO);
    Ok(HttpResponse::NoContent().cookie(expired).finish())
}

async fn session(request: &HttpRequest, state: &ApiState) -> Result<Session, ApiError> {
    let session = state.control.session(&cookie(request)?, state.clock.now_ms()).await?;
    session.ok_or(ApiError::Unauthenticated)
}

fn cookie(request: &HttpRequest) -> Result<String, ApiError> {
    Ok(request.cookie(COOKIE).ok_or(ApiError::Unauthenticated)?.value().to_owned())
}

fn bake(request: &HttpRequest, value: String, lifetime: time::Duration) -> Cookie<'static> {
    Cookie::build(COOKIE, value)
        .path("/")
        .http_only(true)
        .same_site(SameSite::Strict)
        .secure(request.connection_info().scheme() == "https")
        .max_age(lifetime)
        .finish()
}
