//! The accounts file: what is wrong with it is said at once, with what to write.

mod common;

use common::{now, tree};
use davy_access::{Accounts, Denied, PasswordHash, Permission, token_hash};

fn hex(bytes: [u8; 32]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn what_is_wrong_is_said_with_the_account_and_the_cure() {
    let hash = PasswordHash::of(b"a long enough one", [1; 16]).expect("a hash").to_string();
    let token = hex(token_hash(b"t"));
    let cheap = hash.replace("m=19456", "m=256");
    let dear = hash.replace("m=19456", "m=4194304");
    let other = hash.replace("argon2id", "argon2d");
    let rows = [
        ("name = 1".to_owned(), "invalid type"),
        ("name = \"a\"\ncolour = 1".to_owned(), "unknown field"),
        ("name = \"a\"".to_owned(), "it could never come in"),
        ("name = \"a b\"\ntoken_sha256 = \"00\"".to_owned(), "its name is not"),
        ("name = \"a\"\ntoken_sha256 = \"+0\"".to_owned(), "64 hex digits"),
        ("name = \"a\"\npassword_argon2id = \"hunter2\"".to_owned(), "davy accounts hash"),
        (format!("name = \"a\"\npassword_argon2id = \"{cheap}\""), "m is to be"),
        (format!("name = \"a\"\npassword_argon2id = \"{dear}\""), "m is to be"),
        (format!("name = \"a\"\npassword_argon2id = \"{other}\""), "no argon2id hash"),
        (
            format!("name = \"a\"\npassword_argon2id = \"{hash}\"\ntoken_sha256 = \"{token}\""),
            "make two accounts",
        ),
        ("name = \"a\"\ncertificate = \"*.park\"".to_owned(), "patterns and spaces"),
        ("name = \"a\"\ncertificate = \"sha256:00\"".to_owned(), "64 hex digits"),
        (format!("name = \"a\"\ntoken_sha256 = \"{token}\"\nexpires = \"tomorrow\""), "no time such as"),
        (format!("name = \"a\"\nsubject = \" \"\ntoken_sha256 = \"{token}\""), "leave the key out"),
        (
            format!(
                "name = \"a\"\ntoken_sha256 = \"{token}\"\ngrants = [{{ role = \"boss\", scope = \"*\" }}]"
            ),
            "the roles are viewer",
        ),
        (
            format!("name = \"a\"\ntoken_sha256 = \"{token}\"\ngrants = [{{ role = \"viewer\" }}]"),
            "missing field `scope`",
        ),
        (
            format!(
                "name = \"a\"\ntoken_sha256 = \"{token}\"\ngrants = [{{ role = \"viewer\", scope = \"\" }}]"
            ),
            "or * for everything",
        ),
        (
            format!(
                "name = \"a\"\ntoken_sha256 = \"{token}\"\ngrants = [{{ role = \"viewer\", scope = \"a//b\" }}]"
            ),
            "no step of a scope",
        ),
        (
            format!(
                "name = \"a\"\ntoken_sha256 = \"{token}\"\ngrants = [{{ role = \"viewer\", scope = \"*\", edge_nodes = [\"gw\"] }}]"
            ),
            "are a vendor's",
        ),
    ];
    for (text, want) in rows {
        let found = Accounts::parse(&format!("[[account]]\n{text}"), tree()).expect_err(&text);
        assert!(found.iter().any(|error| error.to_string().contains(want)), "{text}\n{found:?}\nwant {want}");
    }
}

#[test]
fn two_accounts_never_share_a_name_or_a_proof() {
    let token = hex(token_hash(b"t"));
    let one = |name: &str, proof: &str| format!("[[account]]\nname = \"{name}\"\n{proof}\n");
    let token = format!("token_sha256 = \"{token}\"");
    for (text, want) in [
        (one("a", &token) + &one("a", "certificate = \"c\""), "described twice"),
        (one("a", &token) + &one("b", &token), "the same token"),
        (one("a", "certificate = \"c\"") + &one("b", "certificate = \"c\""), "the same certificate"),
    ] {
        let found = Accounts::parse(&text, tree()).expect_err(&text);
        assert!(found[0].to_string().contains(want), "{found:?}");
    }
}

#[test]
fn a_password_lets_its_person_in_and_nobody_else() {
    let hash = PasswordHash::of("北京的天气 and rain".as_bytes(), [7; 16]).expect("a hash");
    let file = format!(
        "[[account]]\nname = \"ann\"\nsubject = \"staff-7\"\npassword_argon2id = \"{hash}\"\n\
         grants = [{{ role = \"operator\", scope = \"370000/370500\" }}]\n\
         [[account]]\nname = \"robot\"\ntoken_sha256 = \"{}\"\n",
        hex(token_hash(b"robot's"))
    );
    let accounts = Accounts::parse(&file, tree()).expect("the file is sound");
    let long = "x".repeat(100_000);
    for (name, password, want) in [
        ("ann", "北京的天气 and rain", Ok("staff-7")),
        ("ann", "北京的天气 and Rain", Err(Denied::Password)),
        ("ann", "", Err(Denied::Password)),
        ("ann", &hash.to_string(), Err(Denied::Password)),
        ("ann", &long, Err(Denied::Password)),
        ("Ann", "北京的天气 and rain", Err(Denied::Password)),
        ("bob", "北京的天气 and rain", Err(Denied::Password)),
        ("bob", "this is the password of nobody", Err(Denied::Password)),
        ("robot", "this is the password of nobody", Err(Denied::Password)),
        ("robot", "robot's", Err(Denied::Password)),
    ] {
        let found = accounts.by_password(name, password.as_bytes(), now());
        assert_eq!(
            found.map(|caller| caller.subject().to_string()),
            want.map(str::to_owned),
            "{name} {password:.20}"
        );
    }
    let robot = accounts.by_token(b"robot's", now()).expect("known");
    assert!(!robot.may_somewhere(Permission::View), "no grant, no right");
    assert_eq!(accounts.by_token(b"robot", now()).map(|_| ()), Err(Denied::Token));
    assert_eq!(accounts.by_token(b"", now()).map(|_| ()), Err(Denied::Token));
}

#[test]
fn a_vendor_sees_its_own_devices() {
    let file = format!(
        "[[account]]\nname = \"acme\"\ntoken_sha256 = \"{}\"\n\
         grants = [{{ role = \"vendor\", scope = \"370000/370500\", edge_nodes = [\"acme-*\", \"gw-9\"] }}]\n",
        hex(token_hash(b"t"))
    );
    let accounts = Accounts::parse(&file, tree()).expect("the file is sound");
    let acme = accounts.by_token(b"t", now()).expect("known");
    for (site, node, may) in [
        ("park", "acme-1", true),
        ("park", "gw-9", true),
        ("park", "gw-99", false),
        ("park", "", false),
        ("park", "acme-/../gw-1", false),
        ("other", "acme-1", false),
    ] {
        assert_eq!(acme.may_about(Permission::Onboard, site, node), may, "{site} {node}");
    }
    assert!(!acme.may_everywhere(Permission::Onboard));
}
