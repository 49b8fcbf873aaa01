//! Sessions that are none any more, or somebody else's, and passwords that are guessed.

use davy_proto::v1::{SessionServiceLoginRequest, SessionServiceLogoutRequest};
use davy_server::rpc::v1::session_service_client::SessionServiceClient;
use tokio::task::JoinSet;
use tonic::{Code, Request, Status, transport::Channel};

use super::{answer::Answer, case::of_nobody};
use crate::abuse::{House, Raw, VIEWER, honest::dial, house::ANN};

/// Each by its name, in the order they are told: the last leaves the address of all tests locked.
pub const STORIES: [&str; 6] = [
    "web/sessions/a session is used, and replayed after its log-out",
    "web/sessions/a session is guessed from another",
    "web/sessions/a session is sent as a cookie or in an address",
    "web/sessions/a session is not ended by another's log-out",
    "web/sessions/a log-in shows no more than it must",
    "web/sessions/passwords are guessed in a storm",
];

type Client = SessionServiceClient<Channel>;

impl House {
    /// Tells one of [`STORIES`], and checks how it ends.
    ///
    /// # Panics
    /// When it ends otherwise, or there is no such story.
    pub async fn story(&self, name: &str) {
        let mut client = SessionServiceClient::new(dial(self.davy.http()).await);
        match name.rsplit('/').next().unwrap_or_default() {
            "a session is used, and replayed after its log-out" => self.replayed(&mut client).await,
            "a session is guessed from another" => self.guessed(&mut client).await,
            "a session is sent as a cookie or in an address" => self.elsewhere(&mut client).await,
            "a session is not ended by another's log-out" => self.ended_by_another(&mut client).await,
            "a log-in shows no more than it must" => told_alike(&mut client).await,
            "passwords are guessed in a storm" => self.storm(&mut client).await,
            _ => panic!("no story {name}"),
        }
    }

    /// What the list of alarms answers to whoever shows that.
    async fn list(&self, query: &str, fields: &str) -> u16 {
        let mut raw = Raw::dial(self.davy.http()).await;
        let line = format!("GET /davy.v1.AlarmService/List{query}");
        raw.send(of_nobody(&line, fields, "").as_bytes()).await;
        Answer::read(&mut raw, false).await.expect("an answer").status
    }

    async fn shown(&self, session: &str) -> u16 {
        self.list("", &format!("authorization: Bearer {session}\r\n")).await
    }

    async fn replayed(&self, client: &mut Client) {
        let session = log_in(client, ANN.0, ANN.1).await.expect("Ann is let in");
        assert_eq!(self.shown(&session).await, 200);
        assert!(log_out(client, &session).await.expect("she may"), "it is ended");
        assert_eq!(self.shown(&session).await, 401, "replayed");
        let again = log_out(client, &session).await;
        assert!(again.is_err() || again.is_ok_and(|ended| !ended), "there is nothing left to end");
    }

    async fn guessed(&self, client: &mut Client) {
        let session = log_in(client, ANN.0, ANN.1).await.expect("Ann is let in");
        for place in 0..session.len() {
            let mut guess = session.clone().into_bytes();
            guess[place] = if guess[place] == b'0' { b'1' } else { b'0' };
            let guess = String::from_utf8(guess).expect("letters");
            assert_eq!(self.shown(&guess).await, 401, "with letter {place} changed");
        }
        assert_eq!(self.shown(&session[..session.len() - 1]).await, 401, "cut short");
        assert_eq!(self.shown(&session.to_uppercase()).await, 401, "in upper case");
        assert_eq!(self.shown(&session).await, 200, "and it is good still");
    }

    async fn elsewhere(&self, client: &mut Client) {
        let session = log_in(client, ANN.0, ANN.1).await.expect("Ann is let in");
        for name in ["session", "token", "authorization"] {
            assert_eq!(self.list("", &format!("cookie: {name}={session}\r\n")).await, 401, "{name}");
            assert_eq!(self.list(&format!("?{name}={session}"), "").await, 401, "{name}");
        }
    }

    async fn ended_by_another(&self, client: &mut Client) {
        let session = log_in(client, ANN.0, ANN.1).await.expect("Ann is let in");
        let other = log_in(client, ANN.0, ANN.1).await.expect("and once more");
        assert_ne!(session, other);
        assert!(!log_out(client, VIEWER).await.expect("a machine may say it"), "it has no session");
        assert!(log_out(client, &other).await.expect("she may"));
        assert_eq!(self.shown(&session).await, 200, "the first goes on");
    }

    /// A name and an address are locked; whoever is in stays in, and machines are not concerned.
    async fn storm(&self, client: &mut Client) {
        let session = log_in(client, ANN.0, ANN.1).await.expect("Ann is let in");
        let mut storm = JoinSet::new();
        for n in 0..200 {
            let mut client = client.clone();
            storm.spawn(async move { log_in(&mut client, ANN.0, &format!("guess {n}")).await });
        }
        while let Some(told) = storm.join_next().await {
            let told = told.expect("no panic").expect_err("nobody guesses it");
            let code = told.code();
            assert!(matches!(code, Code::Unauthenticated | Code::ResourceExhausted), "{told}");
        }
        let locked = log_in(client, ANN.0, ANN.1).await.expect_err("the right one is wrong too");
        assert_eq!(locked.code(), Code::Unauthenticated);
        assert_eq!(self.shown(&session).await, 200, "whoever is in stays in");
        assert_eq!(self.shown(VIEWER).await, 200, "machines do not guess");
    }
}

/// A name that there is not and a password that is wrong are told alike.
async fn told_alike(client: &mut Client) {
    let told = log_in(client, ANN.0, "guess").await.expect_err("it is wrong");
    let other = log_in(client, "nobody", "guess").await.expect_err("there is none");
    let machine = log_in(client, "viewer", VIEWER).await.expect_err("a machine has no password");
    for told in [&told, &other, &machine] {
        assert_eq!(told.code(), Code::Unauthenticated);
        assert_eq!((told.message(), told.details()), (other.message(), other.details()));
    }
}

async fn log_in(client: &mut Client, name: &str, password: &str) -> Result<String, Status> {
    let asked = SessionServiceLoginRequest { name: name.to_owned(), password: password.to_owned() };
    Ok(client.login(asked).await?.into_inner().token)
}

async fn log_out(client: &mut Client, token: &str) -> Result<bool, Status> {
    let mut request = Request::new(SessionServiceLogoutRequest {});
    request.metadata_mut().insert("authorization", format!("Bearer {token}").parse().expect("a header"));
    Ok(client.logout(request).await?.into_inner().ended)
}
