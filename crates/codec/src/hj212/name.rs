//! The name of a metric: the code, or a pattern around it.

use super::segment::Segment;

/// A pattern of text, `{code}`, `{mn}` and `{st}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name(Vec<Piece>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(String),
    Code,
    Mn,
    St,
}

/// The code alone.
impl Default for Name {
    fn default() -> Name {
        Name(vec![Piece::Code])
    }
}

impl Name {
    /// Reads `{code}`, `{mn}/{code}`...
    ///
    /// # Errors
    /// The part in braces that is none of `code`, `mn` and `st`; or a pattern without `{code}`, under which all values of a
    /// box would be one tag.
    pub fn parse(pattern: &str) -> Result<Name, String> {
        let mut pieces = Vec::new();
        let mut rest = pattern;
        while let Some((text, after)) = rest.split_once('{') {
            if !text.is_empty() {
                pieces.push(Piece::Text(text.to_owned()));
            }
            let (word, after) = after.split_once('}').ok_or_else(|| after.to_owned())?;
            pieces.push(match word {
                "code" => Piece::Code,
                "mn" => Piece::Mn,
                "st" => Piece::St,
                other => return Err(other.to_owned()),
            });
            rest = after;
        }
        if !rest.is_empty() {
            pieces.push(Piece::Text(rest.to_owned()));
        }
        if pieces.contains(&Piece::Code) { Ok(Name(pieces)) } else { Err(pattern.to_owned()) }
    }

    /// The name of a value of that code.
    pub(super) fn of<'r>(&self, segment: &Segment<'_>, code: &'r str, buffer: &'r mut String) -> &'r str {
        if let [Piece::Code] = &self.0[..] {
            return code;
        }
        buffer.clear();
        for piece in &self.0 {
            buffer.push_str(match piece {
                Piece::Text(text) => text,
                Piece::Code => code,
                Piece::Mn => segment.mn,
                Piece::St => segment.st.unwrap_or_default(),
            });
        }
        buffer
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_names_what_it_takes_and_must_take_the_code() {
        for pattern in ["{code}", "{mn}/{code}", "x{st}-{code}y"] {
            assert!(Name::parse(pattern).is_ok(), "{pattern}");
        }
        for (pattern, wrong) in [("{mn}", "{mn}"), ("{unit}/{code}", "unit"), ("{code", "code"), ("", "")] {
            assert_eq!(Name::parse(pattern), Err(wrong.to_owned()), "{pattern}");
        }
        assert_eq!(Name::parse("{code}"), Ok(Name::default()));
    }
}
