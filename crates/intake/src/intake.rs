//! What all connections share: the sites, the clock, the way back, and what belongs to no site.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use arc_swap::ArcSwap;
use davy_codec::Limits;
use davy_model::{Reason, Timestamp};

use crate::address::{Address, of_sparkplug};
use crate::feedback::Feedback;
use crate::hj212::{Counters, Hj212Stats};
use crate::presence::SessionId;
use crate::remark::remark;
use crate::rights::Clients;
use crate::sparkplug::{SparkplugConfig, SparkplugHost};
use crate::{Account, DeadLetters, Directory, Lost};

/// Says what time it is. There is one clock; who owns it lends it.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// The longest payload taken when nothing else is configured, bytes.
pub const PAYLOAD_BYTES_MAX: usize = 256 * 1024;
/// How often feedback is said.
const FEEDBACK_EVERY: Duration = Duration::from_secs(1);

/// What all connections share.
pub struct Intake {
    /// The sites now active.
    pub directory: Directory,
    /// What waits to be said to edge nodes.
    pub feedback: Feedback,
    /// What came for no site Davy knows.
    pub strays: Strays,
    /// Sparkplug's edge nodes.
    pub sparkplug: SparkplugHost,
    /// Who may come in by the door.
    pub(crate) clients: ArcSwap<Clients>,
    pub(crate) payload_bytes_max: usize,
    pub(crate) hj212: Counters,
    clock: Clock,
    sessions: AtomicU64,
}

/// What came for no site Davy knows: counted and kept as that of a site is.
#[derive(Debug)]
pub struct Strays {
    /// The counts.
    pub account: Account,
    /// What was refused.
    pub dead_letters: Arc<DeadLetters>,
}

impl Intake {
    /// An intake for these sites. Payloads longer than `payload_bytes_max` are refused unread.
    pub fn new(directory: Directory, clock: Clock, payload_bytes_max: usize) -> Arc<Intake> {
        Intake::with_sparkplug(directory, clock, payload_bytes_max, SparkplugConfig::default())
    }

    /// The same, with what the configuration says of Sparkplug.
    pub fn with_sparkplug(
        directory: Directory,
        clock: Clock,
        payload_bytes_max: usize,
        sparkplug: SparkplugConfig,
    ) -> Arc<Intake> {
        Arc::new(Intake {
            directory,
            feedback: Feedback::default(),
            strays: Strays {
                account: Account::new(),
                dead_letters: Arc::new(DeadLetters::new(1000, 16 << 20)),
            },
            sparkplug: SparkplugHost::new(sparkplug, payload_bytes_max),
            clients: ArcSwap::default(),
            payload_bytes_max,
            hj212: Counters::default(),
            clock,
            sessions: AtomicU64::new(0),
        })
    }

    /// Messages of a site's edge nodes that never came, told once: also to whoever should have sent them.
    pub fn lost(&self, site: &str, now: Timestamp) -> Vec<Lost> {
        let Some(door) = self.directory.site(site) else { return Vec::new() };
        let lost = door.gaps.due(now);
        for lost in &lost {
            let Lost { edge_node, messages, first, last, .. } = lost;
            let finding = remark(
                Reason::SequenceGap,
                &format!("{messages} messages missing, seq {first} to {last}"),
                "every number once",
                "send them again under their numbers; publish at QoS 1, and keep each message until its PUBACK",
            );
            door.account.warn(Reason::SequenceGap);
            self.feedback.tell(&door.feedback.node(edge_node), &[finding]);
        }
        lost
    }

    /// What the listener for HJ 212 boxes has done; all zero when there is none.
    pub fn hj212_stats(&self) -> Hj212Stats {
        self.hj212.stats()
    }

    /// Says feedback once a second, for as long as it is polled.
    pub async fn say_feedback(&self) {
        let mut ticks = tokio::time::interval(FEEDBACK_EVERY);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            self.feedback.flush();
        }
    }

    /// Looks after Sparkplug's sessions, for as long as it is polled: what is awaited of edge nodes has a time.
    pub async fn watch_sparkplug(self: &Arc<Intake>) {
        self.sparkplug.watch(self).await;
    }

    /// Whose a topic is, Sparkplug's among them. `sender` is the one edge node, by site and id, that the sender may speak
    /// for, where there is one.
    pub(crate) fn address(&self, topic: &str, sender: Option<(&str, &str)>) -> Address {
        let limits = Limits { payload_len_max: self.payload_bytes_max, ..Limits::default() };
        let sparkplug = of_sparkplug(&self.directory, &self.sparkplug, topic);
        sparkplug.unwrap_or_else(|| self.directory.address(topic, limits, sender))
    }

    pub(crate) fn now(&self) -> Timestamp {
        (self.clock)()
    }

    pub(crate) fn new_session(&self) -> SessionId {
        SessionId(self.sessions.fetch_add(1, Ordering::Relaxed) + 1)
    }
}

impl fmt::Debug for Intake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Intake").field("directory", &self.directory).finish_non_exhaustive()
    }
}
