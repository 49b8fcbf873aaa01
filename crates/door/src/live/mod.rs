//! A welcomed connection: one task that reads, submits, acknowledges and sends until there is a reason to end.

mod batch;
pub(crate) mod clocks;
mod inbound;
mod outgoing;
mod packets;
mod subscriptions;
mod topics;

use std::future::{Future, pending};
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::{Instant, Sleep, sleep_until, timeout};

use self::batch::{Gathering, InFlight, NotDurable};
use self::clocks::Clocks;
use self::inbound::Inbound;
use self::outgoing::Window;
use self::subscriptions::Subscriptions;
use self::topics::Topics;
use crate::codec::{Connect, DecodeError, Reason, Version, write_disconnect};
use crate::config::REPLY_LEN_MAX;
use crate::handler::{Closed, Handler, PubackReason};
use crate::hub::Hub;
use crate::link::{Link, Stop};
use crate::receipt::Receipt;

/// How long a farewell may take to be written, and an offender to read it.
const FAREWELL_TIMEOUT: Duration = Duration::from_millis(500);

/// Bytes of an offender thrown away so that it can read its farewell.
const DISCARD_LEN_MAX: u64 = 256 * 1024;

type Submitting<'a> = Pin<Box<dyn Future<Output = Vec<PubackReason>> + Send + 'a>>;

/// Why a connection ends, and what an MQTT 5 client is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct End {
    how: Closed,
    tell: Option<Reason>,
}

impl End {
    fn silent(how: Closed) -> Self {
        Self { how, tell: None }
    }

    fn told(how: Closed, reason: Reason) -> Self {
        Self { how, tell: Some(reason) }
    }
}

impl From<DecodeError> for End {
    fn from(error: DecodeError) -> Self {
        Self::told(Closed::ProtocolError, error.reason())
    }
}

/// What the connection waits for.
enum Event {
    Submitted(Vec<PubackReason>),
    Rung,
    Wrote(io::Result<usize>),
    Flushed(io::Result<()>),
    Read(io::Result<usize>),
    Late,
}

/// One connection after CONNACK.
pub(crate) struct Live<'a, H: Handler, R, W> {
    hub: &'a Hub<H>,
    session: &'a Arc<H::Session>,
    link: &'a Arc<Link>,
    version: Version,
    reader: R,
    writer: W,
    inbound: Inbound,
    topics: Topics,
    subscriptions: Subscriptions<'a>,
    gathering: Gathering,
    submitting: Option<Submitting<'a>>,
    in_flight: InFlight,
    window: Window,
    out: BytesMut,
    unflushed: bool,
    /// Reading is over; what is pending may still be acknowledged until then.
    draining: Option<(End, Instant)>,
    clocks: Clocks,
    /// What its CONNECT asked for, s.
    session_expiry_s: u32,
}

impl<'a, H, R, W> Live<'a, H, R, W>
where
    H: Handler,
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    /// Sets up a connection whose CONNACK waits in `out`; `rest` is what came in behind its CONNECT.
    pub(crate) fn new(
        hub: &'a Hub<H>,
        session: &'a Arc<H::Session>,
        link: &'a Arc<Link>,
        connect: &Connect,
        (reader, writer): (R, W),
        (rest, out): (BytesMut, BytesMut),
    ) -> Self {
        let config = &hub.config;
        let now = Instant::now();
        let alias_max = if connect.version == Version::V5 { config.topic_alias_max } else { 0 };
        Self {
            hub,
            session,
            link,
            version: connect.version,
            reader,
            writer,
            inbound: Inbound::new(rest, config.packet_len_max as usize, now),
            topics: Topics::new(alias_max, config.topic_len_max),
            subscriptions: Subscriptions::new(&hub.publisher, link),
            gathering: Gathering::default(),
            submitting: None,
            in_flight: InFlight::default(),
            window: Window::new(config.outgoing_window.min(connect.receive_max), connect.packet_size_max),
            out,
            unflushed: true,
            draining: None,
            clocks: Clocks::new(connect, config, now),
            session_expiry_s: connect.session_expiry_s,
        }
    }

    /// Serves the connection to its end. Everything read before the end has been submitted when this returns.
    pub(crate) async fn run(mut self) -> Closed {
        let end = self.turn().await;
        self.subscriptions.clear();
        self.say_farewell(end).await;
        drop((self.reader, self.writer));
        if let Some(submitting) = self.submitting.take() {
            submitting.await;
        }
        if !self.gathering.messages.is_empty() {
            // The client is gone: nobody waits for these PUBACKs.
            let (receipt, _) = Receipt::new(Arc::clone(&self.link.bell));
            let messages = std::mem::take(&mut self.gathering).messages;
            count_submitted(self.hub, messages.len());
            self.hub.handler.submit(self.session, messages, receipt).await;
        }
        end.how
    }

    async fn turn(&mut self) -> End {
        let mut timer = pin!(sleep_until(self.clocks.now));
        loop {
            match (self.step(), self.draining) {
                (Err(end), None) => return end,
                // The first reason to end stands.
                (Err(_), Some((end, _))) => return end,
                (Ok(()), Some((end, until))) if self.is_drained() || self.clocks.now >= until => return end,
                (Ok(()), _) => {}
            }
            self.arm(timer.as_mut());
            let event = self.next(timer.as_mut()).await;
            let reading = self.is_reading();
            self.clocks.tick(reading, &mut self.inbound);
            if let Err(end) = self.take(event) {
                return self.draining.map_or(end, |(first, _)| first);
            }
        }
    }

    /// Everything that can be done without waiting.
    fn step(&mut self) -> Result<(), End> {
        if let Some(stop) = self.link.stopped() {
            self.obey(stop)?;
        }
        if self.link.is_asked() && !self.hub.handler.is_welcome(self.session) {
            return Err(End::told(Closed::ShutOut, Reason::NotAuthorized));
        }
        self.write_pubacks()?;
        self.decode()?;
        self.submit()?;
        self.write_outgoing();
        Ok(())
    }

    fn obey(&mut self, stop: Stop) -> Result<(), End> {
        match stop {
            Stop::TakenOver => Err(End::told(Closed::TakenOver, Reason::SessionTakenOver)),
            Stop::Shutdown => {
                let until = self.hub.drain_until.get().copied().unwrap_or(self.clocks.now);
                self.drain(End::told(Closed::Shutdown, Reason::ServerShuttingDown), until);
                Ok(())
            }
        }
    }

    /// Reads no more, and ends once what is pending is acknowledged.
    fn drain(&mut self, end: End, until: Instant) {
        self.inbound.clear();
        self.draining.get_or_insert((end, until));
    }

    fn is_drained(&self) -> bool {
        let submitted = self.submitting.is_none() && self.gathering.is_empty() && self.in_flight.is_empty();
        submitted && self.out.is_empty() && !self.unflushed
    }

    fn is_reading(&self) -> bool {
        self.draining.is_none() && self.inbound.whole.is_empty() && self.out.len() < REPLY_LEN_MAX
    }

    fn write_pubacks(&mut self) -> Result<(), End> {
        let (written, verdict) = self.in_flight.write_due(self.version, &mut self.out);
        self.hub.stats.acknowledged.add(written);
        verdict.map_err(|NotDurable| End::told(Closed::NotDurable, Reason::UnspecifiedError))
    }

    /// Hands the gathered batch to the handler, unless it still holds the one before.
    fn submit(&mut self) -> Result<(), End> {
        if self.submitting.is_some() || self.gathering.is_empty() {
            return Ok(());
        }
        let gathered = std::mem::take(&mut self.gathering);
        if gathered.messages.is_empty() {
            // All of it was refused: nobody has to be waited for, and no event would come to write the answers.
            self.in_flight.push(gathered, None);
            return self.write_pubacks();
        }
        count_submitted(self.hub, gathered.messages.len());
        let (receipt, watch) = Receipt::new(Arc::clone(&self.link.bell));
        let messages = self.in_flight.push(gathered, Some(watch));
        let (handler, session) = (&self.hub.handler, self.session);
        self.submitting = Some(Box::pin(handler.submit(session, messages, receipt)));
        Ok(())
    }

    async fn next(&mut self, timer: Pin<&mut Sleep>) -> Event {
        let reading = self.is_reading();
        let Self { reader, writer, inbound, submitting, out, unflushed, link, .. } = self;
        let answer = async {
            match submitting {
                Some(submitting) => submitting.await,
                None => pending().await,
            }
        };
        let write = async {
            match (out.is_empty(), *unflushed) {
                (false, _) => Event::Wrote(writer.write_buf(out).await),
                (true, true) => Event::Flushed(writer.flush().await),
                (true, false) => pending().await,
            }
        };
        let read = async { if reading { reader.read_buf(inbound.room()).await } else { pending().await } };
        tokio::select! {
            biased;
            reasons = answer => Event::Submitted(reasons),
            () = link.bell.notified() => Event::Rung,
            event = write => event,
            read = read => Event::Read(read),
            () = timer => Event::Late,
        }
    }

    fn take(&mut self, event: Event) -> Result<(), End> {
        match event {
            Event::Submitted(reasons) => {
                self.submitting = None;
                self.in_flight.answer(&reasons);
            }
            Event::Read(Ok(0)) | Event::Wrote(Ok(0)) => return Err(End::silent(Closed::Lost)),
            Event::Read(Err(_)) | Event::Wrote(Err(_)) | Event::Flushed(Err(_)) => {
                return Err(End::silent(Closed::Lost));
            }
            Event::Wrote(Ok(_)) => {
                self.unflushed = true;
                self.clocks.wrote();
            }
            Event::Flushed(Ok(())) => {
                self.unflushed = false;
                self.clocks.wrote();
            }
            Event::Read(Ok(count)) => {
                self.clocks.heard();
                self.inbound.received(count, self.clocks.now);
            }
            Event::Late => return self.check_deadlines(),
            Event::Rung => {}
        }
        Ok(())
    }

    async fn say_farewell(&mut self, end: End) {
        let deaf = end.how == Closed::Stalled && end.tell.is_none();
        if end.how == Closed::Lost || deaf {
            return;
        }
        if let (Version::V5, Some(reason)) = (self.version, end.tell) {
            write_disconnect(&mut self.out, reason);
        }
        farewell(&mut self.reader, &mut self.writer, &mut self.out, end.how == Closed::ProtocolError).await;
    }
}

/// Writes what is left and closes, in bounded time. With `linger`, also reads on for a moment: a socket closed over unread
/// bytes resets, and the peer would lose the reason.
pub(crate) async fn farewell(
    reader: &mut (impl AsyncRead + Unpin),
    writer: &mut (impl AsyncWrite + Unpin),
    out: &mut BytesMut,
    linger: bool,
) {
    let written = timeout(FAREWELL_TIMEOUT, async {
        writer.write_all_buf(out).await?;
        writer.flush().await?;
        writer.shutdown().await
    })
    .await;
    if linger && matches!(written, Ok(Ok(()))) {
        let mut rest = reader.take(DISCARD_LEN_MAX);
        // Whether the peer reads its farewell is its own affair.
        let _ = timeout(FAREWELL_TIMEOUT, tokio::io::copy(&mut rest, &mut tokio::io::sink())).await;
    }
}

fn count_submitted<H>(hub: &Hub<H>, messages: usize) {
    hub.stats.batches.one();
    hub.stats.submitted.add(messages);
}
