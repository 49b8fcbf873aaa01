//! A configuration with its sites in a folder that goes away with the test.

use std::{
    fmt::Write,
    fs,
    path::{Path, PathBuf},
};

use tempfile::TempDir;

use crate::workspace;

/// `davy.toml`, `data/` and one folder a site.
#[derive(Debug)]
pub struct Setup {
    folder: TempDir,
    sites: Vec<String>,
}

impl Setup {
    /// An empty folder.
    #[expect(clippy::new_without_default, reason = "it makes a folder, which a default should not")]
    pub fn new() -> Setup {
        let folder = tempfile::Builder::new().prefix("davy-test-").tempdir().expect("a folder");
        Setup { folder, sites: Vec::new() }
    }

    /// Adds a site with these files, by path below its folder.
    pub fn site(&mut self, name: &str, files: &[(&str, &str)]) {
        self.sites.push(name.to_owned());
        for (path, text) in files {
            self.write(&format!("{name}/{path}"), text);
        }
    }

    /// Adds a copy of a site of the sample.
    pub fn sample(&mut self, name: &str) {
        self.sites.push(name.to_owned());
        copy_folder(&workspace().join("deploy/sample").join(name), &self.path(name));
    }

    /// Writes `davy.toml`: the sites, every port chosen by the system, and whatever `more` says. Sections of `more`
    /// named `[http]` or `[door]` take the place of those for any port.
    pub fn configure(&self, more: &str) {
        let sites: Vec<String> = self.sites.iter().map(|site| format!("{site:?}")).collect();
        let (top, sections) = more.split_at(more.find('[').unwrap_or(more.len()));
        let mut text = format!("data_dir = \"data\"\nsites = [{}]\n{top}\n", sites.join(", "));
        if !sections.contains("[http]") {
            text.push_str("[http]\nlisten = \"127.0.0.1:0\"\n");
        }
        if !sections.contains("[door]") {
            text.push_str("[door]\nlisten = \"127.0.0.1:0\"\n");
        }
        writeln!(text, "{sections}").expect("memory takes it");
        self.write("davy.toml", &text);
    }

    /// Writes a file, and the folders above it.
    pub fn write(&self, path: &str, text: &str) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().expect("below the folder")).expect("a folder");
        fs::write(&path, text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    }

    /// Where that is.
    pub fn path(&self, below: &str) -> PathBuf {
        self.folder.path().join(below)
    }

    /// Where `davy.toml` is.
    pub fn config(&self) -> PathBuf {
        self.path("davy.toml")
    }

    /// Where a site's journal is.
    pub fn journal(&self, site: &str) -> PathBuf {
        self.path("data").join(format!("{site}.sqlite"))
    }
}

/// Copies a folder, and all below it, into another.
///
/// # Panics
/// When it cannot.
pub fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).unwrap_or_else(|error| panic!("{}: {error}", from.display())) {
        let path = entry.expect("a readable folder").path();
        let name = path.file_name().expect("a name");
        if path.is_dir() {
            copy_folder(&path, &to.join(name));
        } else {
            fs::copy(&path, to.join(name)).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        }
    }
}
