//! What came of tests, as CI servers read it: JUnit XML, a suite a file.

use std::fmt::Write as _;

use davy_workbench::rule_test::TestReport;
use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use super::{Ran, told};
use crate::out;

/// Tells all of it. A mistake in a file is an error of that file's suite; a test that only warns is skipped, with its
/// differences.
pub(super) fn tell(ran: &[Ran]) -> anyhow::Result<()> {
    let mut report = Report::new("davy rules test");
    for file in ran {
        report.add_test_suite(suite(file));
    }
    let took = ran.iter().flat_map(|file| &file.tests).map(|(_, took)| *took).sum();
    report.set_time(took);
    out::line(report.to_string()?.trim_end())?;
    Ok(())
}

fn suite(file: &Ran) -> TestSuite {
    let path = file.file().display().to_string();
    let mut suite = TestSuite::new(path.as_str());
    for finding in &file.findings {
        let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
        status.set_type(finding.code.word()).set_message(finding.to_string());
        suite.add_test_case(TestCase::new(format!("line {}", finding.line), status));
    }
    for (test, took) in &file.tests {
        let mut case = TestCase::new(test.name.as_str(), status(&path, test));
        case.set_classname(path.as_str()).set_time(*took);
        suite.add_test_case(case);
    }
    suite.set_time(file.tests.iter().map(|(_, took)| *took).sum());
    suite
}

fn status(path: &str, test: &TestReport) -> TestCaseStatus {
    let Some(first) = test.differences.first() else { return TestCaseStatus::success() };
    let mut status = if test.stops() {
        TestCaseStatus::non_success(NonSuccessKind::Failure)
    } else {
        TestCaseStatus::skipped()
    };
    let mut text = String::new();
    for difference in &test.differences {
        let _ = writeln!(text, "{path}:{}: {difference}", difference.line);
    }
    for happened in &test.happened {
        let _ = writeln!(text, "{}: {happened}", happened.alarm);
    }
    status.set_type(told::verdict(test)).set_message(first.to_string()).set_description(text);
    status
}
