//! A trip level as it was when it spoke.

use davy_model::LimitView;

use crate::{WireError, v1};

impl From<&LimitView> for v1::Limit {
    fn from(limit: &LimitView) -> v1::Limit {
        v1::Limit {
            name: limit.name.to_string(),
            comparator: v1::Comparator::from(limit.comparator).into(),
            set_point: limit.set_point,
            clear_point: limit.clear_point,
            clear_inclusive: limit.clear_inclusive,
            written: limit.written.to_string(),
        }
    }
}

impl TryFrom<&v1::Limit> for LimitView {
    type Error = WireError;

    fn try_from(limit: &v1::Limit) -> Result<LimitView, WireError> {
        Ok(LimitView {
            name: limit.name.as_str().into(),
            comparator: limit.comparator().try_into()?,
            set_point: limit.set_point,
            clear_point: limit.clear_point,
            clear_inclusive: limit.clear_inclusive,
            written: limit.written.as_str().into(),
        })
    }
}
