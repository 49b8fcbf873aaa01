//! What an editor makes of a file.

/// YAML 1.2 as an editor understands it, if it is any.
pub(crate) fn parse(text: &str) -> Option<serde_json::Value> {
    let options = serde_saphyr::options! { strict_booleans: true };
    serde_saphyr::from_str_with_options(text, options).ok()
}
