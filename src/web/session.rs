//! Signing in to the dashboard and out of it.

use actix_web::{
    HttpRequest, HttpResponse,
    cookie::{Cookie, SameSite, time},
    web::{Data, Json},
};
use serde::{Deserialize, Serialize};

use super::{
    address::{client_address, limit_key},
    api::ApiState,
    auth::{COOKIE, same_site},
    error::ApiError,
};
use crate::control::{Environment, SESSION_LIFETIME};

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

/// An open session.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct SessionAnswer {
    pub environments: Vec<Environment>,
    /// The one being looked at.
    pub environment: String,
}

/// Who is signed in, and what they may look at.
#[utoipa::path(get, path = "/session", tag = "session", security(("session" = [])),
    responses((status = 200, body = SessionAnswer), (status = 401, body = super::problem::Problem)))]
pub async fn show(request: HttpRequest, state: Data<ApiState>) -> Result<Json<SessionAnswer>, ApiError> {
    let session = state.control.session(&cookie(&request)?, state.clock.now_ms()).await?;
    let session = session.ok_or(ApiError::Unauthenticated)?;
    let environments = state.control.environments().await?;
    Ok(Json(SessionAnswer { environments, environment: session.environment.to_string() }))
}

/// Signs in.
#[utoipa::path(post, path = "/session", tag = "session", security(()), request_body = SignIn,
    responses((status = 204, description = "Signed in; the cookie is set"),
        (status = 401, body = super::problem::Problem), (status = 429, body = super::problem::Problem)))]
pub async fn open(
    request: HttpRequest,
    state: Data<ApiState>,
    body: Json<SignIn>,
) -> Result<HttpResponse, ApiError> {
    same_site(&request)?;
    let address = client_address(&request, &state.trusted_proxies)
        .ok_or_else(|| ApiError::Internal("a request without peer".to_owned()))?;
    // Tries are counted before they are looked at, so that many at once are no way around.
    state.limits.sign_in(limit_key(address))?;
    let welcome = match body.into_inner() {
        SignIn::Code { code } => state.login_code.matches(&code),
        SignIn::Password { email, password } => state.control.verify_password(&email, &password).await?,
    };
    if !welcome {
        return Err(ApiError::BadCredentials);
    }
    let value = state.control.open_session().await?;
    let lifetime = time::Duration::try_from(SESSION_LIFETIME).unwrap_or(time::Duration::HOUR);
    Ok(HttpResponse::NoContent().cookie(bake(&request, value, lifetime)).finish())
}

/// Looks at another environment.
#[utoipa::path(put, path = "/session", tag = "session", security(("session" = [])), request_body = Turn,
    responses((status = 204, description = "The session looks at that environment now"),
        (status = 401, body = super::problem::Problem), (status = 404, body = super::problem::Problem)))]
pub async fn turn(
    request: HttpRequest,
    state: Data<ApiState>,
    body: Json<Turn>,
) -> Result<HttpResponse, ApiError> {
    same_site(&request)?;
    let cookie = cookie(&request)?;
    state.control.session(&cookie, state.clock.now_ms()).await?.ok_or(ApiError::Unauthenticated)?;
    match state.control.turn_session(&cookie, &body.environment).await? {
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
