use figment::{
    Figment,
    providers::{Format, Toml},
};

use super::*;

#[derive(Deserialize)]
struct File {
    link: Option<RawLink>,
    #[serde(default)]
    lower: Vec<RawLower>,
}

/// What a file says of links, and the problems with it.
fn read(text: &str) -> (Option<LinkConfig>, Vec<LowerConfig>, Tree, Vec<String>) {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("token"), "davy_k_1234\n").expect("room");
    fs::write(folder.path().join("empty"), "\n").expect("room");
    let file: File = Figment::from(Toml::string(text)).extract().expect("TOML");
    let (mut tree, mut problems) = (Tree::default(), Problems(Vec::new()));
    let lowers = lowers(&file.lower, &mut tree, &mut problems);
    let link = file.link.as_ref().and_then(|raw| link(raw, "park-7", folder.path(), &mut problems));
    (link, lowers, tree, problems.0.iter().map(ToString::to_string).collect())
}

#[test]
fn a_link_up_and_a_davy_below_are_taken_as_written() {
    let (link, lowers, tree, problems) = read(
        r#"
        [link]
        url = "https://city:8443"
        token_file = "token"
        [[lower]]
        name = "works"
        sites = ["tank-farm", "jetty"]
        below = "370000/370500"
        silent_after = "30s"
        tier = "red"
        "#,
    );
    assert_eq!(problems, Vec::<String>::new());
    let link = link.expect("a link");
    assert_eq!((link.name.as_str(), link.sites.len()), ("park-7", 0));
    let [lower] = &lowers[..] else { panic!("{lowers:?}") };
    assert_eq!(
        (lower.silent_after, lower.tier, &lower.alarm_site),
        (Duration::from_secs(30), Tier::Red, &None)
    );
    assert_eq!(tree.place("jetty").expect("a place").to_string(), "370000/370500/jetty");
}

#[test]
fn what_cannot_be_is_told_with_its_place() {
    for (text, due) in [
        ("[link]\nurl = \"http://city:8443\"", "link.url: http is for this machine alone"),
        ("[link]\nurl = \"http://127.0.0.1.city:8443\"", "link.url: http is for this machine alone"),
        ("[link]\nurl = \"http://localhost.city\"", "link.url: http is for this machine alone"),
        ("[link]\nurl = \"http://localhost@city\"", "link.url: http is for this machine alone"),
        ("[link]\nurl = \"city\"", "link.url: not an address such as https://city:8443"),
        ("[link]\nurl = \"https://city\"\ntoken_file = \"none\"", "link.token_file: "),
        ("[link]\nurl = \"https://city\"\ntoken_file = \"empty\"", "it holds no token"),
        ("[link]\nurl = \"https://city\"\nca_file = \"none\"", "No such file"),
        (
            "[link]\nurl = \"https://city\"\nkey_file = \"k\"",
            "link.certificate_file: a key needs its certificate",
        ),
        ("[link]\nurl = \"https://city\"\nname = \"a b\"", "link.name: "),
        ("[[lower]]\nname = \"a b\"\nsites = [\"x\"]", "lower.name: "),
        ("[[lower]]\nname = \"a\"\nsites = []", "lower a sites: name the sites"),
        ("[[lower]]\nname = \"a\"\nsites = [\"x y\"]", "lower a sites: no id of a site"),
        ("[[lower]]\nname = \"a\"\nsites = [\"x\", \"x\"]", "named twice"),
        (
            "[[lower]]\nname = \"a\"\nsites = [\"x\"]\n[[lower]]\nname = \"a\"\nsites = [\"y\"]",
            "two are called so",
        ),
        ("[[lower]]\nname = \"a\"\nsites = [\"x\"]\nsilent_after = \"1s\"", "lower a silent_after: "),
        ("[[lower]]\nname = \"a\"\nsites = [\"x\"]\ntier = \"pink\"", "lower a tier: blue, yellow"),
        ("[[lower]]\nname = \"a\"\nsites = [\"x\"]\nbelow = \"a//b\"", "lower a below: "),
    ] {
        let (_, _, _, problems) = read(text);
        assert!(problems.iter().any(|problem| problem.contains(due)), "{text}: {problems:?}");
    }
}
