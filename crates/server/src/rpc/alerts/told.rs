//! What a client's connection takes of its messages, noted as it does.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use davy_delivery::consumers::Listening;
use davy_proto::v1 as wire;
use tokio_stream::{Stream, wrappers::ReceiverStream};
use tonic::Status;
use wire::alert_service_subscribe_response::Event;

type Message = Result<wire::AlertServiceSubscribeResponse, Status>;

/// The messages of one client. The stream of a durable consumer ends when this is dropped.
pub(super) struct Told {
    pub(super) messages: ReceiverStream<Message>,
    pub(super) listening: Option<Listening>,
}

impl Stream for Told {
    type Item = Message;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Message>> {
        let next = ready!(Pin::new(&mut self.messages).poll_next(context));
        if let (Some(listening), Some(Ok(message))) = (&self.listening, &next)
            && let Some(Event::Alert(alert)) = &message.event
            // What is not on disk may have another number after a crash.
            && alert.durable
        {
            listening.sent(&alert.site, alert.sequence);
        }
        Poll::Ready(next)
    }
}
