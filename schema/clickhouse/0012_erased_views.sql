-- The views of erased viewers, by nothing but their id: a view that was still running when its viewer was erased goes on
-- sending, and each beacon carries the totals since its beginning. Whatever is received of a view in here is left out
-- (src/pipeline/starts.rs), for as long as anything of it could be kept.
CREATE TABLE IF NOT EXISTS erased_views
(
    environment LowCardinality(String),
    view_id     String,
    erased_at   DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC')
)
ENGINE = ReplacingMergeTree
ORDER BY (environment, view_id)
TTL toDateTime(erased_at) + INTERVAL 90 DAY;
