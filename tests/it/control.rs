//! Control data on a real database: SQLite always, PostgreSQL when `PLAYHEAD_TEST_POSTGRES` names a server.
//!
//! Each test is one body run on both hosts, since there is one code path.

use std::{future::Future, sync::Arc, time::Duration};

use playhead::control::{Bootstrap, Control, ControlError, SESSION_LIFETIME};

const POSTGRES: &str = "PLAYHEAD_TEST_POSTGRES";

/// Runs `test` on an empty database of each host.
async fn on_each_host<F: Future<Output = ()>>(test: impl Fn(String) -> F) {
    let folder = tempfile::tempdir().unwrap();
    test(format!("sqlite:{}", folder.path().join("control.db").display())).await;
    if let Ok(server) = std::env::var(POSTGRES) {
        let name = format!("playhead_{}", uuid::Uuid::new_v4().simple());
        sqlx::any::install_default_drivers();
        let admin = sqlx::AnyPool::connect(&server).await.unwrap();
        sqlx::raw_sql(sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}"))).execute(&admin).await.unwrap();
        let (base, _) = server.rsplit_once('/').unwrap();
        test(format!("{base}/{name}")).await;
        let drop = format!("DROP DATABASE {name} WITH (FORCE)");
        sqlx::raw_sql(sqlx::AssertSqlSafe(drop)).execute(&admin).await.unwrap();
    }
}

fn settings(json: serde_json::Value) -> Bootstrap {
    serde_json::from_value(json).unwrap()
}

#[tokio::test]
async fn an_empty_database_gets_one_environment_and_keeps_it() {
    on_each_host(async |url| {
        let control = Control::open(&url).await.unwrap();
        let first = control.bootstrap(Bootstrap::default()).await.unwrap();
        assert_eq!(first.environments.len(), 1);
        let made = &first.environments[0];
        assert_eq!((made.id.as_str(), made.ingest_key.len()), ("default", 24));
        let token = made.generated_token.clone().unwrap();
        assert_eq!(control.verify_token(&token.id, &token.secret).await.unwrap().as_deref(), Some("default"));
        control.close().await;

        let again = Control::open(&url).await.unwrap();
        let second = again.bootstrap(Bootstrap::default()).await.unwrap();
        assert_eq!(second.environments[0].ingest_key, made.ingest_key);
        assert!(second.environments[0].generated_token.is_none());
        assert_eq!(again.verify_token(&token.id, &token.secret).await.unwrap().as_deref(), Some("default"));
    })
    .await;
}

#[tokio::test]
async fn settings_win_and_can_be_applied_over_and_over() {
    on_each_host(async |url| {
        let control = Control::open(&url).await.unwrap();
        let wanted = |secret: &str, password: &str| {
            settings(serde_json::json!({
                "environments": [
                    {"name": "Prod", "ingest_keys": ["abc123"], "tokens": [{"id": "t", "secret": secret}]},
                    {"name": "Bare"},
                ],
                "admins": [{"email": "Admin@example.org", "password": password}],
            }))
        };
        let first = control.bootstrap(wanted("weak", "old")).await.unwrap();
        let bare = first.environments.iter().find(|environment| environment.id == "bare").unwrap();
        assert!(bare.generated_token.is_some() && !bare.ingest_key.is_empty());
        let prod = first.environments.iter().find(|environment| environment.id == "prod").unwrap();
        assert!(prod.generated_token.is_none());
        assert_eq!(prod.ingest_key, "abc123");
        control.bootstrap(wanted("weak", "old")).await.unwrap();
        assert_eq!(control.environment_of_key("abc123").await.unwrap().as_deref(), Some("prod"));
        assert_eq!(control.verify_token("t", "weak").await.unwrap().as_deref(), Some("prod"));
        assert!(control.verify_password("admin@EXAMPLE.org", "old").await.unwrap());

        control.bootstrap(wanted("changed", "new")).await.unwrap();
        assert_eq!(control.verify_token("t", "weak").await.unwrap(), None);
        assert_eq!(control.verify_token("t", "changed").await.unwrap().as_deref(), Some("prod"));
        assert!(!control.verify_password("admin@example.org", "old").await.unwrap());
        assert!(control.verify_password("admin@example.org", "new").await.unwrap());
        assert!(!control.verify_password("nobody@example.org", "new").await.unwrap());

        // What belongs to one tenant is never given to another.
        for stolen in [
            serde_json::json!({"environments": [{"name": "Bare", "ingest_keys": ["abc123"]}]}),
            serde_json::json!({"environments": [{"name": "Bare", "tokens": [{"id": "t", "secret": "x"}]}]}),
        ] {
            let refused = control.bootstrap(settings(stolen)).await;
            assert!(matches!(refused, Err(ControlError::Exists(_))), "{refused:?}");
        }
        assert_eq!(control.environment_of_key("abc123").await.unwrap().as_deref(), Some("prod"));
    })
    .await;
}

#[test]
fn all_mistakes_are_told_at_once() {
    let wanted = settings(serde_json::json!({
        "environments": [
            {"name": "—"},
            {"name": "A b", "ingest_keys": ["UPPER", "x", "x"]},
            {"name": "a-b", "tokens": [{"id": "a:b", "secret": "s"}, {"id": "ok", "secret": ""}]},
        ],
        "admins": [{"email": "", "password": "x"}],
    }));
    let mistakes = wanted.mistakes();
    assert_eq!(mistakes.len(), 7, "{mistakes:#?}");
    let unknown = serde_json::from_value::<Bootstrap>(serde_json::json!({"enviroments": []}));
    assert!(unknown.is_err());
}

#[tokio::test]
async fn two_nodes_may_start_at_once() {
    on_each_host(async |url| {
        let first = Control::open(&url).await.unwrap();
        let second = Control::open(&url).await.unwrap();
        let (a, b) =
            tokio::join!(first.bootstrap(Bootstrap::default()), second.bootstrap(Bootstrap::default()));
        for report in [a.unwrap(), b.unwrap()] {
            for provisioned in &report.environments {
                assert_eq!(provisioned.id, "default");
                let environment = second.environment_of_key(&provisioned.ingest_key).await.unwrap();
                assert_eq!(environment.as_deref(), Some("default"));
            }
        }
        assert_eq!(first.environments().await.unwrap().len(), 1);
    })
    .await;
}

#[tokio::test]
async fn a_revocation_counts_here_at_once_and_elsewhere_within_seconds() {
    on_each_host(async |url| {
        let here = Control::open(&url).await.unwrap();
        let elsewhere = Control::open(&url).await.unwrap();
        let made = here.create_environment("x").await.unwrap();
        let token = &made.token;
        for node in [&here, &elsewhere] {
            assert_eq!(node.environment_of_key(&made.ingest_key).await.unwrap().as_deref(), Some("x"));
            assert_eq!(node.verify_token(&token.id, &token.secret).await.unwrap().as_deref(), Some("x"));
            assert!(node.recalls_token(&token.id, &token.secret).await);
        }
        assert!(!here.revoke_key("another", &made.ingest_key).await.unwrap());
        assert!(here.revoke_key("x", &made.ingest_key).await.unwrap());
        assert!(here.revoke_token("x", &token.id).await.unwrap());
        assert_eq!(here.environment_of_key(&made.ingest_key).await.unwrap(), None);
        assert_eq!(here.verify_token(&token.id, &token.secret).await.unwrap(), None);
        tokio::time::sleep(Duration::from_millis(5_200)).await;
        assert_eq!(elsewhere.environment_of_key(&made.ingest_key).await.unwrap(), None);
        assert_eq!(elsewhere.verify_token(&token.id, &token.secret).await.unwrap(), None);
    })
    .await;
}

#[tokio::test]
async fn known_keys_and_tokens_outlive_an_outage_of_the_database() {
    on_each_host(async |url| {
        let control = Control::open(&url).await.unwrap();
        let made = control.create_environment("x").await.unwrap();
        let known: Option<Arc<str>> = control.environment_of_key(&made.ingest_key).await.unwrap();
        assert_eq!(known.as_deref(), Some("x"));
        assert!(control.verify_token(&made.token.id, &made.token.secret).await.unwrap().is_some());
        // Nothing can be asked any more, and what was fresh has aged.
        control.close().await;
        tokio::time::sleep(Duration::from_millis(5_200)).await;
        assert_eq!(control.environment_of_key(&made.ingest_key).await.unwrap(), known);
        assert!(control.verify_token(&made.token.id, &made.token.secret).await.unwrap().is_some());
        assert!(matches!(control.environment_of_key("neverseen").await, Err(ControlError::Unavailable(_))));
        assert_eq!(control.environment_of_key("No Key At All").await.unwrap(), None);
    })
    .await;
}

#[tokio::test]
async fn sessions_open_turn_expire_and_close() {
    on_each_host(async |url| {
        let control = Control::open(&url).await.unwrap();
        assert!(control.open_session().await.is_err(), "there is nothing to look at");
        control.create_environment("a").await.unwrap();
        control.create_environment("b").await.unwrap();
        let now = chrono::Utc::now().timestamp_millis();
        let cookie = control.open_session().await.unwrap();
        let at = async |now: i64| {
            control.session(&cookie, now).await.unwrap().map(|session| session.environment.to_string())
        };
        assert_eq!(at(now).await.as_deref(), Some("a"));
        assert!(control.turn_session(&cookie, "b").await.unwrap());
        assert!(!control.turn_session(&cookie, "c").await.unwrap());
        assert_eq!(at(now).await.as_deref(), Some("b"));
        assert_eq!(at(now + SESSION_LIFETIME.as_millis() as i64 + 60_000).await, None);
        assert!(control.session("another", now).await.unwrap().is_none());
        control.close_session(&cookie).await.unwrap();
        assert_eq!(at(now).await, None);
    })
    .await;
}

#[tokio::test]
async fn names_are_taken_once() {
    on_each_host(async |url| {
        let control = Control::open(&url).await.unwrap();
        assert_eq!(control.create_environment("Big Event").await.unwrap().id, "big-event");
        assert!(matches!(control.create_environment("big event").await, Err(ControlError::Exists(_))));
        for bad in ["", "—", &"x".repeat(65)] {
            assert!(matches!(control.create_environment(bad).await, Err(ControlError::Invalid(_))), "{bad}");
        }
    })
    .await;
}
