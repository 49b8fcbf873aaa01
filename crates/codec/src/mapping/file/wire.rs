//! Mappings of forms that say themselves where everything stands: `format: senml` and `format: hj212`.

use davy_model::Text;

use super::report::{Map, Report};
use crate::{Hj212, hj212::Name, mapping::spec::Layout};

/// What such a mapping may say.
const KEYS: [&str; 4] = ["extends", "about", "format", "topic"];

/// The layout of SenML: nothing can be said of it.
pub(super) fn senml(map: &Map<'_>, report: &mut Report) -> Layout {
    only(map, &[], report);
    Layout::Senml
}

/// The layout of HJ 212: how tags are named, `{code}` or `{mn}/{code}`.
pub(super) fn hj212(map: &Map<'_>, report: &mut Report) -> Option<Layout> {
    only(map, &["tag"], report);
    let name = match map.get("tag") {
        None => Name::default(),
        Some(item) => match Name::parse(item.text(report)?) {
            Ok(name) => name,
            Err(wrong) => {
                let en = format!("found {wrong:?}, expected {{code}}, with {{mn}} and {{st}} where wanted");
                let zh = format!("此处为 {wrong:?}，应含 {{code}}，可另用 {{mn}}、{{st}}");
                report.problem(item.place, &item.path, Text::both(en, zh));
                return None;
            }
        },
    };
    Some(Layout::Hj212(Hj212 { name, ..Hj212::default() }))
}

/// Keys that are for other formats are refused: nothing they ask for would be done.
fn only(map: &Map<'_>, more: &[&str], report: &mut Report) {
    for key in super::KEYS.iter().filter(|key| !KEYS.contains(*key) && !more.contains(*key)) {
        if let Some(item) = map.get(key) {
            let en =
                format!("{key} is for format: json and csv; this form says itself where everything stands");
            let zh = format!("{key} 仅用于 format: json 与 csv；此格式自身已规定各项位置");
            report.problem(item.place, &item.path, Text::both(en, zh));
        }
    }
}
