//! Every operation of the API: what keeps tenants apart there, and the scope it asks for.

use playhead::control::Scope;

/// What keeps tenants apart at a route.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Wall {
    /// It says the same to everybody.
    Common,
    /// It is about the caller's environment and takes no id.
    Own,
    /// It is about one thing. Another tenant's is 404.
    Thing,
    /// It is about a selection of views. Another tenant's is as empty as one that never was.
    Selection,
    /// It is for owners, who see every environment.
    Owners,
    /// It is for whoever is signed in, with whatever role.
    SignedIn,
    /// It is before the guard; `access.rs` and the end of the first test are about it.
    Session,
}

use Wall::{Common, Own, Owners, Selection, Session, SignedIn, Thing};

/// Method, path, wall, and the scope it needs.
pub type Case = (&'static str, &'static str, Wall, Scope);

pub const CASES: [Case; 97] = [
    ("get", "/data/v1/metrics", Common, Scope::Read),
    ("get", "/data/v1/metrics/comparison", Own, Scope::Read),
    ("get", "/data/v1/metrics/{metric}/overall", Own, Scope::Read),
    ("get", "/data/v1/metrics/{metric}/timeseries", Own, Scope::Read),
    ("get", "/data/v1/metrics/{metric}/breakdown", Own, Scope::Read),
    ("get", "/data/v1/metrics/{metric}/insights", Own, Scope::Read),
    ("get", "/data/v1/metrics/{metric}/overall/sql", Own, Scope::Read),
    ("get", "/data/v1/metrics/{metric}/timeseries/sql", Own, Scope::Read),
    ("get", "/data/v1/metrics/{metric}/breakdown/sql", Own, Scope::Read),
    ("get", "/data/v1/metrics/{metric}/insights/sql", Own, Scope::Read),
    ("get", "/data/v1/errors/sql", Own, Scope::Read),
    ("get", "/data/v1/engagement/videos/{video_id}/heatmap/sql", Own, Scope::Read),
    ("get", "/data/v1/engagement/videos/{video_id}/viewers/sql", Own, Scope::Read),
    ("get", "/data/v1/video-views/sql", Own, Scope::Read),
    ("get", "/data/v1/usage/sql", Own, Scope::Read),
    ("post", "/data/v1/query", Own, Scope::Read),
    ("get", "/data/v1/errors", Own, Scope::Read),
    ("get", "/data/v1/renditions", Own, Scope::Read),
    ("get", "/data/v1/stalls", Own, Scope::Read),
    ("get", "/data/v1/video-views", Own, Scope::Read),
    ("get", "/data/v1/video-views/{id}", Thing, Scope::Read),
    ("get", "/data/v1/dimensions", Common, Scope::Read),
    ("get", "/data/v1/dimensions/{dimension}", Own, Scope::Read),
    ("get", "/data/v1/engagement/videos/{video_id}/heatmap", Selection, Scope::Read),
    ("get", "/data/v1/engagement/videos/{video_id}/retention", Own, Scope::Read),
    ("get", "/data/v1/engagement/videos/{video_id}/hotspots", Own, Scope::Read),
    ("get", "/data/v1/engagement/videos/{video_id}/comparison", Own, Scope::Read),
    ("get", "/data/v1/engagement/videos/{video_id}/viewers", Own, Scope::Read),
    ("get", "/data/v1/engagement/videos/{video_id}/live", Own, Scope::Read),
    ("get", "/data/v1/engagement/views/{id}", Thing, Scope::Read),
    ("get", "/data/v1/live/{topic}", Own, Scope::Read),
    ("get", "/data/v1/monitoring/metrics", Common, Scope::Read),
    ("get", "/data/v1/monitoring/dimensions", Common, Scope::Read),
    ("get", "/data/v1/monitoring/metrics/{metric}/breakdown", Own, Scope::Read),
    ("get", "/data/v1/monitoring/metrics/{metric}/breakdown-timeseries", Own, Scope::Read),
    ("get", "/data/v1/monitoring/metrics/{metric}/histogram-timeseries", Own, Scope::Read),
    ("get", "/data/v1/monitoring/metrics/{metric}/timeseries", Own, Scope::Read),
    ("get", "/data/v1/cdn-scores", Own, Scope::Read),
    ("get", "/data/v1/annotations", Own, Scope::Read),
    ("post", "/data/v1/annotations", Own, Scope::Write),
    ("get", "/data/v1/annotations/{id}", Thing, Scope::Read),
    ("patch", "/data/v1/annotations/{id}", Thing, Scope::Write),
    ("delete", "/data/v1/annotations/{id}", Thing, Scope::Write),
    ("get", "/data/v1/incidents", Own, Scope::Read),
    ("post", "/data/v1/incidents", Own, Scope::Write),
    ("get", "/data/v1/incidents/{id}/log", Thing, Scope::Read),
    ("post", "/data/v1/incidents/{id}/log", Thing, Scope::Write),
    ("get", "/data/v1/incidents/{id}", Thing, Scope::Read),
    ("get", "/data/v1/incidents/{id}/related", Thing, Scope::Read),
    ("get", "/data/v1/usage", Own, Scope::Read),
    ("get", "/data/v1/refusals", Own, Scope::Read),
    ("get", "/data/v1/system", Owners, Scope::Admin),
    ("get", "/data/v1/exports/views", Own, Scope::Read),
    ("get", "/data/v1/exports/views/{file}", Own, Scope::Read),
    ("post", "/data/v1/viewer-tokens", Own, Scope::Write),
    ("delete", "/data/v1/viewer-tokens", Own, Scope::Write),
    // Its token is its own wall: `accounts.rs`.
    ("get", "/data/v1/viewer-count", Session, Scope::Read),
    ("post", "/data/v1/ledger", Selection, Scope::Read),
    ("get", "/data/v1/environments", Own, Scope::Read),
    ("post", "/data/v1/environments", Owners, Scope::Admin),
    ("get", "/data/v1/environments/{environment}", Thing, Scope::Read),
    ("patch", "/data/v1/environments/{environment}", Thing, Scope::Admin),
    ("get", "/data/v1/ingest-keys", Own, Scope::Read),
    ("post", "/data/v1/ingest-keys", Own, Scope::Admin),
    ("get", "/data/v1/ingest-keys/{ingest_key}", Thing, Scope::Read),
    ("put", "/data/v1/ingest-keys/{ingest_key}", Thing, Scope::Admin),
    ("post", "/data/v1/ingest-keys/{ingest_key}/rotate", Thing, Scope::Admin),
    ("delete", "/data/v1/ingest-keys/{ingest_key}", Thing, Scope::Admin),
    ("get", "/data/v1/tokens", Own, Scope::Admin),
    ("post", "/data/v1/tokens", Own, Scope::Admin),
    ("delete", "/data/v1/tokens/{token_id}", Thing, Scope::Admin),
    ("get", "/data/v1/people", Owners, Scope::Admin),
    ("put", "/data/v1/people/{email}", Owners, Scope::Admin),
    ("delete", "/data/v1/people/{email}", Owners, Scope::Admin),
    ("get", "/data/v1/invitations", Owners, Scope::Admin),
    ("post", "/data/v1/invitations", Owners, Scope::Admin),
    ("delete", "/data/v1/invitations/{invitation_id}", Owners, Scope::Admin),
    ("get", "/data/v1/sessions", SignedIn, Scope::Read),
    ("delete", "/data/v1/sessions/{session_id}", SignedIn, Scope::Read),
    // A viewer's id is the site's own: the same may be in two environments, and each erases its own.
    ("delete", "/data/v1/viewers/{viewer_id}", Own, Scope::Admin),
    ("get", "/data/v1/erasures", Own, Scope::Admin),
    ("get", "/data/v1/erasures/{erasure_id}", Thing, Scope::Admin),
    ("get", "/data/v1/export", Own, Scope::Admin),
    ("get", "/data/v1/audit", Own, Scope::Admin),
    ("post", "/data/v1/sql", Own, Scope::Sql),
    ("delete", "/data/v1/sql/{query_id}", Thing, Scope::Sql),
    ("get", "/data/v1/sql/schema", Common, Scope::Sql),
    ("get", "/data/v1/sql/saved", Own, Scope::Sql),
    ("post", "/data/v1/sql/saved", Own, Scope::Sql),
    ("put", "/data/v1/sql/saved/{saved_id}", Thing, Scope::Write),
    ("delete", "/data/v1/sql/saved/{saved_id}", Thing, Scope::Write),
    ("get", "/session", Session, Scope::Read),
    ("post", "/session", Session, Scope::Read),
    ("put", "/session", Session, Scope::Read),
    ("delete", "/session", Session, Scope::Read),
    ("post", "/session/invitation", Session, Scope::Read),
    ("put", "/session/password", Session, Scope::Read),
];
