//! Signed tokens, and what is tried with them.

mod common;

use common::{NOW_S, Signers, b64, claims, header, judge, token};
use davy_access::{
    CallerKind, Denied, Keys, KeysError, Permission,
    jws::{JwsError, TOKEN_LEN_MAX},
    oidc::ClaimError,
};
use serde_json::{Value, json};

/// A value with one member changed, or taken away where `null` is put.
fn with(mut object: Value, name: &str, value: Value) -> String {
    let members = object.as_object_mut().expect("an object");
    if value.is_null() {
        members.remove(name)
    } else {
        members.insert(name.to_owned(), value)
    };
    object.to_string()
}

#[test]
fn a_token_of_the_issuers_is_believed_by_each_of_its_keys() {
    let signers = Signers::new();
    let keys = signers.keys();
    type Sign<'a> = Box<dyn Fn(&str) -> Vec<u8> + 'a>;
    let ways: [(&str, &str, Sign<'_>); 3] = [
        ("RS256", "rsa", Box::new(|signed| signers.rs256(signed))),
        ("ES256", "ec", Box::new(|signed| signers.es256(signed))),
        ("EdDSA", "ed", Box::new(|signed| signers.ed(signed))),
    ];
    for (algorithm, id, sign) in ways {
        let header = json!({"alg": algorithm, "kid": id}).to_string();
        let caller = judge(&token(&header, &claims().to_string(), sign), &keys).expect(algorithm);
        assert_eq!((&**caller.name(), &**caller.subject()), ("li.wei", "u-17"));
        assert_eq!(caller.kind(), CallerKind::Person);
        assert!(caller.may(Permission::Operate, "park"), "{algorithm}");
        assert!(!caller.may(Permission::Operate, "other"), "the scope is 370500");
        assert!(!caller.may_somewhere(Permission::Approve), "no such role in the token");
    }
}

#[test]
fn forged_headers_and_signatures_are_refused() {
    let signers = Signers::new();
    let keys = signers.keys();
    let ed = |signed: &str| signers.ed(signed);
    let body = claims().to_string();
    let good = token(&header().to_string(), &body, ed);
    judge(&good, &keys).expect("the token that the others are made of is good");
    let parts: Vec<&str> = good.split('.').collect();
    let (head, claimed, signature) = (parts[0], parts[1], parts[2]);
    let headed = |name: &str, value: Value| token(&with(header(), name, value), &body, ed);
    let own = json!({"kty": "OKP", "crv": "Ed25519", "x": "AAAA"});
    let mut flipped = signers.ed(&format!("{head}.{claimed}"));
    flipped[5] ^= 1;
    let none = |_: &str| Vec::new();
    let hmac = |signed: &str| {
        let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, signers.set().to_string().as_bytes());
        ring::hmac::sign(&key, signed.as_bytes()).as_ref().to_vec()
    };
    let admin = with(claims(), "realm_access", json!({"roles": ["davy-approver"]}));
    let rows: Vec<(&str, String, JwsError)> = vec![
        ("alg none", token(r#"{"alg":"none"}"#, &body, none), JwsError::Algorithm),
        ("alg nOnE", token(r#"{"alg":"nOnE","kid":"ed"}"#, &body, none), JwsError::Algorithm),
        ("no alg", token(r#"{"kid":"ed"}"#, &body, ed), JwsError::Header),
        ("alg as a number", headed("alg", json!(1)), JwsError::Header),
        (
            "HS256 with the public key for a secret",
            token(&with(header(), "alg", json!("HS256")), &body, hmac),
            JwsError::Algorithm,
        ),
        ("HS512", headed("alg", json!("HS512")), JwsError::Algorithm),
        (
            "RS512 with the right key",
            token(r#"{"alg":"RS512","kid":"rsa"}"#, &body, |s| signers.rs512(s)),
            JwsError::Algorithm,
        ),
        (
            "RS256 said, RS512 signed",
            token(r#"{"alg":"RS256","kid":"rsa"}"#, &body, |s| signers.rs512(s)),
            JwsError::Signature,
        ),
        ("alg of another key", headed("alg", json!("RS256")), JwsError::Key),
        ("alg in another case", headed("alg", json!("eddsa")), JwsError::Algorithm),
        (
            "signed by a thief",
            token(&header().to_string(), &body, |s| signers.thief.sign(s.as_bytes()).as_ref().to_vec()),
            JwsError::Signature,
        ),
        ("no signature", format!("{head}.{claimed}."), JwsError::Signature),
        (
            "half a signature",
            format!("{head}.{claimed}.{}", b64(&signers.ed("x")[..32])),
            JwsError::Signature,
        ),
        (
            "a bit of the signature flipped",
            format!("{head}.{claimed}.{}", b64(&flipped)),
            JwsError::Signature,
        ),
        ("claims exchanged", format!("{head}.{}.{signature}", b64(admin.as_bytes())), JwsError::Signature),
        (
            "header exchanged",
            format!("{}.{claimed}.{signature}", b64(br#"{"alg":"EdDSA","kid":"ed","x":1}"#)),
            JwsError::Signature,
        ),
        (
            "zeroes for an ECDSA signature",
            token(r#"{"alg":"ES256","kid":"ec"}"#, &body, |_| vec![0; 64]),
            JwsError::Signature,
        ),
        ("no kid among many keys", headed("kid", Value::Null), JwsError::Key),
        ("kid of no key", headed("kid", json!("ed2")), JwsError::Key),
        ("kid as a path", headed("kid", json!("../../../../dev/null")), JwsError::Key),
        ("kid as SQL", headed("kid", json!("ed' OR '1'='1")), JwsError::Key),
        ("kid with a NUL behind it", headed("kid", json!("ed\u{0}")), JwsError::Key),
        ("kid as a list", headed("kid", json!(["ed"])), JwsError::Header),
        (
            "kid of a key for encryption",
            token(r#"{"alg":"RS256","kid":"not-for-signatures"}"#, &body, |s| signers.rs256(s)),
            JwsError::Key,
        ),
        ("jwk: its own key", headed("jwk", own), JwsError::OwnKey),
        ("jku: where its key is", headed("jku", json!("https://id.example.evil/keys")), JwsError::OwnKey),
        ("x5u", headed("x5u", json!("https://id.example.evil/cert")), JwsError::OwnKey),
        ("x5c", headed("x5c", json!(["MIIB"])), JwsError::OwnKey),
        ("crit", headed("crit", json!(["exp"])), JwsError::OwnKey),
        ("b64 false", headed("b64", json!(false)), JwsError::OwnKey),
        ("nested", headed("cty", json!("JWT")), JwsError::Header),
        ("another type", headed("typ", json!("logout+jwt")), JwsError::Header),
        ("alg said twice", token(r#"{"alg":"none","alg":"EdDSA","kid":"ed"}"#, &body, ed), JwsError::Header),
        ("a header that is a list", token(r#"["EdDSA"]"#, &body, ed), JwsError::Header),
        ("two parts", format!("{head}.{claimed}"), JwsError::Form),
        ("four parts", format!("{good}.{signature}"), JwsError::Form),
        ("five parts, as if encrypted", format!("{good}.a.b"), JwsError::Form),
        ("padded base64", format!("{head}.{claimed}.{signature}=="), JwsError::Form),
        ("a space in it", format!("{head}.{claimed}. {signature}"), JwsError::Form),
        (
            "the other base64",
            format!("{head}.{claimed}.{}", signature.replace(['-', '_'], "+")),
            JwsError::Form,
        ),
        ("nothing", String::new(), JwsError::Form),
        ("dots", "..".to_owned(), JwsError::Header),
        ("too long", format!("{head}.{}.{signature}", "A".repeat(TOKEN_LEN_MAX)), JwsError::Long),
        ("sub said twice", token(&header().to_string(), r#"{"sub":"u-17","sub":"u-1"}"#, ed), JwsError::Body),
        ("claims that are no object", token(&header().to_string(), r#""u-17""#, ed), JwsError::Body),
    ];
    for (what, forged, want) in rows {
        // The other base64 differs only where the signature has one of its letters.
        if what == "the other base64" && !signature.contains(['-', '_']) {
            continue;
        }
        assert_eq!(judge(&forged, &keys).map(|_| ()), Err(Denied::Jws(want)), "{what}");
    }
}

#[test]
fn genuine_tokens_that_say_the_wrong_thing_are_refused() {
    let signers = Signers::new();
    let keys = signers.keys();
    let day = 86_400;
    let rows = [
        ("no iss", "iss", Value::Null, ClaimError::Issuer),
        ("another iss", "iss", json!("https://id.example.evil"), ClaimError::Issuer),
        ("iss with a slash more", "iss", json!("https://id.example/"), ClaimError::Issuer),
        ("iss as a list", "iss", json!(["https://id.example"]), ClaimError::Issuer),
        ("no aud", "aud", Value::Null, ClaimError::Audience),
        ("aud of another", "aud", json!("grafana"), ClaimError::Audience),
        ("aud of others", "aud", json!(["grafana", "davy2"]), ClaimError::Audience),
        ("aud of no texts", "aud", json!(["davy", 1]), ClaimError::Audience),
        ("aud as an object", "aud", json!({"davy": 1}), ClaimError::Audience),
        ("no exp", "exp", Value::Null, ClaimError::Expired),
        ("past", "exp", json!(NOW_S - 61), ClaimError::Expired),
        ("exp as a text", "exp", json!((NOW_S + 600).to_string()), ClaimError::Expired),
        ("exp for ever", "exp", json!(1e300), ClaimError::Expired),
        ("exp below nought", "exp", json!(-1), ClaimError::Expired),
        ("exp in a year", "exp", json!(NOW_S + 365 * day), ClaimError::Lasts),
        ("to come", "nbf", json!(NOW_S + 61), ClaimError::NotYet),
        ("nbf as a text", "nbf", json!("0"), ClaimError::NotYet),
        ("no iat", "iat", Value::Null, ClaimError::Age),
        ("issued tomorrow", "iat", json!(NOW_S + 61), ClaimError::Age),
        ("issued long ago", "iat", json!(NOW_S - 2 * day), ClaimError::Age),
        ("iat as a truth", "iat", json!(true), ClaimError::Age),
        ("no sub", "sub", Value::Null, ClaimError::Name),
        ("an empty sub", "sub", json!(""), ClaimError::Name),
        ("a sub that is a number", "sub", json!(17), ClaimError::Name),
        ("a sub of a page", "sub", json!("u".repeat(129)), ClaimError::Name),
        ("a name with a line in it", "preferred_username", json!("li\n2026-11-29 admin"), ClaimError::Name),
        ("a name that turns round", "preferred_username", json!("\u{202e}iew.il"), ClaimError::Name),
        ("a name with nothing in it", "preferred_username", json!("li\u{200b}.wei"), ClaimError::Name),
    ];
    for (what, claim, value, want) in rows {
        let made = token(&header().to_string(), &with(claims(), claim, value), |signed| signers.ed(signed));
        assert_eq!(judge(&made, &keys).map(|_| ()), Err(Denied::Claim(want)), "{what}");
    }
}

#[test]
fn clocks_may_be_a_minute_apart_and_roles_stand_where_the_config_says() {
    let signers = Signers::new();
    let keys = signers.keys();
    for (claim, value) in [("exp", json!(NOW_S - 59)), ("nbf", json!(NOW_S + 59)), ("iat", json!(NOW_S + 59))]
    {
        let made = token(&header().to_string(), &with(claims(), claim, value), |signed| signers.ed(signed));
        judge(&made, &keys).unwrap_or_else(|error| panic!("{claim}: {error}"));
    }
    for (what, roles, may) in [
        ("one text", json!({"roles": "davy-operator"}), true),
        ("a list", json!({"roles": ["a", "davy-operator"]}), true),
        ("a beginning of it", json!({"roles": ["davy-oper"]}), false),
        ("more than it", json!({"roles": ["davy-operators"]}), false),
        ("numbers", json!({"roles": [1]}), false),
        ("none", json!({}), false),
    ] {
        let made =
            token(&header().to_string(), &with(claims(), "realm_access", roles), |signed| signers.ed(signed));
        let caller = judge(&made, &keys).unwrap_or_else(|error| panic!("{what}: {error}"));
        assert_eq!(caller.may(Permission::Operate, "park"), may, "{what}");
        assert!(caller.may_somewhere(Permission::SignedIn), "{what}: known all the same");
    }
}

#[test]
fn a_set_of_keys_that_cannot_be_meant_is_refused() {
    let signers = Signers::new();
    let key = signers.set()["keys"][2].clone();
    let short = json!({"kty": "OKP", "crv": "Ed25519", "kid": "ed", "x": "AAAA"});
    let weak = json!({"kty": "RSA", "kid": "rsa", "n": b64(&[0xff; 128]), "e": "AQAB"});
    let shared = json!({"kty": "oct", "kid": "h", "alg": "HS256", "k": "c2VjcmV0"});
    for (what, text, want) in [
        ("two of one name", json!({"keys": [key, key]}), KeysError::Twice("ed".to_owned())),
        ("a point of three bytes", json!({"keys": [short]}), KeysError::Key("ed".to_owned())),
        ("1024 bits", json!({"keys": [weak]}), KeysError::Key("rsa".to_owned())),
        ("a shared secret alone", json!({"keys": [shared]}), KeysError::None),
        ("none", json!({"keys": []}), KeysError::None),
    ] {
        assert_eq!(Keys::parse(&text.to_string()).map(|_| ()), Err(want), "{what}");
    }
    let many = json!({"keys": vec![shared; 65]}).to_string();
    for text in ["", "[]", "{\"keys\":1}", many.as_str(), &" ".repeat(300_000)] {
        assert!(matches!(Keys::parse(text), Err(KeysError::Form(_))), "{text:.20}");
    }
}
