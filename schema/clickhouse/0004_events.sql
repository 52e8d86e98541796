-- What analysts read: one row per event. `occurred_at` places the client's event clock on the view's one server anchor
-- (the smallest receive - sent seen for the view), so a slow beacon neither moves nor reorders events.
CREATE OR REPLACE VIEW events AS
SELECT
    environment,
    view_id,
    sequence,
    event,
    fromUnixTimestamp64Milli(
        least(
            t_ms + min(anchor_ms) OVER (PARTITION BY environment, view_start, view_id),
            toUnixTimestamp64Milli(received_at)
        ),
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
