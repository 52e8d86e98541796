-- What follows from a view's timeline is stored with it, reckoned by the processor (src/event/course.rs) from all that is
-- known of the timeline: reading used to derive it anew each time. A course that knows more is the larger one, so it wins
-- whatever order and however often the pieces come in.
-- `course` is (extent, totals): how many moments there were, until when and what they say; then playing, watching and
-- rebuffering time, rebuffering events, seeking time, seeks, and bitrate by playing time. `course_ranges` is (extent, ranges).
-- Parts of them are taken by number: by a name ClickHouse would read a part alone, and FINAL would not merge it.
ALTER TABLE view_states
    ADD COLUMN IF NOT EXISTS course SimpleAggregateFunction(max, Tuple(
        Tuple(UInt32, Int64, UInt128),
        Tuple(UInt32, UInt32, UInt32, UInt32, UInt32, UInt32, UInt64)
    )) CODEC(ZSTD(1)) AFTER timeline,
    ADD COLUMN IF NOT EXISTS course_ranges SimpleAggregateFunction(max, Tuple(
        Tuple(UInt32, Int64, UInt128),
        Array(Tuple(UInt32, UInt32))
    )) CODEC(ZSTD(1)) AFTER course,
    -- What decides whether a view that stands for 3.3 counts as 3 or 4; random, so nothing packs it.
    ADD COLUMN IF NOT EXISTS id_checksum SimpleAggregateFunction(max, UInt32) DEFAULT CRC32(view_id) CODEC(NONE) AFTER view_id,
    -- Questions about views that ended in a day have to look a week further back; this leaves out what was over by then.
    ADD INDEX IF NOT EXISTS last_received_range last_received_at TYPE minmax GRANULARITY 1;
-- The moments of a heatmap are events of one rare kind; without this they are looked for in all events of the timeframe.
ALTER TABLE event_rows ADD INDEX IF NOT EXISTS event_set event TYPE set(32) GRANULARITY 1;
-- The course as it follows from the stored timelines, step by step as in src/event/timeline.rs: for views that an earlier
-- version has written (src/pipeline/timelines.rs), and to hold the two against each other (tests/it/timeline.rs).
CREATE OR REPLACE VIEW reckoned_courses AS
WITH
    arraySort(moment -> moment.1, CAST(timeline, 'Array(Tuple(UInt64, Tuple(UInt8, Int64, UInt64)))')) AS moments,
    arrayMap(moment -> toInt64(bitShiftRight(moment.1, 12)), moments) AS at_ms,
    greatest(arrayElement(at_ms, -1), ifNull(last_t_ms, 0)) AS course_end_ms,
    arrayMap((from_ms, to_ms) -> least(to_ms - from_ms, 300000), at_ms, arrayShiftLeft(at_ms, 1, course_end_ms)) AS for_ms,
    arrayMap(moment -> moment.2.1, moments) AS codes,
    arrayFill(code -> code != 0, codes) AS said,
    arrayReverseFill(code -> code NOT IN (0, 7), codes) AS said_next,
    arrayFill(code -> code IN (1, 2, 3), said) AS wishes,
    arrayCumSum(code -> code = 2, said) AS plays,
    arrayMap((code, wish) -> if(code = 9, if(wish = 3, 3, 2), code), said, wishes) AS resumed,
    arrayFill(code -> code != 5, resumed) AS before_stall,
    arrayFill(code -> code != 7, resumed) AS before_failure,
    arrayMap(
        (code, before_stall, before_failure, next, played) -> multiIf(
            played = 0 AND code IN (2, 4, 5), 1,
            code = 5 AND before_stall != 2, before_stall,
            code = 7 AND before_failure = 2 AND next = 5, 2,
            code
        ),
        resumed, before_stall, before_failure, said_next, plays
    ) AS states,
    arrayShiftRight(states, 1, 0) AS states_before,
    arrayFill(bitrate -> bitrate > 0, arrayMap(moment -> moment.2.3, moments)) AS bitrates,
    -- Played ranges: what says nothing is left out, then each stretch from one playhead to the next, then the seams closed.
    arrayFilter(
        place -> place.4,
        arrayMap(
            (at, code, moment) -> (at, code, moment.2.2, moment.2.1 != 0 OR moment.2.2 >= 0),
            at_ms, states, moments
        )
    ) AS places,
    arrayShiftLeft(places, 1, (course_end_ms, toUInt8(4), toInt64(-1), false)) AS places_after,
    arrayMap(
        (place, after) -> (place.3, if(after.2 = 4, -1, after.3), least(after.1 - place.1, 300000), place.2),
        places, places_after
    ) AS steps,
    arrayMap(
        step -> (multiIf(step.1 >= 0, step.1, step.2 >= 0, greatest(step.2 - step.3, 0), -1), step.2, step.3, step.4),
        steps
    ) AS begun,
    arrayMap(
        (step, seeks) -> (step.1, if(step.2 BETWEEN step.1 AND step.1 + 4 * step.3 + 1000, step.2, step.1 + step.3), seeks, step.4),
        begun, arrayCumSum(step -> step.4 = 4, begun)
    ) AS stretches,
    arrayFilter(stretch -> stretch.4 = 2 AND stretch.1 >= 0 AND stretch.2 > stretch.1, stretches) AS played,
    arrayMap(
        (stretch, before) -> stretch.3 != before.3 OR abs(stretch.1 - before.2) > 250,
        played, arrayShiftRight(played, 1, (toInt64(-1), toInt64(-1000), toUInt32(0), toUInt8(0)))
    ) AS is_apart,
    arrayMap(
        joined -> (toUInt32(least(joined[1].1, 4294967295)), toUInt32(least(arrayMax(stretch -> stretch.2, joined), 4294967295))),
        arraySplit((stretch, apart) -> apart, played, is_apart)
    ) AS ranges,
    (
        toUInt32(length(moments)),
        ifNull(last_t_ms, 0),
        arraySum(
            moment -> bitShiftLeft(toUInt128(moment.2.1), 104) + bitShiftLeft(toUInt128(moment.2.2 + 1), 64) + moment.2.3,
            moments
        )
    ) AS extent
SELECT
    environment,
    view_start,
    view_id,
    (
        extent,
        (
            toUInt32(least(arraySum((ms, code) -> if(code = 2, ms, 0), for_ms, states), 4294967295)),
            toUInt32(least(arraySum((ms, code) -> if(code IN (1, 2, 4, 5), ms, 0), for_ms, states), 4294967295)),
            toUInt32(least(arraySum((ms, code) -> if(code = 5, ms, 0), for_ms, states), 4294967295)),
            toUInt32(arrayCount((code, before) -> code = 5 AND before != 5, states, states_before)),
            toUInt32(least(arraySum((ms, code) -> if(code = 4, ms, 0), for_ms, states), 4294967295)),
            toUInt32(arrayCount((code, before) -> code = 4 AND before != 4, states, states_before)),
            arraySum((ms, code, bitrate) -> if(code = 2, toUInt64(ms) * bitrate, 0), for_ms, states, bitrates)
        )
    ) AS reckoned,
    (extent, ranges) AS reckoned_ranges,
    extent > view_states.course.1 AS is_lagging
FROM view_states FINAL
WHERE notEmpty(timeline)
SETTINGS do_not_merge_across_partitions_select_final = 1;
INSERT INTO view_states (environment, view_start, view_id, course, course_ranges)
SELECT environment, view_start, view_id, reckoned, reckoned_ranges
FROM reckoned_courses
SETTINGS max_partitions_per_insert_block = 0, short_circuit_function_evaluation = 'disable';
-- What analysts and the API read: one row per view, the merge hidden. Derived columns are the definitions of
-- src/event/view.rs in SQL. Times are UTC; `view_start` and `view_end` are server times.
CREATE OR REPLACE VIEW views AS
WITH
    -- Empty where the client counts itself.
    course.1.1 > 0 AS is_reckoned,
    -- Both maps have the same keys, in their order: a stretch is told with both of its ends.
    arrayFilter(
        range -> range.2 > range.1,
        arrayZip(mapValues(segment_from_ms), arrayResize(mapValues(segment_to_ms), length(segment_from_ms)))
    ) AS told_ranges,
    if(view_states.video_duration_ms.2 = 0, 4294967295, view_states.video_duration_ms.2) AS media_end_ms
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
    if(is_reckoned, course.2.1, view_states.playing_ms) AS playing_ms,
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
    if(is_reckoned, course_ranges.2, told_ranges) AS played_ranges,
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
    first_frame_t_ms IS NOT NULL OR startup_ms IS NOT NULL OR playing_ms > 0 AS view_started,
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
    last_sequence
FROM view_states FINAL
SETTINGS do_not_merge_across_partitions_select_final = 1;
