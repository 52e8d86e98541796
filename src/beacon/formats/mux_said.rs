//! mux-embed's fields that Mux Data makes dimensions of and for which a view here has no column: they are custom dimensions,
//! by the names that Mux Data's API has for them (`crate::store::query::dimension::mux`).

/// mux-embed's field, spelled out, and the dimension it is.
const SAID: [(&str, &str); 34] = [
    ("mux_viewer_device_manufacturer", "viewer_device_manufacturer"),
    ("mux_viewer_device_model", "viewer_device_model"),
    ("mux_viewer_device_name", "viewer_device_name"),
    ("player_autoplay_on", "player_autoplay"),
    ("player_captions_enabled", "used_captions"),
    ("player_mux_plugin_name", "player_mux_plugin_name"),
    ("player_mux_plugin_version", "player_mux_plugin_version"),
    ("player_pip_enabled", "used_pip"),
    ("player_preload_on", "player_preload"),
    ("player_remote_played", "player_remote_played"),
    ("video_affiliate", "video_affiliate"),
    ("video_audio_codec", "audio_codec"),
    ("video_brand", "video_brand"),
    ("video_content_type", "video_content_type"),
    ("video_creator_id", "video_creator_id"),
    ("video_dynamic_range_type", "video_dynamic_range_type"),
    ("video_encoding_variant", "video_encoding_variant"),
    ("video_source_mime_type", "source_type"),
    ("view_cdn_edge_pop", "view_cdn_edge_pop"),
    ("view_cdn_origin", "view_cdn_origin"),
    ("view_client_application_name", "client_application_name"),
    ("view_client_application_version", "client_application_version"),
    ("view_drm_level", "view_drm_level"),
    ("view_drm_type", "view_drm_type"),
    ("view_preroll_ad_asset_hostname", "preroll_ad_asset_hostname"),
    ("view_preroll_ad_tag_hostname", "preroll_ad_tag_hostname"),
    ("view_session_id", "view_session_id"),
    ("view_time_shift_enabled", "time_shift_enabled"),
    ("viewer_device_manufacturer", "viewer_device_manufacturer"),
    ("viewer_device_model", "viewer_device_model"),
    ("viewer_device_name", "viewer_device_name"),
    ("viewer_plan", "viewer_plan"),
    ("viewer_plan_category", "viewer_plan_category"),
    ("viewer_plan_status", "viewer_plan_status"),
];

/// Dimensions that ask whether something was so at any time of the view: that it is not so now takes nothing back.
const EVER: [&str; 3] = ["player_remote_played", "used_captions", "used_pip"];

/// The dimension a field is.
pub fn dimension(field: &str) -> Option<&'static str> {
    SAID.iter().find(|(known, _)| *known == field).map(|(_, dimension)| *dimension)
}

/// Whether a dimension is said once and for all.
pub fn is_ever(dimension: &str) -> bool {
    EVER.contains(&dimension)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::store::query::dimension::mux::{Meaning, NAMES};

    #[test]
    fn what_the_api_takes_for_said_is_said() {
        let asked = NAMES.iter().filter(|(_, meaning)| *meaning == Meaning::Said).map(|(name, _)| *name);
        let said = SAID.iter().map(|(_, dimension)| *dimension);
        assert_eq!(asked.collect::<BTreeSet<_>>(), said.collect());
        assert!(EVER.iter().all(|ever| SAID.iter().any(|(_, dimension)| dimension == ever)));
    }

    /// A field that mux-embed's keys cannot spell would never come.
    #[test]
    fn mux_embed_has_words_for_every_field() {
        let names: serde_json::Value =
            serde_json::from_str(include_str!("../../../schema/mux-embed.names.json")).unwrap();
        let has = |of: &str, word: &str| names[of].as_object().unwrap().values().any(|known| known == word);
        for (field, _) in SAID {
            let (first, rest) = field.split_once('_').unwrap();
            assert!(has("prefix", first) && rest.split('_').all(|word| has("word", word)), "{field}");
        }
    }
}
