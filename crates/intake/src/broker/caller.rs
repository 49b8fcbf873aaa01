//! An MQTT client that publishes as a gateway does: at QoS 1, one message at a time, each until its PUBACK.
//!
//! It takes nothing in. Whoever drops it without a [goodbye](Caller::goodbye) is lost, as a gateway would be.

use bytes::Bytes;
use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::{Disconnect, DisconnectReasonCode, Packet, PubAckReason, Publish};

use super::BrokerConfig;
use super::wire::{LinkError, Wire};

/// One connection of such a client, to the door or to a broker.
pub struct Caller {
    wire: Wire,
    last_id: u16,
}

impl Caller {
    /// Connects and says who it is. Waits for as long as it takes: the caller has a deadline.
    ///
    /// # Errors
    /// [`LinkError`] when it does not get in.
    pub async fn connect(config: &BrokerConfig) -> Result<Caller, LinkError> {
        let (wire, _) = Wire::open(config, None).await?;
        Ok(Caller { wire, last_id: 0 })
    }

    /// Publishes, and waits until the other side has acknowledged.
    ///
    /// # Errors
    /// [`LinkError`] when the connection breaks, or the message is acknowledged with a reason against it.
    pub async fn publish(&mut self, topic: &str, payload: impl Into<Bytes>) -> Result<(), LinkError> {
        self.last_id = self.last_id.checked_add(1).unwrap_or(1);
        let mut publish = Publish::new(topic, QoS::AtLeastOnce, payload.into(), None);
        publish.pkid = self.last_id;
        self.wire.put(&Packet::Publish(publish))?;
        self.wire.flush().await?;
        loop {
            match self.wire.next().await? {
                Packet::PubAck(ack) if ack.pkid == self.last_id => {
                    return match ack.reason {
                        PubAckReason::Success => Ok(()),
                        reason => Err(LinkError::NotTaken { topic: topic.to_owned(), reason }),
                    };
                }
                Packet::Disconnect(_) => return Err(LinkError::Closed),
                // It asked for nothing else, and what comes all the same is not for it.
                _ => {}
            }
        }
    }

    /// Says goodbye, so that its edge node is offline and not lost.
    ///
    /// # Errors
    /// [`LinkError`] when the connection is broken already.
    pub async fn goodbye(mut self) -> Result<(), LinkError> {
        self.wire.put(&Packet::Disconnect(Disconnect::new(DisconnectReasonCode::NormalDisconnection)))?;
        self.wire.flush().await
    }
}
