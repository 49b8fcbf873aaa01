//! gRPC, and HTTP/2 under it, that should not be spoken.

mod call_case;
mod calls;
mod fields;
mod floods;
mod frame_case;
mod frames;
mod framing;
mod messages;
mod prefaces;
mod requests;
mod settings;
mod silence;
mod tables;
mod tls;
mod values;

use self::{call_case::CallCase, frame_case::FrameCase};
use super::House;

pub use self::floods::FLOODS;

/// A row: what is sent, and what must come of it.
#[derive(Clone, Debug)]
pub struct Case(Row);

#[derive(Clone, Debug)]
enum Row {
    Frames(FrameCase),
    Call(CallCase),
}

impl Case {
    /// `grpc/…`
    pub fn name(&self) -> &str {
        match &self.0 {
            Row::Frames(row) => &row.name,
            Row::Call(row) => &row.name,
        }
    }

    /// Sends it, and says what came where it was something else than what must.
    ///
    /// # Errors
    /// The row, with both.
    pub async fn try_on(&self, house: &House) -> Result<(), String> {
        match &self.0 {
            Row::Frames(row) => row.try_on(house).await,
            Row::Call(row) => row.try_on(house).await,
        }
    }
}

/// Every field of every request, with what does not belong there: as many as the contract has.
pub fn values() -> Vec<Case> {
    values::cases().into_iter().map(|row| Case(Row::Call(row))).collect()
}

/// Every other row, in the order they are tried.
pub fn cases() -> Vec<Case> {
    let frames = [
        prefaces::cases(),
        framing::cases(),
        settings::cases(),
        tables::cases(),
        requests::cases(),
        tls::cases(),
    ];
    let calls = [calls::cases(), messages::cases()];
    let frames = frames.into_iter().flatten().map(Row::Frames);
    frames.chain(calls.into_iter().flatten().map(Row::Call)).map(Case).collect()
}
