//! One connection: frames in, answers out.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::BufMut;
use davy_codec::hj212::{Framing, Next, Parts, QnRtn, Segment, Taken, Verdict, reply_to};
use davy_door::{Outcome, Receipt, ReceiptWatch};
use davy_model::{NodeChange, Reason};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::time::{Instant, sleep_until, timeout};
use tokio_util::sync::CancellationToken;
use tracing::{debug, warn};

use super::Shared;
use super::boxes::Known;
use crate::Rejection;
use crate::batch::{Batch, Waiting};
use crate::desk::{Desk, say_lost};
use crate::message::{self, Message};
use crate::remark::remark;

/// What of a connection may wait to be read, bytes: a frame of the greatest length, and what came with it.
pub(super) const BUFFER_LEN_MAX: usize = 2 * Framing::BUFFER_LEN_MAX;
/// About what a connection's desk takes beside, bytes: its binding to a box's tags.
pub(super) const DESK_LEN: usize = 16 * 1024;
/// How long a frame may take from its first byte to its last: a slower one is given up, and the connection with it.
const FRAME_WITHIN: Duration = Duration::from_secs(30);
/// How long the packets of a split message may take.
const PARTS_WITHIN: Duration = Duration::from_secs(60);
/// How long an answer may take to be sent.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);
/// So many refusals without a good frame between, and it is no box that speaks.
const STRIKES_MAX: u32 = 16;

pub(super) struct Connection {
    shared: Arc<Shared>,
    peer: SocketAddr,
    write: OwnedWriteHalf,
    stop: CancellationToken,
    framing: Framing,
    desk: Desk,
    parts: Parts,
    buffer: Vec<u8>,
    /// When the first byte of what the buffer holds came.
    since: Instant,
    heard: Instant,
    strikes: u32,
    /// The box that spoke last: what cannot be read is laid at its door.
    last_mn: Option<Box<str>>,
}

/// How a connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// The box closed it, or it broke.
    Lost,
    /// It said nothing for too long, or too slowly.
    Silent,
    /// Whoever speaks there is no box.
    Nonsense,
    /// Answers could not be sent.
    Stalled,
    /// What it sent could not be made durable: it is to send it again.
    NotDurable,
    /// Davy stops.
    Shutdown,
}

/// What a few frames brought, and how they are to be answered when it is durable.
#[derive(Default)]
struct Haul {
    batch: Batch,
    answers: Vec<u8>,
    answered: u64,
}

impl Connection {
    pub(super) fn new(
        shared: Arc<Shared>,
        peer: SocketAddr,
        write: OwnedWriteHalf,
        stop: CancellationToken,
    ) -> Connection {
        let now = Instant::now();
        Connection {
            framing: Framing { segment_len_max: shared.config.segment_len_max },
            desk: Desk::new(Arc::clone(&shared.intake), shared.route, None),
            parts: Parts::new(PARTS_WITHIN),
            buffer: Vec::new(),
            since: now,
            heard: now,
            strikes: 0,
            last_mn: None,
            shared,
            peer,
            write,
            stop,
        }
    }

    pub(super) async fn run(mut self, mut read: OwnedReadHalf) {
        let end = self.serve(&mut read).await;
        debug!(peer = %self.peer, ?end, "an HJ 212 connection ended");
        // It was Davy that ended it: what was begun comes again, and no box is lost by that.
        let is_goodbye = match end {
            End::Shutdown | End::NotDurable => true,
            End::Lost | End::Silent | End::Nonsense | End::Stalled => false,
        };
        if !is_goodbye {
            self.finish().await;
        }
        say_lost(self.desk.end(|_, _| is_goodbye)).await;
    }

    /// What came last is read as far as it goes, what was held is refused; nobody is left to be told.
    async fn finish(&mut self) {
        let mut haul = Haul::default();
        self.drain(&mut haul, true);
        self.give_up_parts(true, &mut haul);
        let (receipt, _) = Receipt::detached();
        haul.batch.deliver(Waiting::Door(receipt)).await;
    }

    async fn serve(&mut self, read: &mut OwnedReadHalf) -> End {
        let stop = self.stop.clone();
        loop {
            let deadline = self.deadline();
            let mut haul = Haul::default();
            tokio::select! {
                () = stop.cancelled() => return End::Shutdown,
                () = sleep_until(deadline) => self.give_up_parts(false, &mut haul),
                came = read_some(read, &mut self.buffer) => {
                    let Ok(len @ 1..) = came else { return End::Lost };
                    self.note(len);
                }
            }
            if let Err(end) = self.work_off(haul, read).await {
                return end;
            }
            if Instant::now() >= self.patience() {
                return End::Silent;
            }
        }
    }

    /// Reads and answers what the buffer holds, and what comes while that is made durable: a box that waits for an answer sends
    /// nothing more.
    async fn work_off(&mut self, mut haul: Haul, read: &mut OwnedReadHalf) -> Result<(), End> {
        loop {
            self.drain(&mut haul, false);
            let left = self.buffer.len();
            self.settle(std::mem::take(&mut haul), read).await?;
            if self.strikes >= STRIKES_MAX {
                warn!(peer = %self.peer, "what comes by this connection are no HJ 212 frames of a known box");
                return Err(End::Nonsense);
            }
            if self.buffer.len() == left {
                return Ok(());
            }
        }
    }

    /// When something has to be looked at, though nothing comes.
    fn deadline(&self) -> Instant {
        let parts = if self.parts.is_empty() { None } else { Some(Instant::now() + Duration::from_secs(1)) };
        parts.into_iter().chain([self.patience()]).min().expect("there is one at least")
    }

    /// When nothing more is waited for.
    fn patience(&self) -> Instant {
        let idle = self.heard + self.shared.config.idle;
        if self.buffer.is_empty() { idle } else { idle.min(self.since + FRAME_WITHIN) }
    }

    fn note(&mut self, len: usize) {
        self.heard = Instant::now();
        if self.buffer.len() == len {
            self.since = self.heard;
        }
        self.shared.intake.hj212.received(len as u64);
    }

    /// Reads every frame that the buffer holds; all of it, when nothing more will come.
    fn drain(&mut self, haul: &mut Haul, ended: bool) {
        let buffer = std::mem::take(&mut self.buffer);
        let mut rest = &buffer[..];
        loop {
            let len = match self.framing.next(rest, ended) {
                Next::More => break,
                Next::Blank { len } => len,
                Next::Frame { len, segment } => {
                    self.shared.intake.hj212.frame();
                    self.frame(&rest[..len], segment, haul);
                    len
                }
                Next::Refused { len, segment, refusal } => {
                    self.refused(&rest[..len], segment, *refusal, haul);
                    len
                }
            };
            rest = &rest[len..];
        }
        if rest.len() < buffer.len() {
            self.since = Instant::now();
        }
        self.buffer = rest.to_vec();
    }

    fn frame(&mut self, frame: &[u8], segment: &[u8], haul: &mut Haul) {
        let head = match Segment::read(segment) {
            Ok(head) => head,
            Err(error) => {
                let glean = Segment::glean(segment);
                let verdict = Verdict::Refused(QnRtn::of_head(&error));
                self.refuse(frame, glean.as_ref(), *error.refusal, verdict, haul);
                return;
            }
        };
        match self.shared.config.boxes.as_ref().map_or(Known::Yes, |boxes| boxes.know(head.mn, head.pw)) {
            Known::Yes if self.shared.intake.directory.knows_box(head.mn) => {}
            Known::Yes | Known::No => {
                let refusal = unknown_box(head.mn);
                self.refuse(frame, Some(&head), refusal, Verdict::Refused(QnRtn::Mn), haul);
                return;
            }
            Known::WrongPassword => {
                let refusal = wrong_password();
                self.refuse(frame, Some(&head), refusal, Verdict::Refused(QnRtn::Password), haul);
                return;
            }
        }
        if self.last_mn.as_deref() != Some(head.mn) {
            self.last_mn = Some(head.mn.into());
        }
        self.strikes = 0;
        match self.parts.take(frame, &head, self.shared.intake.now()) {
            Taken::Whole => self.read(frame, &head, haul),
            Taken::Held => {}
            Taken::Complete(frames) => self.complete(&frames, &head, haul),
            Taken::Refused(refusal) => {
                self.refuse(frame, Some(&head), *refusal, Verdict::Refused(QnRtn::Rejected), haul);
            }
        }
    }

    /// Reads a frame, and answers it when that is durable.
    fn read(&mut self, payload: &[u8], head: &Segment<'_>, haul: &mut Haul) {
        let verdict = self.take(payload, head, haul);
        haul.answer(head, verdict);
    }

    /// Reads a split message, and answers each of its packets.
    fn complete(&mut self, frames: &[u8], head: &Segment<'_>, haul: &mut Haul) {
        let verdict = self.take(frames, head, haul);
        let mut rest = frames;
        loop {
            let len = match self.framing.next(rest, true) {
                Next::More => break,
                Next::Blank { len } | Next::Refused { len, .. } => len,
                Next::Frame { len, segment } => {
                    if let Ok(head) = Segment::read(segment) {
                        haul.answer(&head, verdict);
                    }
                    len
                }
            };
            rest = &rest[len..];
        }
    }

    fn take(&mut self, payload: &[u8], head: &Segment<'_>, haul: &mut Haul) -> Verdict {
        let redelivered =
            head.qn.is_some_and(|qn| head.part.is_none() && self.shared.recent.note(head.mn, head.cn.0, qn));
        let topic = box_topic(head.mn);
        let message = Message {
            topic: &topic,
            payload,
            arrival: self.shared.intake.now(),
            redelivered,
            is_stored: false,
            offline_means: NodeChange::Lost,
        };
        match self.desk.take(&message, &mut haul.batch) {
            message::Verdict::Taken => Verdict::Taken,
            message::Verdict::Unreadable => Verdict::Refused(QnRtn::Unknown),
            message::Verdict::NotAllowed => Verdict::Refused(QnRtn::Mn),
        }
    }

    /// What is no good frame.
    fn refused(&mut self, bytes: &[u8], segment: &[u8], refusal: Rejection, haul: &mut Haul) {
        let head = Segment::glean(segment);
        let verdict = Verdict::Refused(QnRtn::of_reason(refusal.reason));
        self.refuse(bytes, head.as_ref(), refusal, verdict, haul);
    }

    fn refuse(
        &mut self,
        bytes: &[u8],
        head: Option<&Segment<'_>>,
        refusal: Rejection,
        verdict: Verdict,
        haul: &mut Haul,
    ) {
        self.strikes += 1;
        self.shared.intake.hj212.refused();
        let known = head.map(|head| head.mn).filter(|mn| self.shared.intake.directory.knows_box(mn));
        let mn = known.or(self.last_mn.as_deref()).or(head.map(|head| head.mn)).unwrap_or_default();
        let topic = box_topic(mn);
        self.desk.refuse_with(&topic, bytes, self.shared.intake.now(), refusal, &mut haul.batch);
        if let Some(head) = head {
            haul.answer(head, verdict);
        }
    }

    /// Refuses what is held of split messages and has waited too long; all of it, when nothing more will come.
    fn give_up_parts(&mut self, all: bool, haul: &mut Haul) {
        let lost = if all { self.parts.end() } else { self.parts.expire(self.shared.intake.now()) };
        for lost in lost {
            let head = match self.framing.next(&lost.frames, true) {
                Next::Frame { segment, .. } => Segment::glean(segment),
                Next::Blank { .. } | Next::Refused { .. } | Next::More => None,
            };
            let topic = box_topic(head.map(|head| head.mn).unwrap_or_default());
            self.shared.intake.hj212.refused();
            let now = self.shared.intake.now();
            self.desk.refuse_with(&topic, &lost.frames, now, lost.refusal, &mut haul.batch);
        }
    }

    /// Hands over what came, and sends the answers when it is durable. What comes meanwhile is kept, as far as there is room;
    /// a box that does not wait is one that is gone.
    async fn settle(&mut self, haul: Haul, read: &mut OwnedReadHalf) -> Result<(), End> {
        let (receipt, watch) = Receipt::detached();
        let deliver = haul.batch.deliver(Waiting::Door(receipt));
        tokio::pin!(deliver);
        let stop = self.stop.clone();
        let mut handed_over = false;
        let outcome = loop {
            let room = self.buffer.len() < BUFFER_LEN_MAX / 2;
            tokio::select! {
                () = &mut deliver, if !handed_over => handed_over = true,
                outcome = decided(&watch), if handed_over => break outcome,
                came = read_some(read, &mut self.buffer), if room && !stop.is_cancelled() => {
                    let Ok(len @ 1..) = came else {
                        // Its readings go on to the disk all the same.
                        if !handed_over {
                            deliver.await;
                        }
                        return Err(End::Lost);
                    };
                    self.note(len);
                }
            }
        };
        if outcome == Outcome::Failed {
            return Err(End::NotDurable);
        }
        if haul.answers.is_empty() {
            return Ok(());
        }
        match timeout(ANSWER_WITHIN, self.write.write_all(&haul.answers)).await {
            Ok(Ok(())) => {
                self.shared.intake.hj212.answered(haul.answered);
                Ok(())
            }
            Ok(Err(_)) => Err(End::Lost),
            Err(_) => Err(End::Stalled),
        }
    }
}

impl Haul {
    fn answer(&mut self, head: &Segment<'_>, verdict: Verdict) {
        if let Some(answer) = reply_to(head, verdict) {
            self.answers.extend_from_slice(&answer);
            self.answered += 1;
        }
    }
}

async fn decided(watch: &ReceiptWatch) -> Outcome {
    watch.decided().await
}

/// Appends what comes, a few KiB at most.
async fn read_some(read: &mut OwnedReadHalf, buffer: &mut Vec<u8>) -> std::io::Result<usize> {
    const READ_LEN: usize = 4096;
    buffer.reserve(READ_LEN);
    read.read_buf(&mut buffer.limit(READ_LEN)).await
}

/// The topic that stands for a box.
pub(super) fn box_topic(mn: &str) -> String {
    format!("{}{mn}", crate::way::BOX_TOPIC)
}

fn unknown_box(mn: &str) -> Rejection {
    remark(
        Reason::DeviceUnknown,
        mn,
        "the number (MN) of a box that a site's files name",
        "correct MN in the box, or add {hj212: MN, edge_node: ID} to the sources of site.yaml",
    )
}

fn wrong_password() -> Rejection {
    // What was sent is not repeated: a dead letter is read by more people than a password is meant for.
    remark(
        Reason::PasswordMismatch,
        "another password",
        "the password (PW) of this box",
        "correct PW in the box, or its hash in the file of boxes",
    )
}
