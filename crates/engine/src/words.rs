//! What a transition says to people, in both languages.

use std::{fmt::Write as _, time::Duration};

use davy_model::{AlarmKey, DelayKind, LimitView, Text, TransitionKind, Unit};

use crate::{load::FLOOD_RULE, transitions::Story};

/// Title of the alarm of a clock that cannot be believed.
pub(crate) fn clock_title() -> Text {
    Text::both("Device clock", "设备时钟")
}

/// Title of the alarm of a part of Davy.
pub(crate) fn fault_title() -> Text {
    Text::both("Davy", "Davy")
}

/// `H2S AT-0412/h2s: 12.4 ppm ≥ 7.05 ppm (L1), for 10 s`
pub(crate) fn message(kind: TransitionKind, title: &Text, key: &AlarmKey, story: &Story) -> Text {
    let subject = &key.subject;
    let (en, zh) = what(kind, story);
    Text::both(format!("{} {subject}: {en}", title.en), format!("{} {subject}：{zh}", title.zh_or_en()))
}

fn what(kind: TransitionKind, story: &Story) -> (String, String) {
    let is_active =
        matches!(kind, TransitionKind::Raised | TransitionKind::TierRaised | TransitionKind::TierLowered);
    if let Some(text) = story.text.as_ref().filter(|_| is_active) {
        return (text.en.clone(), text.zh_or_en().to_owned());
    }
    let stale = story.limit.as_ref().is_some_and(|limit| limit.name.as_ref() == "stale");
    match kind {
        TransitionKind::Raised if stale => silence(story),
        TransitionKind::Raised | TransitionKind::TierRaised => passed(story),
        TransitionKind::TierLowered => level(story, "no longer past", "不再越过"),
        TransitionKind::Cleared => match &story.limit {
            Some(_) => level(story, "back from", "已恢复，限值"),
            // What a part of Davy says of itself.
            None if story.text.is_some() => ("it is over".into(), "已解除".into()),
            None => with_value(story, "readings again", "数据恢复"),
        },
        TransitionKind::Acknowledged => by(story, "acknowledged", "已确认"),
        TransitionKind::ReAlarmed => ("still active, sounds again".into(), "仍未恢复，再次报警".into()),
        TransitionKind::Sounded => ("it was quiet, and is active still".into(), "静默结束后仍在报警".into()),
        TransitionKind::Shelved => by(story, "shelved", "已搁置"),
        TransitionKind::Unshelved => by(story, "unshelved", "已取消搁置"),
        TransitionKind::ShelveExpired => ("shelving is over".into(), "搁置到期".into()),
        TransitionKind::Suppressed => ("suppressed by plant logic".into(), "按设计抑制".into()),
        TransitionKind::Unsuppressed => ("no longer suppressed".into(), "解除抑制".into()),
        TransitionKind::OutOfService => by(story, "taken out of service", "已停用"),
        TransitionKind::InService => by(story, "returned to service", "已恢复使用"),
        TransitionKind::Reset => by(story, "reset", "已复位"),
        TransitionKind::Withdrawn if story.ends_case => (
            "its rule is no longer active, its open case ends with it".into(),
            "规则已撤销，未销警的处置随之终止".into(),
        ),
        TransitionKind::Withdrawn => ("its rule is no longer active".into(), "规则已撤销".into()),
        TransitionKind::Verified => {
            let (en, zh) = verdict(story);
            by(story, &format!("verified as {en}"), &format!("核警{zh}"))
        }
        TransitionKind::Acted => by(story, "acted on", "已处置"),
        TransitionKind::FeedbackGiven => by(story, "feedback given", "已反馈"),
        TransitionKind::Closed => {
            let (en, zh) = verdict(story);
            by(story, &format!("closed as {en}"), &format!("销警（{zh}）"))
        }
        TransitionKind::Commented => by(story, "comment", "备注"),
        TransitionKind::Escalated => escalated(story),
    }
}

fn escalated(story: &Story) -> (String, String) {
    let delay = story.evidence.delay.as_ref();
    let waited = span(delay.map_or(0.0, |delay| delay.elapsed.as_secs_f64()));
    let (en, zh) = match delay.map(|delay| delay.kind) {
        Some(DelayKind::Feedback) => ("no feedback", "反馈"),
        _ => ("not acknowledged", "确认"),
    };
    let (who, who_zh) = match &story.desk {
        Some(desk) if story.asked_again => (format!("{desk} is asked again"), format!("再次催办 {desk}")),
        Some(desk) => (format!("{desk} is asked as well"), format!("已升级至 {desk}")),
        None => ("and nobody else is there to ask".to_owned(), "无上级席位可升级".to_owned()),
    };
    (format!("{en} for {waited}, {who}"), format!("{waited} 内未{zh}，{who_zh}"))
}

fn verdict(story: &Story) -> (&'static str, &'static str) {
    story.verdict.map_or(("unknown", "未知"), |verdict| (verdict.word(), verdict.word_zh()))
}

/// What a flood says of itself.
pub(crate) fn flood(alarms: usize, within: Duration) -> Text {
    let time = span(within.as_secs_f64());
    Text::both(format!("{alarms} alarms in {time}: a flood"), format!("{time} 内 {alarms} 条报警：报警泛滥"))
}

/// Title of the alarm of a desk that is flooded, or of an alarm that chatters.
pub(crate) fn load_title(rule: &str) -> Text {
    if rule == FLOOD_RULE {
        Text::both("Alarm flood", "报警泛滥")
    } else {
        Text::both("Chattering alarm", "抖动报警")
    }
}

/// What chattering says of itself.
pub(crate) fn chatter(raises: u32, within: Duration) -> Text {
    let time = span(within.as_secs_f64());
    Text::both(format!("raised {raises} times in {time}"), format!("{time} 内报警 {raises} 次"))
}

fn passed(story: &Story) -> (String, String) {
    let Some(limit) = &story.limit else { return with_value(story, "active", "报警") };
    let mut text = format!("{} {} ({})", value(story), against(limit, story.unit), limit.name);
    let mut zh = text.clone();
    if let Some(delay) = &story.evidence.delay {
        let _ = write!(text, ", for {}", span(delay.elapsed.as_secs_f64()));
        let _ = write!(zh, "，持续 {}", span(delay.elapsed.as_secs_f64()));
    }
    (text, zh)
}

fn level(story: &Story, en: &str, zh: &str) -> (String, String) {
    let Some(limit) = &story.limit else { return with_value(story, en, zh) };
    let shown = value(story);
    let name = &limit.name;
    (
        format!("{shown}, {en} {name} ({})", against(limit, story.unit)),
        format!("{shown}，{zh} {name}（{}）", against(limit, story.unit)),
    )
}

fn silence(story: &Story) -> (String, String) {
    let delay = story.evidence.delay.as_ref();
    let seconds = span(delay.map_or(0.0, |delay| delay.required.as_secs_f64()));
    let (mut en, mut zh) = match delay.map(|delay| delay.kind) {
        Some(DelayKind::LossGrace) => (
            format!("its edge node is lost, not back after {seconds}"),
            format!("网关离线，{seconds} 内未恢复"),
        ),
        _ => (format!("no usable reading for {seconds}"), format!("{seconds} 内无有效数据")),
    };
    for (nth, reading) in story.evidence.readings.iter().enumerate() {
        let (quality, after) = (reading.quality, nth > 0);
        let _ = match (reading.value, after) {
            (Some(value), true) => {
                let shown = number(value, story.unit);
                write!(en, ", then {shown} ({quality})")
                    .and_then(|()| write!(zh, "，其后 {shown}（{quality}）"))
            }
            (Some(value), false) => {
                let shown = number(value, story.unit);
                write!(en, ", last {shown} ({quality})")
                    .and_then(|()| write!(zh, "，末值 {shown}（{quality}）"))
            }
            (None, true) => {
                write!(en, ", then no value ({quality})").and_then(|()| write!(zh, "，其后无值（{quality}）"))
            }
            (None, false) => {
                write!(en, ", no value ({quality})").and_then(|()| write!(zh, "，无值（{quality}）"))
            }
        };
    }
    if let Some(near) = &story.near {
        let _ = write!(en, "; near its limit {near}").and_then(|()| write!(zh, "；接近限值 {near}"));
    }
    (en, zh)
}

fn with_value(story: &Story, en: &str, zh: &str) -> (String, String) {
    match story.value {
        Some(_) => (format!("{en}, {}", value(story)), format!("{zh}，{}", value(story))),
        None => (en.to_owned(), zh.to_owned()),
    }
}

fn by(story: &Story, en: &str, zh: &str) -> (String, String) {
    let Some(actor) = &story.actor else { return (en.to_owned(), zh.to_owned()) };
    let mut text = format!("{en} by {}", actor.name);
    let mut text_zh = format!("{zh}：{}", actor.name);
    if !actor.comment.is_empty() {
        let _ = write!(text, ": {}", actor.comment);
        let _ = write!(text_zh, "，{}", actor.comment);
    }
    (text, text_zh)
}

fn against(limit: &LimitView, unit: Option<Unit>) -> String {
    format!("{} {}", limit.comparator.symbol(), number(limit.set_point, unit))
}

fn value(story: &Story) -> String {
    story.value.map_or_else(|| "no value".to_owned(), |value| number(value, story.unit))
}

fn number(value: f64, unit: Option<Unit>) -> String {
    let shown = round(value);
    match unit {
        None | Some(Unit::One) => shown,
        Some(Unit::OnOff) => if value == 0.0 { "off" } else { "on" }.to_owned(),
        Some(unit) => format!("{shown} {unit}"),
    }
}

/// Six significant digits: more than any sensor has, and `0.1 + 0.2` reads as people expect.
fn round(value: f64) -> String {
    if value == 0.0 || !value.is_finite() {
        return value.to_string();
    }
    let shown: f64 = format!("{value:.5e}").parse().unwrap_or(value);
    shown.to_string()
}

fn span(seconds: f64) -> String {
    if seconds >= 120.0 && seconds % 60.0 == 0.0 {
        format!("{} min", seconds / 60.0)
    } else {
        format!("{} s", round(seconds))
    }
}
