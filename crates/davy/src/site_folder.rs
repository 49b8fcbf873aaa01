//! Folders of site files.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, anyhow};
use davy_model::BundleFile;
use davy_server::site_files;

use crate::exit::Misuse;

/// The sites at `folder`: itself, when it has a `site.yaml` or a `tags.csv`; else those of its folders that have one.
pub(crate) fn find(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    if !folder.is_dir() {
        return Err(
            Misuse(format!("{}: no such folder; name one that has a site.yaml", folder.display())).into()
        );
    }
    if is_site(folder) {
        return Ok(vec![folder.to_owned()]);
    }
    let mut sites: Vec<PathBuf> = paths(folder)?.into_iter().filter(|path| is_site(path)).collect();
    sites.sort();
    if sites.is_empty() {
        let told = format!(
            "{}: no site here; a site is a folder with site.yaml, tags.csv and rules/*.yaml",
            folder.display()
        );
        return Err(Misuse(told).into());
    }
    Ok(sites)
}

/// The site's files, their paths relative to the folder.
pub(crate) fn read(site: &Path) -> anyhow::Result<Vec<BundleFile>> {
    site_files(site).map_err(|problems| anyhow!(problems.join("\n")))
}

/// The files of tests of a site's folder, by name.
pub(crate) fn tests(site: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let folder = site.join("tests");
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let mut files = paths(&folder)?;
    files.retain(|path| path.extension().is_some_and(|ending| ending == "yaml" || ending == "yml"));
    files.sort();
    Ok(files)
}

fn is_site(folder: &Path) -> bool {
    folder.join("site.yaml").is_file() || folder.join("tags.csv").is_file()
}

fn paths(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let reading = || format!("reading {}", folder.display());
    let entries = fs::read_dir(folder).with_context(reading)?;
    entries.map(|entry| Ok(entry.with_context(reading)?.path())).collect()
}
