//! Every mistake is told, with its character, and with what to write instead.

use davy_rules::expression::{BRACKETS_MAX, DEPTH_MAX, Expression, LENGTH_MAX};

use crate::inputs::declared;

/// An expression a line, `\n` for a line end in it, and below it, set in, every mistake in it.
const REFUSED: &str = include_str!("refused.txt");

#[test]
fn mistakes_have_their_character_and_a_way_out() {
    let mut lines = REFUSED.lines().filter(|line| !line.starts_with('#')).peekable();
    let mut seen = 0;
    while let Some(text) = lines.next() {
        let mut want = Vec::new();
        while let Some(line) = lines.next_if(|line| line.starts_with("    ")) {
            want.push(line.trim().to_owned());
        }
        let text = text.replace("\\n", "\n");
        let got = Expression::parse(&text, &declared()).map(|expression| format!("{expression:?}"));
        let got: Vec<String> = got.expect_err(&text).iter().map(ToString::to_string).collect();
        assert_eq!(got, want, "of {text:?}");
        seen += 1;
    }
    assert!(seen > 50, "the table is read");
}

#[test]
fn what_is_too_long_too_deep_or_too_costly_is_not_read() {
    let refused = |text: &str| Expression::parse(text, &declared()).expect_err("too large")[0].to_string();
    let long = format!("level{}", " ".repeat(LENGTH_MAX));
    assert_eq!(refused(&long), "character 1: found 1005 bytes, expected at most 1000 [EXPRESSION_TOO_LARGE]");
    let fits = format!("{}level{}", "(".repeat(BRACKETS_MAX), ")".repeat(BRACKETS_MAX));
    assert!(Expression::parse(&fits, &declared()).is_ok());
    assert_eq!(
        refused(&format!("({fits})")),
        "character 17: found one more bracket, expected at most 16 open at once [EXPRESSION_TOO_LARGE]"
    );
    let deep = format!("level{}", "+1".repeat(DEPTH_MAX));
    let deeper = "expected at most 64 operations inside each other [EXPRESSION_TOO_LARGE]";
    assert!(refused(&deep).ends_with(deeper), "{}", refused(&deep));
    let sum = format!("level{}", "+1*level".repeat(30));
    let costly = format!("({sum}) > 1 || ({sum}) > 2 || ({sum}) > 3");
    assert_eq!(
        refused(&costly),
        "character 1: found 371 steps, expected at most 256; divide it over several rules [EXPRESSION_TOO_LARGE]"
    );
    assert_eq!(Expression::parse(&format!("({sum}) > 1 || ({sum}) > 2"), &declared()).unwrap().steps(), 247);
    let many: Vec<_> = (0..3).flat_map(|_| declared()).collect();
    assert!(Expression::parse("level", &many).is_err(), "{} inputs", many.len());
}
