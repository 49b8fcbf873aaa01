//! From a verified certificate to an account, and what is tried there.

mod common;

use common::{now, tree};
use davy_access::{Accounts, Denied, PeerCertificate, Permission};

const FILE: &str = r#"
[[account]]
name = "scada"
certificate = "scada.park"
grants = [{ role = "viewer", scope = "370000/370500/donggang/park" }]

[[account]]
name = "city"
certificate = "city-hall"
grants = [{ role = "viewer", scope = "370000" }]

[[account]]
name = "pinned"
certificate = "sha256:AB:ABABABABABABABABABABABABABABABABABABABABABABABABABABABABABABAB"
grants = [{ role = "link", scope = "*" }]

[[account]]
name = "shut"
certificate = "shut"
disabled = true

[[account]]
name = "old"
certificate = "old"
expires = "2026-11-29T08:00:00Z"
"#;

/// What it is about, the names in the certificate, its fingerprint, whose it is.
type Row<'a> = (&'a str, &'a [&'a str], [u8; 32], Result<&'a str, Denied>);

#[test]
fn a_certificate_is_one_accounts_or_nobodys() {
    let accounts = Accounts::parse(FILE, tree()).expect("the file is sound");
    let pin = [0xab; 32];
    let rows: [Row<'_>; 16] = [
        ("its DNS name", &["scada.park"], [0; 32], Ok("scada")),
        ("among others that are nobody's", &["x", "scada.park", "y"], [0; 32], Ok("scada")),
        ("said twice", &["scada.park", "scada.park"], [0; 32], Ok("scada")),
        ("the very certificate", &["whatever"], pin, Ok("pinned")),
        ("the very certificate, with another's name", &["scada.park"], pin, Ok("pinned")),
        ("no name", &[], [0; 32], Err(Denied::Certificate)),
        ("an empty name", &[""], [0; 32], Err(Denied::Certificate)),
        ("a wildcard", &["*.park"], [0; 32], Err(Denied::Certificate)),
        ("another case", &["SCADA.park"], [0; 32], Err(Denied::Certificate)),
        ("a NUL behind it", &["scada.park\0.evil"], [0; 32], Err(Denied::Certificate)),
        ("a dot behind it", &["scada.park."], [0; 32], Err(Denied::Certificate)),
        ("a look-alike: Cyrillic а", &["sc\u{430}da.park"], [0; 32], Err(Denied::Certificate)),
        ("the account's name in place of the certificate's", &["scada"], [0; 32], Err(Denied::Certificate)),
        ("names of two accounts", &["scada.park", "city-hall"], [0; 32], Err(Denied::Ambiguous)),
        ("of a disabled account", &["shut"], [0; 32], Err(Denied::Disabled)),
        ("of an account that expired this very moment", &["old"], [0; 32], Err(Denied::Expired)),
    ];
    for (what, names, fingerprint, want) in rows {
        let held =
            PeerCertificate { names: names.iter().map(|name| (*name).to_owned()).collect(), fingerprint };
        let found = accounts.by_certificate(&held, now()).map(|caller| caller.name().to_string());
        assert_eq!(found, want.map(str::to_owned), "{what}");
    }
}

#[test]
fn a_machine_sees_its_own_scope_and_does_nothing_else() {
    let accounts = Accounts::parse(FILE, tree()).expect("the file is sound");
    let held = PeerCertificate { names: vec!["scada.park".to_owned()], fingerprint: [0; 32] };
    let caller = accounts.by_certificate(&held, now()).expect("known");
    for permission in Permission::ALL {
        let may = matches!(permission, Permission::View | Permission::SignedIn | Permission::Anyone);
        assert_eq!(caller.may(permission, "park"), may, "{permission:?}");
    }
    assert!(!caller.may(Permission::View, "other"));
    assert!(!caller.may_everywhere(Permission::View));
}
