-- mux-embed counts the second it takes to be sure of a stall as playing and as rebuffering. What was watched it counts once,
-- so `views` takes the second off the playing time, of what is stored already as well. And who asks what was played reads the
-- ranges alone: they have the extent of the course they follow from, so the totals of the course, a sixth of the price of a
-- heatmap, stay where they are.
-- A flag says who counts so, so that playing time is read without the name of the client.
ALTER TABLE view_states
    ADD COLUMN IF NOT EXISTS counts_stalls_twice SimpleAggregateFunction(max, UInt8) DEFAULT startsWith(sdk.2, 'mux-embed') CODEC(ZSTD(1)) AFTER id_checksum;
-- What analysts and the API read: one row per view, the merge hidden. Derived columns are the definitions of
-- src/event/view.rs in SQL. Times are UTC; `view_start` and `view_end` are server times.
CREATE OR REPLACE VIEW views AS
WITH
    -- Empty where the client counts itself.
    course.1.1 > 0 AS is_reckoned,
    -- The second of each stall that mux-embed counts as playing too; src/event/overcount.rs.
    if(
        counts_stalls_twice = 1 AND view_states.watch_ms >= view_states.playing_ms,
        least(
            greatest(
                ifNull(view_states.startup_ms, 0) + view_states.playing_ms + view_states.rebuffer_ms
                    + view_states.seek_ms - view_states.watch_ms,
                0
            ),
            toInt64(1500 * view_states.rebuffer_count),
            view_states.playing_ms
        ),
        0
    ) AS overcounted_ms,
    -- Both maps have the same keys, in their order: a stretch is told with both of its ends.
    arrayFilter(
        range -> range.2 > range.1,
        arrayZip(mapValues(segment_from_ms), arrayResize(mapValues(segment_to_ms), length(segment_from_ms)))
    ) AS told_ranges,
    if(view_states.video_duration_ms.2 = 0, 4294967295, view_states.video_duration_ms.2) AS media_end_ms,
    -- The marks in order. A rendition is its bitrate, and its height where the client says no bitrate.
    arrayMap(
        mark -> mark.2,
        arraySort(mark -> mark.1, CAST(marks, 'Array(Tuple(UInt64, Tuple(UInt8, UInt32, UInt64, UInt32)))'))
    ) AS marked,
    -- How long each rendition played: from its mark to the next, the last to the end.
    arrayFilter(mark -> mark.1 = 1, marked) AS shown,
    arrayShiftLeft(arrayMap(mark -> mark.2, shown), 1, toUInt32(view_states.playing_ms)) AS shown_until_ms,
    -- Stalls by their place among the marks, and the mark that ended each.
    arrayEnumerate(marked) AS places,
    arrayFilter(stall -> stall.1 = 2, arrayMap((mark, place) -> (mark.1, mark.2, mark.3, place), marked, places)) AS stalls_begun,
    arrayMap(stall -> arrayFirst((mark, place) -> mark.1 = 3 AND place > stall.4, marked, places), stalls_begun) AS stalls_over,
    -- Ads: an attempt begins with an ad told to play, unless that only ends its pause, and lasts until another mark of ads.
    arrayFilter(kind -> kind >= 5, arrayMap(mark -> mark.1, marked)) AS ad_marks,
    arrayMap((kind, before) -> kind = 7 AND before NOT IN (7, 8), ad_marks, arrayShiftRight(ad_marks, 1, 0)) AS ad_begins,
    arrayFilter(
        attempt -> attempt[1] = 7,
        arraySplit((kind, begins) -> begins OR kind IN (5, 6, 9), ad_marks, ad_begins)
    ) AS ad_attempts
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
    region.2 AS region,
    asn.2 AS asn,
    asn_organization.2 AS asn_organization,
    browser.2 AS browser,
    browser_version.2 AS browser_version,
    operating_system.2 AS operating_system,
    operating_system_version.2 AS operating_system_version,
    device.2 AS device,
    address_prefix.2 AS address_prefix,
    -- Empty for people; `docs/dimensions.md` lists the classes.
    bot_class.2 AS bot_class,
    video_duration_ms.2 AS video_duration_ms,
    rendition_width.2 AS rendition_width,
    rendition_height.2 AS rendition_height,
    rendition_bitrate.2 AS rendition_bitrate,
    rendition_fps.2 AS rendition_fps,
    player_width.2 AS player_width,
    player_height.2 AS player_height,
    live_latency_ms.2 AS live_latency_ms,
    view_states.sample_rate.2 / 1000000 AS sample_rate,
    -- A view of a sample stands for so many; in millionths, a rate is never below one of them.
    if(view_states.sample_rate.2 = 0, 1., 1000000 / least(view_states.sample_rate.2, 1000000)) AS weight,
    -- The same in whole views, for percentiles: 3.3 is 3 or 4, decided by the id, and 3.3 in the mean.
    toUInt64(floor(weight + id_checksum / 4294967296)) AS whole_weight,
    CAST(arrayMap(pair -> (pair.1, pair.2.2), CAST(custom, 'Array(Tuple(String, Tuple(UInt64, String)))')), 'Map(String, String)') AS custom,
    -- NULL without a first frame; greatest() would pass over it.
    coalesce(
        startup_ms,
        toUInt32(if(first_frame_t_ms < play_t_ms, 0, first_frame_t_ms - play_t_ms))
    ) AS video_startup_ms,
    player_startup_ms,
    page_load_ms,
    if(is_reckoned, course.2.1, toUInt32(view_states.playing_ms - overcounted_ms)) AS playing_ms,
    if(is_reckoned, course.2.2, view_states.watch_ms) AS watch_ms,
    if(is_reckoned, course.2.3, view_states.rebuffer_ms) AS rebuffer_ms,
    if(is_reckoned, course.2.4, view_states.rebuffer_count) AS rebuffer_count,
    if(is_reckoned, course.2.5, view_states.seek_ms) AS seek_ms,
    if(is_reckoned, course.2.6, view_states.seek_count) AS seek_count,
    dropped_frames,
    dropped_frames_said = 1 OR dropped_frames > 0 AS dropped_frames_measured,
    upscale_ms,
    downscale_ms,
    scaling_said = 1 OR upscale_ms > 0 OR downscale_ms > 0 AS scaling_measured,
    if(is_reckoned, course.2.7, view_states.bitrate_ms) AS bitrate_ms,
    max_playhead_ms,
    playhead_ms.2 AS playhead_ms,
    arraySort(
        pair -> pair.3,
        arrayFilter(
            range -> range.2 > range.1,
            arrayMap(number -> (segment_from_ms[number], segment_to_ms[number], number), mapKeys(segment_from_ms))
        )
    ) AS numbered_ranges,
    -- As `is_reckoned`, by their own copy of the extent.
    if(course_ranges.1.1 > 0, course_ranges.2, told_ranges) AS played_ranges,
    -- Each part once, however often it was played, and nothing beyond the end.
    arrayReduce(
        'intervalLengthSum',
        arrayMap(range -> least(toUInt64(range.1), media_end_ms), played_ranges),
        arrayMap(range -> least(toUInt64(range.2), media_end_ms), played_ranges)
    ) AS media_seen_ms,
    error_code.2 AS error_code,
    error_message.2 AS error_message,
    length(error_sequences) AS error_count,
    attempted = 1 AS view_attempted,
    first_frame_t_ms IS NOT NULL OR startup_ms IS NOT NULL OR if(is_reckoned, course.2.1, view_states.playing_ms) > 0 AS view_started,
    fatal = 1 AS playback_failure,
    business = 1 AS playback_business_exception,
    ended = 1 AS played_to_end,
    closed = 1 OR ended = 1 OR fatal = 1 AS view_ended,
    view_attempted AND NOT view_started AND NOT playback_failure AND NOT playback_business_exception
        AND (closed = 1 OR last_received_at < now64(3, 'UTC') - INTERVAL 1 MINUTE) AS exit_before_video_start,
    -- How long a view that has not begun has been waited for: the client's own measure, else by its events.
    multiIf(
        view_started OR NOT view_attempted, NULL,
        watch_ms > 0, watch_ms,
        play_t_ms IS NULL OR last_t_ms IS NULL, NULL,
        toUInt32(least(greatest(last_t_ms - play_t_ms, 0), 4294967295))
    ) AS waited_ms,
    -- Over for good: it said so or was stopped, or has been silent for an hour, the longest pause a view outlives.
    view_attempted AND (view_ended OR playback_business_exception OR last_received_at < now64(3, 'UTC') - INTERVAL 1 HOUR)
        AS view_over,
    view_over AND NOT view_ended AND NOT playback_business_exception AS view_dropped,
    max_upscale / 1000000 AS max_upscale_percentage,
    max_downscale / 1000000 AS max_downscale_percentage,
    request_throughput.2 AS request_throughput,
    request_latency_ms.2 AS request_latency_ms,
    max_request_latency_ms,
    preroll_request_count,
    preroll_request_ms,
    preroll_load_ms,
    -- Kind, playing time, amount and height of each; src/event/marks.rs.
    marked AS marks_in_order,
    arrayCompact(arrayMap(mark -> (mark.3, mark.4), arrayFilter(mark -> mark.1 = 1, marked))) AS renditions,
    arrayCount((before, after) -> after > before, arrayPopBack(renditions), arrayPopFront(renditions)) AS rendition_upshift_count,
    arrayCount((before, after) -> after < before, arrayPopBack(renditions), arrayPopFront(renditions)) AS rendition_downshift_count,
    -- Bitrate, height and time of each; of clients that send no totals by the course, which knows no heights.
    if(
        is_reckoned,
        arrayMap(time -> (time.1, toUInt32(0), time.2), arrayFilter(time -> time.1 > 0, course_renditions.2)),
        arrayMap((mark, until) -> (mark.3, mark.4, toUInt32(greatest(toInt64(until) - mark.2, 0))), shown, shown_until_ms)
    ) AS rendition_times,
    -- What each stall followed, when in playing time it began, and how long it was.
    if(
        is_reckoned,
        arrayMap(stall -> (['nothing', 'seek', 'start'][stall.1 + 1], stall.2, stall.3), course_stalls.2),
        arrayMap(
            (stall, over) -> (
                multiIf(
                    arrayExists((mark, place) -> mark.1 = 4 AND place < stall.4 AND stall.2 - mark.2 <= 1000, marked, places), 'seek',
                    stall.2 <= 3000, 'start',
                    arrayExists((mark, place) -> mark.1 = 1 AND place < stall.4 AND stall.2 - mark.2 <= 1000, marked, places),
                        'rendition_change',
                    'nothing'
                ),
                stall.2,
                toUInt32(least(greatest(toInt64(if(over.1 = 0, rebuffer_ms, over.3)) - toInt64(stall.3), 0), 4294967295))
            ),
            stalls_begun, stalls_over
        )
    ) AS stalls,
    -- Second and name of what the viewer did of the customer's own, in order.
    arrayMap(
        moment -> moment.2,
        arraySort(moment -> moment.1, CAST(view_states.moments, 'Array(Tuple(UInt64, Tuple(UInt32, String)))'))
    ) AS moments,
    notEmpty(ad_marks) AS view_has_ad,
    countEqual(ad_marks, 5) AS ad_break_count,
    length(ad_attempts) AS ad_attempt_count,
    arrayCount(attempt -> has(attempt, 8), ad_attempts) AS ad_impression_count,
    arrayCount(attempt -> has(attempt, 10), ad_attempts) AS ad_error_count,
    arrayCount(attempt -> has(attempt, 10) AND NOT has(arraySlice(attempt, 1, indexOf(attempt, 10)), 8), ad_attempts) AS ad_startup_error_count,
    arrayCount(attempt -> NOT has(attempt, 8) AND NOT has(attempt, 10), ad_attempts) AS ad_exit_before_start_count,
    countEqual(ad_marks, 10) - arraySum(attempt -> countEqual(attempt, 10), ad_attempts) AS ad_break_error_count,
    last_sequence
FROM view_states FINAL
SETTINGS do_not_merge_across_partitions_select_final = 1;
