//! How soon a certificate ends, how grave that is, and in which words it is told.

use davy_model::{Text, Tier, Timestamp};

/// With less than this left it is told, days: time for whoever renews it once a month.
const SOON_DAYS: i64 = 30;
/// With less than this left it is graver, days.
const SHORT_DAYS: i64 = 3;

/// How soon one ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// Not soon.
    Far,
    /// In so many days.
    Soon {
        /// Whole days left.
        days: i64,
    },
    /// It has.
    Over,
}

/// How soon what ends then ends.
pub(crate) fn ending(ends: Option<Timestamp>, now: Timestamp) -> Ending {
    const DAY_US: i64 = 86_400_000_000;
    let Some(left_us) = ends.map(|ends| ends.micros_since(now)) else { return Ending::Far };
    match left_us / DAY_US {
        _ if left_us <= 0 => Ending::Over,
        days if days < SOON_DAYS => Ending::Soon { days },
        _ => Ending::Far,
    }
}

/// How grave it is, and what is told.
pub(crate) fn told_ending(place: &str, ending: Ending) -> (Tier, Text) {
    match ending {
        Ending::Far => (
            Tier::Yellow,
            Text::both(
                format!("the certificate of {place} holds for more than {SOON_DAYS} days"),
                format!("{place} 的证书有效期超过 {SOON_DAYS} 天"),
            ),
        ),
        Ending::Soon { days } => (
            if days < SHORT_DAYS { Tier::Orange } else { Tier::Yellow },
            Text::both(
                format!(
                    "the certificate of {place} ends in {days} days, and nobody comes in by TLS then: put a new one into its file; no restart is needed"
                ),
                format!(
                    "{place} 的证书将在 {days} 天后到期，届时无法通过 TLS 连接：请更换证书文件，无需重启"
                ),
            ),
        ),
        Ending::Over => (
            Tier::Red,
            Text::both(
                format!(
                    "the certificate of {place} has ended, and nobody comes in by TLS: put a new one into its file; no restart is needed"
                ),
                format!("{place} 的证书已到期，无法通过 TLS 连接：请更换证书文件，无需重启"),
            ),
        ),
    }
}

/// What is told of files that are no good.
pub(crate) fn told_trouble(place: &str, why: &str) -> Text {
    Text::both(
        format!(
            "the new certificate of {place} is no good ({why}): the one before is served on; look at its files"
        ),
        format!("{place} 的新证书不可用（{why}），仍使用原证书；请检查证书文件"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_is_told_of_thirty_days_before_it_ends_and_gets_graver() {
        let now = Timestamp::from_millis(1_000_000_000_000);
        for (left_s, due, tier) in [
            (365 * 86_400, Ending::Far, Tier::Yellow),
            (30 * 86_400, Ending::Far, Tier::Yellow),
            (30 * 86_400 - 1, Ending::Soon { days: 29 }, Tier::Yellow),
            (3 * 86_400, Ending::Soon { days: 3 }, Tier::Yellow),
            (3 * 86_400 - 1, Ending::Soon { days: 2 }, Tier::Orange),
            (1, Ending::Soon { days: 0 }, Tier::Orange),
            (0, Ending::Over, Tier::Red),
            (-1, Ending::Over, Tier::Red),
        ] {
            let ends = now.offset_micros(left_s * 1_000_000);
            assert_eq!(ending(Some(ends), now), due, "{left_s}");
            assert_eq!(told_ending("http", due).0, tier, "{left_s}");
        }
        assert_eq!(ending(None, now), Ending::Far);
    }
}
