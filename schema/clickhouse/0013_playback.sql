-- What a view's row has more of, so that nothing has to be looked for in events: how long each rendition played where that
-- follows from a timeline (src/event/timeline.rs), and what viewers did of the customer's own (src/event/moments.rs).
-- `course_renditions` is (extent, bitrates and ms), as the others of a course in 0010.
ALTER TABLE view_states
    ADD COLUMN IF NOT EXISTS course_renditions SimpleAggregateFunction(max, Tuple(
        Tuple(UInt32, Int64, UInt128),
        Array(Tuple(UInt64, UInt32))
    )) CODEC(ZSTD(1)) AFTER course_ranges,
    ADD COLUMN IF NOT EXISTS moments SimpleAggregateFunction(maxMap, Map(UInt64, Tuple(UInt32, String))) CODEC(ZSTD(1)) AFTER marks;
-- The moments of views that an earlier version has written.
INSERT INTO view_states (environment, view_start, view_id, moments)
SELECT environment, view_start, view_id, CAST((groupArray(sequence), groupArray((second, name))), 'Map(UInt64, Tuple(UInt32, String))')
FROM
(
    SELECT
        environment,
        view_start,
        view_id,
        sequence,
        toUInt32(least(intDiv(assumeNotNull(playhead_ms), 1000), 4294967295)) AS second,
        attributes['name'] AS name
    FROM event_rows FINAL
    WHERE event = 'custom' AND playhead_ms IS NOT NULL
    ORDER BY environment, view_start, view_id, sequence
    LIMIT 1000 BY environment, view_start, view_id
)
GROUP BY environment, view_start, view_id;
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
    if(view_states.video_duration_ms.2 = 0, 4294967295, view_states.video_duration_ms.2) AS media_end_ms,
    -- The marks in order. A rendition is its bitrate, and its height where the client says no bitrate.
    arrayMap(
        mark -> mark.2,
        arraySort(mark -> mark.1, CAST(marks, 'Array(Tuple(UInt64, Tuple(UInt8, UInt32, UInt64, UInt32)))'))
    ) AS marked,
    -- How long each rendition played: from its mark to the next, the last to the end.
    arrayFilter(mark -> mark.1 = 1, marked) AS shown,
    arrayShiftLeft(arrayMap(mark -> mark.2, shown), 1, toUInt32(playing_ms)) AS shown_until_ms,
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
    -- What each stall followed, when in playing time it began, and how long it was; of clients that say their totals with it.
    if(
        is_reckoned,
        [],
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
-- The same for analysts, and as plainly typed as before.
CREATE OR REPLACE VIEW sql_views
(
    environment LowCardinality(String) COMMENT 'The tenant; every statement of the SQL port sees its own only, without this column',
    view_id String COMMENT 'The view: one attempt to watch one video. Made by the client',
    view_start DateTime64(3, 'UTC') COMMENT 'When the first beacon of the view was received. Filter by it: data is ordered and kept by it',
    view_end DateTime64(3, 'UTC') COMMENT 'When the last event so far happened',
    last_received_at DateTime64(3, 'UTC') COMMENT 'When the last beacon was received',
    video_id String COMMENT 'The video, as the site calls it',
    video_title String COMMENT 'Its title',
    video_series String COMMENT 'The series it belongs to',
    stream_type String COMMENT 'on-demand or live',
    viewer_id String COMMENT 'The viewer, as the site says; empty when it does not',
    session_id String COMMENT 'The viewer''s visit; empty when the client sends none',
    player_name String COMMENT 'The player, as the site calls it',
    player_version String COMMENT 'The version of that',
    player_software String COMMENT 'The player library, such as hls.js',
    player_software_version String COMMENT 'Its version',
    cdn String COMMENT 'The network the media came from last',
    page_url String COMMENT 'The page',
    page_type String COMMENT 'The kind of page, such as watchpage or iframe',
    experiment_name String COMMENT 'The experiment the view was part of',
    sub_property_id String COMMENT 'A part of the tenant, as the site says',
    connection_type String COMMENT 'The client''s connection, such as wifi or cellular',
    source_hostname String COMMENT 'The host the media came from',
    rendition_codec String COMMENT 'The codec played last',
    sdk String COMMENT 'What sent the beacons, with its version',
    country String COMMENT 'Two-letter code, from the client''s network',
    region String COMMENT 'The part of the country, where the installed file of networks has it',
    asn String COMMENT 'The client''s network operator by number',
    asn_organization String COMMENT 'Who runs that network',
    bot_class String COMMENT 'What kind of robot sent it, or what hints at one; empty for people',
    browser String COMMENT 'The browser',
    browser_version String COMMENT 'Its version',
    operating_system String COMMENT 'The operating system',
    operating_system_version String COMMENT 'Its version',
    device String COMMENT 'The kind of device: desktop, phone, tablet, tv, …',
    address_prefix String COMMENT 'The network of the client''s address (/24 or /48); the address itself is never kept',
    video_duration_ms UInt64 COMMENT 'Length of the video in ms; 0 when it is not known',
    rendition_width UInt64 COMMENT 'Width in pixels of the rendition played last',
    rendition_height UInt64 COMMENT 'Its height',
    rendition_bitrate UInt64 COMMENT 'Its bitrate in bit/s',
    rendition_fps UInt64 COMMENT 'Its frames per second',
    player_width UInt64 COMMENT 'Width of the player on the page in pixels',
    player_height UInt64 COMMENT 'Its height',
    live_latency_ms UInt64 COMMENT 'How far behind the live edge the view was last, in ms; 0 when it is not known',
    sample_rate Float64 COMMENT 'The part of views the client reports, when it reports a sample; 0 when it says nothing',
    weight Float64 COMMENT 'How many views this one stands for: sum it instead of counting when clients sample',
    custom Map(String, String) COMMENT 'The site''s own dimensions',
    video_startup_ms Nullable(UInt32) COMMENT 'Time from the wish to play to the first frame; NULL when there was none',
    player_startup_ms Nullable(UInt32) COMMENT 'Time from the player''s set-up to its being ready; NULL when it does not say',
    page_load_ms Nullable(UInt32) COMMENT 'Time from navigation to the player''s set-up; NULL when it does not say',
    playing_ms UInt32 COMMENT 'Time the picture moved, in ms',
    watch_ms UInt32 COMMENT 'Time spent watching, startup, rebuffering and seeking included, pauses not',
    rebuffer_ms UInt32 COMMENT 'Time spent rebuffering, in ms',
    rebuffer_count UInt32 COMMENT 'How often playback stopped to rebuffer',
    seek_ms UInt32 COMMENT 'Time spent waiting for seeks, in ms',
    seek_count UInt32 COMMENT 'Seeks',
    dropped_frames UInt32 COMMENT 'Frames decoded and not shown',
    upscale_ms UInt32 COMMENT 'Upscaling, weighted by time: divided by playing_ms it is the mean',
    downscale_ms UInt32 COMMENT 'Downscaling, weighted by time',
    bitrate_ms UInt64 COMMENT 'Bitrate, weighted by time: divided by playing_ms it is the mean in bit/s',
    max_playhead_ms UInt64 COMMENT 'The furthest place reached, in ms',
    playhead_ms UInt64 COMMENT 'Where the view was last, in ms',
    played_ranges Array(Tuple(UInt32, UInt32)) COMMENT 'The stretches played, from and to in ms of the video, in the order they were played',
    media_seen_ms UInt64 COMMENT 'Length of what was seen, each part once, in ms',
    error_code String COMMENT 'The code of the last error that counts; empty when there was none',
    error_message String COMMENT 'Its message',
    error_count UInt64 COMMENT 'Errors that ended the view, or refusals by the site; warnings are only in events',
    view_attempted UInt8 COMMENT '1 when somebody wished to play',
    view_started UInt8 COMMENT '1 when there was a first frame',
    playback_failure UInt8 COMMENT '1 when an error ended the view',
    playback_business_exception UInt8 COMMENT '1 when the site refused to play, as for a block by country',
    played_to_end UInt8 COMMENT '1 when the end of the video was reached',
    view_ended UInt8 COMMENT '1 when the view said that it is over',
    exit_before_video_start UInt8 COMMENT '1 when the viewer left before the first frame',
    waited_ms Nullable(UInt32) COMMENT 'How long a view that has not begun was waited for; NULL for the others',
    view_over UInt8 COMMENT '1 when the view will not go on',
    view_dropped UInt8 COMMENT '1 when it ended without saying so',
    percent_viewed Nullable(Float64) COMMENT 'Part of the video that was played, each place once, 0 to 1; NULL for live streams and views that do not say what they played or how long the video is',
    dropped_frames_measured UInt8 COMMENT '1 when the client counts dropped frames',
    scaling_measured UInt8 COMMENT '1 when the client measures scaling',
    max_upscale_percentage Nullable(Float64) COMMENT 'The largest upscaling of the view: 0.5 is half as large again; NULL when it is not said',
    max_downscale_percentage Nullable(Float64) COMMENT 'The largest downscaling; NULL when it is not said',
    request_throughput UInt64 COMMENT 'What the view''s requests brought, in bit/s while they loaded; 0 when it is not known',
    request_latency_ms UInt64 COMMENT 'Mean wait for the first byte of a request, in ms; 0 when it is not known',
    max_request_latency_ms Nullable(UInt32) COMMENT 'The longest of these waits; NULL when it is not said',
    rendition_change_count UInt64 COMMENT 'Changes from one rendition to another, of clients that report them',
    rendition_upshift_count UInt64 COMMENT 'Of these, to more bits, or to more lines where bits are not said',
    rendition_downshift_count UInt64 COMMENT 'Of these, to fewer',
    rendition_times Array(Tuple(bitrate UInt64, height UInt32, playing_ms UInt32)) COMMENT 'The renditions that were shown and how long each played in ms; bitrate in bit/s and height in pixels are 0 when they are not said',
    stalls Array(Tuple(after String, at_playing_ms UInt32, rebuffer_ms UInt32)) COMMENT 'The stalls in order: what each followed (seek, start, rendition_change or nothing), how long the picture had moved by then, and how long it was, in ms; empty for clients that send no totals',
    moments Array(Tuple(second UInt32, name String)) COMMENT 'What the viewer did of the site''s own (custom events): second of the video and name, in order, at most 1,000',
    view_has_ad UInt8 COMMENT '1 when the player told of an ad',
    ad_break_count UInt64 COMMENT 'Breaks for ads',
    ad_attempt_count UInt64 COMMENT 'Ads told to play',
    ad_impression_count UInt64 COMMENT 'Of these, with a picture that moved',
    ad_error_count UInt64 COMMENT 'Of these, failed',
    ad_startup_error_count UInt64 COMMENT 'Of these, failed before the picture moved',
    ad_exit_before_start_count UInt64 COMMENT 'Ads told to play that neither showed a picture nor failed',
    ad_break_error_count UInt64 COMMENT 'Errors of a break outside of an ad',
    preroll_request_count Nullable(UInt32) COMMENT 'How often an ad was asked for before the video; NULL when it is not said',
    preroll_request_ms Nullable(UInt32) COMMENT 'From the view''s start to the first ad being told to play, in ms; NULL when it is not said',
    preroll_load_ms Nullable(UInt32) COMMENT 'From there to its first frame; NULL when it is not said'
)
AS SELECT
    environment,
    view_id,
    view_start,
    view_end,
    toDateTime64(each.last_received_at, 3, 'UTC') AS last_received_at,
    video_id,
    video_title,
    video_series,
    stream_type,
    viewer_id,
    session_id,
    player_name,
    player_version,
    player_software,
    player_software_version,
    cdn,
    page_url,
    page_type,
    experiment_name,
    sub_property_id,
    connection_type,
    source_hostname,
    rendition_codec,
    sdk,
    country,
    region,
    asn,
    asn_organization,
    bot_class,
    browser,
    browser_version,
    operating_system,
    operating_system_version,
    device,
    address_prefix,
    video_duration_ms,
    rendition_width,
    rendition_height,
    rendition_bitrate,
    rendition_fps,
    player_width,
    player_height,
    live_latency_ms,
    sample_rate,
    weight,
    custom,
    video_startup_ms,
    toUInt32(each.player_startup_ms) AS player_startup_ms,
    toUInt32(each.page_load_ms) AS page_load_ms,
    toUInt32(each.playing_ms) AS playing_ms,
    toUInt32(each.watch_ms) AS watch_ms,
    toUInt32(each.rebuffer_ms) AS rebuffer_ms,
    toUInt32(each.rebuffer_count) AS rebuffer_count,
    toUInt32(each.seek_ms) AS seek_ms,
    toUInt32(each.seek_count) AS seek_count,
    toUInt32(each.dropped_frames) AS dropped_frames,
    toUInt32(each.upscale_ms) AS upscale_ms,
    toUInt32(each.downscale_ms) AS downscale_ms,
    toUInt64(each.bitrate_ms) AS bitrate_ms,
    toUInt64(each.max_playhead_ms) AS max_playhead_ms,
    playhead_ms,
    played_ranges,
    media_seen_ms,
    error_code,
    error_message,
    error_count,
    view_attempted,
    view_started,
    playback_failure,
    playback_business_exception,
    played_to_end,
    view_ended,
    exit_before_video_start,
    toUInt32(each.waited_ms) AS waited_ms,
    view_over,
    view_dropped,
    if(video_duration_ms > 0 AND stream_type != 'live' AND notEmpty(played_ranges), media_seen_ms / video_duration_ms, NULL) AS percent_viewed,
    dropped_frames_measured,
    scaling_measured,
    max_upscale_percentage,
    max_downscale_percentage,
    request_throughput,
    request_latency_ms,
    toUInt32(each.max_request_latency_ms) AS max_request_latency_ms,
    toUInt64(greatest(toInt64(length(renditions)) - 1, 0)) AS rendition_change_count,
    rendition_upshift_count,
    rendition_downshift_count,
    CAST(each.rendition_times, 'Array(Tuple(bitrate UInt64, height UInt32, playing_ms UInt32))') AS rendition_times,
    CAST(each.stalls, 'Array(Tuple(after String, at_playing_ms UInt32, rebuffer_ms UInt32))') AS stalls,
    CAST(each.moments, 'Array(Tuple(second UInt32, name String))') AS moments,
    view_has_ad,
    ad_break_count,
    ad_attempt_count,
    ad_impression_count,
    ad_error_count,
    ad_startup_error_count,
    ad_exit_before_start_count,
    toUInt64(ad_break_error_count) AS ad_break_error_count,
    toUInt32(each.preroll_request_count) AS preroll_request_count,
    toUInt32(each.preroll_request_ms) AS preroll_request_ms,
    toUInt32(each.preroll_load_ms) AS preroll_load_ms
-- Plain types: clients need not know what merges the numbers.
FROM views AS each
COMMENT 'One row per view: an attempt to watch one video';
