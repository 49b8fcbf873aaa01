//! The packs that ship with Davy, and how they come into a site's files.

use davy_model::BundleFile;

use crate::{
    report::Report,
    yaml::{self, Node, Value},
};

/// Name and text of each pack, by name.
const SHIPPED: &[(&str, &str)] = &[
    ("city-gas", include_str!("../packs/city-gas.yaml")),
    ("coal-aq1029", include_str!("../packs/coal-aq1029.yaml")),
    ("dust-ammonia-workshop", include_str!("../packs/dust-ammonia-workshop.yaml")),
    ("gb50493", include_str!("../packs/gb50493.yaml")),
    ("gbzt223", include_str!("../packs/gbzt223.yaml")),
    ("lifeline-basic", include_str!("../packs/lifeline-basic.yaml")),
    ("mhi-gb18218", include_str!("../packs/mhi-gb18218.yaml")),
    ("noncoal-aq2031", include_str!("../packs/noncoal-aq2031.yaml")),
    ("tailings-gb39496", include_str!("../packs/tailings-gb39496.yaml")),
    ("tank", include_str!("../packs/tank.yaml")),
    ("utility-tunnel", include_str!("../packs/utility-tunnel.yaml")),
];

/// The names of the packs that ship with Davy, sorted.
pub fn pack_names() -> impl Iterator<Item = &'static str> {
    SHIPPED.iter().map(|(name, _)| *name)
}

/// The text of a pack that ships with Davy.
pub fn pack_text(name: &str) -> Option<&'static str> {
    SHIPPED.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
}

/// Puts the text of every pack that `site.yaml` uses beside a folder's files, as `packs/NAME.yaml`; one that the folder has
/// itself stays as it is. From then on the files say all: what ships later changes nothing for them.
pub fn with_packs(mut files: Vec<BundleFile>) -> Vec<BundleFile> {
    for name in used(&files) {
        let path = path(&name);
        if let Some(text) = pack_text(&name)
            && !files.iter().any(|file| file.path == path)
        {
            files.push(BundleFile { path, text: text.to_owned() });
        }
    }
    files
}

/// Where a pack stands among a site's files.
pub(crate) fn path(name: &str) -> String {
    format!("packs/{name}.yaml")
}

/// The packs that `site.yaml` names, as far as it can be read; what is wrong with it is told when it is compiled.
fn used(files: &[BundleFile]) -> Vec<String> {
    let Some(site) = files.iter().find(|file| file.path == "site.yaml") else { return Vec::new() };
    let mut report = Report::new(vec!["site.yaml".into()]);
    let root = yaml::parse(&site.text, 0, &mut report);
    let Some(Value::List(packs)) = root.as_ref().and_then(|root| value(root, "packs")) else {
        return Vec::new();
    };
    let name = |node| match value(node, "pack") {
        Some(Value::Scalar(name)) => Some(name.clone()),
        _ => None,
    };
    packs.iter().filter_map(name).collect()
}

fn value<'n>(node: &'n Node, wanted: &str) -> Option<&'n Value> {
    let Value::Map(entries) = &node.value else { return None };
    entries.iter().find(|(key, _)| key.name == wanted).map(|(_, node)| &node.value)
}
