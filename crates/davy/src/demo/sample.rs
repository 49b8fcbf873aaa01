//! The sample sites, built in.

use davy_model::BundleFile;
use davy_server::SiteSource;

/// The text of a file of the sample, by its path there.
macro_rules! files {
    ($site:literal: $($path:literal),+ $(,)?) => {
        &[$(($path, include_str!(concat!("../../../../deploy/sample/", $site, "/", $path)))),+]
    };
}

type Files = &'static [(&'static str, &'static str)];

const SITES: [(&str, Files); 3] = [
    (
        "gas",
        files!("gas": "site.yaml", "tags.csv", "rules/line.yaml", "rules/methane.yaml", "rules/stale.yaml"),
    ),
    (
        "mine",
        files!("mine": "site.yaml", "tags.csv", "rules/methane.yaml", "rules/stale.yaml", "rules/ventilation.yaml"),
    ),
    (
        "park",
        files!("park": "site.yaml", "tags.csv", "rules/gas.yaml", "rules/stale.yaml", "rules/tanks.yaml"),
    ),
];

/// The sample sites.
pub(super) fn sites() -> Vec<SiteSource> {
    let source = |(_, files): (&str, Files)| {
        let file =
            |(path, text): &(&str, &str)| BundleFile { path: (*path).to_owned(), text: (*text).to_owned() };
        SiteSource::Files(files.iter().map(file).collect())
    };
    SITES.into_iter().map(source).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{collections::BTreeSet, fs, path::Path};

    /// Paths of files below `folder`, with `/`.
    fn files(folder: &Path, below: &str, found: &mut BTreeSet<String>) {
        for entry in fs::read_dir(folder).expect("the sample is there") {
            let path = entry.expect("a readable folder").path();
            let name = format!("{below}{}", path.file_name().expect("a name").to_string_lossy());
            if path.is_dir() {
                files(&path, &format!("{name}/"), found);
            } else {
                found.insert(name);
            }
        }
    }

    #[test]
    fn every_file_of_the_sample_is_built_in_and_the_sites_load() {
        let mut there = BTreeSet::new();
        files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/sample"), "", &mut there);
        // Tests of its rules stand beside the site's files, and are none of them.
        there.retain(|path| path.split_once('/').is_some_and(|(_, path)| davy_rules::is_site_file(path)));
        let built_in: BTreeSet<String> = SITES
            .iter()
            .flat_map(|(site, files)| files.iter().map(move |(path, _)| format!("{site}/{path}")))
            .collect();
        assert_eq!(built_in, there);
        for source in sites() {
            if let Err(errors) = source.load() {
                panic!("{}", errors.join("\n"));
            }
        }
    }
}
