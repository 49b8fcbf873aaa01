//! Runs a test: a log is made of it, and judged as every other.

use std::sync::Arc;

use davy_engine::{Judge, JudgeError, Outcome};
use davy_model::{Actor, Bundle, Command, Input, Timestamp, Transition};
use davy_rules::Plan;

use super::{
    case::{Event, Happening, Order, Test},
    compare::compare,
    feed::{self, What},
    report::{Difference, DifferenceKind, TestReport},
};

/// How often Davy is woken in a test at most: eight hours of a re-alarm every 50 ms.
const WAKINGS_MAX: u32 = 600_000;

/// Runs one test against the site's files and the plan they compile to.
///
/// # Errors
/// When the files do not compile to a plan.
pub fn run(bundle: &Arc<Bundle>, plan: &Arc<Plan>, test: &Test) -> Result<TestReport, JudgeError> {
    let mut run = Run::new(test);
    run.judge.offer(Arc::clone(plan));
    run.apply(test.start, &Input::Activate(Arc::clone(bundle)))?;
    for step in feed::steps(test) {
        run.pass_until(step.at)?;
        match step.what {
            What::Back => run.back(step.at)?,
            What::Message(block) => run.apply(step.at, &Input::Readings(block)).map(drop)?,
            What::Event(event) => run.event(step.at, event)?,
        }
    }
    run.pass_until(test.start.plus(test.span))?;
    let (differences, happened) = compare(test, &run.told);
    Ok(TestReport {
        name: test.name.clone(),
        line: test.line,
        severity: test.severity,
        span: test.span,
        readings: test.readings.len(),
        differences: run.differences.into_iter().chain(differences).collect(),
        happened,
    })
}

struct Run<'a> {
    test: &'a Test,
    judge: Judge,
    told: Vec<Transition>,
    differences: Vec<Difference>,
    is_down: bool,
    wakings: u32,
}

impl<'a> Run<'a> {
    fn new(test: &'a Test) -> Run<'a> {
        Run {
            test,
            judge: Judge::new(),
            told: Vec::new(),
            differences: Vec::new(),
            is_down: false,
            wakings: 0,
        }
    }

    fn apply(&mut self, now: Timestamp, input: &Input) -> Result<Outcome, JudgeError> {
        self.judge.apply(now, input, &mut self.told)
    }

    /// Wakes the engine whenever it wants to be, as the server does, up to a moment and in it.
    fn pass_until(&mut self, until: Timestamp) -> Result<(), JudgeError> {
        while !self.is_down
            && let Some(due) = self.judge.next_deadline()
            && due <= until
        {
            if self.wakings == WAKINGS_MAX {
                self.too_long(due);
                break;
            }
            self.wakings += 1;
            self.apply(due, &Input::Tick)?;
        }
        if !self.is_down {
            self.apply(until, &Input::Tick)?;
        }
        Ok(())
    }

    fn too_long(&mut self, due: Timestamp) {
        if self.differences.iter().any(|told| told.kind == DifferenceKind::TooLong) {
            return;
        }
        self.differences.push(Difference {
            line: self.test.line,
            kind: DifferenceKind::TooLong,
            expected: format!("at most {WAKINGS_MAX} moments at which something is due"),
            got: format!("more of them, at {}", super::Offset::of(due, self.test.start)),
        });
    }

    fn back(&mut self, at: Timestamp) -> Result<(), JudgeError> {
        self.is_down = false;
        self.apply(at, &Input::Restarted).map(drop)
    }

    fn event(&mut self, at: Timestamp, event: &Event) -> Result<(), JudgeError> {
        match &event.what {
            Happening::Down(_) => self.is_down = true,
            Happening::Node(node, change) => {
                self.apply(at, &Input::Node { node: *node, change: *change })?;
            }
            Happening::Command(order) => {
                let outcome = self.apply(at, &Input::Command(command(order)))?;
                self.answered(event, order, &outcome);
            }
        }
        Ok(())
    }

    fn answered(&mut self, event: &Event, order: &Order, outcome: &Outcome) {
        let got = match outcome {
            Outcome::Done => None,
            Outcome::Refused(refusal) => Some(refusal),
        };
        if got.map(|refusal| refusal.word()) == order.refused.as_deref() {
            return;
        }
        let what = format!("{} of {}:{}", order.kind.word(), order.alarm.rule, order.alarm.subject);
        self.differences.push(Difference {
            line: event.line,
            kind: DifferenceKind::Command,
            expected: match &order.refused {
                Some(word) => format!("{what} to be refused with {word}"),
                None => format!("{what} to be done"),
            },
            got: got
                .map_or_else(|| "it was done".to_owned(), |refusal| format!("{}: {refusal}", refusal.word())),
        });
    }
}

fn command(order: &Order) -> Command {
    let (name, approved_by, comment) =
        (Arc::clone(&order.by), order.approved_by.clone(), Arc::clone(&order.comment));
    Command {
        alarm: order.alarm.clone(),
        occurrence: None,
        actor: Actor { name, approved_by, comment },
        kind: order.kind,
        request_id: "".into(),
    }
}
