//! What of a list its caller wants to see: which entries (AIP-160), in which order (AIP-132), and which fields of each
//! (AIP-157). One lens for every list: the contract itself says which fields there are, and of what kind.

mod filter;
mod key;
mod mask;
mod order;
mod path;
mod rank;

use prost::Message;
use prost_reflect::{DynamicMessage, MessageDescriptor};
use prost_types::FieldMask;
use tonic::{Code, Status};

pub(super) use self::rank::{Rank, Step};
use self::{filter::Filter, mask::Mask, order::Order};
use super::status;
use crate::contract::CONTRACT;

/// What of a list its caller wants to see.
pub(super) struct Lens {
    kind: MessageDescriptor,
    filter: Option<Filter>,
    order: Option<Order>,
    mask: Option<Mask>,
}

impl Lens {
    /// The lens that a request asks for, on messages of `kind` (`davy.v1.Alarm`).
    ///
    /// # Errors
    /// `REQUEST_INVALID`, naming the field of the request and what is wrong in it.
    pub(super) fn of(
        kind: &str,
        filter: &str,
        order_by: &str,
        read_mask: Option<&FieldMask>,
    ) -> Result<Lens, Status> {
        let wrong = |field: &'static str| move |what: String| status::invalid_field(field, what);
        let kind = CONTRACT
            .get_message_by_name(kind)
            .ok_or_else(|| status::status(Code::Internal, "INTERNAL", format!("no message {kind}")))?;
        let filter = Filter::parse(&kind, filter).map_err(wrong("filter"))?;
        let order = Order::parse(&kind, order_by).map_err(wrong("order_by"))?;
        let mask = read_mask.map(|mask| Mask::of(&kind, &mask.paths)).transpose();
        Ok(Lens { filter, order, mask: mask.map_err(wrong("read_mask"))?.flatten(), kind })
    }

    /// The entries that meet the filter, by what is asked for first and then by the list's `own` order, in which no two entries
    /// have the same place.
    pub(super) fn chosen<M: Message>(&self, all: Vec<M>, own: impl Fn(&M) -> Vec<Step>) -> Vec<(Rank, M)> {
        let placed = all.into_iter().filter_map(|one| Some((self.rank(&one, own(&one))?, one)));
        let mut placed: Vec<_> = placed.collect();
        placed.sort_by(|(one, _), (other, _)| one.compare(other));
        placed
    }

    /// What an entry is placed by; `None` when it does not meet the filter.
    fn rank(&self, one: &impl Message, own: Vec<Step>) -> Option<Rank> {
        if self.filter.is_none() && self.order.is_none() {
            return Some(Rank::of(own));
        }
        let seen = self.seen(one);
        let asked = self.order.iter().flat_map(|order| order.steps(&seen));
        let is_met = self.filter.as_ref().is_none_or(|filter| filter.meets(&seen));
        is_met.then(|| Rank::of(asked.chain(own)))
    }

    /// The entry with the fields that are asked for.
    pub(super) fn shown<M: Message + Default>(&self, one: M) -> M {
        let Some(mask) = &self.mask else { return one };
        let mut seen = self.seen(&one);
        mask.apply(&mut seen);
        // What was a message of this kind is one without some of its fields, too.
        M::decode(seen.encode_to_vec().as_slice()).unwrap_or(one)
    }

    fn seen(&self, one: &impl Message) -> DynamicMessage {
        let bytes = one.encode_to_vec();
        DynamicMessage::decode(self.kind.clone(), bytes.as_slice())
            .unwrap_or_else(|_| DynamicMessage::new(self.kind.clone()))
    }
}

#[cfg(test)]
mod tests;
