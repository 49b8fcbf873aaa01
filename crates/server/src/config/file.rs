//! The keys of a configuration file, as they are written.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use figment::{
    Figment,
    error::Kind,
    providers::{Env, Format, Serialized, Toml},
    value::{Dict, Tag, Value},
};
use serde::{Deserialize, Serialize};

use super::{
    ConfigProblem,
    access::RawAccess,
    audit::RawAudit,
    consumers::RawConsumer,
    history::RawHistory,
    http::RawHttp,
    journal::RawJournal,
    link::{RawLink, RawLower},
    sparkplug::RawSparkplug,
};
use crate::{FolderPolicy, certificates::ClientCertificate};

/// As written: relative paths are meant from the file's folder.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Raw {
    pub(super) data_dir: PathBuf,
    pub(super) sites: Vec<PathBuf>,
    pub(super) inbox_mib: usize,
    pub(super) payload_kib_max: usize,
    pub(super) node: Option<String>,
    pub(super) rules: RawRules,
    pub(super) history: RawHistory,
    pub(super) journal: RawJournal,
    pub(super) audit: RawAudit,
    pub(super) heartbeat: RawHeartbeat,
    pub(super) canary: RawCanary,
    pub(super) http: RawHttp,
    pub(super) access: Option<RawAccess>,
    /// Below which place of the administrative tree each site lies.
    pub(super) tree: BTreeMap<String, String>,
    pub(super) door: RawDoor,
    pub(super) broker: Option<RawBroker>,
    pub(super) sparkplug: RawSparkplug,
    pub(super) hj212: Option<RawHj212>,
    pub(super) exit: Vec<Dict>,
    /// The Davy above.
    pub(super) link: Option<RawLink>,
    /// The Davys below.
    pub(super) lower: Vec<RawLower>,
    pub(super) consumer: Vec<RawConsumer>,
    /// The folder relative paths are meant from.
    #[serde(skip)]
    pub(super) base: PathBuf,
}

#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawRules {
    pub(super) folders: FolderPolicy,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawHeartbeat {
    pub(super) every: String,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawCanary {
    pub(super) enabled: bool,
    pub(super) every: String,
    pub(super) deadline: String,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawDoor {
    pub(super) enabled: bool,
    pub(super) listen: String,
    pub(super) tls_listen: Option<String>,
    pub(super) certificate_file: Option<PathBuf>,
    pub(super) key_file: Option<PathBuf>,
    pub(super) client_ca_file: Option<PathBuf>,
    pub(super) client_certificate: ClientCertificate,
    pub(super) client_revoked_file: Option<PathBuf>,
    pub(super) tls_1_2: bool,
    pub(super) clients_file: Option<PathBuf>,
    pub(super) connections_max: usize,
    pub(super) receive_max: u16,
    pub(super) packet_kib_max: u32,
    pub(super) client_kib_per_s: u32,
    pub(super) client_readings_per_s: u32,
    pub(super) client_burst_s: u32,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawBroker {
    pub(super) url: String,
    #[serde(default = "default_client_id")]
    pub(super) client_id: String,
    pub(super) user: Option<String>,
    pub(super) password_file: Option<PathBuf>,
    pub(super) ca_file: Option<PathBuf>,
    pub(super) packet_kib_max: Option<u32>,
    pub(super) receive_max: Option<u16>,
}

/// Its presence opens the listener.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawHj212 {
    pub(super) listen: String,
    pub(super) boxes_file: Option<PathBuf>,
    pub(super) connections_max: usize,
    pub(super) segment_len_max: usize,
    pub(super) idle_s: u64,
}

impl Default for RawHj212 {
    fn default() -> RawHj212 {
        let hj212 = davy_intake::hj212::Hj212Config::on_loopback(9212);
        RawHj212 {
            listen: hj212.listen.to_string(),
            boxes_file: None,
            connections_max: hj212.connections_max,
            segment_len_max: hj212.segment_len_max,
            idle_s: hj212.idle.as_secs(),
        }
    }
}

fn default_client_id() -> String {
    "davy".to_owned()
}

impl Default for Raw {
    fn default() -> Raw {
        Raw {
            data_dir: "data".into(),
            sites: Vec::new(),
            inbox_mib: super::DEFAULT_INBOX_BYTES >> 20,
            payload_kib_max: davy_intake::PAYLOAD_BYTES_MAX >> 10,
            node: None,
            rules: RawRules::default(),
            history: RawHistory::default(),
            journal: RawJournal::default(),
            audit: RawAudit::default(),
            heartbeat: RawHeartbeat::default(),
            canary: RawCanary::default(),
            http: RawHttp::default(),
            access: None,
            tree: BTreeMap::new(),
            door: RawDoor::default(),
            broker: None,
            sparkplug: RawSparkplug::default(),
            hj212: None,
            exit: Vec::new(),
            link: None,
            lower: Vec::new(),
            consumer: Vec::new(),
            base: PathBuf::new(),
        }
    }
}

impl Default for RawHeartbeat {
    fn default() -> RawHeartbeat {
        RawHeartbeat { every: "5s".to_owned() }
    }
}

impl Default for RawCanary {
    fn default() -> RawCanary {
        RawCanary { enabled: true, every: "60s".to_owned(), deadline: "10s".to_owned() }
    }
}

impl Default for RawDoor {
    fn default() -> RawDoor {
        let door = davy_door::Config::default();
        let quota = davy_intake::QuotaConfig::default();
        RawDoor {
            enabled: true,
            listen: "127.0.0.1:1883".to_owned(),
            tls_listen: None,
            certificate_file: None,
            key_file: None,
            client_ca_file: None,
            client_certificate: ClientCertificate::None,
            client_revoked_file: None,
            tls_1_2: false,
            clients_file: None,
            connections_max: 2000,
            receive_max: door.receive_max,
            packet_kib_max: 512,
            client_kib_per_s: quota.bytes_per_s >> 10,
            client_readings_per_s: quota.readings_per_s,
            client_burst_s: quota.burst_s,
        }
    }
}

/// What the command line says; it has the last word.
#[derive(Clone, Debug, Default)]
pub struct Flags {
    /// `--data-dir`
    pub data_dir: Option<PathBuf>,
    /// `--site`, in place of the file's list.
    pub sites: Vec<PathBuf>,
    /// `--http`
    pub http: Option<String>,
    /// `--door`
    pub door: Option<String>,
}

/// Keys that cannot be read, after which nobody looks for more.
const PROBLEMS_MAX: usize = 32;

/// Reads the file, the files of `conf.d` beside it in the order of their names, the environment and the flags.
///
/// Gives what can be read, and everything that cannot.
///
/// # Errors
/// What is wrong, where that leaves nothing to be read: no such file, or one that is no TOML, or too much of it.
pub(super) fn load(
    path: Option<&Path>,
    flags: &Flags,
) -> Result<(Raw, Vec<ConfigProblem>), Vec<ConfigProblem>> {
    let mut figment = Figment::from(Serialized::defaults(Raw::default()));
    let mut base = PathBuf::new();
    if let Some(path) = path {
        if !path.is_file() {
            return Err(vec![ConfigProblem::new(path.display().to_string(), "no such file")]);
        }
        base = path.parent().map(Path::to_path_buf).unwrap_or_default();
        figment = figment.merge(Toml::file_exact(path));
        for above in conf_d(&base) {
            figment = figment.merge(Toml::file_exact(above));
        }
    }
    let (mut raw, problems) = extract(&figment.merge(Env::prefixed("DAVY__").split("__")))?;
    raw.base = base;
    apply(flags, &mut raw);
    Ok((raw, problems))
}

/// What is said, and every key that cannot be read: that is taken for unsaid.
///
/// # Errors
/// Those keys alone, where too much is unsaid with them for anything else to be told of the rest.
fn extract(figment: &Figment) -> Result<(Raw, Vec<ConfigProblem>), Vec<ConfigProblem>> {
    let mut said = figment.find_value("").map_err(|error| vec![ConfigProblem::from(error)])?;
    let (mut unsaid, mut problems) = (Unsaid::default(), Vec::new());
    let mut lacks_tables = false;
    loop {
        let errors = match said.deserialize() {
            Ok(_) if lacks_tables => return Err(problems),
            Ok(raw) => return Ok((raw, problems)),
            Err(errors) => errors,
        };
        for mut error in errors {
            error.metadata = said_by(&said, &error.path).and_then(|tag| figment.get_metadata(tag)).cloned();
            let written = unsaid.note(&said, &error.path);
            let gone = unsay(&mut said, &error.path);
            lacks_tables |=
                matches!((&gone, &error.kind), (Some(Value::Dict(..)), kind) if !is_unknown(kind));
            error.path = written;
            if !unsaid.is_why(&error) {
                problems.push(ConfigProblem::from(error));
            }
            if gone.is_none() || problems.len() >= PROBLEMS_MAX {
                return Err(problems);
            }
        }
    }
}

fn is_unknown(kind: &Kind) -> bool {
    matches!(kind, Kind::UnknownField(..))
}

/// What was taken for unsaid.
#[derive(Debug, Default)]
struct Unsaid {
    /// All of it, by its path, as written.
    paths: BTreeSet<Vec<String>>,
    /// By a list's path, as written: the places of its entries that are gone, ascending. Those behind them have moved up since.
    entries: BTreeMap<Vec<String>, Vec<usize>>,
}

impl Unsaid {
    /// The path as it is written, of what stands at a path now and is taken for unsaid.
    fn note(&mut self, said: &Value, path: &[String]) -> Vec<String> {
        let mut written: Vec<String> = Vec::new();
        let mut around = Some(said);
        for (depth, key) in path.iter().enumerate() {
            let place = key.parse::<usize>().ok().filter(|_| matches!(around, Some(Value::Array(..))));
            around = around.and_then(|around| below(around, key));
            let Some(place) = place else {
                written.push(key.clone());
                continue;
            };
            let gone = self.entries.entry(written.clone()).or_default();
            let place = gone.iter().fold(place, |place, gone| place + usize::from(*gone <= place));
            if depth + 1 == path.len() {
                gone.insert(gone.partition_point(|one| *one < place), place);
            }
            written.push(place.to_string());
        }
        self.paths.insert(written.clone());
        written
    }

    /// Whether something is missing only because it was taken for unsaid.
    fn is_why(&self, error: &figment::Error) -> bool {
        let Kind::MissingField(field) = &error.kind else { return false };
        self.paths.contains(&[&error.path[..], &[field.to_string()]].concat())
    }
}

/// Takes away what stands at a path.
fn unsay(said: &mut Value, path: &[String]) -> Option<Value> {
    match (said, path) {
        (Value::Dict(_, keys), [key]) => keys.remove(key),
        (Value::Dict(_, keys), [key, below @ ..]) => unsay(keys.get_mut(key)?, below),
        (Value::Array(_, items), [place, below @ ..]) => {
            let place = place.parse().ok().filter(|place| *place < items.len())?;
            if below.is_empty() { Some(items.remove(place)) } else { unsay(&mut items[place], below) }
        }
        _ => None,
    }
}

/// Who said what stands at a path: the tag of the nearest that is there; nothing of a path that does not begin.
fn said_by(said: &Value, path: &[String]) -> Option<Tag> {
    let (first, rest) = path.split_first()?;
    let next = below(said, first)?;
    said_by(next, rest).or(Some(next.tag()))
}

/// What stands under a key of a table, or at a place of a list.
fn below<'a>(said: &'a Value, key: &str) -> Option<&'a Value> {
    match said {
        Value::Dict(_, keys) => keys.get(key),
        Value::Array(_, items) => items.get(key.parse::<usize>().ok()?),
        _ => None,
    }
}

fn conf_d(base: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(base.join("conf.d")).into_iter().flatten().flatten();
    let mut files: Vec<PathBuf> = entries
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|ext| ext == "toml"))
        .collect();
    files.sort();
    files
}

fn apply(flags: &Flags, raw: &mut Raw) {
    // A path on the command line is meant from where the person stands, not from the file's folder.
    let here = |path: &PathBuf| std::path::absolute(path).unwrap_or_else(|_| path.clone());
    if let Some(data_dir) = &flags.data_dir {
        raw.data_dir = here(data_dir);
    }
    if !flags.sites.is_empty() {
        raw.sites = flags.sites.iter().map(here).collect();
    }
    if let Some(http) = &flags.http {
        raw.http.listen.clone_from(http);
    }
    if let Some(door) = &flags.door {
        raw.door.listen.clone_from(door);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_that_cannot_be_read_is_told_at_once_and_the_others_are_read() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("davy.toml");
        let text = "inbox_mib = 7\nnote = \"x\"\n[nonsense]\n[door]\nlisen = \"127.0.0.1:1\"\nreceive_max = \"many\"\n\
                    [[consumer]]\nname = \"scada\"\nnome = \"desk\"\n[history]\nmax_gib = 3\n";
        fs::write(&file, text).expect("written");
        let (raw, problems) = load(Some(&file), &Flags::default()).expect("it is there");
        let told: Vec<String> = problems.iter().map(ToString::to_string).collect();
        for due in ["note", "nonsense", "door.lisen", "door.receive_max", "consumer.0"] {
            assert!(told.iter().any(|told| told.contains(due)), "{due}: {told:#?}");
        }
        assert!(told.iter().all(|told| told.contains("davy.toml")), "{told:#?}");
        assert_eq!((raw.inbox_mib, raw.door.receive_max), (7, RawDoor::default().receive_max));
        assert_eq!(raw.door.listen, RawDoor::default().listen);
    }

    /// The keys of `davy.toml` that are told as wrong.
    fn wrong(text: &str) -> BTreeSet<String> {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("davy.toml");
        fs::write(&file, text).expect("written");
        let problems = match load(Some(&file), &Flags::default()) {
            Ok((_, problems)) | Err(problems) => problems,
        };
        let key = |problem: &ConfigProblem| problem.place.rsplit_once(": ").map(|(_, key)| key.to_owned());
        problems.iter().filter_map(key).collect()
    }

    #[test]
    fn an_entry_of_a_list_is_told_by_its_place_in_the_file() {
        let text: String =
            ["nome = \"a\"", "name = \"b\"", "name = 7", "name = \"d\"\nkind = 1", "nome = \"e\""]
                .map(|consumer| format!("[[consumer]]\n{consumer}\n"))
                .concat();
        let due = ["0", "0.nome", "2.name", "3.kind", "4", "4.nome"].map(|key| format!("consumer.{key}"));
        assert_eq!(wrong(&text), BTreeSet::from(due));
    }

    #[test]
    fn a_number_that_names_something_is_no_place_in_a_list() {
        let due = ["tree.2", "tree.3", "tree.4"].map(str::to_owned);
        assert_eq!(wrong("[tree]\n1 = \"37\"\n2 = 1\n3 = 1\n4 = 1\n"), BTreeSet::from(due));
    }
}
