-- What analysts and the API read: one row per view, the merge hidden. Derived columns are the definitions of
-- src/event/view.rs in SQL. Times are UTC; `view_start` and `view_end` are server times.
CREATE OR REPLACE VIEW views AS
SELECT
    environment,
    view_id,
    view_start,
    least(
        greatest(fromUnixTimestamp64Milli(ifNull(last_t_ms + anchor_ms, 0), 'UTC'), view_start),
        last_received_at
    ) AS view_end,
    last_received_at,
    video_id.2 AS video_id,
    video_title.2 AS video_title,
    video_series.2 AS video_series,
    stream_type.2 AS stream_type,
    viewer_id.2 AS viewer_id,
    session_id.2 AS session_id,
    player_name.2 AS player_name,
    player_version.2 AS player_version,
    player_software.2 AS player_software,
    player_software_version.2 AS player_software_version,
    cdn.2 AS cdn,
    page_url.2 AS page_url,
    page_type.2 AS page_type,
    experiment_name.2 AS experiment_name,
    sub_property_id.2 AS sub_property_id,
    connection_type.2 AS connection_type,
    source_hostname.2 AS source_hostname,
    rendition_codec.2 AS rendition_codec,
    sdk.2 AS sdk,
    country.2 AS country,
    asn.2 AS asn,
    browser.2 AS browser,
    browser_version.2 AS browser_version,
    operating_system.2 AS operating_system,
    operating_system_version.2 AS operating_system_version,
    device.2 AS device,
    address_prefix.2 AS address_prefix,
    video_duration_ms.2 AS video_duration_ms,
    rendition_width.2 AS rendition_width,
    rendition_height.2 AS rendition_height,
    rendition_bitrate.2 AS rendition_bitrate,
    rendition_fps.2 AS rendition_fps,
    player_width.2 AS player_width,
    player_height.2 AS player_height,
    CAST(arrayMap(pair -> (pair.1, pair.2.2), CAST(custom, 'Array(Tuple(String, Tuple(UInt64, String)))')), 'Map(String, String)') AS custom,
    -- greatest() passes over NULL, so a view without a first frame would look like one that started at once.
    coalesce(
        startup_ms,
        if(first_frame_t_ms IS NULL OR play_t_ms IS NULL, NULL, toUInt32(greatest(first_frame_t_ms - play_t_ms, 0)))
    ) AS video_startup_ms,
    player_startup_ms,
    page_load_ms,
    playing_ms,
    watch_ms,
    rebuffer_ms,
    rebuffer_count,
    seek_ms,
    seek_count,
    dropped_frames,
    upscale_ms,
    downscale_ms,
    bitrate_ms,
    max_playhead_ms,
    playhead_ms.2 AS playhead_ms,
    arraySort(
        pair -> pair.3,
        arrayFilter(
            range -> range.2 > range.1,
            arrayMap(number -> (segment_from_ms[number], segment_to_ms[number], number), mapKeys(segment_from_ms))
        )
    ) AS numbered_ranges,
    arrayMap(range -> (range.1, range.2), numbered_ranges) AS played_ranges,
    error_code.2 AS error_code,
    error_message.2 AS error_message,
    length(error_sequences) AS error_count,
    attempted = 1 AS view_attempted,
    first_frame_t_ms IS NOT NULL OR startup_ms IS NOT NULL OR playing_ms > 0 AS view_started,
    fatal = 1 AS playback_failure,
    business = 1 AS playback_business_exception,
    ended = 1 AS played_to_end,
    closed = 1 OR ended = 1 OR fatal = 1 AS view_ended,
    view_attempted AND NOT view_started AND NOT playback_failure AND NOT playback_business_exception
        AND (closed = 1 OR last_received_at < now64(3, 'UTC') - INTERVAL 1 MINUTE) AS exit_before_video_start,
    last_sequence
FROM view_states FINAL
SETTINGS do_not_merge_across_partitions_select_final = 1;
