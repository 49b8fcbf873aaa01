//! One alert as one line for people.

use davy_proto::v1;

use crate::{
    figures,
    looks::{self, Colour},
};

/// Above the lines.
pub(crate) fn heading() -> String {
    columns(["TIME (UTC)", "TIER", "SITE", "SUBJECT", "VALUE (LIMIT)", "CHANGE", "STATE"], "MESSAGE")
}

/// A transition.
pub(crate) fn alert(alert: &v1::Alert, colour: Colour) -> String {
    let change = figures::change(alert.transition());
    let tier = looks::painted_chip(figures::tier(alert.tier()), colour);
    let value = figures::against(alert.value, alert.limit.as_ref(), &alert.unit);
    let mut message = figures::english(alert.message.as_ref()).to_owned();
    if alert.late {
        message.push_str(" [late]");
    }
    if !alert.durable {
        message.push_str(" [not durable]");
    }
    let time = figures::clock(alert.recorded_time.as_ref());
    columns(
        [&time, &tier, &alert.site, &alert.subject, &value, &change, figures::state(alert.state())],
        &message,
    )
}

/// A standing alarm, as a snapshot brings it.
pub(crate) fn standing(alarm: &v1::Alarm, colour: Colour) -> String {
    let tier = looks::painted_chip(figures::tier(alarm.tier()), colour);
    let value = figures::against(alarm.value, alarm.limit.as_ref(), &alarm.unit);
    let time = figures::clock(alarm.last_transition_time.as_ref());
    let state = figures::state(alarm.state());
    let message = figures::english(alarm.message.as_ref());
    columns([&time, &tier, &alarm.site, &alarm.subject, &value, "stands", state], message)
}

fn columns(fields: [&str; 7], message: &str) -> String {
    let [time, tier, site, subject, value, change, state] = fields;
    // A painted chip brings its own nine columns, and bytes that take no room.
    format!("{time:<12} {tier:<9} {site:<6} {subject:<20} {value:<27} {change:<13} {state:<24} {message}")
        .trim_end()
        .to_owned()
}

/// The line cut to the width of a terminal, escape codes left whole.
pub(crate) fn cut(line: &str, width: usize) -> String {
    let mut shown = 0;
    let mut escape = false;
    let mut text = String::with_capacity(line.len());
    for c in line.chars() {
        match (escape, c) {
            (false, '\u{1b}') => escape = true,
            (true, c) => escape = !c.is_ascii_alphabetic(),
            (false, _) => shown += 1,
        }
        if shown > width {
            break;
        }
        text.push(c);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> v1::Alert {
        v1::Alert {
            site: "park".to_owned(),
            subject: "AT-0412/h2s".to_owned(),
            tier: v1::Tier::Red.into(),
            state: v1::AlarmState::ActiveUnacknowledged.into(),
            transition: v1::TransitionKind::TierRaised.into(),
            value: Some(15.2),
            unit: "ppm".to_owned(),
            limit: Some(v1::Limit {
                name: "L2".to_owned(),
                comparator: v1::Comparator::AtOrAbove.into(),
                set_point: 14.1,
                ..v1::Limit::default()
            }),
            recorded_time: Some(prost_types::Timestamp { seconds: 1_795_420_800, nanos: 0 }),
            message: Some(v1::LocalizedText { en: "H2S 15.2 ppm ≥ 14.1".to_owned(), zh: String::new() }),
            durable: true,
            ..v1::Alert::default()
        }
    }

    #[test]
    fn a_line_stands_under_its_heading() {
        let line = alert(&sample(), Colour::Off);
        assert_eq!(
            line,
            "08:00:00.000 ■ red     park   AT-0412/h2s          15.2 ppm (L2 ≥ 14.1)        tier raised   \
             active, unacknowledged   H2S 15.2 ppm ≥ 14.1"
        );
        let heading = heading();
        for (word, field) in
            [("TIER", "■"), ("SITE", "park"), ("SUBJECT", "AT-"), ("STATE", "active"), ("MESSAGE", "H2S 15")]
        {
            let column = |text: &str, part: &str| text[..text.find(part).expect(part)].chars().count();
            assert_eq!(column(&heading, word), column(&line, field), "{word}");
        }
    }

    #[test]
    fn what_is_late_or_not_durable_says_so() {
        let line = alert(&v1::Alert { late: true, durable: false, ..sample() }, Colour::Off);
        assert!(line.ends_with("[late] [not durable]"), "{line}");
    }

    #[test]
    fn a_painted_line_is_cut_by_what_is_seen_of_it() {
        assert_eq!(cut("\u{1b}[38;5;26m● blue\u{1b}[0m and more", 6), "\u{1b}[38;5;26m● blue\u{1b}[0m");
        assert_eq!(cut("short", 80), "short");
    }
}
