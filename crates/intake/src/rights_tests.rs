use super::*;

fn grant(site: &str, edge_node: &str) -> Grant {
    Grant {
        site: Pattern::parse(site).expect("a pattern"),
        edge_node: Pattern::parse(edge_node).expect("a pattern"),
    }
}

fn clients() -> Clients {
    let token = |token: &str| Some(token_hash(token.as_bytes()));
    let list = vec![
        Client {
            name: "east".into(),
            token: token("secret"),
            certificate: None,
            grants: vec![grant("park", "gw-1")],
            hears_alarms: Vec::new(),
        },
        Client {
            name: "west".into(),
            token: None,
            certificate: Some("west.park".into()),
            grants: vec![grant("park", "gw-*")],
            hears_alarms: Vec::new(),
        },
        Client {
            name: "both".into(),
            token: token("t"),
            certificate: Some("both".into()),
            grants: vec![],
            hears_alarms: vec![],
        },
    ];
    Clients::new(list, None).expect("they differ")
}

#[test]
fn who_has_other_grants_speaks_on_and_who_has_another_token_does_not() {
    let came_in = |clients: &Clients| {
        let credentials =
            Credentials { username: Some("east"), password: Some(b"secret"), certificate_names: &[] };
        clients.authenticate(&credentials).expect("it is let in")
    };
    let east = |token: &str, grants: &[&str]| {
        let client = Client {
            name: "east".into(),
            token: Some(token_hash(token.as_bytes())),
            certificate: None,
            grants: grants.iter().map(|node| grant("park", node)).collect(),
            hears_alarms: Vec::new(),
        };
        Clients::new(vec![client], None).expect("it is sound")
    };
    let rights = came_in(&east("secret", &["gw-1"]));
    for (now, [lets_in, speaks_on, speaks]) in [
        (east("secret", &["gw-1"]), [true, true, true]),
        (east("secret", &["gw-1", "gw-2"]), [false, true, true]),
        (east("secret", &["gw-2"]), [false, false, false]),
        (east("new", &["gw-1"]), [false, false, true]),
        (Clients::new(Vec::new(), None).expect("nobody"), [false, false, false]),
        (Clients::anyone(), [false, false, false]),
    ] {
        assert_eq!(now.still_give(&rights), lets_in, "{now:?}");
        assert_eq!(now.still_speak(&rights, "park", "gw-1"), speaks_on, "{now:?}");
        assert_eq!(now.speak(&rights, "park", "gw-1"), speaks, "{now:?}");
    }
}

#[test]
fn a_token_or_a_certificate_lets_in_and_nothing_else_does() {
    let clients = clients();
    for (username, password, certificate, want) in [
        (Some("east"), Some("secret"), "", Ok(())),
        (Some("east"), Some("secre"), "", Err(Denied::Credentials)),
        (Some("east"), Some(""), "", Err(Denied::Credentials)),
        (Some("east"), None, "", Err(Denied::Credentials)),
        (Some("nobody"), Some("secret"), "", Err(Denied::Credentials)),
        (None, None, "west.park", Ok(())),
        (Some("west"), None, "west.park", Ok(())),
        (Some("west"), Some("anything"), "", Err(Denied::Credentials)),
        // One's certificate with another's name is one's own word against oneself.
        (Some("east"), None, "west.park", Err(Denied::Credentials)),
        // Who has both needs the token when it gives its name.
        (Some("both"), None, "both", Err(Denied::Credentials)),
        (None, None, "both", Ok(())),
        (None, None, "stranger", Err(Denied::Certificate)),
        (None, None, "", Err(Denied::Anonymous)),
    ] {
        let names: Vec<String> =
            if certificate.is_empty() { Vec::new() } else { vec![certificate.to_owned()] };
        let credentials =
            Credentials { username, password: password.map(str::as_bytes), certificate_names: &names };
        let got = clients.authenticate(&credentials).map(|_| ());
        assert_eq!(got, want, "{username:?} {password:?} {certificate}");
    }
}

#[test]
fn anonymous_comes_in_only_where_that_is_configured() {
    assert!(Clients::anyone().authenticate(&Credentials::default()).is_ok());
    let stranger = Credentials { username: Some("x"), ..Credentials::default() };
    assert_eq!(Clients::anyone().authenticate(&stranger).err(), Some(Denied::Credentials));
}

#[test]
fn one_speaks_for_those_one_was_granted() {
    let rights = Rights::new(vec![grant("park", "gw-1"), grant("mine", "east-*")]);
    for (topic, want) in [
        ("davy/v1/park/gw-1/readings", true),
        ("davy/v1/park/gw-1/status", true),
        ("davy/v1/park/gw-1/feedback", false),
        ("davy/v1/park/gw-10/readings", false),
        ("davy/v1/mine/east-7/readings", true),
        ("davy/v1/mine/west-7/readings", false),
        ("davy/v1/other/gw-1/readings", false),
        ("anything", false),
    ] {
        assert_eq!(rights.may_publish(topic), want, "{topic}");
    }
    for (filter, want) in [
        ("davy/v1/park/gw-1/feedback", true),
        ("davy/v1/park/gw-2/feedback", false),
        ("davy/v1/park/alarms/#", false),
        ("davy/v1/park/+/feedback", false),
        ("#", false),
    ] {
        assert_eq!(rights.may_subscribe(filter), want, "{filter}");
    }
    assert!(Rights::all().may_publish("davy/v1/any/one/readings"));
    assert!(Rights::all().may_subscribe("davy/v1/any/alarms/#"));
    assert_eq!(rights.only_node(), None);
    assert_eq!(Rights::new(vec![grant("park", "gw-1")]).only_node(), Some(("park", "gw-1")));
}

#[test]
fn alarms_are_heard_by_whoever_is_named_for_their_site() {
    let lamp = Client {
        name: "lamp".into(),
        token: Some(token_hash(b"t")),
        certificate: None,
        grants: Vec::new(),
        hears_alarms: vec![Pattern::Exactly("park".into())],
    };
    let clients = Clients::new(vec![lamp], None).expect("it is sound");
    let credentials = Credentials { username: Some("lamp"), password: Some(b"t"), ..Credentials::default() };
    let rights = clients.authenticate(&credentials).expect("it is known");
    for (filter, want) in [
        ("davy/v1/park/alarms/#", true),
        ("davy/v1/park/alarms/red", true),
        ("davy/v1/mine/alarms/#", false),
        ("davy/v1/park/gw-1/feedback", false),
    ] {
        assert_eq!(rights.may_subscribe(filter), want, "{filter}");
    }
    assert!(!rights.may_publish("davy/v1/park/gw-1/readings"), "it speaks for nobody");
}

#[test]
fn clients_that_cannot_be_told_apart_are_refused() {
    let client = |name: &str, certificate: Option<&str>| Client {
        name: name.into(),
        token: certificate.is_none().then_some([1; 32]),
        certificate: certificate.map(Arc::from),
        grants: Vec::new(),
        hears_alarms: Vec::new(),
    };
    let fails = |list: Vec<Client>| Clients::new(list, None).err();
    assert_eq!(fails(vec![client("a", None), client("a", None)]), Some(ClientsError::Twice("a".into())));
    assert_eq!(
        fails(vec![client("a", Some("x")), client("b", Some("x"))]),
        Some(ClientsError::CertificateTwice("x".into()))
    );
    let bare = Client { token: None, ..client("a", None) };
    assert_eq!(fails(vec![bare]), Some(ClientsError::NoProof("a".into())));
}

#[test]
fn a_hash_is_64_hex_digits() {
    let hex = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    assert_eq!(parse_token_hash(hex), Some(token_hash(b"")));
    assert_eq!(parse_token_hash(&hex.to_uppercase()), Some(token_hash(b"")));
    for bad in ["", &hex[1..], &hex.replacen("e3", "+3", 1), &hex.replacen("e3b0", "é0", 1), &"气".repeat(64)]
    {
        assert_eq!(parse_token_hash(bad), None, "{bad}");
    }
}

#[test]
fn a_pattern_is_a_name_or_a_beginning() {
    for text in ["gw-*", "*", "gw-1"] {
        assert!(Pattern::parse(text).is_some(), "{text}");
    }
    for text in ["", "a*b", "+", "#", "**", "a/b"] {
        assert!(Pattern::parse(text).is_none(), "{text}");
    }
}
