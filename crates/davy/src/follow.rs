//! Follows the stream of alerts over any number of connections, without a hole and without a hurry.
//!
//! Where the stream breaks, it is taken up again after the last token. A stream that says nothing for too long, not even a
//! heartbeat, is as good as broken.

use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};
use davy_model::Tier;
use davy_proto::v1::{
    self, AlertServiceSubscribeRequest, AlertServiceSubscribeResponse,
    alert_service_subscribe_request::Start, alert_service_subscribe_response::Event,
};
use tonic::{Code, Streaming};

use crate::{ask::ServerArgs, refusal::Refusal};

/// Three heartbeats: no word for longer means that the alarm path is lost.
const SILENCE_MAX: Duration = Duration::from_secs(15);

/// What to follow.
#[derive(Clone, Debug)]
pub(crate) struct Wanted {
    /// Where to begin.
    pub(crate) start: Start,
    /// Only these sites; all, when empty.
    pub(crate) sites: Vec<String>,
    /// Only sites at these places of the administrative tree, or below; all, when empty.
    pub(crate) scopes: Vec<String>,
    /// Only alarms as grave as this, or graver.
    pub(crate) tier_at_least: Option<Tier>,
}

/// A stream that is taken up again when it breaks.
pub(crate) struct Follow {
    server: ServerArgs,
    wanted: Wanted,
    token: String,
    stream: Option<Streaming<AlertServiceSubscribeResponse>>,
    backoff: ExponentialBackoff,
    wait: Option<Duration>,
}

/// What came.
pub(crate) enum Seen {
    /// An event of the stream.
    Event(Box<Event>),
    /// The stream broke, and is taken up again after a while.
    Broken {
        /// What happened.
        why: String,
        /// How long until the next try.
        again_in: Duration,
    },
}

impl Follow {
    /// Follows what is wanted. Connects when first asked for something.
    pub(crate) fn new(server: ServerArgs, wanted: Wanted) -> Follow {
        Follow { server, wanted, token: String::new(), stream: None, backoff: backoff(), wait: None }
    }

    /// The next thing that comes. Not to be dropped half-way: what was under way would be begun again.
    ///
    /// # Errors
    /// What trying again cannot mend: a token that is none, a site that may not be seen.
    pub(crate) async fn next(&mut self) -> Result<Seen, Refusal> {
        if let Some(wait) = self.wait.take() {
            tokio::time::sleep(wait).await;
        }
        loop {
            match self.receive().await {
                Ok(Some(event)) => {
                    self.backoff = backoff();
                    return Ok(Seen::Event(Box::new(event)));
                }
                // A token that stands alone moves the place to resume from, and says nothing more.
                Ok(None) => {}
                Err(Trouble::Lasting(refusal)) => return Err(refusal),
                Err(Trouble::Passing(why)) => {
                    self.stream = None;
                    let again_in = self.backoff.next().unwrap_or(BACKOFF_MAX);
                    self.wait = Some(again_in);
                    return Ok(Seen::Broken { why, again_in });
                }
            }
        }
    }

    async fn receive(&mut self) -> Result<Option<Event>, Trouble> {
        if self.stream.is_none() {
            self.stream = Some(self.subscribe().await?);
        }
        let stream = self.stream.as_mut().expect("subscribed above");
        let message = match tokio::time::timeout(SILENCE_MAX, stream.message()).await {
            Ok(Ok(Some(message))) => message,
            Ok(Ok(None)) => return Err(Trouble::Passing("the server ended the stream".to_owned())),
            Ok(Err(status)) => return Err(trouble(&status)),
            Err(_) => {
                let silent_s = SILENCE_MAX.as_secs();
                return Err(Trouble::Passing(format!("no heartbeat for {silent_s} s: monitoring is lost")));
            }
        };
        // Empty inside a snapshot: an unfinished one is begun again.
        if !message.token.is_empty() {
            self.token = message.token;
        }
        Ok(message.event)
    }

    async fn subscribe(&self) -> Result<Streaming<AlertServiceSubscribeResponse>, Trouble> {
        let passing = |error: anyhow::Error| Trouble::Passing(format!("{error:#}"));
        let mut client = self.server.alerts().await.map_err(passing)?;
        let answer = client.subscribe(self.request()).await.map_err(|status| trouble(&status))?;
        Ok(answer.into_inner())
    }

    fn request(&self) -> AlertServiceSubscribeRequest {
        let start = match self.token.as_str() {
            "" => self.wanted.start.clone(),
            token => Start::AfterToken(token.to_owned()),
        };
        AlertServiceSubscribeRequest {
            start: Some(start),
            sites: self.wanted.sites.clone(),
            tier_at_least: self.wanted.tier_at_least.map_or(v1::Tier::Unspecified, v1::Tier::from).into(),
            heartbeat: true,
            consumer: String::new(),
            scopes: self.wanted.scopes.clone(),
        }
    }
}

/// The longest wait between two tries.
const BACKOFF_MAX: Duration = Duration::from_secs(10);

fn backoff() -> ExponentialBackoff {
    let builder = ExponentialBuilder::default().with_min_delay(Duration::from_millis(200));
    builder.with_max_delay(BACKOFF_MAX).with_jitter().without_max_times().build()
}

enum Trouble {
    Passing(String),
    Lasting(Refusal),
}

/// Whether trying again can mend it.
fn trouble(status: &tonic::Status) -> Trouble {
    let refusal = Refusal::from(status);
    match status.code() {
        Code::InvalidArgument
        | Code::NotFound
        | Code::PermissionDenied
        | Code::Unauthenticated
        | Code::Unimplemented
        | Code::FailedPrecondition => Trouble::Lasting(refusal),
        Code::Ok
        | Code::Cancelled
        | Code::Unknown
        | Code::DeadlineExceeded
        | Code::AlreadyExists
        | Code::ResourceExhausted
        | Code::Aborted
        | Code::OutOfRange
        | Code::Internal
        | Code::Unavailable
        | Code::DataLoss => Trouble::Passing(format!("{}: {}", refusal.code, refusal.message)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn follow() -> Follow {
        let wanted = Wanted {
            start: Start::FromNow(true),
            sites: vec!["park".to_owned()],
            scopes: Vec::new(),
            tier_at_least: Some(Tier::Yellow),
        };
        Follow::new(ServerArgs::at("http://127.0.0.1:1".to_owned()), wanted)
    }

    #[test]
    fn a_broken_stream_is_taken_up_after_its_last_token() {
        let mut follow = follow();
        assert_eq!(follow.request().start, Some(Start::FromNow(true)));
        follow.token = "park.41".to_owned();
        let request = follow.request();
        assert_eq!(request.start, Some(Start::AfterToken("park.41".to_owned())));
        assert_eq!((request.sites.len(), request.tier_at_least()), (1, v1::Tier::Yellow));
    }

    #[tokio::test]
    async fn a_server_that_is_not_there_is_tried_again_with_growing_patience() {
        let mut follow = follow();
        let mut waits = Vec::new();
        for _ in 0..2 {
            let Ok(Seen::Broken { why, again_in }) = follow.next().await else {
                panic!("nobody listens on port 1")
            };
            assert!(why.contains("davy serve"), "{why}");
            waits.push(again_in);
        }
        assert!(
            waits[0] >= Duration::from_millis(200) && waits[1] >= Duration::from_millis(400),
            "{waits:?}"
        );
    }

    #[test]
    fn what_trying_again_cannot_mend_ends_it() {
        assert!(matches!(trouble(&tonic::Status::invalid_argument("no such token")), Trouble::Lasting(_)));
        assert!(matches!(trouble(&tonic::Status::resource_exhausted("too slow")), Trouble::Passing(_)));
    }
}
