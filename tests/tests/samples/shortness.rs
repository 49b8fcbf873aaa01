//! A sample is read before it is used.

use std::fs;

use super::workshop::{LANGUAGES, sources};

/// Lines that say something, of the files of one language.
const LINES_MAX: usize = 450;

const KINDS: [&str; 4] = ["rs", "py", "go", "java"];

fn count(folder: &std::path::Path) -> usize {
    let mut sum = 0;
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("readable").path();
        if path.is_dir() && path.ends_with("src") {
            sum += count(&path);
        } else if path.extension().is_some_and(|kind| KINDS.iter().any(|known| kind == *known)) {
            let text = fs::read_to_string(&path).expect("readable");
            let says = |line: &&str| !line.trim().is_empty() && !line.trim_start().starts_with(['#', '/']);
            sum += text.lines().filter(says).count();
        }
    }
    sum
}

#[test]
fn no_sample_is_longer_than_a_person_reads() {
    for language in LANGUAGES {
        let lines = count(&sources(language));
        println!("{language}: {lines} lines");
        assert!(
            (50..=LINES_MAX).contains(&lines),
            "{language} has {lines} lines, at most {LINES_MAX} are read"
        );
    }
}
