//! A person comes in by the command line, and goes out again.

use std::{
    fs,
    io::Write,
    net::TcpListener,
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Child, Command, Output, Stdio},
    thread,
    time::{Duration, Instant},
};

use tempfile::TempDir;

const PASSWORD: &str = "correct horse battery staple";

/// A Davy that asks who calls, in a folder of its own.
struct Davy {
    folder: TempDir,
    url: String,
    process: Child,
}

impl Drop for Davy {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn davy(home: &Path, args: &[&str], input: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_davy"))
        .args(args)
        .env("XDG_STATE_HOME", home)
        .env_remove("DAVY_TOKEN_FILE")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it runs");
    // Whoever reads no input may be gone already.
    let _ = child.stdin.take().expect("a pipe").write_all(input.as_bytes());
    child.wait_with_output().expect("it ends")
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&[&output.stdout[..], &output.stderr[..]].concat()).into_owned()
}

impl Davy {
    fn start(accounts: &str) -> Davy {
        let folder = tempfile::tempdir().expect("a folder");
        let free = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("it has one");
        let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/sample/park");
        let config = format!(
            "sites = [\"{}\"]\n[http]\nlisten = \"{free}\"\n[door]\nlisten = \"127.0.0.1:0\"\n[canary]\nenabled = false\n\
             [tree]\npark = \"370000/370500\"\n[access]\naccounts_file = \"accounts.toml\"\n",
            sample.display()
        );
        fs::write(folder.path().join("davy.toml"), config).expect("written");
        fs::write(folder.path().join("accounts.toml"), accounts).expect("written");
        let process = Command::new(env!("CARGO_BIN_EXE_davy"))
            .args(["serve", "--config"])
            .arg(folder.path().join("davy.toml"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("it runs");
        let davy = Davy { folder, url: format!("http://{free}"), process };
        let end = Instant::now() + Duration::from_secs(60);
        while std::net::TcpStream::connect(free).is_err() {
            assert!(Instant::now() < end, "it never listened");
            thread::sleep(Duration::from_millis(50));
        }
        davy
    }

    fn run(&self, args: &[&str], input: &str) -> Output {
        let server = ["--server", &self.url];
        davy(self.folder.path(), &[args, &server].concat(), input)
    }
}

#[test]
fn a_password_becomes_a_hash_the_hash_an_account_and_the_account_a_session() {
    let nowhere = tempfile::tempdir().expect("a folder");
    let short = davy(nowhere.path(), &["accounts", "hash"], "short\n");
    assert_eq!(short.status.code(), Some(2), "{}", text(&short));
    let hashed = davy(nowhere.path(), &["accounts", "hash"], &format!("{PASSWORD}\n"));
    let line = String::from_utf8(hashed.stdout).expect("text");
    assert!(line.starts_with("password_argon2id = \"$argon2id$v=19$m=19456,t=2,p=1$"), "{line}");
    let grants = "grants = [{ role = \"viewer\", scope = \"370000\" }]";
    let davy = Davy::start(&format!("[[account]]\nname = \"ann\"\n{line}{grants}\n"));

    let stranger = davy.run(&["alarms", "list"], "");
    assert_eq!(stranger.status.code(), Some(1));
    assert!(
        text(&stranger).contains("AUTH_FAILED") && text(&stranger).contains("davy login"),
        "{}",
        text(&stranger)
    );
    let wrong = davy.run(&["login", "--name", "ann"], "wrong\n");
    assert!(text(&wrong).contains("AUTH_FAILED"), "{}", text(&wrong));

    let login = davy.run(&["login", "--name", "ann"], &format!("{PASSWORD}\n"));
    assert!(login.status.success(), "{}", text(&login));
    assert!(!text(&login).contains("davy_s_"), "the token is not shown");
    let kept = fs::read_dir(davy.folder.path().join("davy/tokens")).expect("it is there");
    let kept: Vec<_> = kept.map(|entry| entry.expect("readable")).collect();
    assert_eq!(kept.len(), 1);
    assert_eq!(kept[0].metadata().expect("readable").permissions().mode() & 0o777, 0o600);

    let me = davy.run(&["whoami"], "");
    assert_eq!(text(&me), "ann (person)\n  viewer in 370000\n");
    assert!(davy.run(&["alarms", "list"], "").status.success());
    let ack = davy.run(&["alarms", "ack", "park:h2s:AT-0412/h2s", "--by", "admin"], "");
    assert!(text(&ack).contains("NOT_ALLOWED") && text(&ack).contains("operator"), "{}", text(&ack));

    let stolen = davy.folder.path().join("stolen");
    fs::copy(kept[0].path(), &stolen).expect("copied");
    assert!(text(&davy.run(&["logout"], "")).starts_with("logged out"));
    let stolen = stolen.display().to_string();
    let replayed = davy.run(&["alarms", "list", "--token-file", &stolen], "");
    assert!(text(&replayed).contains("AUTH_FAILED"), "{}", text(&replayed));
    assert!(text(&davy.run(&["alarms", "list"], "")).contains("AUTH_FAILED"), "nothing is kept any more");
}
