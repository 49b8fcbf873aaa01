//! Tables for people.

use std::io::{self, IsTerminal};

use comfy_table::{Cell, Color, ContentArrangement, Table, presets};
use davy_model::Tier;

use crate::looks::{self, Colour};

/// One cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Field {
    /// Words.
    Text(String),
    /// A tier's chip.
    Tier(Option<Tier>),
}

impl<T: Into<String>> From<T> for Field {
    fn from(text: T) -> Field {
        Field::Text(text.into())
    }
}

/// The table as text. On a terminal it fits the width; elsewhere no cell is broken, so that lines can be cut up.
pub(crate) fn render(headings: &[&str], rows: Vec<Vec<Field>>) -> String {
    let width = io::stdout().is_terminal().then(|| crossterm::terminal::size().ok()).flatten();
    render_for(headings, rows, Colour::of_stdout(), width.map(|(columns, _)| columns))
}

fn render_for(headings: &[&str], rows: Vec<Vec<Field>>, colour: Colour, width: Option<u16>) -> String {
    let mut table = Table::new();
    table.load_preset(presets::NOTHING).set_header(headings);
    match width {
        Some(width) => table.set_content_arrangement(ContentArrangement::Dynamic).set_width(width),
        None => table.set_content_arrangement(ContentArrangement::Disabled),
    };
    match colour {
        Colour::On => table.enforce_styling(),
        Colour::Off => table.force_no_tty(),
    };
    for row in rows {
        table.add_row(row.into_iter().map(cell));
    }
    let text = table.to_string();
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    lines.join("\n")
}

fn cell(field: Field) -> Cell {
    match field {
        Field::Text(text) => Cell::new(text),
        Field::Tier(None) => Cell::new(looks::chip(None)),
        Field::Tier(Some(tier)) => {
            let (ink, fill) = (Color::AnsiValue(looks::ink(tier)), Color::AnsiValue(looks::fill(tier)));
            Cell::new(looks::chip(Some(tier))).fg(ink).bg(fill)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows() -> Vec<Vec<Field>> {
        vec![
            vec![Field::Tier(Some(Tier::Red)), "AT-0412/h2s".into(), "15.2 ppm (L2 ≥ 14.1)".into()],
            vec![Field::Tier(None), "TK-101/level".into(), "-".into()],
        ]
    }

    #[test]
    fn a_plain_table_has_aligned_columns_and_no_escape_codes() {
        let text = render_for(&["TIER", "SUBJECT", "VALUE"], rows(), Colour::Off, None);
        let expected = " TIER       SUBJECT       VALUE\n ■ red      AT-0412/h2s   15.2 ppm (L2 ≥ 14.1)\n -          TK-101/level  -";
        assert_eq!(text, expected);
    }

    #[test]
    fn colour_is_only_added_to_shape_and_word() {
        let text = render_for(&["TIER", "SUBJECT", "VALUE"], rows(), Colour::On, None);
        assert!(text.contains("\u{1b}["), "{text:?}");
        assert!(text.contains("■ red"), "{text:?}");
    }

    #[test]
    fn a_narrow_terminal_gets_a_table_that_fits() {
        let text = render_for(&["TIER", "SUBJECT", "VALUE"], rows(), Colour::Off, Some(34));
        assert!(text.lines().all(|line| line.chars().count() <= 34), "{text}");
    }
}
