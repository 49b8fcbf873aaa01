//! YAML of a site's files: what is wrong with it becomes a finding.

pub(crate) use davy_yaml::{Key, Node, Value};

use crate::{
    Code,
    report::{Finding, Report},
};

/// Reads one file. What is wrong with it goes to the report, and then there is no tree.
pub fn parse(text: &str, file: u32, report: &mut Report) -> Option<Node> {
    davy_yaml::parse(text, file)
        .map_err(|broken| {
            let finding = Finding::new(Code::YamlSyntax, "yaml").found_words(broken.problem);
            report.error(broken.place, finding.expected("plain YAML"));
        })
        .ok()
}
