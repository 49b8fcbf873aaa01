//! Where a site's files come from, and what they compile to.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use davy_intake::Way;
use davy_model::{Bundle, BundleFile};
use davy_rules::{Diagnostic, Plan, bundle, compile_with_warnings, with_packs};

use crate::sources::sources;

/// Where a site's files come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SiteSource {
    /// A folder with `site.yaml`, `tags.csv` and `rules/*.yaml`.
    Dir(PathBuf),
    /// Files in memory, as the built-in sample has them.
    Files(Vec<BundleFile>),
}

/// A site ready to serve.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// Its files.
    pub bundle: Arc<Bundle>,
    /// What they compile to.
    pub plan: Arc<Plan>,
    /// The ways in besides the native topics.
    pub ways: Arc<[Way]>,
    /// What somebody should look at.
    pub warnings: Vec<Diagnostic>,
}

/// Longest file taken, bytes: a million tags need about 100 MB.
const FILE_LEN_MAX: u64 = 512 << 20;

impl SiteSource {
    /// Reads and compiles the site.
    ///
    /// # Errors
    /// Every finding, one a line, each with its place.
    pub fn load(&self) -> Result<Loaded, Vec<String>> {
        match self {
            SiteSource::Files(files) => Loaded::of_files(files.clone()),
            SiteSource::Dir(dir) => Loaded::of_files(site_files(dir)?).map_err(|found| {
                found.iter().map(|one| format!("{}/{one}", dir.display())).collect::<Vec<_>>()
            }),
        }
    }
}

impl Loaded {
    /// Of a site that this Davy knows the name of, and no file.
    pub(crate) fn of_nothing(site: &str) -> Loaded {
        let files = [
            ("site.yaml", format!("site: {site}\n")),
            ("tags.csv", "tag,title,quantity,unit,edge_node\n".to_owned()),
        ];
        let files = files.map(|(path, text)| BundleFile { path: path.to_owned(), text });
        Loaded::of_files(files.into()).expect("a site of nothing compiles, as a test shows")
    }

    /// Compiles a site's files, and the packs that ship with Davy and that they use.
    ///
    /// # Errors
    /// Every finding, one a line, each with its place.
    pub fn of_files(files: Vec<BundleFile>) -> Result<Loaded, Vec<String>> {
        let told = |found: Vec<Diagnostic>| found.iter().map(ToString::to_string).collect::<Vec<_>>();
        let bundle = bundle(with_packs(files)).map_err(told)?;
        let (plan, warnings) = compile_with_warnings(&bundle).map_err(told)?;
        let ways = sources(&bundle, &plan).map_err(told)?;
        Ok(Loaded { bundle: Arc::new(bundle), plan: Arc::new(plan), ways: ways.into(), warnings })
    }
}

/// The files of a site's folder, their paths relative to it: `site.yaml`, `tags.csv`, and all YAML in `rules`,
/// `mappings` and `packs`, also under an ending that nothing reads, so that somebody hears of it; and the text of every pack
/// that ships with Davy, is used, and is not in the folder.
///
/// # Errors
/// What could not be read, one a line, each with its path.
pub fn site_files(dir: &Path) -> Result<Vec<BundleFile>, Vec<String>> {
    let mut paths: Vec<PathBuf> =
        ["site.yaml", "tags.csv"].iter().map(|name| dir.join(name)).filter(|path| path.exists()).collect();
    for folder in
        ["rules", "mappings", "packs"].map(|name| dir.join(name)).into_iter().filter(|path| path.is_dir())
    {
        let entries =
            fs::read_dir(&folder).map_err(|error| vec![format!("{}: {error}", folder.display())])?;
        let yaml = entries.flatten().map(|entry| entry.path());
        paths.extend(yaml.filter(|path| path.extension().is_some_and(|ext| ext == "yaml" || ext == "yml")));
    }
    let mut problems = Vec::new();
    let mut files = Vec::new();
    for path in paths {
        match read_file(dir, &path) {
            Ok(file) => files.push(file),
            Err(error) => problems.push(format!("{}: {error}", path.display())),
        }
    }
    if problems.is_empty() { Ok(with_packs(files)) } else { Err(problems) }
}

fn read_file(dir: &Path, path: &Path) -> io::Result<BundleFile> {
    if fs::metadata(path)?.len() > FILE_LEN_MAX {
        return Err(io::Error::other(format!("longer than {} MiB", FILE_LEN_MAX >> 20)));
    }
    let text = fs::read_to_string(path)?;
    let below = path.strip_prefix(dir).unwrap_or(path);
    let parts: Vec<_> = below.iter().map(|part| part.to_string_lossy()).collect();
    Ok(BundleFile { path: parts.join("/"), text })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_site_of_nothing_compiles_and_has_nothing() {
        let loaded = Loaded::of_nothing("park");
        assert_eq!(&*loaded.bundle.site, "park");
        assert!(loaded.plan.site.tags.is_empty() && loaded.plan.rules.is_empty());
    }
}
