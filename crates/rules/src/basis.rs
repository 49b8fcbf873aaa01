//! `basis`: where a figure comes from.

use crate::{
    Basis, Confidence,
    fields::{Fields, Item},
    report::Report,
};

pub(crate) const KEYS: [&str; 4] = ["standard", "clause", "edition", "confidence"];
pub(crate) const CONFIDENCES: [&str; 5] = ["verified", "known", "uncertain", "derived", "engineering"];

/// What is taken when a basis does not say: the standard of the pack it stands in.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Origin<'a> {
    /// The standard.
    pub(crate) standard: Option<&'a str>,
    /// Its edition.
    pub(crate) edition: &'a str,
}

/// Reads a basis. What is wrong with it goes to the report.
pub(crate) fn read(item: &Item<'_>, origin: Origin<'_>, report: &mut Report) -> Option<Basis> {
    let fields = Fields::open(item.node(), item.about_key(), &KEYS, report)?;
    let confidence = fields.need("confidence", report).and_then(|item| item.word(&CONFIDENCES, report));
    let confidence = Confidence::from_word(confidence?)?;
    // An engineering default has no standard behind it; everything else must name one.
    let text = |key: &'static str, usual: Option<&str>, report: &mut Report| match fields.get(key) {
        None if confidence == Confidence::Engineering => Some(String::new()),
        None if usual.is_some() => usual.map(str::to_owned),
        None => fields.need(key, report).map(|_| String::new()),
        Some(item) => item.text(report).map(str::to_owned),
    };
    let own_standard = fields.get("standard").is_some();
    let standard = text("standard", origin.standard, report);
    let clause = text("clause", None, report);
    let edition = text("edition", Some(if own_standard { "" } else { origin.edition }), report);
    Some(Basis { standard: standard?, clause: clause?, edition: edition?, confidence })
}
