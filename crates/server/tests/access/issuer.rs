//! People whom an issuer vouches for, with keys out of a file and asked of the issuer.

use std::{
    future::IntoFuture,
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{Router, http::StatusCode, routing::get};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use davy_access::{Grant, Role, oidc::Issuer};
use davy_delivery::exits::HttpTarget;
use davy_server::{KeysFrom, OidcConfig};
use parking_lot::Mutex;
use ring::{
    rand::SystemRandom,
    signature::{Ed25519KeyPair, KeyPair},
};
use tempfile::TempDir;
use tokio::net::TcpListener;

use super::{
    house::{House, person, word},
    login::who,
};

const LIST: &str = "/davy.v1.AlarmService/List";

/// A key of the issuer.
struct Signer {
    id: &'static str,
    pair: Ed25519KeyPair,
}

impl Signer {
    fn new(id: &'static str) -> Signer {
        let made = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).expect("a key");
        Signer { id, pair: Ed25519KeyPair::from_pkcs8(made.as_ref()).expect("a key") }
    }

    /// The JWK Set with this key alone.
    fn set(&self) -> String {
        let x = b64(self.pair.public_key().as_ref());
        format!(r#"{{"keys":[{{"kty":"OKP","crv":"Ed25519","kid":"{}","x":"{x}"}}]}}"#, self.id)
    }

    /// A token that lasts so many seconds from now.
    fn token(&self, name: &str, audience: &str, lasts_s: i64) -> String {
        let now = jiff::Timestamp::now().as_second();
        let claims = format!(
            r#"{{"iss":"https://id.example","aud":"{audience}","sub":"u-1","preferred_username":"{name}","iat":{},"exp":{},"roles":["ops"]}}"#,
            now - 5,
            now + lasts_s
        );
        let head = format!(r#"{{"alg":"EdDSA","kid":"{}"}}"#, self.id);
        let signed = format!("{}.{}", b64(head.as_bytes()), b64(claims.as_bytes()));
        format!("{signed}.{}", b64(self.pair.sign(signed.as_bytes()).as_ref()))
    }
}

fn b64(bytes: &[u8]) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

fn issuer() -> Issuer {
    let below = "370000/370500".parse().expect("a scope");
    Issuer {
        issuer: "https://id.example".to_owned(),
        audience: "davy".to_owned(),
        roles_claim: "roles".to_owned(),
        name_claim: "preferred_username".to_owned(),
        grants: vec![("ops".to_owned(), Grant::new(Role::Operator, below))],
    }
}

/// A house that believes the issuer, and has an account of its own: `ann`.
async fn believing(keys: impl FnOnce(&TempDir) -> KeysFrom, data: Option<&TempDir>) -> House {
    House::with(&person("ann", "ann", ""), |config, folder| {
        let oidc = OidcConfig { issuer: issuer(), keys: keys(folder) };
        config.access.as_mut().expect("it is there").oidc = Some(oidc);
        if let Some(data) = data {
            config.data_dir = data.path().to_owned();
        }
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_issuers_token_lets_its_person_in() {
    let key = Signer::new("k");
    let in_a_file = |folder: &TempDir| {
        let file = folder.path().join("jwks.json");
        std::fs::write(&file, key.set()).expect("written");
        KeysFrom::File(file)
    };
    let house = believing(in_a_file, None).await;
    let good = key.token("li.wei", "davy", 300);
    let me = who(&house, &good).await.expect("known");
    assert_eq!((me.name.as_str(), me.grants.len()), ("li.wei", 1));
    assert_eq!(word(&house.ask(LIST, Some(&good), Vec::new()).await), "OK");
    for (what, token) in [
        ("for another audience", key.token("li.wei", "grafana", 300)),
        ("expired", key.token("li.wei", "davy", -300)),
        ("with the name of an account here", key.token("ann", "davy", 300)),
        ("with a letter changed", good.replace("eyJ", "eyK")),
        ("cut", good[..good.len() - 2].to_owned()),
    ] {
        assert_eq!(word(&house.ask(LIST, Some(&token), Vec::new()).await), "AUTH_FAILED", "{what}");
    }
}

/// What an issuer answers when it is asked for its keys.
#[derive(Clone)]
struct Says(Arc<Mutex<(StatusCode, String)>>);

impl Says {
    /// An issuer that says nothing good yet, and where it is.
    async fn open() -> (Says, HttpTarget) {
        let says = Says(Arc::new(Mutex::new((StatusCode::SERVICE_UNAVAILABLE, String::new()))));
        let answer = says.clone();
        let pages = Router::new().route("/keys", get(move || async move { answer.0.lock().clone() }));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}/keys", listener.local_addr().expect("an address"));
        tokio::spawn(axum::serve(listener, pages).into_future());
        (says, HttpTarget::new(&url, None, false).expect("an address"))
    }

    fn set(&self, status: StatusCode, text: String) {
        *self.0.lock() = (status, text);
    }
}

/// Waits until the token gets the answer that is wanted.
async fn until(house: &House, token: &str, wanted: &str) {
    let began = Instant::now();
    loop {
        let said = word(&house.ask(LIST, Some(token), Vec::new()).await);
        if said == wanted {
            return;
        }
        assert!(began.elapsed() < Duration::from_secs(30), "still {said}, not {wanted}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_issuer_is_asked_for_its_keys_and_its_silence_locks_nobody_out() {
    let data = tempfile::tempdir().expect("a folder");
    let (says, target) = Says::open().await;
    let asked = |_: &TempDir| KeysFrom::Issuer(target.clone());
    let (old, new) = (Signer::new("2025"), Signer::new("2026"));
    let by = |key: &Signer| key.token("li.wei", "davy", 300);

    let house = believing(asked, Some(&data)).await;
    assert_eq!(word(&house.ask(LIST, Some(&by(&old)), Vec::new()).await), "AUTH_FAILED", "no keys yet");
    says.set(StatusCode::OK, old.set());
    until(&house, &by(&old), "OK").await;

    // A new key counts when a token names it; the one that is gone holds no longer.
    says.set(StatusCode::OK, new.set());
    until(&house, &by(&new), "OK").await;
    assert_eq!(word(&house.ask(LIST, Some(&by(&old)), Vec::new()).await), "AUTH_FAILED", "taken back");

    says.set(StatusCode::SERVICE_UNAVAILABLE, String::new());
    house.server.shutdown().await;

    let again = believing(asked, Some(&data)).await;
    assert_eq!(word(&again.ask(LIST, Some(&by(&new)), Vec::new()).await), "OK", "the keys were kept");
    assert_eq!(word(&again.ask(LIST, Some(&by(&old)), Vec::new()).await), "AUTH_FAILED", "taken back");
}
