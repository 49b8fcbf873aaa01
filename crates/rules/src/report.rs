//! Collects findings while the files are read, so that all are told at once.

use std::{fmt, sync::Arc};

pub(crate) use davy_yaml::Place;

use crate::{Code, Diagnostic, Severity};

/// Findings listed at most; the rest is counted.
pub(crate) const FINDINGS_MAX: usize = 1000;
/// Findings that come with a search for the name that was meant at most: a search costs as much as there are names.
const SEARCHES_MAX: usize = 100;
/// Characters of a found text that are shown at most.
const SHOWN_MAX: usize = 60;

/// Everything found so far.
pub struct Report {
    files: Vec<Arc<str>>,
    findings: Vec<(Place, Diagnostic)>,
    unlisted: usize,
    errors: usize,
}

/// One finding before it has a place.
pub struct Finding {
    code: Code,
    message: String,
    found: String,
    expected: String,
    help: String,
}

impl Finding {
    /// A finding about `message`.
    pub fn new(code: Code, message: impl Into<String>) -> Finding {
        let nothing = || "nothing".to_owned();
        Finding { code, message: message.into(), found: nothing(), expected: nothing(), help: String::new() }
    }

    /// The same finding about something else.
    pub fn about(mut self, message: String) -> Finding {
        self.message = message;
        self
    }

    /// What stands there, quoted and cut to a readable length.
    pub fn found(mut self, text: &str) -> Finding {
        self.found = quoted(text);
        self
    }

    /// What stands there, in words of our own.
    pub fn found_words(mut self, words: impl Into<String>) -> Finding {
        self.found = words.into();
        self
    }

    /// What may stand there.
    pub fn expected(mut self, words: impl Into<String>) -> Finding {
        self.expected = words.into();
        self
    }

    /// What to try.
    pub fn help(mut self, words: impl Into<String>) -> Finding {
        self.help = words.into();
        self
    }

    /// Asks whether a near word was meant, if there is one.
    pub fn did_you_mean(self, near: Option<impl fmt::Display>) -> Finding {
        match near {
            Some(near) => self.help(format!("did you mean \"{near}\"?")),
            None => self,
        }
    }
}

impl Report {
    /// An empty report over the files with these paths.
    pub fn new(files: Vec<Arc<str>>) -> Report {
        Report { files, findings: Vec::new(), unlisted: 0, errors: 0 }
    }

    /// The path of a file.
    pub fn file(&self, place: Place) -> Arc<str> {
        Arc::clone(&self.files[place.file as usize])
    }

    /// The start of a file that is not there, so that its absence has a place.
    pub(crate) fn place_of_missing(&mut self, path: &str) -> Place {
        self.files.push(path.into());
        Place::start_of(u32::try_from(self.files.len() - 1).unwrap_or(u32::MAX))
    }

    /// `rules/gas.yaml:4`, for texts that point elsewhere.
    pub(crate) fn line_of(&self, place: Place) -> String {
        format!("{}:{}", self.files[place.file as usize], place.line)
    }

    /// Adds an error.
    pub fn error(&mut self, place: Place, finding: Finding) {
        self.errors += 1;
        self.add(place, Severity::Error, finding);
    }

    /// Adds a warning.
    pub fn warn(&mut self, place: Place, finding: Finding) {
        self.add(place, Severity::Warning, finding);
    }

    /// The name that was probably meant; not searched for once there are many findings.
    pub fn nearest<'n>(&self, text: &str, names: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
        if self.findings.len() < SEARCHES_MAX { davy_yaml::nearest(text, names) } else { None }
    }

    /// How many errors there are.
    pub fn errors(&self) -> usize {
        self.errors
    }

    /// The findings, by file, line and column, cut to a length that can be read.
    pub fn into_findings(mut self) -> Vec<Diagnostic> {
        self.findings.sort_by_key(|(place, _)| *place);
        let mut listed: Vec<Diagnostic> = self.findings.into_iter().map(|(_, found)| found).collect();
        if self.unlisted > 0
            && let Some(last) = listed.last().cloned()
        {
            listed.push(Diagnostic {
                code: Code::TooManyFindings,
                severity: if self.errors > 0 { Severity::Error } else { Severity::Warning },
                message: "findings".to_owned(),
                found: format!("{} more", self.unlisted),
                expected: format!("at most {FINDINGS_MAX}"),
                help: "mend the first ones and check again".to_owned(),
                ..last
            });
        }
        listed
    }

    fn add(&mut self, place: Place, severity: Severity, finding: Finding) {
        if self.findings.len() >= FINDINGS_MAX {
            self.unlisted += 1;
            return;
        }
        let Finding { code, message, found, expected, help } = finding;
        let Place { line, column, .. } = place;
        let file = self.file(place);
        let listed = Diagnostic { file, line, column, severity, code, message, found, expected, help };
        self.findings.push((place, listed));
    }
}

/// A text in quotes, on one line, cut to a readable length.
pub(crate) fn quoted(text: &str) -> String {
    let mut shown: String = text.chars().take(SHOWN_MAX).flat_map(char::escape_debug).collect();
    if text.chars().nth(SHOWN_MAX).is_some() {
        shown.push('…');
    }
    format!("\"{}\"", shown.replace("\\\"", "\"").replace("\\'", "'"))
}
