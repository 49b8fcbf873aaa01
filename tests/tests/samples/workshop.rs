//! The samples, built. What was built stays in `target/samples`, and is built again only when what it is made of has changed.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use davy_tests::{Said, python, skipped, workspace};
use sha2::{Digest, Sha256};
use tokio::sync::OnceCell;

/// The languages, as their folders are called.
pub(crate) const LANGUAGES: [&str; 4] = ["rust", "python", "go", "java"];

/// Where Debian has the headers of the contract's imports.
const WELL_KNOWN: &str = "/usr/include/google/protobuf/timestamp.proto";

const GO: [&str; 7] = [
    "/usr/bin/go",
    "/usr/bin/protoc",
    WELL_KNOWN,
    "/usr/bin/protoc-gen-go",
    "/usr/bin/protoc-gen-go-grpc",
    "/usr/share/gocode/src/google.golang.org/grpc",
    "/usr/share/gocode/src/google.golang.org/protobuf",
];

const JAVA: [&str; 9] = [
    "/usr/bin/javac",
    "/usr/bin/protoc",
    WELL_KNOWN,
    "/usr/bin/grpc_java_plugin",
    "/usr/share/java/grpc-netty.jar",
    "/usr/share/java/protobuf.jar",
    "/usr/share/java/netty-codec-http2.jar",
    "/usr/share/java/perfmark-api.jar",
    "/usr/share/java/proto-google-common-protos.jar",
];

/// A sample, ready to run.
#[derive(Clone, Debug)]
pub(crate) struct Sample {
    pub(crate) language: &'static str,
    folder: PathBuf,
}

/// Every sample that can be built here; the others are said aloud.
pub(crate) async fn all() -> &'static [Sample] {
    static ALL: OnceCell<Vec<Sample>> = OnceCell::const_new();
    ALL.get_or_init(|| async {
        let mut all = Vec::new();
        for language in LANGUAGES {
            all.extend(Sample::build(language).await);
        }
        all
    })
    .await
}

/// Where a sample's sources are.
pub(crate) fn sources(language: &str) -> PathBuf {
    workspace().join("docs/api/samples").join(language)
}

impl Sample {
    async fn build(language: &'static str) -> Option<Sample> {
        let needed: &[&str] = match language {
            "rust" => &["/usr/bin/protoc", WELL_KNOWN],
            "go" => &GO,
            "java" => &JAVA,
            _ => &[],
        };
        if let Some(missing) = needed.iter().find(|path| !Path::new(path).exists()) {
            skipped(&format!("no {missing}: tests/run installs it"));
            return None;
        }
        let sample = Sample { language, folder: workspace().join("target/samples").join(language) };
        if language == "python" {
            link(&python()?, &sample.folder);
        }
        sample.follow_its_page().await;
        Some(sample)
    }

    /// The page's commands under "Build", as they stand.
    async fn follow_its_page(&self) {
        let sources = sources(self.language);
        let page = fs::read_to_string(sources.join("README.md")).expect("each sample has its page");
        let build = page.split("## Build").nth(1).expect("it says how it is built");
        let script = build.split("```sh\n").nth(1).and_then(|rest| rest.split("```").next());
        let (proto, stamp) = (workspace().join("proto"), self.folder.join(".built"));
        let made_of = digest(&[&sources, &proto]);
        if fs::read_to_string(&stamp).is_ok_and(|built| built == made_of) {
            return;
        }
        copy_changed(&sources, &self.folder);
        let mut command = Command::new("sh");
        command.args(["-e", "-c", script.expect("in a block")]);
        command
            .current_dir(&self.folder)
            .env("DAVY_PROTO", proto)
            .env("GOCACHE", workspace().join("target/go"));
        Said::by(command).await.ended(0);
        fs::write(stamp, made_of).expect("writable");
    }

    /// How it is started; the page says the same.
    pub(crate) fn command(&self) -> Command {
        let here = |below: &str| self.folder.join(below);
        match self.language {
            "rust" => Command::new(here("target/debug/consumer")),
            "go" => Command::new(here("consumer")),
            "python" => {
                let mut command = Command::new(here("venv/bin/python3"));
                command.arg(here("consumer.py")).env("PYTHONPATH", here("gen"));
                command
            }
            "java" => {
                let mut command = Command::new("java");
                // A small heap and the quick compiler: the sample is short.
                command.args(["-Xmx64m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-cp"]);
                command.arg(format!("{}:{}/*", here("gen/classes").display(), here("gen/jars").display()));
                command.arg("Consumer");
                command
            }
            other => panic!("no sample in {other}"),
        }
    }
}

/// The page makes a `venv` with what it asks for; here there is one already.
fn link(python: &Path, folder: &Path) {
    let venv = python.parent().and_then(Path::parent).expect("it is in the bin folder of its home");
    fs::create_dir_all(folder).expect("a folder");
    // It may lead somewhere else since.
    let _ = fs::remove_file(folder.join("venv"));
    std::os::unix::fs::symlink(venv, folder.join("venv")).expect("a link");
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
        let path = entry.expect("readable").path();
        let name = path.file_name().unwrap_or_default();
        match path.is_dir() {
            // What somebody built there by hand.
            true if ["target", "gen", "venv", "__pycache__"].iter().any(|made| name == *made) => {}
            true => files(&path, found),
            false => found.push(path),
        }
    }
    found.sort();
}

fn digest(folders: &[&Path]) -> String {
    let (mut found, mut hash) = (Vec::new(), Sha256::new());
    folders.iter().for_each(|folder| files(folder, &mut found));
    for path in found {
        hash.update(path.display().to_string());
        hash.update(fs::read(&path).expect("readable"));
    }
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What did not change keeps its time, by which compilers see that.
fn copy_changed(from: &Path, to: &Path) {
    let mut found = Vec::new();
    files(from, &mut found);
    for path in found {
        let target = to.join(path.strip_prefix(from).expect("below it"));
        let text = fs::read(&path).expect("readable");
        if fs::read(&target).is_ok_and(|there| there == text) {
            continue;
        }
        fs::create_dir_all(target.parent().expect("below it")).expect("a folder");
        fs::write(target, text).expect("writable");
    }
}
