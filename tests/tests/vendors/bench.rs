//! The samples, built and ready to run.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use davy_tests::{Said, has_mosquitto, must_have_everything, python, workspace};

/// The languages, as the folders, the edge nodes and the tags are called.
pub(crate) const LANGUAGES: [&str; 5] = ["shell", "python", "c", "java", "go"];

/// How long a run may take, seconds.
const LIMIT_S: &str = "120";

const JARS: [&str; 4] = ["mqtt-client.jar", "hawtbuf.jar", "hawtdispatch.jar", "hawtdispatch-transport.jar"];

/// A sample that can be run.
pub(crate) struct Sample {
    pub(crate) language: &'static str,
    program: PathBuf,
    args: Vec<String>,
}

fn folder(below: &str) -> PathBuf {
    workspace().join("docs/vendors/samples").join(below)
}

fn text(path: &Path) -> String {
    path.display().to_string()
}

fn is_there(what: &Path) -> bool {
    assert!(what.exists() || !must_have_everything(), "CI must not skip: no {}", what.display());
    if !what.exists() {
        println!("skipped: no {}", what.display());
    }
    what.exists()
}

/// A program of the path, said aloud where it is not.
fn tool(name: &str) -> Option<PathBuf> {
    let path = std::env::var("PATH").unwrap_or_default();
    let found = path.split(':').map(|folder| Path::new(folder).join(name)).find(|file| file.is_file());
    is_there(found.as_deref().unwrap_or(Path::new(name))).then_some(found)?
}

async fn build(command: &mut Command) {
    let command = std::mem::replace(command, Command::new("true"));
    Said::by(command).await.ended(0);
}

impl Sample {
    /// Builds one in `into`; `None`, said aloud, where its toolchain is not installed.
    pub(crate) async fn build(language: &'static str, into: &Path) -> Option<Sample> {
        let (program, args) = match language {
            "shell" => (tool("sh").filter(|_| has_mosquitto())?, vec![text(&folder("shell/gateway.sh"))]),
            "python" => (python()?, vec![text(&folder("python/gateway.py"))]),
            "c" => (c(into).await?, Vec::new()),
            "java" => java(into).await?,
            "go" => (go(into).await?, Vec::new()),
            other => panic!("no sample in {other}"),
        };
        Some(Sample { language, program, args })
    }

    /// Every sample that can be built here.
    pub(crate) async fn all(into: &Path) -> Vec<Sample> {
        let mut all = Vec::new();
        for language in LANGUAGES {
            all.extend(Sample::build(language, into).await);
        }
        all
    }

    /// A run as its own edge node, with its outbox in `folder`.
    pub(crate) fn command(&self, folder: &Path, port: u16, settings: &[(&str, &str)]) -> Command {
        // A sample tries for ever; a test does not.
        let mut command = Command::new("timeout");
        command.arg(LIMIT_S).arg(&self.program).args(&self.args).current_dir(folder);
        command.env("GW_HOST", "localhost").env("GW_PORT", port.to_string());
        command.env("GW_NODE", format!("gw-{}", self.language));
        command.env("GW_TAG", format!("AT-{}/h2s", self.language));
        command.envs(settings.iter().copied());
        command
    }
}

async fn c(into: &Path) -> Option<PathBuf> {
    let compiler = tool("cc")?;
    if !is_there(Path::new("/usr/include/mosquitto.h")) {
        return None;
    }
    let program = into.join("gateway-c");
    let mut command = Command::new(compiler);
    command.args(["-std=gnu11", "-Wall", "-Wextra", "-Werror", "-O1", "-I"]).arg(folder("c-esp-idf/main"));
    command.arg("-o").arg(&program).arg(folder("c-esp-idf/main/gateway.c"));
    build(command.arg(folder("c-esp-idf/linux/main.c")).arg("-lmosquitto")).await;
    Some(program)
}

async fn java(into: &Path) -> Option<(PathBuf, Vec<String>)> {
    let (compiler, java) = (tool("javac")?, tool("java")?);
    let jars: Vec<String> = JARS.iter().map(|jar| format!("/usr/share/java/{jar}")).collect();
    if !is_there(Path::new(&jars[0])) {
        return None;
    }
    let path = format!("{}:{}", jars.join(":"), into.display());
    build(Command::new(compiler).args(["-cp", &path, "-d"]).arg(into).arg(folder("java/Gateway.java"))).await;
    // A small heap and the quick compiler: the sample is short.
    let args = ["-Xmx64m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-cp", &path, "Gateway"];
    Some((java, args.map(str::to_owned).to_vec()))
}

async fn go(into: &Path) -> Option<PathBuf> {
    let go = tool("go")?;
    if !is_there(Path::new("/usr/share/gocode/src/github.com/eclipse/paho.mqtt.golang")) {
        return None;
    }
    let program = into.join("gateway-go");
    let mut command = Command::new(go);
    command.env("GO111MODULE", "off").env("GOPATH", "/usr/share/gocode").env("GOFLAGS", "");
    command.env("GOCACHE", workspace().join("target/go"));
    build(command.args(["build", "-o"]).arg(&program).arg(folder("go/gateway.go"))).await;
    Some(program)
}
