//! Signed tokens that say one thing without a look into the database: this one may see how many watch a video.
//!
//! The form is that of JSON Web Tokens (RFC 7519) signed with HMAC SHA-256, so common tools can read them; `kid` names
//! the key. A key lives until it is revoked, and all its tokens with it.

use std::sync::Arc;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use sqlx::Row;

use super::{Control, ControlError, now_ms, secret};

const ALGORITHM: &str = "HS256";
/// What a token is for; one for something else is no good here.
const AUDIENCE: &str = "viewer-count";
/// Longer ones are no tokens of ours.
const MAX_TOKEN_BYTES: usize = 2_048;

#[derive(Serialize, Deserialize)]
struct Header {
    alg: String,
    kid: String,
}

#[derive(Serialize, Deserialize)]
struct Claims {
    /// The video.
    sub: String,
    aud: String,
    /// Unix seconds.
    exp: i64,
}

/// A key as it is kept.
#[derive(Clone)]
pub(super) struct SigningKey {
    environment: Arc<str>,
    secret: Arc<str>,
}

/// What a good token lets its bearer see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Viewable {
    pub environment: Arc<str>,
    pub video_id: String,
}

impl Control {
    /// A token that shows how many watch a video, until `expires_s` (Unix seconds).
    pub async fn sign_viewer_count(
        &self,
        environment: &str,
        video_id: &str,
        expires_s: i64,
        by: &str,
    ) -> Result<String, ControlError> {
        let (kid, key) = match self.newest_key(environment).await? {
            Some(known) => known,
            None => self.create_signing_key(environment, by).await?,
        };
        let header = Header { alg: ALGORITHM.to_owned(), kid };
        let claims = Claims { sub: video_id.to_owned(), aud: AUDIENCE.to_owned(), exp: expires_s };
        let text = |value: Result<Vec<u8>, serde_json::Error>| {
            value
                .map(|bytes| URL_SAFE_NO_PAD.encode(bytes))
                .map_err(|error| ControlError::Invalid(format!("the token cannot be written: {error}")))
        };
        let signed = format!("{}.{}", text(serde_json::to_vec(&header))?, text(serde_json::to_vec(&claims))?);
        let signature = mac(&key, &signed)?.finalize().into_bytes();
        Ok(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }

    /// What a token lets its bearer see at `now_s`; `None` if it is not good, or not any more.
    pub async fn viewable(&self, token: &str, now_s: i64) -> Result<Option<Viewable>, ControlError> {
        let Some((signed, header, claims, signature)) = parts(token) else { return Ok(None) };
        if header.alg != ALGORITHM || claims.aud != AUDIENCE || claims.exp <= now_s {
            return Ok(None);
        }
        let Some(key) = self.signing_key(&header.kid).await? else { return Ok(None) };
        let is_ours = mac(&key.secret, signed)?.verify_slice(&signature).is_ok();
        Ok(is_ours.then_some(Viewable { environment: key.environment, video_id: claims.sub }))
    }

    /// Ends all tokens of an environment; how many keys it had. On other nodes they end within seconds.
    pub async fn revoke_signing_keys(&self, environment: &str, by: &str) -> Result<u64, ControlError> {
        let keys = sqlx::query("SELECT id FROM signing_keys WHERE environment = $1 AND revoked_ms IS NULL")
            .bind(environment)
            .fetch_all(&self.pool)
            .await?;
        let done = sqlx::query(
            "UPDATE signing_keys SET revoked_by = $1, revoked_ms = $2 WHERE environment = $3 AND revoked_ms IS NULL",
        )
        .bind(by)
        .bind(now_ms())
        .bind(environment)
        .execute(&self.pool)
        .await?;
        for key in keys {
            self.signing_keys.forget(&key.try_get::<String, _>("id")?).await;
        }
        Ok(done.rows_affected())
    }

    async fn newest_key(&self, environment: &str) -> Result<Option<(String, String)>, ControlError> {
        let row = sqlx::query(
            "SELECT id, secret FROM signing_keys WHERE environment = $1 AND revoked_ms IS NULL
             ORDER BY created_ms DESC, id LIMIT 1",
        )
        .bind(environment)
        .fetch_optional(&self.pool)
        .await?;
        Ok(row.map(|row| Ok::<_, sqlx::Error>((row.try_get("id")?, row.try_get("secret")?))).transpose()?)
    }

    async fn create_signing_key(
        &self,
        environment: &str,
        by: &str,
    ) -> Result<(String, String), ControlError> {
        let (id, key) = (uuid::Uuid::now_v7().simple().to_string(), secret::random_secret());
        sqlx::query(
            "INSERT INTO signing_keys (id, environment, secret, created_by, created_ms) VALUES ($1, $2, $3, $4, $5)",
        )
        .bind(&id)
        .bind(environment)
        .bind(&key)
        .bind(by)
        .bind(now_ms())
        .execute(&self.pool)
        .await?;
        Ok((id, key))
    }

    /// Pages ask for their count all the time, so this is answered from memory for seconds.
    async fn signing_key(&self, id: &str) -> Result<Option<SigningKey>, ControlError> {
        let load = || {
            let (pool, id) = (self.pool.clone(), id.to_owned());
            async move {
                let row = sqlx::query(
                    "SELECT environment, secret FROM signing_keys WHERE id = $1 AND revoked_ms IS NULL",
                )
                .bind(id)
                .fetch_optional(&pool)
                .await?;
                let Some(row) = row else { return Ok(None) };
                let (environment, secret): (String, String) =
                    (row.try_get("environment")?, row.try_get("secret")?);
                Ok(Some(SigningKey { environment: environment.into(), secret: secret.into() }))
            }
        };
        self.signing_keys.get(id, load).await
    }
}

/// A token taken apart: what is signed, its two parts read, and the signature.
fn parts(token: &str) -> Option<(&str, Header, Claims, Vec<u8>)> {
    if token.len() > MAX_TOKEN_BYTES {
        return None;
    }
    let (signed, signature) = token.rsplit_once('.')?;
    let (header, claims) = signed.split_once('.')?;
    let decoded = |text: &str| URL_SAFE_NO_PAD.decode(text).ok();
    let header = serde_json::from_slice(&decoded(header)?).ok()?;
    let claims = serde_json::from_slice(&decoded(claims)?).ok()?;
    Some((signed, header, claims, decoded(signature)?))
}

fn mac(key: &str, signed: &str) -> Result<Hmac<Sha256>, ControlError> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes())
        .map_err(|error| ControlError::Invalid(format!("the signing key cannot be used: {error}")))?;
    mac.update(signed.as_bytes());
    Ok(mac)
}
