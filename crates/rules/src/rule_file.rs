//! `rules/*.yaml` → rules whose figures and tags are still as written.

use std::{sync::Arc, time::Duration};

use davy_model::{Text, Tier, micros};

use crate::{
    Basis, Code, NearLimit, Response, RuleKind,
    basis::{self, Origin},
    duration,
    fields::{Fields, Item},
    figure::Figure,
    kinds::{self, KindDraft},
    level::{self, Formulas, LevelDraft},
    pack_file::{self, Head},
    pack_use::Lists,
    report::{Place, Report},
    selector::{self, Selector, Targets},
    site_file::{Ids, unknown},
    tunes::{self, Tunes},
    yaml::Node,
};

/// The keys of a rule beside that of its kind.
pub(crate) const KEYS: [&str; 7] =
    ["id", "title", "applies_to", "alarm", "basis", "response", "suppressed_while"];
/// The key of a file of rules.
pub(crate) const FILE: [&str; 1] = ["rules"];
/// The keys of `stale`.
pub(crate) const STALE: [&str; 5] = ["after", "tier", "latch", "re_alarm", "near_limit"];
/// The keys of `near_limit`.
pub(crate) const NEAR_LIMIT: [&str; 2] = ["within", "tier"];
/// The keys of `response`.
pub(crate) const RESPONSE: [&str; 4] = ["cause", "consequence", "action", "time_to_respond"];
/// The keys of `suppressed_while`.
pub(crate) const SUPPRESSED: [&str; 2] = ["tag", "at_or_above"];
/// Those that only a site's own rules have.
pub(crate) const OF_SITE: [&str; 1] = ["tunes"];
/// The one kind that tunes another; beside it, `deviation` is a name to answer for it, and no kind.
const TUNING: &[&str] = &["limit"];
const A_MILLISECOND: Duration = Duration::from_millis(1);
/// So near to a limit silence is graver, as a share of the set point: an engineering default.
const WITHIN: f64 = 0.1;
/// Intervals of silence at most.
const INTERVALS_MAX: u32 = 100_000;

/// A rule before its tags are known.
pub(crate) struct RuleDraft {
    /// Its id.
    pub(crate) id: Arc<str>,
    /// Where it stands.
    pub(crate) place: Place,
    /// What people call it.
    pub(crate) title: Text,
    /// Which tags it covers.
    pub(crate) applies_to: Selector,
    /// What it says of them.
    pub(crate) kind: DraftKind,
    /// Whether it makes alarms, or only a condition that other rules look at.
    pub(crate) is_alarm: bool,
    /// What to do when it speaks.
    pub(crate) response: Response,
    /// Where it says what to do; where the rule stands, when it does not.
    pub(crate) action_place: Place,
    /// Where its figures come from.
    pub(crate) basis: Option<Basis>,
    /// The tag that quiets it, and from which value on.
    pub(crate) suppressed_while: Option<(String, Figure)>,
    /// The pack that it is a rule of.
    pub(crate) pack: Option<Arc<str>>,
    /// The pack's rule that it stands for on the tags that it covers.
    pub(crate) tunes: Option<Tunes>,
}

/// Whose rules are read.
#[derive(Clone, Copy)]
pub(crate) enum Home<'a> {
    /// The site's own.
    Site,
    /// Those of a pack, with the site's lists of tags for it.
    Pack(&'a Head, &'a Lists),
}

/// What a rule says.
pub(crate) enum DraftKind {
    /// Trip levels, the least grave first.
    Limit(Vec<LevelDraft>),
    /// Silence.
    Stale(StaleDraft),
    /// Something calculated.
    Calculated(RuleKind, Box<dyn KindDraft>),
}

/// What a rule says of silence.
pub(crate) struct StaleDraft {
    /// How grave.
    pub(crate) tier: Tier,
    /// How long.
    pub(crate) after: After,
    /// Held after readings come again.
    pub(crate) latch: bool,
    /// Still silent after this, it sounds again.
    pub(crate) re_alarm_us: Option<i64>,
    /// When it is graver.
    pub(crate) near_limit: Option<NearLimit>,
}

/// How long a tag may be silent.
pub(crate) enum After {
    /// The tag's own silence limit.
    SilenceLimit,
    /// So many of the tag's intervals, and how that is written.
    Intervals(u32, Arc<str>),
    /// So long, and how that is written.
    Span(Duration, Arc<str>),
}

impl DraftKind {
    /// Which kind it is.
    pub(crate) fn kind(&self) -> RuleKind {
        match self {
            DraftKind::Limit(_) => RuleKind::Limit,
            DraftKind::Stale(_) => RuleKind::Stale,
            DraftKind::Calculated(kind, _) => *kind,
        }
    }

    /// The gravest tier it can reach.
    pub(crate) fn tier_max(&self) -> Tier {
        match self {
            DraftKind::Limit(levels) => kinds::tier_max(levels),
            DraftKind::Stale(stale) => stale.near_limit.map_or(stale.tier, |near| near.tier),
            DraftKind::Calculated(_, draft) => kinds::tier_max(draft.levels()),
        }
    }
}

/// Reads one file of rules. `ids` are those of the files before, and take up those of this one.
pub(crate) fn read(root: &Node, ids: &mut Ids, targets: &Targets, report: &mut Report) -> Vec<RuleDraft> {
    let Some(fields) = Fields::open(root, "rules", &FILE, report) else { return Vec::new() };
    let Some(item) = fields.need("rules", report) else { return Vec::new() };
    let nodes = item.list(report).unwrap_or_default();
    let own = |(place, node)| rule(node, (place + 1, Home::Site), ids, targets, report);
    nodes.iter().enumerate().filter_map(own).collect()
}

/// Reads one rule, the so many-th of its file.
pub(crate) fn rule(
    node: &Node,
    (number, home): (usize, Home<'_>),
    ids: &mut Ids,
    targets: &Targets,
    report: &mut Report,
) -> Option<RuleDraft> {
    let about = about(node, number);
    let of_home: &[&str] = if matches!(home, Home::Site) { &OF_SITE } else { &pack_file::OF_PACK };
    let known: Vec<&'static str> = KEYS.iter().chain(of_home).chain(kinds::WORDS).copied().collect();
    let fields = Fields::open(node, &*about, &known, report)?;
    let id = fields.need("id", report).and_then(|item| id(&item, home, ids, report));
    let title = fields.get("title").map(|item| item.words(report));
    let tunes = fields.get("tunes").map(|item| tunes::read(&item, &fields, report));
    let applies_to = match fields.get("applies_to") {
        None if tunes.is_some() || !fields.given(kinds::LOOK_AT_ALARMS).is_empty() => {
            Some(Selector::default())
        }
        _ => {
            fields.need("applies_to", report).and_then(|item| selector::read(&item, &about, targets, report))
        }
    };
    let applies_to = match home {
        Home::Site => applies_to,
        Home::Pack(head, lists) => applies_to.and_then(|it| head.listed(it, lists, &fields, report)),
    };
    let kinds = if tunes.is_some() { TUNING } else { kinds::WORDS };
    let kind = kind(&fields, kinds, &about, report);
    let is_alarm = fields.get("alarm").map_or(Some(true), |item| item.flag(report));
    // Nobody responds to what is no alarm.
    let response = match fields.get("response") {
        None if is_alarm == Some(false) || tunes.is_some() => Some(Response::default()),
        _ => fields.need("response", report).and_then(|item| response(&item, &about, report)),
    };
    let action_place = fields
        .get("response")
        .and_then(|item| Some(Fields::open_any(item.node(), String::new())?.get("action")?.place));
    let origin = if let Home::Pack(head, _) = home { head.origin() } else { Origin::default() };
    let basis = fields.get("basis").map(|item| basis::read(&item, origin, report));
    let suppressed_while =
        fields.get("suppressed_while").map(|item| suppressed(&item, &about, targets, report));
    let id: Arc<str> = id?.into();
    let pack = if let Home::Pack(head, _) = home { Some(Arc::clone(&head.name)) } else { None };
    Some(RuleDraft {
        place: fields.place,
        title: title.unwrap_or_else(|| Some(Text::en(&*id)))?,
        id,
        applies_to: applies_to?,
        kind: kind?,
        is_alarm: is_alarm?,
        response: response?,
        action_place: action_place.unwrap_or(fields.place),
        basis: basis.unwrap_or_default(),
        suppressed_while: suppressed_while.unwrap_or_default(),
        pack,
        tunes: tunes.unwrap_or_default(),
    })
}

/// What findings call a rule: by its id, or by its place when it has none that can be read.
fn about(node: &Node, number: usize) -> String {
    if let crate::yaml::Value::Map(entries) = &node.value
        && let Some((_, id)) = entries.iter().find(|(key, _)| key.name == "id")
        && let crate::yaml::Value::Scalar(id) = &id.value
    {
        return format!("rule {}", crate::report::quoted(id));
    }
    format!("rule {number}")
}

/// The id; that of a pack's rule has the pack's name before it.
fn id(item: &Item<'_>, home: Home<'_>, ids: &mut Ids, report: &mut Report) -> Option<String> {
    let own = item.name(report)?;
    let id = if let Home::Pack(head, _) = home { head.full(own) } else { own.to_owned() };
    if id.starts_with("davy-") {
        report.error(
            item.place,
            item.finding(Code::NameReserved).expected("an id that does not begin with davy-"),
        );
    }
    if let Some(first) = ids.get(&id) {
        let expected = format!("an id of its own: it is taken at {}", report.line_of(*first));
        report.error(item.place, item.finding(Code::NameTwice).expected(expected));
        return None;
    }
    ids.insert(id.clone(), item.place);
    Some(id)
}

fn kind(
    fields: &Fields<'_>,
    words: &'static [&'static str],
    about: &str,
    report: &mut Report,
) -> Option<DraftKind> {
    let word = fields.one_of(words, report)?;
    let item = fields.get(word)?;
    match word {
        "limit" => level::read_all(&item, about, Formulas::Taken, report).map(DraftKind::Limit),
        "stale" => stale(&item, about, report).map(DraftKind::Stale),
        _ => kinds::read(word, &item, about, report).map(|(kind, draft)| DraftKind::Calculated(kind, draft)),
    }
}

fn stale(item: &Item<'_>, about: &str, report: &mut Report) -> Option<StaleDraft> {
    let fields = Fields::open(item.node(), format!("{about}: stale"), &STALE, report)?;
    let tier = fields.need("tier", report).and_then(|item| item.tier(report));
    let after = fields.get("after").map_or(Some(After::SilenceLimit), |item| after(&item, report));
    let latch = fields.get("latch").and_then(|item| item.flag(report)).unwrap_or(false);
    let re_alarm = fields.get("re_alarm").and_then(|item| item.duration(A_MILLISECOND, report));
    let near = fields.get("near_limit").map(|item| near_limit(&item, (tier, about), report));
    let near_limit = if let Some(near) = near { Some(near?) } else { None };
    Some(StaleDraft { tier: tier?, after: after?, latch, re_alarm_us: re_alarm.map(micros), near_limit })
}

/// `near_limit: {within: 0.1, tier: orange}`; its tier must be graver than that of silence.
fn near_limit(
    item: &Item<'_>,
    (silence, about): (Option<Tier>, &str),
    report: &mut Report,
) -> Option<NearLimit> {
    let about = format!("{about}: stale: near_limit");
    let fields = Fields::open(item.node(), about, &NEAR_LIMIT, report)?;
    let within = fields.number("within", WITHIN, 0.0..=1.0, report);
    let tier = fields.need("tier", report)?;
    let graver = tier.tier(report)?;
    if let Some(silence) = silence.filter(|silence| graver <= *silence) {
        let expected = format!("a tier graver than {silence}, that of any silence");
        report.error(tier.place, tier.finding(Code::LevelOrder).found(graver.word()).expected(expected));
        return None;
    }
    Some(NearLimit { within: within?, tier: graver })
}

fn after(item: &Item<'_>, report: &mut Report) -> Option<After> {
    const FORM: &str = "so many intervals, such as 3 intervals, or a duration, such as 90s";
    let text = item.scalar(FORM, report)?.trim();
    let stem = text.strip_suffix("intervals").or_else(|| text.strip_suffix("interval"));
    let Some(stem) = stem else {
        let Some(span) = duration::parse(text).filter(|span| *span >= A_MILLISECOND) else {
            report.error(item.place, item.finding(Code::DurationInvalid).expected(FORM));
            return None;
        };
        return Some(After::Span(span, text.into()));
    };
    let Some(count) = stem.trim().parse().ok().filter(|count| (1..=INTERVALS_MAX).contains(count)) else {
        let expected = format!("a whole number of intervals, 1 to {INTERVALS_MAX}");
        report.error(item.place, item.finding(Code::DurationInvalid).expected(expected));
        return None;
    };
    Some(After::Intervals(count, text.into()))
}

fn response(item: &Item<'_>, about: &str, report: &mut Report) -> Option<Response> {
    let fields = Fields::open(item.node(), format!("{about}: response"), &RESPONSE, report)?;
    let optional = |key: &str, report: &mut Report| {
        fields.get(key).map_or(Some(Text::default()), |item| item.words(report))
    };
    let cause = optional("cause", report);
    let consequence = optional("consequence", report);
    let action = fields.need("action", report).and_then(|item| item.words(report));
    let time = fields.need("time_to_respond", report);
    let time = time.and_then(|item| item.duration(Duration::from_secs(1), report));
    Some(Response { cause: cause?, consequence: consequence?, action: action?, time_to_respond: time? })
}

fn suppressed(
    item: &Item<'_>,
    about: &str,
    targets: &Targets,
    report: &mut Report,
) -> Option<(String, Figure)> {
    let about = format!("{about}: suppressed_while");
    let fields = Fields::open(item.node(), &*about, &SUPPRESSED, report)?;
    let tag = fields.need("tag", report);
    let name = tag.as_ref().and_then(|item| item.text(report));
    let figure = fields.need("at_or_above", report).and_then(|item| item.figure(report));
    let tags = targets.tags.as_ref();
    if let (Some(tag), Some(name), Some(tags)) = (&tag, name, tags)
        && !tags.contains_key(name)
    {
        let finding = unknown(Code::TagUnknown, format!("{about}: tag"), name, "tag", tags, report);
        report.error(tag.place, finding);
    }
    Some((name?.to_owned(), figure?))
}
