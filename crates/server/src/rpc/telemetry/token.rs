//! Where a query goes on: after which reading or bucket of which series, and of which question.

use davy_model::{Timestamp, Value};
use davy_proto::v1 as wire;
use tonic::Status;

use super::super::{question::question, status};

/// Where the next page begins.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Token {
    /// The series' number in the store.
    pub(super) series: i32,
    /// The last reading's time, or where the next bucket begins.
    pub(super) time: Timestamp,
    /// The last reading's value; none where none of the series was told, and for buckets.
    pub(super) value: Option<Value>,
}

impl Token {
    /// The text of it, good for the same question alone.
    pub(super) fn write(&self, request: &wire::TelemetryServiceQueryRequest) -> String {
        let Token { series, time, value } = self;
        let value = value.map_or_else(|| "-".to_owned(), |value| format!("{:x}", value.to_bits()));
        format!("{}.{series}.{}.{value}", asked(request), time.as_micros())
    }

    /// What a request has; nothing on the first page.
    pub(super) fn read(request: &wire::TelemetryServiceQueryRequest) -> Result<Option<Token>, Status> {
        let text = request.page_token.as_str();
        if text.is_empty() {
            return Ok(None);
        }
        let token = text.strip_prefix(&asked(request)).and_then(Token::parse);
        token.map(Some).ok_or_else(|| status::wrong_token(text))
    }

    fn parse(text: &str) -> Option<Token> {
        let mut parts = text.strip_prefix('.')?.split('.');
        let series = parts.next()?.parse().ok()?;
        let time = Timestamp::from_micros(parts.next()?.parse().ok()?);
        let value = match parts.next()? {
            "-" => None,
            bits => Some(Value::from_bits(u64::from_str_radix(bits, 16).ok()?)),
        };
        parts.next().is_none().then_some(Token { series, time, value })
    }
}

/// This question, without what makes out a page of it.
pub(super) fn asked(request: &wire::TelemetryServiceQueryRequest) -> String {
    question(&wire::TelemetryServiceQueryRequest {
        page_token: String::new(),
        page_size: 0,
        ..request.clone()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_good_for_its_own_question_alone() {
        let selector = wire::TagSelector { site: "park".to_owned(), ..Default::default() };
        let mut asked = wire::TelemetryServiceQueryRequest { selector: Some(selector), ..Default::default() };
        assert_eq!(Token::read(&asked).expect("no token"), None);
        for value in [None, Some(Value::of(-1.5))] {
            let token = Token { series: 7, time: Timestamp::from_micros(-5), value };
            asked.page_token = token.write(&asked);
            asked.page_size += 3;
            assert_eq!(Token::read(&asked).expect("its own"), Some(token));
        }
        let own = asked.page_token.clone();
        for wrong in ["x", ".", "1.2.3", &own[1..], &format!("{own}.1"), &own.replace('.', "")] {
            asked.page_token = wrong.to_owned();
            assert!(Token::read(&asked).is_err(), "{wrong}");
        }
        let other = wire::TelemetryServiceQueryRequest { page_token: own, ..Default::default() };
        assert!(Token::read(&other).is_err(), "of another question");
    }
}
