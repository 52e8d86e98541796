-- One row per event, sparse: a column is filled where the event said something. Identity: (environment, view_id,
-- sequence); a repeat that outlived the processor's memory disappears at the next merge. `view_start` is the receive
-- time of the view's first beacon, so partitions and retention never depend on a device clock.
CREATE TABLE IF NOT EXISTS event_rows
(
    environment     LowCardinality(String)              CODEC(ZSTD(1)),
    view_start      DateTime64(3, 'UTC')                CODEC(Delta, ZSTD(1)),
    view_id         String                              CODEC(ZSTD(1)),
    sequence        UInt64                              CODEC(Delta, ZSTD(1)),
    event           LowCardinality(String)              CODEC(ZSTD(1)),
    t_ms            Int64                               CODEC(Delta, ZSTD(1)),
    anchor_ms       Int64                               CODEC(Delta, ZSTD(1)),
    received_at     DateTime64(3, 'UTC')                CODEC(Delta, ZSTD(1)),
    playhead_ms     Nullable(UInt64)                    CODEC(ZSTD(1)),
    playing_ms      UInt32                              CODEC(Delta, ZSTD(1)),
    watch_ms        UInt32                              CODEC(Delta, ZSTD(1)),
    rebuffer_ms     UInt32                              CODEC(Delta, ZSTD(1)),
    rebuffer_count  UInt32                              CODEC(ZSTD(1)),
    seek_ms         UInt32                              CODEC(ZSTD(1)),
    seek_count      UInt32                              CODEC(ZSTD(1)),
    dropped_frames  UInt32                              CODEC(ZSTD(1)),
    error_code      LowCardinality(String)              CODEC(ZSTD(1)),
    error_message   String                              CODEC(ZSTD(1)),
    error_severity  LowCardinality(String)              CODEC(ZSTD(1)),
    attributes      Map(LowCardinality(String), String) CODEC(ZSTD(1)),
    log_partition   UInt32                              CODEC(ZSTD(1)),
    log_offset      UInt64                              CODEC(Delta, ZSTD(1)),
    INDEX view_id_bloom view_id TYPE bloom_filter(0.01) GRANULARITY 1
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMMDD(view_start)
ORDER BY (environment, toStartOfHour(view_start), view_id, sequence)
TTL toDateTime(view_start) + INTERVAL 90 DAY
SETTINGS ttl_only_drop_parts = 1, non_replicated_deduplication_window = 100000;
