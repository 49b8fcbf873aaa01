//! Checks of single fields that every form needs.

use davy_model::Reason;

use crate::{Limits, Place, Rejection};

/// Whether a text may name a tag: 1 to 128 bytes. Whether there is such a tag, whoever binds it finds out.
pub(crate) fn name_is_fit(name: &str, pointer: impl Fn() -> String) -> Result<(), Box<Rejection>> {
    if (1..=Limits::TAG_LEN_MAX).contains(&name.len()) {
        return Ok(());
    }
    let expected = format!("a name of 1 to {} bytes", Limits::TAG_LEN_MAX);
    let fix = "send the name as the site's tag list has it";
    Err(Rejection::new(Reason::SchemaViolation, pointer(), name, &expected, fix).into())
}

/// The warning of a quality that is not known.
pub(crate) fn quality_unknown(place: Place, got: &str) -> Rejection {
    let expected = "good, uncertain, bad, or a reason such as calibration, maintenance, sensor_failure";
    let fix = "send one of the documented words; the value was taken as bad";
    quality_unknown_at(place.field("quality"), got, expected, fix)
}

/// The same, of a form with other words.
pub(crate) fn quality_unknown_at(pointer: String, got: &str, expected: &str, fix: &str) -> Rejection {
    Rejection::new(Reason::QualityUnknown, pointer, got, expected, fix).free()
}
