//! Control data on a real database: SQLite always, PostgreSQL when `PLAYHEAD_TEST_POSTGRES` names a server.
//!
//! Each test is one body run on both hosts, since there is one code path.

use std::{
    future::Future,
    time::{Duration, Instant},
};

use futures_util::future::join_all;
use playhead::control::{
    Bootstrap, Control, ControlError, KeySettings, Origins, Role, SESSION_LIFETIME, Scope, Scopes,
    TokenSettings,
};

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

/// The environment a key sends to.
async fn of_key(control: &Control, key: &str) -> Option<String> {
    control.ingest_key(key).await.unwrap().map(|known| known.environment.to_string())
}

/// The environment a token works in.
async fn of_token(control: &Control, id: &str, secret: &str) -> Option<String> {
    control.verify_token(id, secret).await.unwrap().map(|grant| grant.environment.to_string())
}

#[tokio::test]
async fn a_database_that_is_not_there_is_named_with_the_reason() {
    // The discard port: nobody listens.
    let refused =
        Control::open("postgres://nobody:secret@127.0.0.1:9/playhead").await.err().unwrap().to_string();
    assert!(refused.contains("127.0.0.1:9: ") && refused.contains("refused"), "{refused}");
    assert!(!refused.contains("secret"), "{refused}");
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
        assert_eq!(of_token(&control, &token.id, &token.secret).await.as_deref(), Some("default"));
        control.close().await;

        let again = Control::open(&url).await.unwrap();
        let second = again.bootstrap(Bootstrap::default()).await.unwrap();
        assert_eq!(second.environments[0].ingest_key, made.ingest_key);
        assert!(second.environments[0].generated_token.is_none());
        assert_eq!(of_token(&again, &token.id, &token.secret).await.as_deref(), Some("default"));
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
        assert_eq!(of_key(&control, "abc123").await.as_deref(), Some("prod"));
        assert_eq!(of_token(&control, "t", "weak").await.as_deref(), Some("prod"));
        assert!(control.verify_password("admin@EXAMPLE.org", "old").await.unwrap());

        control.bootstrap(wanted("changed", "new")).await.unwrap();
        assert_eq!(of_token(&control, "t", "weak").await, None);
        assert_eq!(of_token(&control, "t", "changed").await.as_deref(), Some("prod"));
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
        assert_eq!(of_key(&control, "abc123").await.as_deref(), Some("prod"));
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
    // A race, so run it often.
    for _ in 0..10 {
        on_each_host(async |url| {
            let first = Control::open(&url).await.unwrap();
            let second = Control::open(&url).await.unwrap();
            let (a, b) =
                tokio::join!(first.bootstrap(Bootstrap::default()), second.bootstrap(Bootstrap::default()));
            for report in [a.unwrap(), b.unwrap()] {
                assert_eq!(report.environments.len(), 1);
                let made = &report.environments[0];
                let environment = of_key(&second, &made.ingest_key).await;
                assert_eq!(environment.as_deref(), Some("default"));
                if let Some(token) = &made.generated_token {
                    let environment = of_token(&second, &token.id, &token.secret).await;
                    assert_eq!(environment.as_deref(), Some("default"));
                }
            }
        })
        .await;
    }
}

#[tokio::test]
async fn a_revocation_counts_here_at_once_and_elsewhere_within_seconds() {
    on_each_host(async |url| {
        let here = Control::open(&url).await.unwrap();
        let elsewhere = Control::open(&url).await.unwrap();
        let made = here.create_environment("x").await.unwrap();
        let token = &made.token;
        for node in [&here, &elsewhere] {
            assert_eq!(of_key(node, &made.ingest_key).await.as_deref(), Some("x"));
            assert_eq!(of_token(node, &token.id, &token.secret).await.as_deref(), Some("x"));
            assert!(node.is_safe_to_check(&token.id, &token.secret).await.unwrap());
        }
        assert!(!here.retire_key("another", &made.ingest_key).await.unwrap());
        assert!(here.retire_key("x", &made.ingest_key).await.unwrap());
        assert!(here.revoke_token("x", &token.id).await.unwrap());
        assert_eq!(of_key(&here, &made.ingest_key).await, None);
        assert_eq!(of_token(&here, &token.id, &token.secret).await, None);
        tokio::time::sleep(Duration::from_millis(5_200)).await;
        assert_eq!(of_key(&elsewhere, &made.ingest_key).await, None);
        assert_eq!(of_token(&elsewhere, &token.id, &token.secret).await, None);
    })
    .await;
}

#[tokio::test]
async fn known_keys_and_tokens_outlive_an_outage_of_the_database() {
    on_each_host(async |url| {
        let control = Control::open(&url).await.unwrap();
        let made = control.create_environment("x").await.unwrap();
        let known = of_key(&control, &made.ingest_key).await;
        assert_eq!(known.as_deref(), Some("x"));
        assert!(control.verify_token(&made.token.id, &made.token.secret).await.unwrap().is_some());
        // Nothing can be asked any more, and what was fresh has aged.
        control.close().await;
        tokio::time::sleep(Duration::from_millis(5_200)).await;
        assert_eq!(of_key(&control, &made.ingest_key).await, known);
        assert!(control.verify_token(&made.token.id, &made.token.secret).await.unwrap().is_some());
        assert!(matches!(control.ingest_key("neverseen").await, Err(ControlError::Unavailable(_))));
        assert_eq!(of_key(&control, "No Key At All").await, None);
    })
    .await;
}

#[tokio::test]
async fn made_up_keys_cost_the_database_a_few_questions_and_a_new_key_works_among_them() {
    on_each_host(async |url| {
        let here = Control::open(&url).await.unwrap();
        let elsewhere = Control::open(&url).await.unwrap();
        let flood = async |control: &Control, name: &str| {
            let begun = Instant::now();
            let asked = (0..1_000).map(|number| format!("{name}{number}"));
            let answers = join_all(asked.map(async |key| control.ingest_key(&key).await)).await;
            (answers, begun.elapsed())
        };
        for control in [&here, &elsewhere] {
            let (answers, _) = flood(control, "before").await;
            assert!(answers.iter().all(|answer| matches!(answer, Ok(None))), "{answers:?}");
        }
        let made = here.create_environment("x").await.unwrap();
        let known = Some("x".to_owned());
        assert_eq!(of_key(&here, &made.ingest_key).await, known);
        let next = here.rotate_key("x", &made.ingest_key).await.unwrap();
        assert_eq!(of_key(&here, &next.ingest_key).await, known);
        let begun = Instant::now();
        while of_key(&elsewhere, &made.ingest_key).await != known {
            assert!(begun.elapsed() < Duration::from_secs(20));
            flood(&elsewhere, "meanwhile").await;
        }
        // Whoever asks now is told that there is nobody.
        elsewhere.close().await;
        let (answers, took) = flood(&elsewhere, "after").await;
        let questions = answers.iter().filter(|answer| answer.is_err()).count() as u64;
        assert!(questions <= 20 * (2 + took.as_secs()), "{questions} in {took:?}");
        assert_eq!(of_key(&elsewhere, &made.ingest_key).await, known);
    })
    .await;
}

#[tokio::test]
async fn sessions_open_turn_expire_and_close() {
    on_each_host(async |url| {
        let control = Control::open(&url).await.unwrap();
        assert!(control.open_session(None, "").await.is_err(), "there is nothing to look at");
        control.create_environment("a").await.unwrap();
        control.create_environment("b").await.unwrap();
        let now = chrono::Utc::now().timestamp_millis();
        let cookie = control.open_session(None, "Browser\n1").await.unwrap();
        let session = control.session(&cookie, now).await.unwrap().unwrap();
        assert_eq!((&*session.environment, session.role, &session.email), ("a", Role::Owner, &None));
        let at = async |now: i64| {
            control.session(&cookie, now).await.unwrap().map(|session| session.environment.to_string())
        };
        assert!(control.turn_session(&session, "b").await.unwrap());
        assert!(!control.turn_session(&session, "c").await.unwrap());
        assert_eq!(at(now).await.as_deref(), Some("b"));
        assert_eq!(at(now + SESSION_LIFETIME.as_millis() as i64 + 60_000).await, None);
        assert!(control.session("another", now).await.unwrap().is_none());
        let other = control.open_session(None, "").await.unwrap();
        let listed = control.list_sessions(&session).await.unwrap();
        assert_eq!(listed.len(), 2);
        assert!(
            listed
                .iter()
                .any(|one| one.id == session.id && one.device == "Browser1" && one.last_used_ms.is_some())
        );
        assert!(
            control
                .end_session(&session, &listed.iter().find(|one| one.id != session.id).unwrap().id)
                .await
                .unwrap()
        );
        assert!(control.session(&other, now).await.unwrap().is_none());
        control.close_session(&cookie).await.unwrap();
        assert_eq!(at(now).await, None);
    })
    .await;
}

#[tokio::test]
async fn a_key_is_rotated_while_both_work() {
    on_each_host(async |url| {
        let control = Control::open(&url).await.unwrap();
        let made = control.create_environment("x").await.unwrap();
        control.create_environment("y").await.unwrap();
        let settings = KeySettings {
            name: "site".into(),
            origins: Origins::parse(&["https://example.org"]).unwrap(),
            events_per_s: Some(50),
        };
        let old = &made.ingest_key;
        for wrong in [control.change_key("y", old, &settings).await, control.rotate_key("y", old).await] {
            assert!(matches!(wrong, Err(ControlError::Missing(_))), "{wrong:?}");
        }
        control.change_key("x", old, &settings).await.unwrap();
        let new = control.rotate_key("x", old).await.unwrap();
        assert_eq!((new.name.as_str(), new.events_per_s), ("site", Some(50)));
        assert_eq!(new.origins, ["https://example.org"]);
        let listed = control.listed_key("x", old).await.unwrap();
        assert_eq!(listed.replaced_by.as_deref(), Some(new.ingest_key.as_str()));
        for key in [old, &new.ingest_key] {
            let known = control.ingest_key(key).await.unwrap().unwrap();
            assert_eq!((&*known.environment, known.events_per_s), ("x", Some(50)));
            assert!(
                known.origins.allow("https://example.org") && !known.origins.allow("https://example.com")
            );
        }
        // The new one is the one to show, and the old one makes no third.
        assert_eq!(control.environments().await.unwrap()[0].ingest_key, new.ingest_key);
        assert!(matches!(control.rotate_key("x", old).await, Err(ControlError::Exists(_))));
        assert!(control.retire_key("x", old).await.unwrap() && !control.retire_key("x", old).await.unwrap());
        assert_eq!(of_key(&control, old).await, None);
        assert_eq!(of_key(&control, &new.ingest_key).await.as_deref(), Some("x"));
        assert!(matches!(control.rotate_key("x", old).await, Err(ControlError::Missing(_))));
        assert_eq!(control.list_keys("x").await.unwrap().len(), 2);
        for (name, quota) in [("x".repeat(101), None), (String::new(), Some(0))] {
            let bad = KeySettings { name, events_per_s: quota, ..KeySettings::default() };
            assert!(matches!(control.create_key("x", &bad).await, Err(ControlError::Invalid(_))));
        }
    })
    .await;
}

#[tokio::test]
async fn a_token_may_what_it_was_made_for_until_it_expires() {
    on_each_host(async |url| {
        let control = Control::open(&url).await.unwrap();
        control.create_environment("x").await.unwrap();
        let now = chrono::Utc::now().timestamp_millis();
        let scopes: Scopes = [Scope::Sql].into_iter().collect();
        let settings = TokenSettings { name: "grafana".into(), scopes, expires_ms: Some(now + 60_000) };
        let token = control.create_token("x", &settings).await.unwrap();
        let grant = control.verify_token(&token.id, &token.secret).await.unwrap().unwrap();
        assert_eq!((&*grant.environment, grant.scopes), ("x", scopes));
        // Late enough to be made and asked for before, by a busy machine too.
        let expires_ms = chrono::Utc::now().timestamp_millis() + 5_000;
        let soon = TokenSettings { expires_ms: Some(expires_ms), ..settings.clone() };
        let soon = control.create_token("x", &soon).await.unwrap();
        assert!(control.verify_token(&soon.id, &soon.secret).await.unwrap().is_some());
        while chrono::Utc::now().timestamp_millis() <= expires_ms {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        assert!(control.verify_token(&soon.id, &soon.secret).await.unwrap().is_none());
        for bad in [
            TokenSettings { expires_ms: Some(now - 1), ..settings.clone() },
            TokenSettings { scopes: Scopes::default(), ..settings.clone() },
        ] {
            assert!(matches!(control.create_token("x", &bad).await, Err(ControlError::Invalid(_))));
        }
        // The use is noted beside the request.
        let used = async || {
            let listed = control.list_tokens("x").await.unwrap();
            listed.into_iter().find(|listed| listed.id == token.id).unwrap().last_used_ms
        };
        while used().await.is_none() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        assert!(used().await.unwrap() >= now);
    })
    .await;
}

#[tokio::test]
async fn an_invitation_makes_somebody_once_and_roles_follow_at_once() {
    on_each_host(async |url| {
        let control = Control::open(&url).await.unwrap();
        for name in ["a", "b"] {
            control.create_environment(name).await.unwrap();
        }
        let environments = ["b".to_owned()];
        for (email, role, environments) in [
            ("nobody", Role::Viewer, &environments[..]),
            ("v@example.org", Role::Viewer, &[]),
            ("v@example.org", Role::Viewer, &["c".to_owned()]),
            ("v@example.org", Role::Owner, &environments),
        ] {
            let refused = control.invite(email, role, environments).await;
            assert!(matches!(refused, Err(ControlError::Invalid(_))), "{email} {role:?} {environments:?}");
        }
        let made = control.invite("V@example.org", Role::Editor, &environments).await.unwrap();
        assert_eq!(control.invitations().await.unwrap(), std::slice::from_ref(&made.invitation));
        assert!(matches!(
            control.accept_invitation(&made.code, "short").await,
            Err(ControlError::Invalid(_))
        ));
        assert_eq!(control.accept_invitation("made up", "long enough").await.unwrap(), None);
        let (first, second) = tokio::join!(
            control.accept_invitation(&made.code, "long enough 1"),
            control.accept_invitation(&made.code, "long enough 2"),
        );
        let accepted = [first.unwrap(), second.unwrap()];
        assert_eq!(accepted.iter().flatten().collect::<Vec<_>>(), ["v@example.org"], "one of two");
        let password = if accepted[0].is_some() { "long enough 1" } else { "long enough 2" };
        assert!(control.verify_password("v@example.org", password).await.unwrap());
        assert_eq!(control.invitations().await.unwrap(), []);

        let now = chrono::Utc::now().timestamp_millis();
        let cookie = control.open_session(Some("V@example.org"), "").await.unwrap();
        let session = async || control.session(&cookie, now).await.unwrap();
        let mine = session().await.unwrap();
        assert_eq!((&*mine.environment, mine.role), ("b", Role::Editor));
        assert!(!control.turn_session(&mine, "a").await.unwrap(), "it is not theirs");
        let operator = control.open_session(None, "").await.unwrap();
        let operator = control.session(&operator, now).await.unwrap().unwrap();
        assert!(!control.end_session(&mine, &operator.id).await.unwrap(), "it is not theirs either");
        assert_eq!(control.list_sessions(&mine).await.unwrap().len(), 1);
        assert_eq!(control.list_sessions(&operator).await.unwrap().len(), 2);

        let person = control.change_person("v@example.org", Role::Viewer, &["a".to_owned()]).await.unwrap();
        assert_eq!((person.role, &person.environments[..]), (Role::Viewer, &["a".to_owned()][..]));
        let moved = session().await.unwrap();
        assert_eq!((&*moved.environment, moved.role), ("a", Role::Viewer));

        control.change_password("v@example.org", "another one", &mine.id).await.unwrap();
        assert!(session().await.is_some(), "the session it was changed in stays");
        let again = control.invite("v@example.org", Role::Viewer, &environments).await.unwrap();
        control.accept_invitation(&again.code, "a third one").await.unwrap().unwrap();
        assert!(session().await.is_none(), "a password that was lost may have been found");
        let cookie = control.open_session(Some("v@example.org"), "").await.unwrap();
        assert!(control.remove_person("V@example.org").await.unwrap());
        assert!(control.session(&cookie, now).await.unwrap().is_none());
        assert!(!control.remove_person("v@example.org").await.unwrap());
        assert!(!control.verify_password("v@example.org", "a third one").await.unwrap());
    })
    .await;
}

#[tokio::test]
async fn an_erasure_is_taken_once_and_leaves_a_receipt_without_the_name() {
    on_each_host(async |url| {
        let control = Control::open(&url).await.unwrap();
        for name in ["a", "b"] {
            control.create_environment(name).await.unwrap();
        }
        assert!(matches!(control.request_erasure("a", "", "x").await, Err(ControlError::Invalid(_))));
        let asked = control.request_erasure("a", "anna", "token t").await.unwrap();
        assert_eq!(
            control.request_erasure("a", "anna", "again").await.unwrap(),
            asked,
            "it is pending already"
        );
        assert!(matches!(control.receipt("b", &asked.id).await, Err(ControlError::Missing(_))));
        let claimed = control.claim_erasure().await.unwrap().unwrap();
        assert_eq!((claimed.id.as_str(), claimed.viewer_id.as_str()), (asked.id.as_str(), "anna"));
        assert_eq!(control.claim_erasure().await.unwrap(), None, "somebody is at it");
        control.release_erasure(&asked.id, Duration::ZERO).await.unwrap();
        assert_eq!(control.claim_erasure().await.unwrap().unwrap().id, asked.id);
        let erased = playhead::control::Erased { views: 1, view_rows: 2, event_rows: 30 };
        control.finish_erasure(&asked.id, erased).await.unwrap();
        let receipt = control.receipt("a", &asked.id).await.unwrap();
        assert_eq!((receipt.views, receipt.view_rows, receipt.event_rows), (1, 2, 30));
        assert!(receipt.finished_ms.is_some_and(|at| at >= receipt.requested_ms));
        assert_eq!(receipt.viewer_sha256, playhead::control::digest("a\0anna"));
        assert_eq!(control.claim_erasure().await.unwrap(), None);
        assert_ne!(control.request_erasure("a", "anna", "later").await.unwrap().id, asked.id);
    })
    .await;
}

#[tokio::test]
async fn an_environment_has_a_name_and_a_time_to_keep() {
    on_each_host(async |url| {
        let control = Control::open(&url).await.unwrap();
        control.create_environment("First").await.unwrap();
        assert_eq!(control.tenant("first").await.unwrap().retention_days, 90);
        let changed = control.change_environment("first", Some("Second"), Some(7)).await.unwrap();
        let environment = &changed.environment;
        assert_eq!(
            (environment.id.as_str(), environment.name.as_str(), changed.retention_days),
            ("first", "Second", 7)
        );
        assert_eq!(control.change_environment("first", None, None).await.unwrap(), changed);
        for days in [0, 91] {
            let refused = control.change_environment("first", None, Some(days)).await;
            assert!(matches!(refused, Err(ControlError::Invalid(_))), "{days}");
        }
        let missing = control.change_environment("second", Some("x"), None).await;
        assert!(matches!(missing, Err(ControlError::Missing(_))));
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
