//! What an answer says about what was told.

use std::time::Duration;

use jiff::fmt::rfc2822;

use super::Answer;
use crate::exits::Outcome;

/// What became of it. Only a whole 2xx is a delivery. What speaks of the receiver rather than of the one alert (it is not there,
/// lets nobody in, is too busy, redirects) is tried again: else all alerts of an hour would go to dead letters for a password
/// that has run out.
pub(in crate::exits) fn judged(answer: &Answer) -> Outcome {
    let status = answer.status;
    let said = || match answer.body.trim() {
        "" => format!("HTTP {status}"),
        body => format!("HTTP {status}: {body}"),
    };
    match status {
        200..=299 => Outcome::Delivered(format!("HTTP {status}")),
        300..=399 => {
            let to = header(answer, "location").map_or("somewhere".to_owned(), without_secrets);
            Outcome::again(format!(
                "HTTP {status}: it redirects to {to}; redirects are not followed: name the address itself"
            ))
        }
        410 => Outcome::Gone(said()),
        429 | 503 => Outcome::Again { why: said(), after: retry_after(answer) },
        401 | 403 | 404 | 405 | 407 | 408 | 421 | 425 | 426 => Outcome::again(said()),
        400..=499 => Outcome::Refused(said()),
        _ => Outcome::again(said()),
    }
}

fn header<'a>(answer: &'a Answer, name: &str) -> Option<&'a str> {
    answer.headers.get(name)?.to_str().ok()
}

/// An address without user, password and what follows a `?` or `#`: any of them may be a secret.
fn without_secrets(location: &str) -> String {
    let shown = location.split(['?', '#']).next().unwrap_or_default();
    let Some((scheme, rest)) = shown.split_once("//") else { return shown.to_owned() };
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let host = authority.rsplit('@').next().unwrap_or_default();
    format!("{scheme}//{host}{path}")
}

/// Seconds, or a date, which is measured by the receiver's own clock.
fn retry_after(answer: &Answer) -> Option<Duration> {
    let asked = header(answer, "retry-after")?.trim();
    if let Ok(seconds) = asked.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let at = |text: &str| rfc2822::parse(text).map(|zoned| zoned.timestamp()).ok();
    let span = at(asked)?.duration_since(at(header(answer, "date")?)?);
    Some(Duration::try_from(span).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use hyper::HeaderMap;

    use super::*;

    fn answer(status: u16, headers: &[(&'static str, &str)]) -> Answer {
        let headers: HeaderMap =
            headers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
        Answer { status, headers, body: "no such site".to_owned(), is_whole: true }
    }

    #[test]
    fn what_speaks_of_the_receiver_is_tried_again_and_what_speaks_of_the_alert_is_refused() {
        for status in 100..600 {
            let due = match status {
                200..=299 => "delivered",
                410 => "gone",
                400 | 402 | 406 | 409 | 411..=420 | 422..=424 | 427 | 428 | 430..=499 => "refused",
                _ => "again",
            };
            let is = match judged(&answer(status, &[])) {
                Outcome::Delivered(_) => "delivered",
                Outcome::Again { .. } => "again",
                Outcome::Refused(_) => "refused",
                Outcome::Gone(_) => "gone",
            };
            assert_eq!(is, due, "{status}");
        }
    }

    #[test]
    fn where_a_redirect_leads_is_told_without_what_is_secret() {
        for (location, due) in [
            ("https://other.example/hook?key=4711#part", "https://other.example/hook"),
            ("https://ann:4711@other.example:8443/hook", "https://other.example:8443/hook"),
            ("//ann@other.example", "//other.example"),
            ("/hook2#4711", "/hook2"),
        ] {
            let Outcome::Again { why, .. } = judged(&answer(302, &[("location", location)])) else {
                panic!("again")
            };
            assert!(why.contains(&format!("redirects to {due};")), "{location}: {why}");
        }
    }

    #[test]
    fn a_receiver_may_say_for_how_long_it_is_busy() {
        let date = ("date", "Sun, 29 Nov 2026 08:00:00 GMT");
        for (headers, due) in [
            (vec![("retry-after", "7")], Some(7)),
            (vec![("retry-after", "Sun, 29 Nov 2026 08:01:30 GMT"), date], Some(90)),
            (vec![("retry-after", "Sun, 29 Nov 2026 07:00:00 GMT"), date], Some(0)),
            (vec![("retry-after", "Sun, 29 Nov 2026 08:01:30 GMT")], None),
            (vec![("retry-after", "soon")], None),
            (vec![("retry-after", "-1")], None),
            (vec![], None),
        ] {
            let Outcome::Again { after, .. } = judged(&answer(429, &headers)) else { panic!("again") };
            assert_eq!(after.map(|after| after.as_secs()), due, "{headers:?}");
        }
    }
}
