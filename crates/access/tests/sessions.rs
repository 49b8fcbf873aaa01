//! Sessions, countersignatures and wrong tries, over time.

mod common;

use std::time::Duration;

use common::{now, tree};
use davy_access::{
    Accounts, Caller, CallerKind, Countersignatures, Countersigned, Denied, Lockout, PasswordHash, Sessions,
};

const MINUTE: Duration = Duration::from_secs(60);

fn accounts(password: &[u8], more: &str) -> Accounts {
    let hash = PasswordHash::of(password, [7; 16]).expect("a hash");
    let file = format!("[[account]]\nname = \"ann\"\npassword_argon2id = \"{hash}\"\n{more}");
    Accounts::parse(&file, tree()).expect("the file is sound")
}

fn random(number: u64) -> [u8; 32] {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&number.to_be_bytes());
    bytes
}

#[test]
fn a_session_ends_when_idle_at_the_end_of_the_shift_and_on_logging_out() {
    let accounts = accounts(b"a long enough one", "");
    let mut sessions = Sessions::default();
    let (idle, _) = sessions.begin(&accounts, "ann", random(1), now()).expect("begun");
    let (busy, _) = sessions.begin(&accounts, "ann", random(2), now()).expect("begun");
    let idle = idle.reveal().as_bytes();
    let busy = busy.reveal().as_bytes();
    sessions.caller(&accounts, idle, now().plus(29 * MINUTE)).expect("not idle yet");
    assert_eq!(sessions.caller(&accounts, idle, now().plus(59 * MINUTE)).map(|_| ()), Err(Denied::Expired));
    assert_eq!(
        sessions.caller(&accounts, idle, now()).map(|_| ()),
        Err(Denied::Token),
        "it is gone for good"
    );
    for quarter in 1..48 {
        sessions.caller(&accounts, busy, now().plus(15 * quarter * MINUTE)).expect("in use");
    }
    assert_eq!(sessions.caller(&accounts, busy, now().plus(720 * MINUTE)).map(|_| ()), Err(Denied::Expired));
    let (out, _) = sessions.begin(&accounts, "ann", random(3), now()).expect("begun");
    assert!(sessions.end(out.reveal().as_bytes()));
    assert_eq!(sessions.caller(&accounts, out.reveal().as_bytes(), now()).map(|_| ()), Err(Denied::Token));
}

#[test]
fn what_is_taken_from_an_account_is_gone_from_its_sessions() {
    let before = accounts(b"a long enough one", "");
    let bare = format!("[[account]]\nname = \"ann\"\ntoken_sha256 = \"{}\"\n", "0".repeat(64));
    let bare = Accounts::parse(&bare, tree()).expect("the file is sound");
    for (what, after, want) in [
        ("another password", accounts(b"another long one", ""), Err(Denied::Expired)),
        ("a token in its password's place", bare, Err(Denied::Expired)),
        ("disabled", accounts(b"a long enough one", "disabled = true"), Err(Denied::Disabled)),
        ("struck out", Accounts::default(), Err(Denied::Expired)),
        ("as it was", accounts(b"a long enough one", ""), Ok(())),
    ] {
        let mut sessions = Sessions::default();
        let (token, _) = sessions.begin(&before, "ann", random(1), now()).expect("begun");
        let found = sessions.caller(&after, token.reveal().as_bytes(), now());
        assert_eq!(found.map(|_| ()), want, "{what}");
    }
}

#[test]
fn an_account_has_twenty_sessions_and_the_one_used_longest_ago_goes() {
    let accounts = accounts(b"a long enough one", "");
    let mut sessions = Sessions::default();
    let mut begin = |number: u64| {
        let at = now().plus(Duration::from_secs(number));
        sessions.begin(&accounts, "ann", random(number), at).expect("begun").0
    };
    let tokens: Vec<_> = (0..21).map(&mut begin).collect();
    assert_eq!(sessions.len(), 20);
    let later = now().plus(MINUTE);
    assert!(sessions.caller(&accounts, tokens[0].reveal().as_bytes(), later).is_err());
    assert!(sessions.caller(&accounts, tokens[1].reveal().as_bytes(), later).is_ok());
}

#[test]
fn five_wrong_tries_lock_a_name_and_an_address_for_a_quarter_of_an_hour() {
    let mut lockout = Lockout::default();
    for _ in 0..4 {
        lockout.failed("ann", "10.0.0.1", now());
    }
    assert!(!lockout.is_locked("ann", "10.0.0.1", now()));
    lockout.failed("ann", "10.0.0.1", now());
    let later = |minutes: u32| now().plus(minutes * MINUTE);
    for (name, address, minutes, locked) in [
        ("ann", "10.0.0.1", 0, true),
        ("ann", "10.0.0.9", 14, true),
        ("bob", "10.0.0.1", 14, true),
        ("bob", "10.0.0.9", 0, false),
        ("ann", "10.0.0.1", 15, false),
    ] {
        assert_eq!(lockout.is_locked(name, address, later(minutes)), locked, "{name} {address} {minutes}");
    }
    lockout.succeeded("ann");
    assert!(!lockout.is_locked("ann", "10.0.0.9", now()));
    assert!(lockout.is_locked("ann", "10.0.0.1", now()), "one good account clears no address");
}

#[test]
fn wrong_tries_are_remembered_in_bounded_memory() {
    let mut lockout = Lockout::default();
    for number in 0..30_000_u32 {
        lockout.failed(
            &format!("n{number}"),
            &"a".repeat(5000),
            now().plus(Duration::from_millis(number.into())),
        );
    }
    assert!(lockout.len() <= 10_000, "{}", lockout.len());
    assert!(
        lockout.is_locked("n29999", &"a".repeat(5000), now().plus(MINUTE)),
        "the busy address is not forgotten"
    );
}

#[test]
fn a_countersignature_is_for_one_command_once_and_never_ones_own() {
    let caller =
        |name: &str, subject: &str| Caller::new(CallerKind::Person, name, subject, Vec::new(), tree());
    let (lead, ann, leads_other) = (caller("lead", "s1"), caller("ann", "s2"), caller("lead-2", "s1"));
    let what = |alarm: &str, occurrence, command: &str| Countersigned {
        alarm: alarm.to_owned(),
        occurrence,
        command: command.to_owned(),
    };
    let right = what("park:h2s:AT-1", 3, "shelve");
    for (row, asks, asked, minutes, want) in [
        ("as it was given", &ann, right.clone(), 4, true),
        ("too late", &ann, right.clone(), 5, false),
        ("by whoever gave it", &lead, right.clone(), 0, false),
        ("by their other account", &leads_other, right.clone(), 0, false),
        ("for another alarm", &ann, what("park:h2s:AT-2", 3, "shelve"), 0, false),
        ("for another occurrence", &ann, what("park:h2s:AT-1", 4, "shelve"), 0, false),
        ("for another command", &ann, what("park:h2s:AT-1", 3, "out_of_service"), 0, false),
    ] {
        let mut waiting = Countersignatures::default();
        let (token, _) = waiting.give(&lead, right.clone(), random(1), now());
        let at = now().plus(minutes * MINUTE);
        let by = waiting.take(token.reveal(), asks, &asked, at);
        assert_eq!(by.as_deref(), want.then_some("lead"), "{row}");
        assert_eq!(waiting.take(token.reveal(), asks, &asked, at), None, "{row}: a second time");
    }
    assert_eq!(Countersignatures::default().take("davy_c_AAAA", &ann, &right, now()), None);
}
