-- Views without totals of their own (CMCD, EPAS): the course of the view, from which totals and played ranges follow.
-- The key is the millisecond on the client's clock and, in the lowest 12 bits, the turn within it; the value is the
-- state (codes of State in src/event/view.rs, 9 = goes on, 0 = says nothing), the playhead (-1 = unknown) and the bitrate.
ALTER TABLE view_states
    ADD COLUMN IF NOT EXISTS timeline SimpleAggregateFunction(maxMap, Map(UInt64, Tuple(UInt8, Int64, UInt64))) CODEC(ZSTD(1)) AFTER segment_to_ms,
    ADD COLUMN IF NOT EXISTS live_latency_ms SimpleAggregateFunction(max, Tuple(UInt64, UInt64)) CODEC(ZSTD(1)) AFTER player_height;
-- As in 0004, but one time of no clock does not move the other events of its view out of their decade.
CREATE OR REPLACE VIEW events AS
WITH
    t_ms + min(anchor_ms) OVER (PARTITION BY environment, view_start, view_id) AS placed_ms,
    toUnixTimestamp64Milli(received_at) AS heard_ms
SELECT
    environment,
    view_id,
    sequence,
    event,
    -- A day and more before it was heard of: the clock has jumped, and what it said is no time.
    fromUnixTimestamp64Milli(
        if(placed_ms < heard_ms - 86400000, heard_ms, least(placed_ms, heard_ms)),
        'UTC'
    ) AS occurred_at,
    received_at,
    view_start,
    t_ms,
    playhead_ms,
    playing_ms,
    watch_ms,
    rebuffer_ms,
    rebuffer_count,
    seek_ms,
    seek_count,
    dropped_frames,
    error_code,
    error_message,
    error_severity,
    attributes
FROM event_rows FINAL
SETTINGS do_not_merge_across_partitions_select_final = 1;
