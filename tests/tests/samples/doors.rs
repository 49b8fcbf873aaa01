//! Davy asks who they are: by certificate, by token, and what becomes of one that nobody knows.

use std::{fmt::Write, fs, os::unix::fs::PermissionsExt};

use davy_tests::{Davy, Record, Setup, davy};

use super::{SITE, consumer::Consumer, publisher, site, until_confirmed, workshop::LANGUAGES};

const TOKEN: &str = "correct-horse-battery-staple-of-32-bytes";

/// How few ids a consumer is told to keep.
const KEEP: usize = 5;
/// Readings, each of which raises or clears something.
const READINGS: u32 = 16;

/// The park behind TLS, with an authority of its own, an account by certificate for each language, one by token, and one that may not look.
async fn locked(https: u16) -> Setup {
    let setup = site();
    let pki = setup.path("pki").display().to_string();
    davy(["pki", "init", "--name", "Plant", "--dir", &pki]).await.ended(0);
    davy(["pki", "server", "localhost", "--dir", &pki]).await.ended(0);
    let account = |name: &str, by: &str, value: &str, role: &str| {
        format!(
            "[[account]]\nname = \"{name}\"\n{by} = \"{value}\"\ngrants = [{{ role = \"{role}\", scope = \"*\" }}]\n"
        )
    };
    let hash = |token: &str| {
        use sha2::{Digest, Sha256};
        Sha256::digest(token).iter().fold(String::new(), |mut text, byte| {
            write!(text, "{byte:02x}").expect("memory takes it");
            text
        })
    };
    let mut accounts = account("by-token", "token_sha256", &hash(TOKEN), "viewer");
    accounts += &account("books", "token_sha256", &hash(&format!("{TOKEN}-2")), "auditor");
    for language in LANGUAGES {
        davy(["pki", "client", &format!("sample-{language}"), "--dir", &pki]).await.ended(0);
        accounts += &account(language, "certificate", &format!("sample-{language}"), "viewer");
    }
    setup.write("accounts.toml", &accounts);
    fs::set_permissions(setup.path("accounts.toml"), fs::Permissions::from_mode(0o600)).expect("ours");
    setup.write(
        "davy.toml",
        &format!(
            "data_dir = \"data\"\nsites = [\"park\"]\n[door]\nlisten = \"127.0.0.1:0\"\n[http]\nlisten = \"127.0.0.1:0\"\n\
             tls_listen = \"127.0.0.1:{https}\"\ncertificate_file = \"pki/server-localhost.pem\"\nkey_file = \"pki/server-localhost.key\"\n\
             client_ca_file = \"pki/ca.pem\"\nclient_revoked_file = \"pki/crl.pem\"\nclient_certificate = \"optional\"\n\
             [access]\naccounts_file = \"accounts.toml\"\n"
        ),
    );
    setup
}

async fn each(setup: &Setup, https: u16) -> Vec<Consumer> {
    let ca = setup.path("pki/ca.pem").display().to_string();
    let server = format!("https://localhost:{https}");
    Consumer::each(&[("DAVY_SERVER", server), ("DAVY_CA", ca), ("DAVY_KEEP", KEEP.to_string())]).await
}

fn give_token(setup: &Setup, consumer: &mut Consumer, token: &str) {
    // An editor leaves an end of line behind it.
    setup.write("token", &format!("{token}\n"));
    consumer.set("DAVY_TOKEN_FILE", &setup.path("token").display().to_string());
}

#[tokio::test]
async fn each_comes_in_by_certificate_or_token_and_ends_when_it_is_refused() {
    let https = publisher::free_port().await;
    let setup = locked(https).await;
    let server = Davy::serve(&setup.config()).await;
    let mut by_certificate = each(&setup, https).await;
    let mut by_token = each(&setup, https).await;
    for consumer in &mut by_certificate {
        let file =
            |kind: &str| setup.path(&format!("pki/client-{}.{kind}", consumer.name())).display().to_string();
        let (certificate, key) = (file("pem"), file("key"));
        consumer.set("DAVY_CERTIFICATE", &certificate);
        consumer.set("DAVY_KEY", &key);
        consumer.called_by_davy(&format!("{}/{}", consumer.language(), consumer.name()));
    }
    for consumer in &mut by_token {
        give_token(&setup, consumer, TOKEN);
        consumer.called_by_davy(&format!("by-token/{}", consumer.name()));
    }
    let mut all: Vec<Consumer> = by_certificate.into_iter().chain(by_token).collect();
    all.iter_mut().for_each(Consumer::start);
    until_confirmed(&setup, &all, 0).await;
    publisher::burst(server.door().await, READINGS).await;
    let expected = Record::read(&setup.journal(SITE)).transitions.len() as u64;
    assert!(expected >= u64::from(READINGS), "too little happened: {expected}");
    until_confirmed(&setup, &all, expected).await;
    for consumer in &mut all {
        let language = consumer.language();
        // It forgets after it has confirmed.
        consumer.until_done("few lines", |done| (KEEP..2 * KEEP).contains(&done.len())).await;
        let (printed, done) = (consumer.printed(), consumer.done());
        assert_eq!(printed.len() as u64, expected, "{language}");
        assert_eq!(done[..], printed[printed.len() - done.len()..], "{language} forgot the newest");
        // The file that it wrote anew is what it reads at its next start, and goes on with.
        consumer.kill();
        consumer.start();
    }
    publisher::burst(server.door().await, READINGS).await;
    let again = Record::read(&setup.journal(SITE)).transitions.len() as u64;
    until_confirmed(&setup, &all, again).await;
    for consumer in &mut all {
        consumer.kill();
        let ids: std::collections::BTreeSet<String> =
            consumer.printed().iter().map(|line| line["id"].to_string()).collect();
        let language = consumer.language();
        assert_eq!((ids.len() as u64, consumer.printed().len() as u64), (again, again), "{language}");
    }
}

#[tokio::test]
async fn one_that_is_refused_says_why_and_does_not_try_again() {
    let https = publisher::free_port().await;
    let setup = locked(https).await;
    let _server = Davy::serve(&setup.config()).await;
    let refused =
        [("not-the-token-of-anybody-here-at-all", "AUTH_FAILED"), (&format!("{TOKEN}-2"), "NOT_ALLOWED")];
    for (token, reason) in refused {
        for consumer in &mut each(&setup, https).await {
            give_token(&setup, consumer, token);
            consumer.start();
            let code = consumer.ended().await;
            let (language, said) = (consumer.language(), consumer.said());
            assert_eq!(code, 2, "{language}:\n{said}");
            assert!(said.contains(reason) && said.contains("MONITORING LOST"), "{language}:\n{said}");
            assert_eq!(said.matches("the stream broke").count(), 1, "{language} tried again:\n{said}");
            assert!(!said.contains(token), "{language} told a secret:\n{said}");
        }
    }
    // A token never goes over a network in the open.
    for consumer in &mut each(&setup, https).await {
        give_token(&setup, consumer, TOKEN);
        consumer.set("DAVY_SERVER", "http://davy.plant.example:8080");
        consumer.start();
        let code = consumer.ended().await;
        let said = consumer.said();
        assert!(
            code != 0 && said.contains("a token goes over https://"),
            "{}: {code}\n{said}",
            consumer.language()
        );
    }
}
