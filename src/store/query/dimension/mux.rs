//! The names Mux Data has for dimensions where ours is another, and what becomes of each: who comes from there asks with
//! the same words.

/// What a name of Mux Data's is here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meaning {
    /// Another name of this dimension of ours.
    Ours(&'static str),
    /// The custom dimension of this very name. mux-embed's beacons say it (`src/beacon/formats/mux_said.rs`), and any
    /// other may under `custom`.
    Said,
    /// There is nothing of the kind here; why, and what there is instead.
    Nothing(&'static str),
}

use Meaning::{Nothing, Ours, Said};

const MUX_VIDEO: &str = "an id that Mux Video gives, and no beacon says; one under `custom` is a dimension";
const WHOSE_FAILURE: &str = "whether an ad or the video failed is not told apart; `ad_error_count>0` is a filter, and an \
                             error of an ad fails no view";
const FIRST: &str = "of the first rendition bitrate and height are known";

/// Every one that is not the same here, in the order of the alphabet.
pub const NAMES: [(&str, Meaning); 53] = [
    ("ad_playback_failure", Nothing(WHOSE_FAILURE)),
    ("asset_id", Nothing(MUX_VIDEO)),
    ("audio_codec", Said),
    ("audio_codec_initial", Nothing(FIRST)),
    ("client_application_name", Said),
    ("client_application_version", Said),
    ("content_playback_failure", Nothing(WHOSE_FAILURE)),
    ("live_stream_id", Nothing(MUX_VIDEO)),
    ("playback_id", Nothing(MUX_VIDEO)),
    ("player_autoplay", Said),
    ("player_error_code", Ours("error_code")),
    ("player_mux_plugin_name", Said),
    ("player_mux_plugin_version", Said),
    ("player_preload", Said),
    ("player_remote_played", Said),
    ("preroll_ad_asset_hostname", Said),
    ("preroll_ad_tag_hostname", Said),
    ("source_type", Said),
    ("time_shift_enabled", Said),
    ("used_captions", Said),
    ("used_pip", Said),
    ("video_affiliate", Said),
    ("video_brand", Said),
    (
        "video_cdn_trace",
        Nothing("networks are not kept in the order they came; `cdn` is the one a view had last"),
    ),
    ("video_codec", Ours("rendition_codec")),
    ("video_codec_initial", Nothing(FIRST)),
    ("video_content_type", Said),
    ("video_creator_id", Said),
    ("video_dynamic_range_type", Said),
    ("video_dynamic_range_type_initial", Nothing(FIRST)),
    ("video_encoding_variant", Said),
    ("video_source_bitrate", Ours("rendition_bitrate")),
    ("video_source_bitrate_initial", Ours("first_rendition_bitrate")),
    ("video_source_fps", Ours("rendition_fps")),
    ("video_source_fps_initial", Nothing(FIRST)),
    ("video_source_height", Ours("rendition_height")),
    ("video_source_height_initial", Ours("first_rendition_height")),
    ("video_source_width", Ours("rendition_width")),
    ("video_source_width_initial", Nothing(FIRST)),
    ("view_cdn_edge_pop", Said),
    ("view_cdn_origin", Said),
    ("view_drm_level", Said),
    ("view_drm_type", Said),
    ("view_session_id", Said),
    ("viewer_connection_type", Ours("connection_type")),
    ("viewer_device_category", Ours("device")),
    ("viewer_device_manufacturer", Said),
    ("viewer_device_model", Said),
    ("viewer_device_name", Said),
    ("viewer_user_id", Ours("viewer_id")),
    ("viewer_plan", Said),
    ("viewer_plan_category", Said),
    ("viewer_plan_status", Said),
];

/// What the name is here, if it is one of them.
pub fn meaning(name: &str) -> Option<Meaning> {
    NAMES.iter().find(|(known, _)| *known == name).map(|(_, meaning)| *meaning)
}

/// Why there is no dimension `name`, if it is one of Mux Data's.
pub fn absent(name: &str) -> Option<String> {
    match meaning(name)? {
        Nothing(why) => Some(format!("Mux Data's `{name}` is not there: {why}")),
        Ours(_) | Said => None,
    }
}
