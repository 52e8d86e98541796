//! What the binary serves of itself: pages, SDK, demo.

use reqwest::Method;

use crate::support::server::Server;

#[tokio::test(flavor = "multi_thread")]
async fn pages_and_sdk_are_in_the_binary() {
    let server = Server::start(&[]).await;
    for (path, kind, from_anywhere) in [
        ("/", "text/html; charset=utf-8", false),
        ("/demo", "text/html; charset=utf-8", false),
        ("/sdk/playhead.js", "text/javascript", true),
        ("/sdk/playhead.mjs", "application/javascript", true),
        ("/sdk/playhead.es5.js", "text/javascript", true),
        ("/sdk/adapters/hlsjs.js", "text/javascript", true),
    ] {
        let whole = server.http.get(server.at(path)).send().await.unwrap();
        assert_eq!(whole.status(), 200, "{path}");
        assert_eq!(whole.headers()["content-type"], kind, "{path}");
        assert_eq!(whole.headers().contains_key("access-control-allow-origin"), from_anywhere, "{path}");
        let length = whole.headers()["content-length"].clone();
        assert!(!whole.bytes().await.unwrap().is_empty());
        let head = server.http.request(Method::HEAD, server.at(path)).send().await.unwrap();
        assert_eq!((head.status().as_u16(), &head.headers()["content-length"]), (200, &length), "{path}");
    }
    // A page of the dashboard's own router is there when it is loaded anew, too.
    let router = include_str!("../../dashboards/src/router.ts");
    for path in router.split("path === '").skip(1).filter_map(|rest| rest.split('\'').next()) {
        assert_eq!(server.http.get(server.at(path)).send().await.unwrap().status(), 200, "{path}");
    }
    for path in ["/sdk/types/index.d.ts", "/sdk/../Cargo.toml", "/sdk/", "/assets/nothing.js"] {
        assert_eq!(server.http.get(server.at(path)).send().await.unwrap().status(), 404, "{path}");
    }
}
