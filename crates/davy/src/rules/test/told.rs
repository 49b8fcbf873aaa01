//! What came of tests, for people and for programs.

use std::io;

use davy_workbench::rule_test::{Difference, Happened, TestReport};
use serde_json::{Value, json};

use super::Ran;
use crate::out;

/// A line a test; of one that failed, its differences and what did happen.
pub(super) fn text(ran: &[Ran]) -> io::Result<()> {
    for file in ran {
        for finding in &file.findings {
            out::line(format!("{}: {finding}", finding.severity.word()))?;
        }
        for (test, _) in &file.tests {
            one(file, test)?;
        }
    }
    let tests = || ran.iter().flat_map(|file| &file.tests).map(|(test, _)| test);
    let passed = tests().filter(|test| test.passed()).count();
    let failed = tests().filter(|test| test.stops()).count();
    let warned = tests().count() - passed - failed;
    let mistakes: usize = ran.iter().map(|file| file.findings.len()).sum();
    let mistakes = if mistakes == 0 { String::new() } else { format!(", {mistakes} mistakes in the files") };
    out::line(format!("{passed} passed, {failed} failed, {warned} warned{mistakes}"))
}

fn one(file: &Ran, test: &TestReport) -> io::Result<()> {
    let path = file.file().display();
    let how = format!("({}, {} readings)", davy_rules::reader::show_duration(test.span), test.readings);
    out::line(format!("{:4}  {path}:{}: {}  {how}", verdict(test), test.line, test.name))?;
    if test.passed() {
        return Ok(());
    }
    for difference in &test.differences {
        out::line(format!("      {path}:{}: {difference}", difference.line))?;
    }
    out::line("      what happened:")?;
    for happened in &test.happened {
        let mark = if happened.expected { ' ' } else { '?' };
        let (at, alarm) = (happened.at, &happened.alarm);
        let line = format!("      {mark} {at:>10}  {alarm}  {}  {}", happened.what(), happened.how());
        out::line(line.trim_end())?;
    }
    if test.happened.is_empty() {
        out::line("        nothing, to the alarms that this test looks at")?;
    }
    Ok(())
}

/// `ok`, `FAIL`, or `warn` for one that stops nobody.
pub(super) fn verdict(test: &TestReport) -> &'static str {
    match (test.passed(), test.stops()) {
        (true, _) => "ok",
        (false, true) => "FAIL",
        (false, false) => "warn",
    }
}

/// An object a mistake, an object a test.
pub(super) fn json(ran: &[Ran]) -> io::Result<()> {
    for file in ran {
        for found in &file.findings {
            let value = json!({
                "file": *found.file, "line": found.line, "column": found.column, "severity": found.severity.word(),
                "code": found.code.word(), "message": found.message, "found": found.found,
                "expected": found.expected, "help": found.help,
            });
            out::line(value)?;
        }
        for (test, took) in &file.tests {
            let value = json!({
                "file": file.file().display().to_string(), "line": test.line, "test": test.name,
                "result": verdict(test).to_lowercase(), "span_s": test.span.as_secs_f64(), "readings": test.readings,
                "seconds": took.as_secs_f64(),
                "differences": test.differences.iter().map(difference).collect::<Vec<_>>(),
                "happened": test.happened.iter().map(happened).collect::<Vec<_>>(),
            });
            out::line(value)?;
        }
    }
    Ok(())
}

fn difference(difference: &Difference) -> Value {
    let Difference { line, kind, expected, got } = difference;
    json!({"line": line, "kind": kind.word(), "expected": expected, "got": got})
}

fn happened(happened: &Happened) -> Value {
    json!({
        "at_us": happened.at.as_micros(), "measured_us": happened.measured.as_micros(), "alarm": happened.alarm,
        "transition": happened.kind.word(), "tier": happened.tier.word(), "limit": happened.limit,
        "value": happened.value, "sounds": happened.sounds, "late": happened.late, "expected": happened.expected,
    })
}
