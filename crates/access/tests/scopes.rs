//! A scope covers what lies below it, step by step, and nothing beside it.

mod common;

use common::tree;
use davy_access::{Caller, CallerKind, Grant, Permission, Role, Scope, ScopeError, permissions};
use proptest::prelude::*;

#[test]
fn a_place_is_covered_by_what_it_lies_in() {
    for (scope, place, covers) in [
        ("*", "370000/370500", true),
        ("370000", "370000/370500/donggang/park", true),
        ("370000/370500/donggang/park", "370000/370500/donggang/park", true),
        ("370000/370500/donggang/park", "370000/370500/donggang", false),
        ("3705", "370500", false),
        ("370000/3705", "370000/370500", false),
        ("370500", "370000/370500", false),
    ] {
        let parse = |text: &str| text.parse::<Scope>().expect("a scope");
        assert_eq!(parse(scope).covers(&parse(place)), covers, "{scope} {place}");
    }
    for (text, want) in [
        ("", ScopeError::Empty),
        ("/", ScopeError::Step(String::new())),
        ("370000/", ScopeError::Step(String::new())),
        ("370000/../370600", ScopeError::Step("..".to_owned())),
        ("370000/*", ScopeError::Step("*".to_owned())),
        ("370 000", ScopeError::Step("370 000".to_owned())),
        ("a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p/q", ScopeError::Deep),
    ] {
        assert_eq!(text.parse::<Scope>(), Err(want), "{text}");
    }
}

/// Every role in every kind of scope, against every permission at every kind of site.
#[test]
fn a_grant_gives_its_roles_permissions_in_its_scope_and_no_other() {
    let rows = [
        ("*", [true, true, true]),
        ("370000", [true, true, false]),
        ("370000/370500", [true, false, false]),
        ("370000/370500/donggang/park", [true, false, false]),
        ("370000/370600/other", [false, true, false]),
        ("park", [false, false, false]),
        ("elsewhere", [false, false, true]),
    ];
    for role in Role::ALL {
        for (scope, reached) in rows {
            let grant = Grant::new(role, scope.parse().expect("a scope"));
            let caller = Caller::new(CallerKind::Person, "ann", "ann", vec![grant], tree());
            for permission in Permission::ALL {
                let held = permissions(role).contains(&permission);
                for (site, reached) in ["park", "other", "elsewhere"].into_iter().zip(reached) {
                    let want = permission.needs_no_role() || held && reached;
                    assert_eq!(caller.may(permission, site), want, "{role:?} {scope} {permission:?} {site}");
                }
                assert_eq!(caller.may_somewhere(permission), permission.needs_no_role() || held);
            }
        }
    }
}

#[test]
fn nobody_may_nothing_and_loopback_may_everything() {
    for permission in Permission::ALL {
        assert_eq!(Caller::nobody().may(permission, "park"), permission == Permission::Anyone);
        assert!(Caller::local().may_everywhere(permission));
        let no_grant = Caller::new(CallerKind::Machine, "m", "m", Vec::new(), tree());
        assert_eq!(no_grant.may_somewhere(permission), permission.needs_no_role());
    }
}

fn path() -> impl Strategy<Value = Vec<String>> {
    prop::collection::vec("[a-c0-3]{1,3}", 0..6)
}

fn scope(steps: &[String]) -> Scope {
    if steps.is_empty() { Scope::root() } else { steps.join("/").parse().expect("a scope") }
}

proptest! {
    #[test]
    fn covering_is_having_the_same_steps_first(one in path(), other in path()) {
        let shares = other.iter().zip(&one).filter(|(a, b)| a == b).count();
        let below = one.len() <= other.len() && shares >= one.len()
            && one.iter().zip(&other).all(|(a, b)| a == b);
        prop_assert_eq!(scope(&one).covers(&scope(&other)), below);
    }

    #[test]
    fn what_is_below_is_covered_and_covers_nothing_above(above in path(), more in path()) {
        let all: Vec<String> = above.iter().chain(&more).cloned().collect();
        prop_assert!(scope(&above).covers(&scope(&all)));
        prop_assert_eq!(scope(&all).covers(&scope(&above)), more.is_empty());
        prop_assert_eq!(scope(&all).to_string().parse::<Scope>(), Ok(scope(&all)));
    }

    #[test]
    fn any_text_is_read_without_a_panic(text in ".{0,200}") {
        let _ = text.parse::<Scope>();
        let _ = davy_access::Pattern::parse(&text);
        let _ = davy_access::Accounts::parse(&text, tree());
        let _ = davy_access::Keys::parse(&text);
    }
}
