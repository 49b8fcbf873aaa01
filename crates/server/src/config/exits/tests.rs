use figment::{
    Figment,
    providers::{Format, Toml},
};

use super::*;

/// The exits of a file, and the problems with them.
fn exits(text: &str) -> (Vec<ExitConfig>, Vec<String>) {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("secret"), "0123456789abcdef\n").unwrap();
    fs::write(folder.path().join("short"), "hunter2\n").unwrap();
    fs::write(folder.path().join("lines"), "Bearer 4711\nBearer 4711\n").unwrap();
    fs::write(folder.path().join("foreign"), "Bearer 4711 园区\n").unwrap();
    #[derive(Deserialize)]
    struct File {
        exit: Vec<Dict>,
    }
    let file: File = Figment::from(Toml::string(text)).extract().unwrap();
    let mut problems = Problems(Vec::new());
    let exits = resolve(&file.exit, folder.path(), &mut problems);
    (exits, problems.0.iter().map(ToString::to_string).collect())
}

#[test]
fn an_exit_says_what_it_tells_and_where() {
    let (exits, problems) = exits(
        r#"
        [[exit]]
        name = "desk"
        kind = "webhook"
        sites = ["park"]
        tier_from = "orange"
        url = "http://127.0.0.1:9000/hook?key=4711"
        secret_files = ["secret"]
        "#,
    );
    assert_eq!(problems, Vec::<String>::new());
    let clock: LentClock = Arc::new(|| davy_model::Timestamp::MIN);
    let opening = exits[0].opening(&clock);
    assert_eq!(
        (&*opening.name, opening.kind, opening.target.as_str()),
        ("desk", "webhook", "http://127.0.0.1:9000/hook")
    );
    assert_eq!(opening.wanted, Wanted { sites: vec!["park".into()], tier_from: Some(Tier::Orange) });
    let told = format!("{exits:?}");
    assert!(
        !told.contains("4711") && !told.contains("0123456789abcdef") && !told.contains("48, 49"),
        "{told}"
    );
}

#[test]
fn what_is_wrong_is_told_with_the_exit_and_the_key() {
    for (keys, place, word) in [
        ("", "exit desk: ", "missing field `url`"),
        ("urk = 'http://localhost'", "exit desk urk", "did you mean \"url\""),
        ("url = 'https://a.example'", "exit desk url", "ca_file"),
        ("url = 'http://a.example'", "exit desk url", "plain"),
        ("url = 'https://a.example'\nca_file = 'none.pem'", "exit desk ca_file", "none.pem"),
        ("url = 'https://a.example'\nca_file = 'secret'", "exit desk ca_file", "authority"),
        ("url = 'http://localhost'\ntimeout = '2h'", "exit desk timeout", "from 100ms to 60s"),
        ("url = 'http://localhost'\ntier_from = 'pink'", "exit desk tier_from", "blue, yellow"),
        ("url = 'http://localhost'\ntype_prefix = 'a b'", "exit desk type_prefix", "com.example"),
        ("url = 'http://localhost'\nsecret_files = ['short']", "exit desk secret_files", "16 bytes"),
        ("url = 'http://localhost'\nsecret_files = ['none']", "exit desk secret_files", "none"),
    ] {
        let (_, problems) = exits(&format!("[[exit]]\nname = 'desk'\nkind = 'webhook'\n{keys}\n"));
        assert_eq!(problems.len(), 1, "{keys}: {problems:?}");
        assert!(problems[0].starts_with(place) && problems[0].contains(word), "{keys}: {problems:?}");
    }
    let (_, problems) = exits("[[exit]]\nkind = 'webhook'\n[[exit]]\nname = 'b'\nkind = 'fax'\n");
    assert_eq!(problems.len(), 2, "{problems:?}");
    let one = "[[exit]]\nname = 'b'\nkind = 'webhook'\nurl = 'http://localhost'\n";
    let (_, problems) = exits(&format!("{one}{one}"));
    assert!(problems.len() == 1 && problems[0].contains("another exit"), "{problems:?}");
}

#[test]
fn every_kind_is_understood_and_says_where_it_leads() {
    for (text, kind, target) in [
        (
            "kind = 'alertmanager'\nurls = ['http://127.0.0.1:9093', 'http://[::1]:9094/am']",
            "alertmanager",
            "http://127.0.0.1:9093/ http://[::1]:9094/am",
        ),
        (
            "kind = 'mqtt'\nurl = 'mqtt://127.0.0.1'\nuser = 'davy'\npassword_file = 'secret'",
            "mqtt",
            "mqtt://127.0.0.1:1883/davy/v1",
        ),
        (
            "kind = 'syslog'\nurl = 'udp://logs.example:514'\nfacility = 'local3'",
            "syslog",
            "udp://logs.example:514",
        ),
        ("kind = 'mqtt'\nurl = 'mqtt://[::1]:1884'", "mqtt", "mqtt://[::1]:1884/davy/v1"),
        ("kind = 'syslog'\nurl = 'tcp://[::1]:514'", "syslog", "tcp://[::1]:514"),
        ("kind = 'hook'\nprogram = 'secret'\narguments = ['-v']", "hook", "/secret"),
        (
            "kind = 'cap'\nfolder = '.'\nsender = 'duty@park.example'\nsender_name = 'Park'\narea_en = 'Park'\narea_zh = '园区'\ngb_code = '11000010100001'\npolygon = '39.1,116.2 39.2,116.2 39.2,116.3 39.1,116.2'",
            "cap",
            "",
        ),
    ] {
        let (exits, problems) = exits(&format!("[[exit]]\nname = 'desk'\n{text}\n"));
        assert_eq!(problems, Vec::<String>::new(), "{text}");
        let clock: LentClock = Arc::new(|| davy_model::Timestamp::MIN);
        let opening = exits[0].opening(&clock);
        assert_eq!(opening.kind, kind);
        assert!(opening.target.ends_with(target), "{}", opening.target);
        assert!(!format!("{exits:?}").contains("0123456789abcdef"), "{exits:?}");
    }
}

#[test]
fn what_is_wrong_with_any_kind_is_told_by_its_key() {
    let webhook = "kind = 'webhook'\nurl = 'http://localhost'\n";
    let cap = "kind = 'cap'\nfolder = '.'\nsender = 'a'\nsender_name = 'a'\narea_en = 'a'\narea_zh = 'a'\n";
    for (text, key) in [
        ("kind = 'alertmanager'\nurls = []".to_owned(), "urls"),
        ("kind = 'alertmanager'\nurls = ['http://am.example:9093']".to_owned(), "urls"),
        ("kind = 'mqtt'\nurl = 'http://localhost'".to_owned(), "url"),
        ("kind = 'mqtt'\nurl = 'mqtt://broker.example'".to_owned(), "url"),
        ("kind = 'mqtt'\nurl = 'mqtts://broker.example'".to_owned(), "ca_file"),
        ("kind = 'mqtt'\nurl = 'mqtt://ann:4711@localhost'".to_owned(), "url"),
        ("kind = 'mqtt'\nurl = 'https://ann:4711@localhost'".to_owned(), "url"),
        ("kind = 'syslog'\nurl = 'tcp://ann:4711@localhost:514'".to_owned(), "url"),
        ("kind = 'webhook'\nurl = 'http://ann:4711 @localhost'".to_owned(), "url"),
        (format!("{webhook}authorization_file = 'lines'"), "authorization_file"),
        (format!("{webhook}authorization_file = 'foreign'"), "authorization_file"),
        (format!("{webhook}handshake_origin = '园区'"), "handshake_origin"),
        (
            "kind = 'alertmanager'\nurls = ['http://localhost']\nauthorization_file = 'lines'".to_owned(),
            "authorization_file",
        ),
        ("kind = 'mqtt'\nurl = 'mqtt://localhost'\nprefix = 'a/#'".to_owned(), "prefix"),
        ("kind = 'mqtt'\nurl = 'mqtt://localhost'\npassword_file = 'secret'".to_owned(), "user"),
        ("kind = 'syslog'\nurl = 'logs.example:514'".to_owned(), "url"),
        ("kind = 'syslog'\nurl = 'smtp://logs.example:514'".to_owned(), "url"),
        ("kind = 'syslog'\nurl = 'tls://logs.example:6514'".to_owned(), "ca_file"),
        ("kind = 'syslog'\nurl = 'udp://logs.example:514'\nfacility = 'kern'".to_owned(), "facility"),
        ("kind = 'hook'\nprogram = '/no/such/program'".to_owned(), "program"),
        (format!("{cap}category = 'Fun'"), "category"),
        (format!("{cap}polygon = '39.1,116.2 39.2,116.2'"), "polygon"),
        (format!("{cap}utc_offset = '8'"), "utc_offset"),
        (format!("{cap}gb_code = '11'"), "gb_code"),
        (cap.replace("'a'", "'a b'"), "sender"),
        (cap.replace("'.'", "'none'"), "folder"),
    ] {
        let (exits, problems) = exits(&format!("[[exit]]\nname = 'desk'\n{text}\n"));
        assert!(exits.is_empty(), "{text}");
        let place = format!("exit desk {key}:");
        assert!(problems.len() == 1 && problems[0].starts_with(&place), "{text}: {problems:?}");
        assert!(!problems[0].contains("4711"), "{problems:?}");
    }
}
