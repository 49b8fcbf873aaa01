//! What rules are, what is wrong with files, and what comes of tests.

use davy_model::BundleFile;
use davy_proto::v1 as wire;
use davy_rules::{Rule, Severity, bundle, compile_with_warnings, with_packs};

use super::answer::{finding, tier};
use crate::{Loaded, revisions::Refused, revisions::tests_of, sources};

/// Findings told at most.
const FINDINGS_MAX: usize = 1000;
/// Subjects told at most.
const SUBJECTS_MAX: usize = 1000;

/// The rules, by id.
pub(super) fn list(loaded: &Loaded) -> Vec<wire::Rule> {
    let mut subjects = vec![0_u32; loaded.plan.rules.len()];
    loaded.plan.watches.iter().for_each(|watch| subjects[watch.rule as usize] += 1);
    loaded.plan.rules.iter().zip(subjects).map(|(one, subjects)| rule(one, subjects)).collect()
}

/// One rule, and what it watches.
pub(super) fn get(loaded: &Loaded, id: &str) -> Option<wire::RuleServiceGetResponse> {
    let plan = &loaded.plan;
    let place = plan.rules.binary_search_by(|one| (*one.id).cmp(id)).ok()?;
    let watches = plan.watches.iter().filter(|watch| watch.rule as usize == place);
    let mut subjects: Vec<String> = watches.map(|watch| plan.subject(watch.tag).to_string()).collect();
    subjects.sort();
    let count = u32::try_from(subjects.len()).unwrap_or(u32::MAX);
    subjects.truncate(SUBJECTS_MAX);
    Some(wire::RuleServiceGetResponse {
        rule: Some(rule(&plan.rules[place], count)),
        subjects,
        revision: loaded.bundle.revision.to_string(),
    })
}

fn rule(rule: &Rule, subjects: u32) -> wire::Rule {
    let basis = rule.basis.as_ref().map(|basis| {
        let said = [&basis.standard, &basis.clause, &basis.edition].map(String::as_str);
        let said: Vec<&str> =
            said.into_iter().chain([basis.confidence.word()]).filter(|word| !word.is_empty()).collect();
        said.join(", ")
    });
    wire::Rule {
        id: rule.id.to_string(),
        title: Some((&rule.title).into()),
        kind: rule.kind.word().to_owned(),
        basis: basis.unwrap_or_default(),
        subjects,
        tier: tier(rule.tier_max),
        is_alarm: rule.is_alarm,
    }
}

/// Every finding.
pub(super) fn check(files: Vec<BundleFile>) -> wire::RuleServiceCheckResponse {
    let files = with_packs(files);
    let checked = bundle(files).and_then(|bundle| {
        let (plan, mut warnings) = compile_with_warnings(&bundle)?;
        match sources(&bundle, &plan) {
            Ok(_) => Ok((bundle.revision, warnings)),
            Err(found) => {
                warnings.extend(found);
                Err(warnings)
            }
        }
    });
    let (revision, found) = match checked {
        Ok((revision, warnings)) => (revision.to_string(), warnings),
        Err(found) => (String::new(), found),
    };
    wire::RuleServiceCheckResponse {
        findings: found.iter().take(FINDINGS_MAX).map(finding).collect(),
        revision,
    }
}

/// What came of each test.
pub(super) fn test(loaded: &Loaded, tests: &[BundleFile]) -> Result<wire::RuleServiceTestResponse, Refused> {
    let (findings, reports) = tests_of(loaded, tests)?;
    let result = |(file, report): &(String, davy_workbench::rule_test::TestReport)| wire::RuleTestResult {
        file: file.clone(),
        line: report.line,
        name: report.name.clone(),
        passed: report.passed(),
        is_error: report.severity == Severity::Error,
        differences: report.differences.iter().map(ToString::to_string).collect(),
    };
    Ok(wire::RuleServiceTestResponse {
        results: reports.iter().map(result).collect(),
        findings: findings.iter().map(finding).collect(),
    })
}
