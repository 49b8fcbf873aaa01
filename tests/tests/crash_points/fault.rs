//! What must hold of any fault of the disk, whoever makes it: acknowledgements stop, alarms go on and say that they are not
//! durable, the journal's own alarm is raised, `/healthz` says 503; and all is well again by itself when the fault ends.

use std::{mem, time::Duration};

use davy_delivery::Token;
use davy_proto::v1::{
    Alert, GapReason, TransitionKind, alert_service_subscribe_request::Start,
    alert_service_subscribe_response::Event,
};
use davy_tests::{Davy, Grpc, LONG, Metrics, Setup, Subscriber, Told, get, wait_until};
use tokio::time::timeout;

use crate::{
    script::{Gateway, LIMIT, Promised, SITE, alarm, setup},
    small_disk::Room,
};

/// Davy's own alarm.
pub(crate) const JOURNAL_FAULT: &str = "crash:davy-fault:journal";
/// More than Davy waits between two tries.
const TRIES: Duration = Duration::from_millis(1200);

/// Without an acknowledgement for so long, a disk is full for good. ext4 gives room that was freed back when it commits its own
/// log, every 5 s: sooner, a disk that looks full may give way once more.
const FULL_FOR_GOOD: Duration = Duration::from_secs(6);

/// A Davy at work, with somebody who listens and somebody who sends.
pub(crate) struct Bench {
    pub(crate) setup: Setup,
    pub(crate) server: Davy,
    pub(crate) gateway: Gateway,
    pub(crate) promised: Promised,
    subscriber: Subscriber,
    /// What was heard and not asked for yet.
    heard: Vec<Alert>,
    /// What was sent and not acknowledged yet.
    open: Vec<Told>,
    /// Messages not acknowledged yet.
    owed: usize,
}

impl Bench {
    /// Around a Davy that was just started; it is well.
    pub(crate) async fn with(setup: Setup, server: Davy) -> Bench {
        let gateway = Gateway::connect(&server).await.expect("let in");
        let subscriber = Grpc::connect(server.http()).await.subscribe_from_now().await;
        let promised = Promised::default();
        let (heard, open) = (Vec::new(), Vec::new());
        let mut bench = Bench { setup, server, gateway, promised, subscriber, heard, open, owed: 0 };
        bench.delivers(1.0).await;
        bench.is_well().await;
        bench
    }

    /// In a folder of its own.
    pub(crate) async fn fresh() -> Bench {
        let setup = setup();
        let server = Davy::serve(&setup.config()).await;
        Bench::with(setup, server).await
    }

    /// A message is taken and acknowledged.
    pub(crate) async fn delivers(&mut self, value: f64) {
        let told = self.gateway.deliver(|_| value).await.expect("taken");
        self.promised.readings.extend(told);
    }

    /// An alert of an alarm that is of this kind, heard already or still to come.
    pub(crate) async fn hears(&mut self, alarm: &str, kind: TransitionKind, durable: Option<bool>) -> Alert {
        let wanted = |alert: &Alert| {
            let as_durable = durable.is_none_or(|durable| alert.durable == durable);
            alert.alarm == alarm && alert.transition() == kind && as_durable
        };
        if let Some(place) = self.heard.iter().position(wanted) {
            return self.heard.remove(place);
        }
        let waiting = async {
            loop {
                match self.subscriber.next().await {
                    Ok(Some(Event::Alert(alert))) if wanted(&alert) => return alert,
                    Ok(Some(Event::Alert(alert))) => self.heard.push(alert),
                    Ok(Some(_)) => {}
                    end => panic!("the stream ended: {end:?}"),
                }
            }
        };
        let found = timeout(LONG, waiting).await;
        found.unwrap_or_else(|_| {
            panic!("no alert {alarm} {kind:?}, durable: {durable:?}; heard: {:#?}", self.heard)
        })
    }

    /// Begun with, and again in the end.
    pub(crate) async fn is_well(&self) {
        let http = self.server.http();
        wait_until("/healthz says 200", LONG, async || (get(http, "/healthz").await.0 == 200).then_some(()))
            .await;
        assert_eq!(Metrics::of(http).await.figure("davy_journal_failing", &[("site", SITE)]), 0.0);
    }

    /// Takes all room that there is but `left` bytes, and whatever Davy frees when it empties its log, and sends until nothing
    /// is acknowledged any more.
    pub(crate) async fn fills(&mut self, room: &mut Room, left: u64) {
        room.take(&self.server, &self.setup, left);
        room.crowd();
        loop {
            let told = self.gateway.send(|_| 1.0).await.expect("the connection stands");
            match timeout(FULL_FOR_GOOD, self.gateway.puback()).await {
                Ok(acknowledged) => {
                    acknowledged.expect("the connection stands");
                    self.promised.readings.extend(told);
                }
                Err(_) => {
                    self.open.extend(told);
                    self.owed += 1;
                    let status = get(self.server.http(), "/healthz").await.0;
                    assert_eq!(status, 503, "nothing is acknowledged, and the disk is well");
                    return;
                }
            }
        }
    }

    /// The disk fails now: sends what raises an alarm, and looks at what becomes of it. It stays unacknowledged. Gives the
    /// alert's id.
    pub(crate) async fn fails_loudly(&mut self) -> String {
        // What was heard before is of another fault.
        self.heard.retain(|alert| alert.alarm == JOURNAL_FAULT && !alert.durable);
        let told = self.gateway.send(|_| LIMIT + 1.0).await.expect("the connection stands");
        self.open.extend(told);
        self.owed += 1;
        let raised = self.hears(&alarm(0), TransitionKind::Raised, Some(false)).await;
        let fault = self.hears(JOURNAL_FAULT, TransitionKind::Raised, Some(false)).await;
        assert_eq!(fault.tier().as_str_name(), "TIER_RED", "{fault:?}");
        let (status, said) = get(self.server.http(), "/healthz").await;
        assert!(status == 503 && said.contains(SITE), "/healthz: {status} {said}");
        let failing = Metrics::of(self.server.http()).await.figure("davy_journal_failing", &[("site", SITE)]);
        assert_eq!(failing, 1.0);
        let puback = timeout(TRIES, self.gateway.mqtt.next()).await;
        assert!(puback.is_err(), "acknowledged while the disk fails, or cut off: {puback:?}");
        self.a_newcomer_may_resume(&raised).await;
        raised.id
    }

    /// Whoever comes while the disk fails sees the alarm, and gets no place to resume from behind it: after a crash another
    /// transition may have its number.
    async fn a_newcomer_may_resume(&self, raised: &Alert) {
        let start = Start::Snapshot(true);
        let mut newcomer = Grpc::connect(self.server.http()).await.subscribe(start).await.expect("let in");
        let mut is_seen = false;
        loop {
            match timeout(LONG, newcomer.next()).await.expect("a snapshot ends") {
                Ok(Some(Event::Alarm(alarm))) => is_seen |= alarm.id == raised.alarm,
                Ok(Some(Event::SnapshotEnd(_))) => break,
                Ok(Some(_)) => {}
                end => panic!("the stream ended: {end:?}"),
            }
        }
        assert!(is_seen, "{} is not in the snapshot", raised.alarm);
        let token: Token = newcomer.token.parse().expect("a token");
        let after = token.seen(SITE).expect("it speaks of the site").sequence;
        assert!(
            after < raised.sequence,
            "it would resume after {after}, and {} is not on disk",
            raised.sequence
        );
        self.who_was_away_is_told_of_a_gap(raised, newcomer.token).await;
    }

    /// Whoever stood at `token` when the disk failed, and was away then, is not left in the dark: the alert is not to be had
    /// again, and a snapshot shows the alarm.
    async fn who_was_away_is_told_of_a_gap(&self, raised: &Alert, token: String) {
        let grpc = Grpc::connect(self.server.http()).await;
        let mut back = grpc.subscribe(Start::AfterToken(token)).await.expect("let in");
        let told = async {
            loop {
                match back.next().await.expect("the stream stands").expect("the stream stands") {
                    Event::Gap(gap) if gap.reason() == GapReason::NotDurable => return gap,
                    Event::Alert(alert) => {
                        panic!("another after it, and no word of {}: {alert:?}", raised.id)
                    }
                    _ => {}
                }
            }
        };
        let gap = timeout(LONG, told).await.unwrap_or_else(|_| panic!("no word of {}", raised.id));
        assert!((gap.from_sequence..=gap.to_sequence).contains(&raised.sequence), "{gap:?}: {}", raised.id);
    }

    /// The disk is well again: everything follows by itself.
    pub(crate) async fn recovers(&mut self, raised: String) {
        // Told once, not durable; that it is in the record in the end is looked at there.
        self.promised.told.push(raised);
        for _ in 0..mem::take(&mut self.owed) {
            self.gateway.puback().await.expect("acknowledged now");
        }
        self.promised.readings.append(&mut self.open);
        self.hears(JOURNAL_FAULT, TransitionKind::Cleared, Some(true)).await;
        self.is_well().await;
        self.delivers(1.0).await;
        self.hears(&alarm(0), TransitionKind::Cleared, Some(true)).await;
    }

    /// Ends well, the account balances; started again, all is there.
    pub(crate) async fn ends(mut self) {
        assert_eq!(self.server.stop().await, 0, "a stop that was asked for is no failure");
        self.server.check_account();
        crate::script::check(&self.setup, self.promised).await;
    }

    /// Killed; started again, all is there that was acknowledged.
    pub(crate) async fn killed(mut self) {
        self.server.kill();
        crate::script::check(&self.setup, self.promised).await;
    }
}
