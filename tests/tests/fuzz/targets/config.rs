//! `davy.toml`, and the clients file.

use std::{cell::OnceCell, fs};

use davy_server::{Config, ConfigProblem, Flags};
use tempfile::TempDir;

use crate::harness::{Gauge, Growth, Heap, Target, text};

/// What the reader of TOML makes of a file: read once, at the start.
const OF_FILES: Heap = Heap { times: 1024, bytes: 2 * 1024 * 1024 };

/// The main thread reads them; the reader of TOML takes some stack a level, unoptimised.
const STACK_LEN: usize = 1024 * 1024;

pub(crate) const CONFIG: Target = Target {
    name: "config",
    runs: 4_000,
    check: check_config,
    seeds: || {
        let texts = [
            "sites = [\"site\"]\n",
            "data_dir = \"d\"\nsites = [\"a\", \"b\"]\ninbox_mib = 1\npayload_kib_max = 256\n[http]\nlisten = \"127.0.0.1:0\"\n[door]\nenabled = true\nlisten = \"[::1]:1883\"\nconnections_max = 10\nreceive_max = 7\npacket_kib_max = 300\n",
            "sites = [\"a\"]\n[door]\nenabled = false\n[broker]\nurl = \"mqtt://127.0.0.1:1883\"\nclient_id = \"x\"\nuser = \"u\"\npacket_kib_max = 4\nreceive_max = 9\n",
            "sites = [\"a\"]\n[door]\ntls_listen = \"0.0.0.0:8883\"\nclient_certificate = \"required\"\nclients_file = \"clients.toml\"\n",
        ];
        texts.map(|text| text.as_bytes().to_vec()).into()
    },
    words: &[
        "sites = ", "[\"a\"]", "[http]\n", "[door]\n", "[broker]\n", "listen = ", "\"127.0.0.1:0\"", "\"0.0.0.0:1\"", "url = ", "\"mqtt://\"", "\"mqtts://h\"",
        "inbox_mib = ", "payload_kib_max = ", "connections_max = ", "receive_max = ", "packet_kib_max = ", "true", "= ", "[[", "]]", "\"\"\"", "'''", "{", "}", "0", "1e9", "inf", "17592186044416", "18446744073709551",
    ],
    growth: &[
        Growth { what: "sites", make: |len| format!("sites = [{}]", "\"a\",".repeat(len / 4)).into_bytes() },
        Growth { what: "unknown keys", make: |len| (0..len / 9).map(|n| format!("x{n:05}=1\n")).collect::<String>().into_bytes() },
        Growth { what: "depth", make: |len| format!("sites = {}", "[".repeat(len)).into_bytes() },
        Growth { what: "a long text", make: |len| format!("data_dir = \"{}\"", "x".repeat(len)).into_bytes() },
    ],
    heap: OF_FILES,
    stack_len: STACK_LEN,
    ..Target::PLAIN
};

pub(crate) const CLIENTS: Target = Target {
    name: "clients",
    runs: 3_000,
    check: check_clients,
    seeds: || {
        let hash = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
        let text = format!(
            "[[client]]\nname = \"gw-1\"\ntoken_sha256 = \"{hash}\"\ngrants = [{{ site = \"park\", edge_node = \"gw-1\" }}]\n\n\
             [[client]]\nname = \"gw-2\"\ncertificate = \"gw-2.park\"\ngrants = [{{ site = \"*\", edge_node = \"gw-*\" }}]\n"
        );
        vec![text.into_bytes()]
    },
    words: &["[[client]]\n", "name = ", "token_sha256 = ", "certificate = ", "grants = [", "{ site = \"*\", edge_node = \"*\" }", "\"gw-1\"", "\"\"", "]", "client = 1\n"],
    growth: &[Growth {
        what: "clients",
        make: |len| (0..len / 43).map(|n| format!("[[client]]\nname=\"a{n:05}\"\ncertificate=\"c{n:05}\"\n")).collect::<String>().into_bytes(),
    }],
    heap: OF_FILES,
    stack_len: STACK_LEN,
    ..Target::PLAIN
};

thread_local! {
    /// A folder for the files of this thread's target.
    static FOLDER: OnceCell<TempDir> = const { OnceCell::new() };
}

/// Loads `davy.toml` with that text, beside a clients file with that one.
fn load(gauge: &mut Gauge, config: &[u8], clients: &[u8]) -> Result<Config, Vec<ConfigProblem>> {
    FOLDER.with(|folder| {
        let folder = folder.get_or_init(|| tempfile::tempdir().expect("a folder"));
        let path = folder.path().join("davy.toml");
        fs::write(&path, config).and_then(|()| fs::write(folder.path().join("clients.toml"), clients)).expect("files");
        gauge.measure(config.len() + clients.len(), || Config::load(Some(&path), &Flags::default()))
    })
}

fn check_config(gauge: &mut Gauge, input: &[u8]) {
    match load(gauge, text(input).as_bytes(), b"") {
        Ok(config) => {
            assert!(!config.sites.is_empty() && config.http.ip().is_loopback());
            assert!((1024..=4 << 30).contains(&config.inbox_bytes), "an inbox of {} bytes", config.inbox_bytes);
            assert!(config.payload_bytes_max > 0, "no payload at all may come in");
            assert!(config.memory_max_bytes() >= config.inbox_bytes);
            if let Some(door) = &config.door {
                assert!(door.door.receive_max > 0 && door.door.connections_max > 0 && door.door.packet_len_max > 0);
            }
            gauge.saw((config.door.is_some(), config.broker.is_some(), config.sites.len().min(3)));
        }
        Err(problems) => told(gauge, &problems),
    }
}

fn check_clients(gauge: &mut Gauge, input: &[u8]) {
    let config = b"sites = [\"a\"]\n[door]\nclients_file = \"clients.toml\"\n";
    match load(gauge, config, text(input).as_bytes()) {
        Ok(_) => gauge.saw("ok"),
        Err(problems) => told(gauge, &problems),
    }
}

fn told(gauge: &mut Gauge, problems: &[ConfigProblem]) {
    assert!(!problems.is_empty(), "refused without a word");
    for problem in problems.iter().take(3) {
        assert!(!problem.place.is_empty() && !problem.what.is_empty(), "{problem:?}");
        gauge.saw((problem.place.len(), problem.what.len() / 8));
    }
}
