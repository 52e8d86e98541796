//! Making names, keys and secrets, and checking secrets against what is kept of them.
//!
//! Two hashes, told apart by the form of what is kept: secrets made here have 256 random bits, which no search can
//! find, so one SHA-256 keeps them safe and costs nothing per request. Secrets people chose (settings, passwords)
//! may be weak and go through Argon2id.

use argon2::{
    Argon2,
    password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::ControlError;

/// Longest name of an environment, in characters.
pub const MAX_NAME: usize = 64;
/// 36^24 is 124 bits: nobody sends to an environment by guessing.
const KEY_LENGTH: usize = 24;
const KEY_ALPHABET: &[u8; 36] = b"abcdefghijklmnopqrstuvwxyz0123456789";
const FAST: &str = "sha256$";

/// A new ingest key: lowercase letters and digits, because mux-embed makes a host name of it.
pub fn ingest_key() -> String {
    (0..KEY_LENGTH).map(|_| char::from(KEY_ALPHABET[rand::random_range(0..KEY_ALPHABET.len())])).collect()
}

/// Whether `key` can be an ingest key at all.
pub fn is_ingest_key(key: &str) -> bool {
    (1..=64).contains(&key.len())
        && key.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
}

/// 256 random bits, in characters that survive URLs, cookies and Basic authentication.
pub fn random_secret() -> String {
    URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>())
}

/// The stable id of an environment's name, equal on every node; `None` if nothing of the name remains.
pub fn slug(name: &str) -> Option<String> {
    if name.chars().count() > MAX_NAME {
        return None;
    }
    let mut slug = String::new();
    for character in name.chars().flat_map(char::to_lowercase) {
        if character.is_ascii_alphanumeric() {
            slug.push(character);
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    let slug = slug.trim_end_matches('-');
    (!slug.is_empty()).then(|| slug.to_owned())
}

/// SHA-256 in hexadecimal.
pub fn digest(secret: &str) -> String {
    Sha256::digest(secret.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Equality that takes the same time wherever the first difference is.
pub fn equal(a: &str, b: &str) -> bool {
    digest(a).as_bytes().ct_eq(digest(b).as_bytes()).into()
}

/// What is kept of a secret made here.
pub fn keep_random(secret: &str) -> String {
    format!("{FAST}{}", digest(secret))
}

/// Whether `kept` is of a secret made here.
pub fn is_random(kept: &str) -> bool {
    kept.starts_with(FAST)
}

/// What is kept of a secret a person chose. Slow on purpose, so it runs beside the event loop.
pub async fn keep_chosen(secret: &str) -> Result<String, ControlError> {
    let secret = secret.to_owned();
    blocking(move || Argon2::default().hash_password(secret.as_bytes()).map(|hash| hash.to_string()))
        .await?
        .map_err(|error| ControlError::Invalid(format!("the secret cannot be hashed: {error}")))
}

/// Whether `secret` is the one `kept` was made of.
pub async fn matches(kept: &str, secret: &str) -> Result<bool, ControlError> {
    if let Some(hash) = kept.strip_prefix(FAST) {
        return Ok(hash.as_bytes().ct_eq(digest(secret).as_bytes()).into());
    }
    let (kept, secret) = (kept.to_owned(), secret.to_owned());
    blocking(move || {
        PasswordHash::new(&kept)
            .is_ok_and(|hash| Argon2::default().verify_password(secret.as_bytes(), &hash).is_ok())
    })
    .await
}

/// Argon2 takes 19 MiB and tens of milliseconds: two at a time, whoever asks.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, ControlError> {
    static SLOTS: tokio::sync::Semaphore = tokio::sync::Semaphore::const_new(2);
    let _slot = SLOTS.acquire().await.map_err(|error| ControlError::Unavailable(error.to_string()))?;
    tokio::task::spawn_blocking(work).await.map_err(|error| ControlError::Unavailable(error.to_string()))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_slug_is_stable_and_plain() {
        assert_eq!(slug("default").as_deref(), Some("default"));
        assert_eq!(slug("  Big  Event, 2026! ").as_deref(), Some("big-event-2026"));
        assert_eq!(slug("München"), Some("m-nchen".to_owned()));
        assert_eq!(slug("—"), None);
        assert_eq!(slug(&"x".repeat(MAX_NAME + 1)), None);
    }

    #[test]
    fn keys_are_what_mux_embed_takes() {
        let key = ingest_key();
        assert_eq!(key.len(), KEY_LENGTH);
        assert!(is_ingest_key(&key));
        for bad in ["", "UPPER", "with-dash", "ä", "a b"] {
            assert!(!is_ingest_key(bad), "{bad}");
        }
    }

    /// Far from a proof of chance; but a counter, a clock or a constant in them would show.
    #[test]
    fn what_is_made_by_chance_has_every_character_at_every_place() {
        const MADE: usize = 10_000;
        for (make, alphabet) in [(ingest_key as fn() -> String, KEY_ALPHABET.len()), (random_secret, 64)] {
            let made: BTreeSet<String> = (0..MADE).map(|_| make()).collect();
            assert_eq!(made.len(), MADE);
            let length = made.iter().map(String::len).max().unwrap();
            assert!(made.iter().all(|one| one.len() == length));
            // The last one of base64 has but four bits here.
            for place in 0..length - 1 {
                let seen: BTreeSet<u8> = made.iter().map(|one| one.as_bytes()[place]).collect();
                assert_eq!(seen.len(), alphabet, "place {place}");
            }
        }
    }

    #[tokio::test]
    async fn both_kinds_of_hash_check_out() {
        let random = random_secret();
        for kept in [keep_random(&random), keep_chosen(&random).await.unwrap()] {
            assert!(matches(&kept, &random).await.unwrap());
            assert!(!matches(&kept, "other").await.unwrap());
            assert!(!kept.contains(&random));
        }
        assert!(!matches("garbage", "garbage").await.unwrap());
    }
}
