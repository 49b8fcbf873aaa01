//! Davy's end of one connection: the door's own codec and receipts, and PUBACKs in the order of arrival. The rest of the
//! door, its sockets and timers, is not here.

use std::{
    collections::VecDeque,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, Waker},
};

use bytes::{Bytes, BytesMut};
use davy_door::{
    Closed, ConnectInfo, Handler, Outcome, Peer, PubackReason, Publish, Qos, Receipt, ReceiptWatch, Version,
    codec::{self, Packet, Reason, frame, write_puback},
};
use davy_intake::{DoorIntake, Session};

type Doing<T> = Pin<Box<dyn Future<Output = T> + Send>>;

pub(crate) struct Link {
    door: Arc<DoorIntake>,
    session: Arc<Session>,
    input: BytesMut,
    gathered: Vec<Publish>,
    gathered_ids: Vec<u16>,
    submitting: Option<Doing<Vec<PubackReason>>>,
    in_flight: VecDeque<Batch>,
    ended: Option<Closed>,
    closing: Option<Doing<()>>,
}

struct Batch {
    ids: Vec<u16>,
    watch: ReceiptWatch,
    answered: bool,
}

/// What a link has come to.
pub(crate) enum Stands {
    /// It goes on; these bytes go out.
    Open(Vec<u8>),
    /// Davy ends it.
    Refused,
    /// It is over on both sides.
    Gone,
}

/// What a future that nobody wakes has come to.
fn poll<T>(doing: &mut Doing<T>) -> Option<T> {
    match doing.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(done) => Some(done),
        Poll::Pending => None,
    }
}

impl Link {
    pub(crate) fn new(door: &Arc<DoorIntake>, client: &str) -> Link {
        let info = ConnectInfo {
            client_id: client.into(),
            client_id_assigned: false,
            version: Version::V3,
            username: None,
            password: None,
            keep_alive_s: 0,
            will_topic: None,
        };
        let peer = Peer::plain(([127, 0, 0, 1], 1).into());
        let handler = Arc::clone(door);
        let mut entering: Doing<_> = Box::pin(async move { handler.authenticate(&info, &peer).await });
        let entered = poll(&mut entering).expect("nobody is waited for at the door");
        Link {
            door: Arc::clone(door),
            session: Arc::new(entered.expect("anybody may come in here")),
            input: BytesMut::new(),
            gathered: Vec::new(),
            gathered_ids: Vec::new(),
            submitting: None,
            in_flight: VecDeque::new(),
            ended: None,
            closing: None,
        }
    }

    /// Bytes of the gateway: whole packets are taken, of a part the rest is waited for.
    pub(crate) fn receive(&mut self, bytes: &[u8]) {
        self.input.extend_from_slice(bytes);
        let (len, fault) = frame::whole(&self.input, 1 << 20);
        assert!(fault.is_none(), "the gateway speaks MQTT: {fault:?}");
        let whole: Bytes = self.input.split_to(len).freeze();
        let mut at = 0;
        while let Ok(Some(packet)) = frame::first(&whole[at..], usize::MAX) {
            at += packet.len;
            match codec::decode(Version::V3, packet).expect("the gateway speaks MQTT") {
                Packet::Publish(publish) => {
                    self.gathered.push(Publish {
                        topic: String::from_utf8_lossy(publish.topic).into(),
                        payload: whole.slice_ref(publish.payload),
                        qos: Qos::AtLeastOnce,
                        retain: publish.retain,
                        duplicate: publish.duplicate,
                        is_will: false,
                    });
                    self.gathered_ids.push(publish.packet_id);
                }
                Packet::Disconnect(_) => self.ended = Some(Closed::Disconnected),
                other => panic!("the gateway sends nothing of the kind: {other:?}"),
            }
        }
    }

    /// The connection is no more.
    pub(crate) fn end(&mut self, how: Closed) {
        self.ended.get_or_insert(how);
    }

    /// Everything that can be done without waiting.
    pub(crate) fn step(&mut self) -> Stands {
        self.submit();
        if let Some(how) = self.ended {
            return self.close(how);
        }
        let mut out = BytesMut::new();
        while let Some(batch) = self.in_flight.front() {
            match batch.watch.outcome() {
                Outcome::Failed => {
                    self.end(Closed::NotDurable);
                    return Stands::Refused;
                }
                Outcome::Committed if batch.answered => {}
                Outcome::Committed | Outcome::Open => break,
            }
            for id in &batch.ids {
                write_puback(&mut out, Version::V3, *id, Reason::Success);
            }
            self.in_flight.pop_front();
        }
        Stands::Open(out.to_vec())
    }

    fn submit(&mut self) {
        loop {
            if let Some(submitting) = &mut self.submitting {
                if poll(submitting).is_none() {
                    return;
                }
                self.submitting = None;
                if let Some(batch) = self.in_flight.back_mut() {
                    batch.answered = true;
                }
            }
            if self.gathered.is_empty() {
                return;
            }
            let (receipt, watch) = Receipt::detached();
            let ids = std::mem::take(&mut self.gathered_ids);
            let messages = std::mem::take(&mut self.gathered);
            self.in_flight.push_back(Batch { ids, watch, answered: false });
            let (door, session) = (Arc::clone(&self.door), Arc::clone(&self.session));
            self.submitting = Some(Box::pin(async move { door.submit(&session, messages, receipt).await }));
        }
    }

    fn close(&mut self, how: Closed) -> Stands {
        if self.submitting.is_some() {
            return Stands::Open(Vec::new());
        }
        let closing = self.closing.get_or_insert_with(|| {
            let (door, session) = (Arc::clone(&self.door), Arc::clone(&self.session));
            Box::pin(async move { door.closed(&session, how).await })
        });
        if poll(closing).is_some() { Stands::Gone } else { Stands::Open(Vec::new()) }
    }
}
