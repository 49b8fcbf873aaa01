//! What each packet does.

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncWrite};

use super::{End, Live};
use crate::codec::{
    self, DecodeError, Disconnect, Frame, Packet, Qos, Reason, Subscribe, Unsubscribe, Version, frame,
    write_pingresp, write_suback, write_unsuback,
};
use crate::handler::{Closed, Handler, Publish};
use crate::link::Outgoing;
use crate::topic::{self, FilterError};

impl<H, R, W> Live<'_, H, R, W>
where
    H: Handler,
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    /// Decodes what is buffered, as far as messages may be taken.
    pub(super) fn decode(&mut self) -> Result<(), End> {
        if !self.inbound.whole.is_empty() {
            let whole = std::mem::take(&mut self.inbound.whole);
            let taken = self.decode_whole(&whole)?;
            if self.draining.is_none() {
                self.inbound.whole = whole.slice(taken..);
            }
        }
        self.inbound.fault().map_or(Ok(()), |fault| Err(fault.into()))
    }

    fn decode_whole(&mut self, whole: &Bytes) -> Result<usize, End> {
        let (mut taken, mut received, mut received_len) = (0, 0, 0);
        let mut fault = Ok(());
        while self.draining.is_none() {
            let Ok(Some(frame)) = frame::first(&whole[taken..], usize::MAX) else { break };
            match self.has_room_for(&frame) {
                Ok(true) => {}
                Ok(false) => break,
                Err(error) => {
                    fault = Err(error.into());
                    break;
                }
            }
            taken += frame.len;
            fault = self.take_frame(whole, frame);
            if fault.is_err() {
                break;
            }
            if frame.kind() == frame::PUBLISH {
                received += 1;
                received_len += frame.len;
            }
        }
        self.hub.stats.received.add(received);
        self.hub.stats.received_len.add(received_len);
        fault.map(|()| taken)
    }

    /// Whether a packet may be taken now. MQTT 5 clients know how many messages are; of MQTT 3.1.1 clients the rest waits.
    fn has_room_for(&self, frame: &Frame<'_>) -> Result<bool, DecodeError> {
        if frame.kind() != frame::PUBLISH {
            return Ok(true);
        }
        let receive_max = usize::from(self.hub.config.receive_max);
        if frame.is_acknowledged_publish() && self.in_flight.count(&self.gathering) >= receive_max {
            return match self.version {
                Version::V3 => Ok(false),
                Version::V5 => Err(DecodeError::ReceiveMaxExceeded),
            };
        }
        Ok(self.in_flight.len(&self.gathering) < self.hub.config.in_flight_len_max)
    }

    fn take_frame(&mut self, whole: &Bytes, frame: Frame<'_>) -> Result<(), End> {
        match codec::decode(self.version, frame)? {
            Packet::Publish(packet) => self.take_publish(whole, packet)?,
            Packet::Puback(puback) => self.take_puback(puback),
            Packet::Subscribe(packet) => self.take_subscribe(packet),
            Packet::Unsubscribe(packet) => self.take_unsubscribe(packet),
            Packet::Pingreq => write_pingresp(&mut self.out),
            Packet::Disconnect(packet) => self.take_disconnect(packet)?,
        }
        Ok(())
    }

    fn take_publish(&mut self, whole: &Bytes, packet: codec::Publish<'_>) -> Result<(), DecodeError> {
        let topic = self.topics.resolve(packet.topic, packet.alias)?;
        let payload = whole.slice_ref(packet.payload);
        let packet_id = (packet.qos == Qos::AtLeastOnce).then_some(packet.packet_id);
        if !self.hub.handler.may_publish(self.session, &topic) {
            self.hub.stats.refused.one();
            self.hub.handler.refused(self.session, &topic, &payload);
            if let Some(packet_id) = packet_id {
                self.gathering.push_refused(packet_id);
            }
            return Ok(());
        }
        let message = Publish {
            topic,
            payload,
            qos: packet.qos,
            retain: packet.retain,
            duplicate: packet.duplicate,
            is_will: false,
        };
        self.gathering.push(message, packet_id);
        Ok(())
    }

    fn take_subscribe(&mut self, packet: Subscribe<'_>) {
        let mut reasons = Vec::new();
        for request in packet.filters() {
            let reason = self.judge_filter(request.filter, request.qos);
            if matches!(reason, Reason::Success | Reason::GrantedQos1) {
                self.subscriptions.add(request.filter, request.qos);
                // Queued now, written behind the SUBACK.
                for (topic, payload) in self.hub.handler.standing(self.session, request.filter) {
                    self.hub.publisher.tell(self.link, Outgoing { topic, payload, qos: request.qos });
                }
            }
            reasons.push(reason);
        }
        write_suback(&mut self.out, self.version, packet.packet_id, &reasons);
    }

    fn judge_filter(&self, filter: &str, qos: Qos) -> Reason {
        match topic::check_filter(filter) {
            Err(FilterError::Shared) => return Reason::SharedSubscriptionsNotSupported,
            Err(FilterError::Text | FilterError::Wildcard) => return Reason::TopicFilterInvalid,
            Ok(()) if filter.len() > self.hub.config.topic_len_max => return Reason::TopicFilterInvalid,
            Ok(()) => {}
        }
        let full = self.subscriptions.len() >= self.hub.config.subscriptions_max;
        if full && !self.subscriptions.contains(filter) {
            return Reason::QuotaExceeded;
        }
        if !self.hub.handler.may_subscribe(self.session, filter) {
            self.hub.stats.subscriptions_refused.one();
            return Reason::NotAuthorized;
        }
        match qos {
            Qos::AtMostOnce => Reason::Success,
            Qos::AtLeastOnce => Reason::GrantedQos1,
        }
    }

    fn take_unsubscribe(&mut self, packet: Unsubscribe<'_>) {
        let mut reasons = Vec::new();
        for filter in packet.filters() {
            let known = self.subscriptions.remove(filter);
            reasons.push(if known { Reason::Success } else { Reason::NoSubscriptionExisted });
        }
        write_unsuback(&mut self.out, self.version, packet.packet_id, &reasons);
    }

    fn take_disconnect(&mut self, packet: Disconnect) -> Result<(), DecodeError> {
        if self.session_expiry_s == 0 && packet.session_expiry_s.is_some_and(|expiry_s| expiry_s > 0) {
            return Err(DecodeError::Protocol("session expiry raised from 0"));
        }
        let how = if packet.reason == 0 { Closed::Disconnected } else { Closed::DisconnectedWithWill };
        let until = self.clocks.now + self.hub.config.linger_timeout;
        self.drain(End::silent(how), until);
        Ok(())
    }
}
