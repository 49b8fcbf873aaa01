//! The sources of a site: its mappings read, and put together with the topics.

use std::sync::Arc;

use davy_codec::{Mapping, MappingProblem};
use davy_intake::{Mappings, Way, WayError, WayFault, ways};
use davy_model::Bundle;
use davy_rules::{Code, Diagnostic, Plan, Severity, mapping_name};

/// The ways in that a site's files name besides the native topics.
///
/// # Errors
/// Every mistake in its mapping files; when there is none, every source that cannot be used.
pub fn sources(bundle: &Bundle, plan: &Plan) -> Result<Vec<Way>, Vec<Diagnostic>> {
    let mappings = mappings(bundle)?;
    ways(&plan.site, &mappings).map_err(|errors| {
        errors.iter().map(|error| unusable(error, mappings.keys().map(|name| &**name))).collect()
    })
}

/// The mappings that ship with Davy, and the site's own, which stand before those of the same name.
fn mappings(bundle: &Bundle) -> Result<Mappings, Vec<Diagnostic>> {
    let mut mappings = Mappings::new();
    let mut findings = Vec::new();
    let own = bundle.files.iter().filter_map(|file| Some((mapping_name(&file.path)?, &*file.text)));
    let shipped: Vec<(&str, &str)> = Mapping::shipped().collect();
    for (name, text) in shipped.into_iter().chain(own) {
        match Mapping::read(name, text) {
            Ok(mapping) => {
                mappings.insert(name.into(), Arc::new(mapping));
            }
            Err(problems) => findings.extend(problems.into_iter().map(|problem| mistake(name, problem))),
        }
    }
    if findings.is_empty() { Ok(mappings) } else { Err(findings) }
}

fn mistake(name: &str, problem: MappingProblem) -> Diagnostic {
    let MappingProblem { line, column, key, message, help } = problem;
    Diagnostic {
        file: format!("mappings/{name}.yaml").into(),
        line,
        column,
        severity: Severity::Error,
        code: Code::MappingInvalid,
        message: if key.is_empty() { "mapping".to_owned() } else { key },
        found: message.en,
        expected: "a mapping as the reference has it".to_owned(),
        help: help.en,
    }
}

fn unusable<'a>(error: &WayError, known: impl Iterator<Item = &'a str>) -> Diagnostic {
    let (code, found, expected) = match &error.why {
        WayFault::Mapping(name) => {
            let known = known.collect::<Vec<_>>().join(", ");
            let expected = format!("a file mappings/{name}.yaml, or one of {known}");
            (Code::MappingUnknown, format!("mapping {name:?}"), expected)
        }
        WayFault::Topic(topic, why) => (Code::TopicInvalid, format!("{topic:?}"), why.to_string()),
        WayFault::NoTopic => {
            (Code::TopicInvalid, "no topic".to_owned(), "topic, as its mapping names none".to_owned())
        }
    };
    Diagnostic {
        file: "site.yaml".into(),
        line: 1,
        column: 1,
        severity: Severity::Error,
        code,
        message: format!("source {}", error.source + 1),
        found,
        expected,
        help: String::new(),
    }
}
