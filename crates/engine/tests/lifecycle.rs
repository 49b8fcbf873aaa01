//! Every alarm state against every event: the ISA-18.2 life, cell by cell.

use davy_engine::lifecycle::{Event, Overdue, step};
use davy_model::{AlarmFacts, AlarmState, Case, CaseStage, Condition, Shelving, Tier, Timestamp, Verdict};

/// Columns of [`TABLE`].
const EVENTS: &str = "raise up down clear clear_latch ack re_alarm sound escalate shelve unshelve expire suppress unsuppress out in reset withdraw";

/// A row a state, `!` beside it where the change sounds, a bare word where an operator is refused, `-` where nothing happens.
/// A quieted state names what goes on behind it: `SHLVD/UNACK` is shelved, active and unacknowledged.
const TABLE: &str = "
NORM        UNACK!      -           -           -           -           NOTHING_TO_ACKNOWLEDGE -      -      -      SHLVD/NORM      NOT_SHELVED -      DSUPR/NORM         NOT_SUPPRESSED OOSRV/NORM             NOT_OUT_OF_SERVICE NOT_LATCHED      -
UNACK       -           UNACK!      UNACK       RTNUN       LTUNK       ACKED                  UNACK! UNACK! UNACK! SHLVD/UNACK     NOT_SHELVED -      DSUPR/UNACK        NOT_SUPPRESSED OOSRV/UNACK            NOT_OUT_OF_SERVICE STILL_ACTIVE     NORM
ACKED       -           UNACK!      ACKED       NORM        LTACK       ALREADY_ACKNOWLEDGED   UNACK! -      -      SHLVD/ACKED     NOT_SHELVED -      DSUPR/ACKED        NOT_SUPPRESSED OOSRV/ACKED            NOT_OUT_OF_SERVICE STILL_ACTIVE     NORM
RTNUN       UNACK!      -           -           -           -           NORM                   -      -      -      SHLVD/RTNUN     NOT_SHELVED -      DSUPR/RTNUN        NOT_SUPPRESSED OOSRV/RTNUN            NOT_OUT_OF_SERVICE NOT_LATCHED      NORM
LTUNK       UNACK!      -           -           -           -           LTACK                  -      -      -      SHLVD/LTUNK     NOT_SHELVED -      DSUPR/LTUNK        NOT_SUPPRESSED OOSRV/LTUNK            NOT_OUT_OF_SERVICE NOT_ACKNOWLEDGED NORM
LTACK       UNACK!      -           -           -           -           ALREADY_ACKNOWLEDGED   -      -      -      SHLVD/LTACK     NOT_SHELVED -      DSUPR/LTACK        NOT_SUPPRESSED OOSRV/LTACK            NOT_OUT_OF_SERVICE NORM             NORM
SHLVD/NORM  SHLVD/UNACK -           -           -           -           NOTHING_TO_ACKNOWLEDGE -      -      -      ALREADY_SHELVED NORM        NORM   DSUPR/NORM         NOT_SUPPRESSED OOSRV/NORM             NOT_OUT_OF_SERVICE NOT_LATCHED      NORM
SHLVD/UNACK -           SHLVD/UNACK SHLVD/UNACK SHLVD/RTNUN SHLVD/LTUNK SHLVD/ACKED            -      -      -      ALREADY_SHELVED UNACK!      UNACK! DSUPR/UNACK        NOT_SUPPRESSED OOSRV/UNACK            NOT_OUT_OF_SERVICE STILL_ACTIVE     NORM
SHLVD/ACKED -           SHLVD/UNACK SHLVD/ACKED SHLVD/NORM  SHLVD/LTACK ALREADY_ACKNOWLEDGED   -      -      -      ALREADY_SHELVED UNACK!      UNACK! DSUPR/ACKED        NOT_SUPPRESSED OOSRV/ACKED            NOT_OUT_OF_SERVICE STILL_ACTIVE     NORM
SHLVD/RTNUN SHLVD/UNACK -           -           -           -           SHLVD/NORM             -      -      -      ALREADY_SHELVED NORM        NORM   DSUPR/RTNUN        NOT_SUPPRESSED OOSRV/RTNUN            NOT_OUT_OF_SERVICE NOT_LATCHED      NORM
SHLVD/LTUNK SHLVD/UNACK -           -           -           -           SHLVD/LTACK            -      -      -      ALREADY_SHELVED LTUNK       LTUNK  DSUPR/LTUNK        NOT_SUPPRESSED OOSRV/LTUNK            NOT_OUT_OF_SERVICE NOT_ACKNOWLEDGED NORM
SHLVD/LTACK SHLVD/UNACK -           -           -           -           ALREADY_ACKNOWLEDGED   -      -      -      ALREADY_SHELVED LTACK       LTACK  DSUPR/LTACK        NOT_SUPPRESSED OOSRV/LTACK            NOT_OUT_OF_SERVICE SHLVD/NORM       NORM
DSUPR/NORM  DSUPR/UNACK -           -           -           -           NOTHING_TO_ACKNOWLEDGE -      -      -      DSUPR/NORM      NOT_SHELVED -      ALREADY_SUPPRESSED NORM           OOSRV/NORM             NOT_OUT_OF_SERVICE NOT_LATCHED      NORM
DSUPR/UNACK -           DSUPR/UNACK DSUPR/UNACK DSUPR/RTNUN DSUPR/LTUNK DSUPR/ACKED            -      -      -      DSUPR/UNACK     NOT_SHELVED -      ALREADY_SUPPRESSED UNACK!         OOSRV/UNACK            NOT_OUT_OF_SERVICE STILL_ACTIVE     NORM
DSUPR/ACKED -           DSUPR/UNACK DSUPR/ACKED DSUPR/NORM  DSUPR/LTACK ALREADY_ACKNOWLEDGED   -      -      -      DSUPR/ACKED     NOT_SHELVED -      ALREADY_SUPPRESSED UNACK!         OOSRV/ACKED            NOT_OUT_OF_SERVICE STILL_ACTIVE     NORM
DSUPR/RTNUN DSUPR/UNACK -           -           -           -           DSUPR/NORM             -      -      -      DSUPR/RTNUN     NOT_SHELVED -      ALREADY_SUPPRESSED NORM           OOSRV/RTNUN            NOT_OUT_OF_SERVICE NOT_LATCHED      NORM
DSUPR/LTUNK DSUPR/UNACK -           -           -           -           DSUPR/LTACK            -      -      -      DSUPR/LTUNK     NOT_SHELVED -      ALREADY_SUPPRESSED LTUNK          OOSRV/LTUNK            NOT_OUT_OF_SERVICE NOT_ACKNOWLEDGED NORM
DSUPR/LTACK DSUPR/UNACK -           -           -           -           ALREADY_ACKNOWLEDGED   -      -      -      DSUPR/LTACK     NOT_SHELVED -      ALREADY_SUPPRESSED LTACK          OOSRV/LTACK            NOT_OUT_OF_SERVICE DSUPR/NORM       NORM
OOSRV/NORM  OOSRV/UNACK -           -           -           -           NOTHING_TO_ACKNOWLEDGE -      -      -      OOSRV/NORM      NOT_SHELVED -      OOSRV/NORM         NOT_SUPPRESSED ALREADY_OUT_OF_SERVICE NORM               NOT_LATCHED      NORM
OOSRV/UNACK -           OOSRV/UNACK OOSRV/UNACK OOSRV/RTNUN OOSRV/LTUNK OOSRV/ACKED            -      -      -      OOSRV/UNACK     NOT_SHELVED -      OOSRV/UNACK        NOT_SUPPRESSED ALREADY_OUT_OF_SERVICE UNACK!             STILL_ACTIVE     NORM
OOSRV/ACKED -           OOSRV/UNACK OOSRV/ACKED OOSRV/NORM  OOSRV/LTACK ALREADY_ACKNOWLEDGED   -      -      -      OOSRV/ACKED     NOT_SHELVED -      OOSRV/ACKED        NOT_SUPPRESSED ALREADY_OUT_OF_SERVICE UNACK!             STILL_ACTIVE     NORM
OOSRV/RTNUN OOSRV/UNACK -           -           -           -           OOSRV/NORM             -      -      -      OOSRV/RTNUN     NOT_SHELVED -      OOSRV/RTNUN        NOT_SUPPRESSED ALREADY_OUT_OF_SERVICE NORM               NOT_LATCHED      NORM
OOSRV/LTUNK OOSRV/UNACK -           -           -           -           OOSRV/LTACK            -      -      -      OOSRV/LTUNK     NOT_SHELVED -      OOSRV/LTUNK        NOT_SUPPRESSED ALREADY_OUT_OF_SERVICE LTUNK              NOT_ACKNOWLEDGED NORM
OOSRV/LTACK OOSRV/UNACK -           -           -           -           ALREADY_ACKNOWLEDGED   -      -      -      OOSRV/LTACK     NOT_SHELVED -      OOSRV/LTACK        NOT_SUPPRESSED ALREADY_OUT_OF_SERVICE LTACK              OOSRV/NORM       NORM
";

/// Columns of [`CASES`].
const ANSWERS: &str =
    "raise up clear ack verify_real verify_false act feedback close comment late_ack late_feedback withdraw";

/// As [`TABLE`], with the response beside the state: `+` is an open case, `v` verified as real, `f` as false, `a` acted on, `b`
/// with feedback.
const CASES: &str = "
NORM             UNACK!          -               -           NOTHING_TO_ACKNOWLEDGE NO_OPEN_CASE     NO_OPEN_CASE     NO_OPEN_CASE     NO_OPEN_CASE     NO_OPEN_CASE     NORM             -       -           -
UNACK            -               UNACK!          RTNUN       ACKED                  NOT_ACKNOWLEDGED NOT_ACKNOWLEDGED NOT_ACKNOWLEDGED NOT_ACKNOWLEDGED STILL_ACTIVE     UNACK            -       -           NORM
ACKED            -               UNACK!          NORM        ALREADY_ACKNOWLEDGED   ACKED+v          ACKED+f          NOT_VERIFIED     NOT_VERIFIED     STILL_ACTIVE     ACKED            -       -           NORM
RTNUN            UNACK!          -               -           NORM                   NOT_ACKNOWLEDGED NOT_ACKNOWLEDGED NOT_ACKNOWLEDGED NOT_ACKNOWLEDGED NOT_ACKNOWLEDGED RTNUN            -       -           NORM
LTACK            UNACK!          -               -           ALREADY_ACKNOWLEDGED   LTACK+v          LTACK+f          NOT_VERIFIED     NOT_VERIFIED     NOT_VERIFIED     LTACK            -       -           NORM
UNACK+           -               UNACK+!         RTNUN+      ACKED+                 NOT_ACKNOWLEDGED NOT_ACKNOWLEDGED NOT_ACKNOWLEDGED NOT_ACKNOWLEDGED STILL_ACTIVE     UNACK+           UNACK+! UNACK+!     NORM
ACKED+           -               UNACK+!         NORM+       ALREADY_ACKNOWLEDGED   ACKED+v          ACKED+f          NOT_VERIFIED     NOT_VERIFIED     STILL_ACTIVE     ACKED+           -       ACKED+!     NORM
RTNUN+           UNACK+!         -               -           NORM+                  NOT_ACKNOWLEDGED NOT_ACKNOWLEDGED NOT_ACKNOWLEDGED NOT_ACKNOWLEDGED NOT_ACKNOWLEDGED RTNUN+           RTNUN+! RTNUN+!     NORM
NORM+            UNACK+!         -               -           NOTHING_TO_ACKNOWLEDGE NORM+v           NORM+f           NOT_VERIFIED     NOT_VERIFIED     NOT_VERIFIED     NORM+            -       NORM+!      NORM
ACKED+v          -               UNACK+v!        NORM+v      ALREADY_ACKNOWLEDGED   ALREADY_VERIFIED ACKED+f          ACKED+va         ACKED+vb         STILL_ACTIVE     ACKED+v          -       ACKED+v!    NORM
ACKED+f          -               UNACK+!         NORM+f      ALREADY_ACKNOWLEDGED   ACKED+v          ALREADY_VERIFIED ACKED+fa         ACKED+fb         STILL_ACTIVE     ACKED+f          -       ACKED+f!    NORM
ACKED+vb         -               UNACK+!         NORM+vb     ALREADY_ACKNOWLEDGED   ALREADY_VERIFIED ACKED+fb         ACKED+vab        ACKED+vb         STILL_ACTIVE     ACKED+vb         -       -           NORM
UNACK+va         -               UNACK+va!       RTNUN+va    ACKED+va               NOT_ACKNOWLEDGED NOT_ACKNOWLEDGED NOT_ACKNOWLEDGED NOT_ACKNOWLEDGED STILL_ACTIVE     UNACK+va         UNACK+va! UNACK+va! NORM
NORM+v           UNACK+v!        -               -           NOTHING_TO_ACKNOWLEDGE ALREADY_VERIFIED NORM+f           NORM+va          NORM+vb          FEEDBACK_MISSING NORM+v           -       NORM+v!     NORM
NORM+f           UNACK+!         -               -           NOTHING_TO_ACKNOWLEDGE NORM+v           ALREADY_VERIFIED NORM+fa          NORM+fb          FEEDBACK_MISSING NORM+f           -       NORM+f!     NORM
NORM+vab         UNACK+!         -               -           NOTHING_TO_ACKNOWLEDGE ALREADY_VERIFIED NORM+fab         NORM+vab         NORM+vab         NORM             NORM+vab         -       -           NORM
RTNUN+vab        UNACK+!         -               -           NORM+vab               NOT_ACKNOWLEDGED NOT_ACKNOWLEDGED NOT_ACKNOWLEDGED NOT_ACKNOWLEDGED NOT_ACKNOWLEDGED RTNUN+vab        RTNUN+vab! -        NORM
LTACK+vb         UNACK+!         -               -           ALREADY_ACKNOWLEDGED   ALREADY_VERIFIED LTACK+fb         LTACK+vab        LTACK+vb         LTACK            LTACK+vb         -       -           NORM
SHLVD/UNACK+     -               SHLVD/UNACK+    SHLVD/RTNUN+ SHLVD/ACKED+          NOT_ACKNOWLEDGED NOT_ACKNOWLEDGED NOT_ACKNOWLEDGED NOT_ACKNOWLEDGED STILL_ACTIVE     SHLVD/UNACK+     -       SHLVD/UNACK+ NORM
SHLVD/ACKED+vb   -               SHLVD/UNACK+vb  SHLVD/NORM+vb ALREADY_ACKNOWLEDGED ALREADY_VERIFIED SHLVD/ACKED+fb   SHLVD/ACKED+vab  SHLVD/ACKED+vb   STILL_ACTIVE     SHLVD/ACKED+vb   -       -           NORM
SHLVD/NORM+vab   SHLVD/UNACK+vab -               -           NOTHING_TO_ACKNOWLEDGE ALREADY_VERIFIED SHLVD/NORM+fab   SHLVD/NORM+vab   SHLVD/NORM+vab   SHLVD/NORM       SHLVD/NORM+vab   -       -           NORM
";

fn facts(state: &str) -> AlarmFacts {
    let (state, case) = state.split_once('+').map_or((state, None), |(state, case)| (state, Some(case)));
    let (quiet, behind) = state.split_once('/').unwrap_or(("", state));
    let (condition, acknowledged, latched) = match behind {
        "NORM" => (Condition::Normal, true, false),
        "UNACK" => (Condition::Active, false, false),
        "ACKED" => (Condition::Active, true, false),
        "RTNUN" => (Condition::Normal, false, false),
        "LTUNK" => (Condition::Normal, false, true),
        "LTACK" => (Condition::Normal, true, true),
        other => panic!("no state {other}"),
    };
    AlarmFacts {
        condition,
        acknowledged,
        latched,
        shelving: (quiet == "SHLVD").then(shelving),
        suppressed_by: (quiet == "DSUPR").then(|| "emptying".into()),
        in_service: quiet != "OOSRV",
        tier: Tier::Yellow,
        tier_highest: Tier::Yellow,
        case: case.map(|done| Box::new(opened(done))),
    }
}

/// A case, and how far it is.
fn opened(done: &str) -> Case {
    let mut case = Case::new(1, Tier::Yellow);
    let real = done.contains('v').then_some(Verdict::Real);
    case.verdict = real.or(done.contains('f').then_some(Verdict::False));
    (case.acted, case.feedback) = (done.contains('a'), done.contains('b'));
    case
}

/// How far a case is.
fn done(facts: &AlarmFacts) -> String {
    let Some(case) = &facts.case else { return String::new() };
    let verdict = match case.verdict {
        None => "",
        Some(Verdict::Real) => "v",
        Some(_) => "f",
    };
    format!("+{verdict}{}{}", if case.acted { "a" } else { "" }, if case.feedback { "b" } else { "" })
}

fn shelving() -> Shelving {
    Shelving { until: Timestamp::from_millis(3_600_000), one_shot: false, by: "Wu".into() }
}

fn event(name: &str) -> Event {
    match name {
        "raise" => Event::Raise(Tier::Yellow),
        "up" => Event::Retier(Tier::Red),
        "down" => Event::Retier(Tier::Blue),
        "clear" => Event::Clear { latch: false },
        "clear_latch" => Event::Clear { latch: true },
        "ack" => Event::Acknowledge,
        "re_alarm" => Event::ReAlarm,
        "sound" => Event::Sound,
        "escalate" => Event::Escalate,
        "shelve" => Event::Shelve(shelving()),
        "unshelve" => Event::Unshelve,
        "expire" => Event::ExpireShelve,
        "suppress" => Event::Suppress("emptying".into()),
        "unsuppress" => Event::Unsuppress,
        "out" => Event::SetOutOfService,
        "in" => Event::ReturnToService,
        "reset" => Event::Reset,
        "withdraw" => Event::Withdraw,
        "verify_real" => Event::Verify(Verdict::Real, 1),
        "verify_false" => Event::Verify(Verdict::False, 1),
        "act" => Event::Act,
        "feedback" => Event::GiveFeedback,
        "close" => Event::Close,
        "comment" => Event::Comment,
        "late_ack" => Event::Overdue(Overdue::Acknowledge, None),
        "late_feedback" => Event::Overdue(Overdue::Feedback, None),
        other => panic!("no event {other}"),
    }
}

fn behind(facts: &AlarmFacts) -> &'static str {
    match (facts.condition, facts.latched, facts.acknowledged) {
        (Condition::Active, _, false) => "UNACK",
        (Condition::Active, _, true) => "ACKED",
        (_, false, true) => "NORM",
        (_, false, false) => "RTNUN",
        (_, true, false) => "LTUNK",
        (_, true, true) => "LTACK",
    }
}

fn shown(facts: &AlarmFacts) -> String {
    let quiet = match facts.state() {
        AlarmState::OutOfService => "OOSRV/",
        AlarmState::Suppressed => "DSUPR/",
        AlarmState::Shelved => "SHLVD/",
        _ => "",
    };
    format!("{quiet}{}{}", behind(facts), done(facts))
}

/// Walks a table, and gives the states in it.
fn walk(events: &str, table: &str) -> Vec<AlarmFacts> {
    let events: Vec<&str> = events.split_whitespace().collect();
    let mut seen = Vec::new();
    for row in table.lines().filter(|line| !line.trim().is_empty()) {
        let mut cells = row.split_whitespace();
        let state = cells.next().expect("a row begins with its state");
        let cells: Vec<&str> = cells.collect();
        assert_eq!(cells.len(), events.len(), "{state} has a cell for every event");
        for (name, want) in events.iter().zip(cells) {
            let got = match step(&facts(state), event(name)) {
                Err(refusal) => refusal.word().to_owned(),
                Ok(None) => "-".to_owned(),
                Ok(Some(change)) => {
                    format!("{}{}", shown(&change.facts), if change.sounds { "!" } else { "" })
                }
            };
            assert_eq!(got, want, "{state}, {name}");
        }
        seen.push(facts(state));
    }
    seen
}

#[test]
fn every_state_meets_every_event() {
    let seen = walk(EVENTS, TABLE);
    for state in AlarmState::ALL {
        assert!(seen.iter().any(|facts| facts.state() == state), "{state} is not in the table");
    }
}

#[test]
fn every_step_of_a_response_meets_every_event() {
    let seen = walk(ANSWERS, CASES);
    for stage in CaseStage::ALL {
        assert!(seen.iter().any(|facts| facts.stage() == Some(stage)), "{stage} is not in the table");
    }
}

/// A case changes nothing of the ISA-18.2 life: with one open, every cell of [`TABLE`] is as without.
#[test]
fn an_open_case_has_no_say_in_the_state() {
    let states = TABLE.lines().filter_map(|row| row.split_whitespace().next());
    for (state, name) in states.flat_map(|state| EVENTS.split_whitespace().map(move |name| (state, name))) {
        let without =
            step(&facts(state), event(name)).map(|change| change.map(|change| behind(&change.facts)));
        let with = step(&facts(&format!("{state}+v")), event(name));
        let with = with.map(|change| change.map(|change| behind(&change.facts)));
        // What is plainly normal has nothing that could be withdrawn, but for its case.
        if (state, name) != ("NORM", "withdraw") {
            assert_eq!(with, without, "{state}, {name}");
        }
    }
}

#[test]
fn a_one_shot_shelving_ends_when_the_condition_clears() {
    let mut shelved = facts("SHLVD/UNACK");
    shelved.shelving = Some(Shelving { one_shot: true, ..shelving() });
    let change = step(&shelved, Event::Clear { latch: false })
        .expect("the process is not refused")
        .expect("it clears");
    assert_eq!(shown(&change.facts), "RTNUN");
}

#[test]
fn a_tier_moves_inside_one_occurrence_and_the_highest_is_kept() {
    let up = step(&facts("ACKED"), Event::Retier(Tier::Red)).expect("legal").expect("a change");
    let down = step(&up.facts, Event::Retier(Tier::Blue)).expect("legal").expect("a change");
    assert_eq!((down.facts.tier, down.facts.tier_highest), (Tier::Blue, Tier::Red));
}

#[test]
fn two_kinds_of_quiet_must_both_end_before_it_sounds() {
    let mut quieted = facts("SHLVD/UNACK");
    quieted.suppressed_by = Some("emptying".into());
    let unshelved = step(&quieted, Event::Unshelve).expect("legal").expect("a change");
    assert!(!unshelved.sounds);
    let unsuppressed = step(&unshelved.facts, Event::Unsuppress).expect("legal").expect("a change");
    assert!(unsuppressed.sounds && unsuppressed.facts.state() == AlarmState::ActiveUnacknowledged);
}
