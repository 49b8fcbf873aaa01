//! Text → the tree that the `cel` crate reads from it, inside bounds, with a place for everything; or the first mistake.

use cel::{
    IdedExpr,
    common::ast::SourceInfo,
    parser::{ParseError, Parser},
};
use davy_model::Unit;

use super::{BRACKETS_MAX, INPUTS_MAX, LENGTH_MAX, Mistake};
use crate::Code;

/// Words that CEL keeps for itself.
pub(super) const RESERVED: [&str; 21] = [
    "as",
    "break",
    "const",
    "continue",
    "else",
    "false",
    "for",
    "function",
    "if",
    "import",
    "in",
    "let",
    "loop",
    "namespace",
    "null",
    "package",
    "return",
    "true",
    "var",
    "void",
    "while",
];

/// What people write, and how CEL writes it.
const OTHERWISE: [(&str, &str); 14] = [
    ("=", "=="),
    ("<>", "!="),
    ("≥", ">="),
    ("≤", "<="),
    ("≠", "!="),
    ("×", "*"),
    ("÷", "/"),
    ("&", "&&"),
    ("|", "||"),
    ("and", "&&"),
    ("or", "||"),
    ("not", "!"),
    ("^", "pow(x, 2.0)"),
    ("if", "condition ? this : that"),
];

/// A text and its tree.
pub(super) struct Parsed<'t> {
    pub(super) text: &'t str,
    pub(super) tree: IdedExpr,
    places: SourceInfo,
}

impl Parsed<'_> {
    /// The character, from 1, at which a node of the tree stands: of an operator the operator, of a function its name.
    pub(super) fn character(&self, node: &IdedExpr) -> u32 {
        let byte = self.places.offset_for(node.id).map_or(0, |(start, _)| start as usize);
        let byte = match self.text.as_bytes().get(byte) {
            // The tree has a call at its bracket.
            Some(b'(') => self.name_before(byte),
            _ => byte,
        };
        let before = self.text.char_indices().take_while(|(at, _)| *at < byte).count();
        u32::try_from(before + 1).unwrap_or(u32::MAX)
    }

    /// The byte at which the name before a bracket begins.
    fn name_before(&self, bracket: usize) -> usize {
        let before = self.text[..bracket].trim_end();
        before.trim_end_matches(|c: char| c.is_ascii_alphanumeric() || c == '_').len()
    }
}

/// Reads a text that is no longer and no deeper than what is read.
pub(super) fn parse(text: &str, inputs: usize) -> Result<Parsed<'_>, Mistake> {
    within_bounds(text, inputs)?;
    match Parser::new().parse_with_source_info(text) {
        Ok((tree, places)) => Ok(Parsed { text, tree, places }),
        Err(errors) => {
            let first = errors.errors.iter().min_by_key(|error| error.pos);
            Err(first.map_or_else(|| Mistake::new(1, Code::ExpressionSyntax), |error| explained(text, error)))
        }
    }
}

fn within_bounds(text: &str, inputs: usize) -> Result<(), Mistake> {
    let too_large = |character, found: String, most: String| {
        Err(Mistake::new(character, Code::ExpressionTooLarge).found(found).expected(most))
    };
    if text.len() > LENGTH_MAX {
        return too_large(1, format!("{} bytes", text.len()), format!("at most {LENGTH_MAX}"));
    }
    if inputs > INPUTS_MAX {
        return too_large(1, format!("{inputs} inputs"), format!("at most {INPUTS_MAX}"));
    }
    let mut open = 0_usize;
    for (character, c) in (1..).zip(text.chars()) {
        match c {
            '(' | '[' | '{' => open += 1,
            ')' | ']' | '}' => open = open.saturating_sub(1),
            _ => {}
        }
        if open > BRACKETS_MAX {
            let most = format!("at most {BRACKETS_MAX} open at once");
            return too_large(character, "one more bracket".to_owned(), most);
        }
    }
    Ok(())
}

/// The crate's error in words for whom the rule matters: it lists tokens of its grammar.
fn explained(text: &str, error: &ParseError) -> Mistake {
    let (line, column) = (error.pos.0.max(1), error.pos.1.max(1));
    let lines = text.split_inclusive('\n').take(usize::try_from(line - 1).unwrap_or(0));
    let before: usize = lines.map(|line| line.chars().count()).sum();
    let told = (before + usize::try_from(column - 1).unwrap_or(0)).min(text.chars().count());
    // The crate may point before a blank: what is wrong is the word behind it.
    let blanks = text.chars().skip(told).take_while(|c| c.is_whitespace()).count();
    let start = told + blanks;
    let rest: String = text.chars().skip(start).collect();
    let word = word_at(&rest);
    let mistake = Mistake::new(u32::try_from(start + 1).unwrap_or(u32::MAX), Code::ExpressionSyntax);
    let mistake = if word.is_empty() { mistake.found("the end") } else { mistake.found_text(word) };
    let mistake = mistake.expected(expected_of(&error.msg));
    let is_unit = Unit::parse(word).is_some() && text.chars().take(start).any(|c| c.is_ascii_digit());
    if error.msg.contains("has()") {
        return mistake.help(format!("is_evidence({word}) asks whether it has a value"));
    }
    match OTHERWISE.iter().find(|(written, _)| *written == word) {
        Some((_, otherwise)) => mistake.help(format!("CEL writes {otherwise}")),
        None if is_unit => mistake.help(format!("a figure with a unit is written unit(3.0, \"{word}\")")),
        None => mistake,
    }
}

fn expected_of(message: &str) -> &'static str {
    if message.contains("expecting <EOF>") {
        "an operator, or the end"
    } else if message.contains("missing ')'") || message.contains("expecting {',', ')'") {
        "\")\""
    } else if message.contains("IDENTIFIER") {
        "an input, a figure, a function or a bracket"
    } else if message.contains("literal") {
        "a number that can be held"
    } else if message.starts_with("reserved") {
        "a name that CEL does not keep for itself"
    } else {
        "CEL"
    }
}

/// The word, or the signs, at the beginning of a text.
fn word_at(text: &str) -> &str {
    let word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.');
    let first = text.chars().next();
    let same_kind = |c: char| match first {
        Some(first) if word(first) => word(c) || matches!(c, '/' | '%'),
        _ => !word(c) && !c.is_whitespace() && !matches!(c, '(' | ')' | '"' | '\''),
    };
    let end = text.char_indices().skip(1).find(|(_, c)| !same_kind(*c)).map_or(text.len(), |(at, _)| at);
    &text[..end]
}
