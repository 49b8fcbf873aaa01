//! One draft as XML: CAP 1.2 (OASIS, 1 July 2010), chapter 3, elements in the order of its schema.

use davy_model::{Tier, Timestamp, TransitionKind};
use davy_proto::{time_from_wire, v1};

use super::CapConfig;

/// What a draft says of those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// The alarm is there, or is another than it was.
    Warns,
    /// It is over.
    Cancels,
}

/// A draft of the same occurrence that was written before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Earlier {
    sender: String,
    identifier: String,
    sent: String,
}

pub(super) struct Draft<'a> {
    pub(super) config: &'a CapConfig,
    pub(super) alert: &'a v1::Alert,
    pub(super) kind: Kind,
    pub(super) earlier: &'a [Earlier],
}

/// What a transition changes for the public; nothing, when that is for operators alone.
pub(super) fn kind(alert: &v1::Alert) -> Option<Kind> {
    match TransitionKind::try_from(alert.transition()).ok()? {
        TransitionKind::Raised | TransitionKind::TierRaised | TransitionKind::TierLowered => {
            Some(Kind::Warns)
        }
        TransitionKind::Cleared | TransitionKind::Withdrawn => Some(Kind::Cancels),
        TransitionKind::Acknowledged
        | TransitionKind::ReAlarmed
        | TransitionKind::Sounded
        | TransitionKind::Shelved
        | TransitionKind::Unshelved
        | TransitionKind::ShelveExpired
        | TransitionKind::Suppressed
        | TransitionKind::Unsuppressed
        | TransitionKind::OutOfService
        | TransitionKind::InService
        | TransitionKind::Reset
        | TransitionKind::Escalated
        | TransitionKind::Verified
        | TransitionKind::Acted
        | TransitionKind::FeedbackGiven
        | TransitionKind::Closed
        | TransitionKind::Commented => None,
    }
}

impl Earlier {
    /// What is referred to in a draft of ours.
    pub(super) fn read(text: &str) -> Option<Earlier> {
        let of = |name: &str| {
            let (_, rest) = text.split_once(&format!("<{name}>"))?;
            rest.split_once(&format!("</{name}>")).map(|(value, _)| value.to_owned())
        };
        Some(Earlier { sender: of("sender")?, identifier: of("identifier")?, sent: of("sent")? })
    }
}

impl Draft<'_> {
    /// The file; nothing, when there is nothing that it could cancel.
    pub(super) fn text(&self) -> Option<String> {
        let message = match (self.kind, self.earlier) {
            (Kind::Cancels, []) => return None,
            (Kind::Cancels, [..]) => "Cancel",
            (Kind::Warns, []) => "Alert",
            (Kind::Warns, [..]) => "Update",
        };
        let mut xml = Xml::default();
        xml.line("<?xml version=\"1.0\" encoding=\"UTF-8\"?>");
        xml.line("<alert xmlns=\"urn:oasis:names:tc:emergency:cap:1.2\">");
        xml.put("identifier", &self.identifier());
        xml.put("sender", &self.config.sender);
        xml.put("sent", &self.time(self.recorded()));
        xml.put("status", if self.config.exercise { "Exercise" } else { "Draft" });
        xml.put("msgType", message);
        xml.put("source", &format!("Davy {}", self.alert.site));
        xml.put("scope", "Restricted");
        xml.put(
            "restriction",
            "For whoever is entitled to release a warning. Not released. 仅供有权发布者使用，未发布。",
        );
        if self.config.gb_code.is_some() {
            xml.put("code", "GB/T 35965.1-2018");
        }
        xml.put("note", "An alarm of a detector, no public warning: to be validated with the receiving authority. 仪表报警，非公众预警；格式须与接收方核对。");
        if !self.earlier.is_empty() {
            let references = self.earlier.iter().map(Earlier::reference).collect::<Vec<_>>().join(" ");
            xml.raw("references", &references);
        }
        xml.put("incidents", &self.alert.incident.replace(char::is_whitespace, "_"));
        self.info(&mut xml, "zh-CN");
        self.info(&mut xml, "en-US");
        xml.line("</alert>");
        Some(xml.0)
    }

    fn info(&self, xml: &mut Xml, language: &str) {
        let is_chinese = language == "zh-CN";
        let words = |text: Option<&v1::LocalizedText>| {
            let text = text.cloned().unwrap_or_default();
            if is_chinese && !text.zh.is_empty() { text.zh } else { text.en }
        };
        let tier = Tier::try_from(self.alert.tier()).unwrap_or(Tier::Red);
        let (title, message) = (words(self.alert.title.as_ref()), words(self.alert.message.as_ref()));
        let (headline, area) = match is_chinese {
            true => (format!("{}色：{title}（{}）", tier.word_zh(), self.alert.subject), &self.config.area.1),
            false => (format!("{tier}: {title} ({})", self.alert.subject), &self.config.area.0),
        };
        xml.line("  <info>");
        xml.put("language", language);
        xml.put("category", &self.config.category);
        xml.put("event", if title.is_empty() { &self.alert.rule } else { &title });
        if self.kind == Kind::Cancels {
            xml.put("responseType", "AllClear");
        }
        xml.put("urgency", if self.kind == Kind::Cancels { "Past" } else { urgency(tier) });
        xml.put("severity", severity(tier));
        xml.put("certainty", "Observed");
        xml.put("effective", &self.time(self.recorded()));
        let onset = self.alert.first_out_time.as_ref().or(self.alert.source_time.as_ref());
        if let Some(onset) = onset.and_then(|time| time_from_wire(time).ok()) {
            xml.put("onset", &self.time(onset));
        }
        xml.put("senderName", &self.config.sender_name);
        xml.put("headline", &headline);
        xml.put("description", &message);
        for (name, value) in [("davy_id", &self.alert.id), ("davy_alarm", &self.alert.alarm)] {
            xml.line("    <parameter>");
            xml.put("valueName", name);
            xml.put("value", value);
            xml.line("    </parameter>");
        }
        // An area has a description, or is none (3.2.4).
        if !area.is_empty() {
            xml.line("    <area>");
            xml.put("areaDesc", area);
            if let Some(polygon) = &self.config.polygon {
                xml.put("polygon", polygon);
            }
            xml.line("    </area>");
        }
        xml.line("  </info>");
    }

    /// The transition's id; or, with a code of GB/T 35965.1, that code, the time in Beijing and the transition's number.
    fn identifier(&self) -> String {
        match &self.config.gb_code {
            None => identifier(&self.alert.id),
            Some(code) => {
                let digits: String =
                    local(self.recorded(), BEIJING_S).chars().filter(char::is_ascii_digit).take(14).collect();
                format!("{code}_{digits}_{}", self.alert.sequence)
            }
        }
    }

    fn recorded(&self) -> Timestamp {
        let recorded = self.alert.recorded_time.as_ref();
        recorded.and_then(|time| time_from_wire(time).ok()).unwrap_or(Timestamp::MIN)
    }

    /// As CAP wants times: to the second, with an offset in figures.
    fn time(&self, at: Timestamp) -> String {
        let offset_s = if self.config.gb_code.is_some() { BEIJING_S } else { self.config.utc_offset_s };
        let (sign, minutes) = (if offset_s < 0 { '-' } else { '+' }, offset_s.unsigned_abs() / 60);
        // CAP writes Greenwich itself with a minus.
        let sign = if minutes == 0 { '-' } else { sign };
        format!("{}{sign}{:02}:{:02}", local(at, offset_s), minutes / 60, minutes % 60)
    }
}

const BEIJING_S: i32 = 8 * 3600;

/// To the second, without an offset.
fn local(at: Timestamp, offset_s: i32) -> String {
    let shifted = at.offset_micros(i64::from(offset_s) * 1_000_000).to_string();
    shifted.chars().take("2026-11-29T08:00:00".len()).collect()
}

impl Earlier {
    fn reference(&self) -> String {
        format!("{},{},{}", self.sender, self.identifier, self.sent)
    }
}

/// CAP forbids blanks, commas, `<` and `&` in it.
fn identifier(id: &str) -> String {
    let wrong = |character: char| character.is_whitespace() || matches!(character, ',' | '<' | '&');
    id.replace(wrong, "_")
}

fn severity(tier: Tier) -> &'static str {
    match tier {
        Tier::Red => "Extreme",
        Tier::Orange => "Severe",
        Tier::Yellow => "Moderate",
        Tier::Blue => "Minor",
    }
}

fn urgency(tier: Tier) -> &'static str {
    match tier {
        Tier::Red | Tier::Orange => "Immediate",
        Tier::Yellow => "Expected",
        Tier::Blue => "Future",
    }
}

#[derive(Default)]
struct Xml(String);

impl Xml {
    fn line(&mut self, line: &str) {
        self.0.push_str(line);
        self.0.push('\n');
    }

    /// An element with text; none at all when that is empty.
    fn put(&mut self, name: &str, text: &str) {
        let mut escaped = String::with_capacity(text.len());
        for character in text.chars() {
            match character {
                '<' => escaped.push_str("&lt;"),
                '>' => escaped.push_str("&gt;"),
                '&' => escaped.push_str("&amp;"),
                // No character of XML 1.0.
                control if control.is_control() => escaped.push(' '),
                '\u{fffe}' | '\u{ffff}' => escaped.push(' '),
                other => escaped.push(other),
            }
        }
        self.raw(name, &escaped);
    }

    fn raw(&mut self, name: &str, escaped: &str) {
        if !escaped.is_empty() {
            self.line(&format!("    <{name}>{escaped}</{name}>"));
        }
    }
}
