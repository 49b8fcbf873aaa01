//! A PostgreSQL of one's own: a socket in a folder of its own and no port, gone with the test.

use std::{
    fs,
    io::Write,
    os::unix::fs::chown,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use rustix::process::geteuid;
use tempfile::TempDir;

use crate::{LONG, paths::skipped, wait_until};

/// Who owns the databases. There is no password: only whoever may enter the folder gets in.
const USER: &str = "davy";

/// A running server.
#[derive(Debug)]
pub struct Postgres {
    folder: TempDir,
    programs: PathBuf,
    settings: Vec<String>,
    child: Child,
    /// Its folder is a disk of its own.
    mounted: bool,
}

/// How large a disk of its own is: enough for a server, and soon filled.
const DISK: &str = "size=512m";

impl Postgres {
    /// Starts one. `None`, said aloud, where PostgreSQL is not installed.
    ///
    /// # Panics
    /// In CI, when it is not installed; when it takes no connection within a minute.
    pub async fn start() -> Option<Postgres> {
        Postgres::start_with(&["shared_buffers=64MB"]).await
    }

    /// As [`start`](Postgres::start), with settings: `max_wal_size=4GB`.
    ///
    /// # Panics
    /// As [`start`](Postgres::start).
    pub async fn start_with(settings: &[&str]) -> Option<Postgres> {
        Postgres::start_where(false, settings).await
    }

    /// As [`start`](Postgres::start), on a small disk of its own where the system lets one be made.
    ///
    /// # Panics
    /// As [`start`](Postgres::start).
    pub async fn start_on_a_small_disk() -> Option<Postgres> {
        Postgres::start_where(true, &["shared_buffers=64MB"]).await
    }

    async fn start_where(small: bool, settings: &[&str]) -> Option<Postgres> {
        let Some(programs) = programs() else {
            skipped("PostgreSQL is not installed");
            return None;
        };
        // The path of a socket may have 107 bytes.
        let folder = tempfile::Builder::new().prefix("davy-pg-").tempdir_in("/tmp").expect("a folder");
        let mounted = small
            && runs("mount", &["-t", "tmpfs", "-o", DISK, "none", &folder.path().display().to_string()]);
        give_away(folder.path());
        let data = folder.path().join("data");
        let mut command = as_its_user(&programs.join("initdb"));
        command.arg("--pgdata").arg(&data).args([
            "--username",
            USER,
            "--auth",
            "trust",
            "--encoding",
            "UTF8",
        ]);
        command.args(["--locale", "C.UTF-8", "--no-sync"]).current_dir(folder.path());
        let made = command.output().expect("initdb runs");
        assert!(made.status.success(), "initdb: {}", String::from_utf8_lossy(&made.stderr));
        let settings: Vec<String> = settings.iter().map(|setting| (*setting).to_owned()).collect();
        let child = run(&programs, folder.path(), &settings);
        let mut postgres = Postgres { folder, programs, settings, child, mounted };
        postgres.takes_connections().await;
        Some(postgres)
    }

    /// Where a database is, as a connection string.
    pub fn url(&self, database: &str) -> String {
        format!("host={} user={USER} dbname={database}", self.folder.path().display())
    }

    /// An empty database.
    ///
    /// # Panics
    /// When there is one of that name.
    pub fn database(&self, name: &str) -> String {
        self.sql("postgres", &format!("CREATE DATABASE {name}"));
        self.url(name)
    }

    /// What a statement gives, a row a line, columns between bars.
    ///
    /// # Panics
    /// When it fails.
    pub fn sql(&self, database: &str, statement: &str) -> String {
        let told = self.try_sql(database, statement);
        told.unwrap_or_else(|error| panic!("{statement}: {error}"))
    }

    /// As [`sql`](Postgres::sql), or what the server says.
    ///
    /// # Errors
    /// What `psql` says.
    ///
    /// # Panics
    /// When `psql` does not run.
    pub fn try_sql(&self, database: &str, statement: &str) -> Result<String, String> {
        let mut command = Command::new(self.programs.join("psql"));
        command.args(["--no-psqlrc", "--quiet", "--tuples-only", "--no-align"]);
        command.arg("--host").arg(self.folder.path()).args(["--username", USER, "--dbname", database]);
        let said = command.args(["--command", statement]).output().expect("psql runs");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
        if said.status.success() { Ok(text(&said.stdout)) } else { Err(text(&said.stderr)) }
    }

    /// SIGKILL, as a crash is, and the end of all its processes.
    ///
    /// # Panics
    /// When the system does not let it.
    pub async fn kill(&mut self) {
        self.child.kill().expect("one's own child can be killed");
        self.child.wait().expect("it ends");
        // The others end when they see that it is gone. Until then the next one would not start.
        let data = self.data().display().to_string();
        wait_until("the server's processes end", LONG, async || processes_of(&data).is_empty().then_some(()))
            .await;
    }

    /// A quick, clean end: connections are cut.
    ///
    /// # Panics
    /// When it does not end within a minute.
    pub async fn stop(&mut self) {
        let script = format!("kill -INT {}", self.child.id());
        assert!(Command::new("sh").args(["-c", &script]).status().expect("sh runs").success(), "{script}");
        let child = &mut self.child;
        wait_until("PostgreSQL ends", LONG, async || child.try_wait().expect("a child")).await;
    }

    /// SIGSTOP or SIGCONT to all its processes: a server that is there and does nothing.
    ///
    /// # Panics
    /// When the system does not let it.
    pub fn freeze(&self, frozen: bool) {
        let signal = if frozen { "STOP" } else { "CONT" };
        for pid in processes_of(&self.data().display().to_string()).into_iter().chain([self.child.id()]) {
            // One that has just ended is as still as can be.
            let _ = Command::new("kill").args([&format!("-{signal}"), &pid.to_string()]).output();
        }
    }

    /// Fills its disk, or makes room again. Where it has no disk of its own, no file of it may become longer meanwhile.
    ///
    /// # Panics
    /// When the system does not let it.
    pub fn fill_disk(&self, full: bool) {
        let filler = self.folder.path().join("filler");
        if self.mounted && full {
            let mut file = fs::File::create(&filler).expect("writable");
            let block = vec![0; 1 << 16];
            while file.write_all(&block).is_ok() {}
        } else if self.mounted {
            fs::remove_file(&filler).expect("it was made");
        } else {
            let limit = if full { "--fsize=65536" } else { "--fsize=unlimited" };
            for pid in processes_of(&self.data().display().to_string()).into_iter().chain([self.child.id()]) {
                // One that has just ended writes nothing.
                runs("prlimit", &["--pid", &pid.to_string(), limit]);
            }
        }
    }

    /// Whether it has ended by itself.
    ///
    /// # Panics
    /// When the system does not say.
    pub fn has_ended(&mut self) -> bool {
        self.child.try_wait().expect("a child").is_some()
    }

    /// Starts it again after its end, with what it has on disk.
    ///
    /// # Panics
    /// When it takes no connection within a minute.
    pub async fn start_again(&mut self) {
        self.child = run(&self.programs, self.folder.path(), &self.settings);
        self.takes_connections().await;
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    async fn takes_connections(&mut self) {
        wait_until("PostgreSQL takes connections", LONG, async || {
            if let Some(ended) = self.child.try_wait().expect("a child") {
                let log = fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
                panic!("PostgreSQL ended ({ended}):\n{log}");
            }
            self.try_sql("postgres", "SELECT 1").ok()
        })
        .await;
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        self.freeze(false);
        // At once, and with its other processes; it may have ended by itself.
        let _ = Command::new("kill").args(["-QUIT", &self.child.id().to_string()]).status();
        let _ = self.child.wait();
        if self.mounted {
            runs("umount", &["--lazy", &self.folder.path().display().to_string()]);
        }
    }
}

/// Whether a command succeeds.
fn runs(name: &str, arguments: &[&str]) -> bool {
    Command::new(name).args(arguments).output().is_ok_and(|said| said.status.success())
}

/// Where Debian has the server's programs; the newest of them.
fn programs() -> Option<PathBuf> {
    let mut found: Vec<PathBuf> = fs::read_dir("/usr/lib/postgresql")
        .ok()?
        .flatten()
        .map(|version| version.path().join("bin"))
        .filter(|bin| bin.join("postgres").exists() && bin.join("initdb").exists())
        .collect();
    found.sort();
    found.pop()
}

fn run(programs: &Path, folder: &Path, settings: &[String]) -> Child {
    let log = fs::File::options().create(true).append(true).open(folder.join("log")).expect("writable");
    let mut command = as_its_user(&programs.join("postgres"));
    command.arg("-D").arg(folder.join("data")).arg("-k").arg(folder);
    // Without a port of loopback; and a log that says nothing of what is meant to fail.
    for setting in ["listen_addresses=", "max_connections=40", "log_min_messages=fatal"] {
        command.args(["-c", setting]);
    }
    for setting in settings {
        command.args(["-c", setting]);
    }
    command.current_dir(folder).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::from(log));
    command.spawn().expect("postgres runs")
}

/// It refuses to run as root, so that it runs as the user that Debian made for it.
fn as_its_user(program: &Path) -> Command {
    if !geteuid().is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups", "--"]).arg(program);
    command
}

fn give_away(folder: &Path) {
    if geteuid().is_root() {
        let passwd = fs::read_to_string("/etc/passwd").expect("readable");
        let mut fields =
            passwd.lines().find(|line| line.starts_with("postgres:")).expect("its user").split(':').skip(2);
        let mut id = || fields.next().and_then(|field| field.parse().ok());
        chown(folder, id(), id()).expect("root may");
    }
}

/// The processes that work in a data folder, but for the first.
fn processes_of(data: &str) -> Vec<u32> {
    let here = |pid: &u32| fs::read_link(format!("/proc/{pid}/cwd")).is_ok_and(|cwd| cwd == Path::new(data));
    let pids = fs::read_dir("/proc").into_iter().flatten().flatten();
    pids.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).filter(here).collect()
}
