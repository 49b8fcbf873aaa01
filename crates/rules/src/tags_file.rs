//! `tags.csv` → the tags of a site.

use std::collections::{BTreeMap, BTreeSet};

use davy_model::Tag;

use crate::{
    Code,
    cells::Cells,
    csv_text::{CsvText, Row},
    fields::one_of,
    known::Known,
    report::{Finding, Place, Report},
    site_file::Ids,
    tag_row,
};

/// Tags of a site at most.
pub(crate) const TAGS_MAX: usize = 1_000_000;

/// The columns, in any order in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Column {
    /// The tag's name.
    Tag,
    /// What people call it.
    Title,
    /// The same in Chinese.
    TitleZh,
    /// What it measures.
    Quantity,
    /// In which unit.
    Unit,
    /// The bottom of the sensor's range.
    Low,
    /// The top of it.
    High,
    /// How often a value is to be expected.
    Interval,
    /// How long the last value is held.
    SilenceLimit,
    /// `periodic` or `by_exception`.
    Reporting,
    /// Where it belongs.
    Area,
    /// Which edge node may send it.
    EdgeNode,
    /// The name its edge node sends it under.
    SentAs,
    /// Which device measures it.
    Device,
    /// What it is mounted on.
    Equipment,
    /// What it stands for by the rules of its trade.
    Role,
    /// Degrees north.
    Latitude,
    /// Degrees east.
    Longitude,
    /// Metres above the site's datum.
    Elevation,
    /// Metres east of the site's origin.
    X,
    /// Metres north of it.
    Y,
    /// Of the gas, g/mol.
    MolarMass,
    /// Of the gas, % by volume.
    Lel,
    /// Of which hazard source it is a tag.
    HazardSource,
}

impl Column {
    /// The names in a header, in the order of the columns above.
    pub(crate) const NAMES: [&str; 24] = [
        "tag",
        "title",
        "title_zh",
        "quantity",
        "unit",
        "low",
        "high",
        "interval",
        "silence_limit",
        "reporting",
        "area",
        "edge_node",
        "sent_as",
        "device",
        "equipment",
        "role",
        "latitude",
        "longitude",
        "elevation",
        "x",
        "y",
        "molar_mass",
        "lel",
        "hazard_source",
    ];

    /// The name in a header.
    pub(crate) const fn name(self) -> &'static str {
        Column::NAMES[self as usize]
    }
}

/// What `tags.csv` says.
#[derive(Default)]
pub(crate) struct TagsFile {
    /// The tags without an error, sorted by name, each with its place.
    pub(crate) tags: Vec<(Tag, Place)>,
    /// Every name that stands in the file, also of tags with an error.
    pub(crate) names: Ids,
    /// Every equipment that stands in the file, likewise.
    pub(crate) equipment: BTreeSet<String>,
    /// Whether every row told its name, so that a reference to none of them is a mistake for certain.
    pub(crate) whole: bool,
}

/// Where each column stands in the rows.
pub(crate) type Places = BTreeMap<usize, usize>;

/// Reads the tags. References are checked against what is `known`.
pub(crate) fn read(
    text: &str,
    file: u32,
    known: Option<&Known<'_>>,
    report: &mut Report,
) -> Option<TagsFile> {
    let csv = CsvText::new(text, file);
    let errors = report.errors();
    let rows = csv.rows(report);
    let Some((header, rows)) = rows.split_first() else {
        let finding =
            Finding::new(Code::ColumnMissing, "header").expected("a header with at least tag and quantity");
        report.error(Place::start_of(file), finding);
        return None;
    };
    let columns = columns(&csv, header, report)?;
    if rows.len() > TAGS_MAX {
        let finding = Finding::new(Code::PlanTooLarge, "tags").found_words(format!("{} tags", rows.len()));
        report.error(Place::start_of(file), finding.expected(format!("at most {TAGS_MAX}")));
        return None;
    }
    let mut read = TagsFile { whole: report.errors() == errors, ..TagsFile::default() };
    for row in rows {
        if row.len() != header.len() {
            row_length(&csv, row, header.len(), report);
            read.whole = false;
            continue;
        }
        let mut cells = Cells::new(&csv, row, &columns, report);
        note_names(&mut cells, &mut read);
        if let Some(tag) = tag_row::read(&mut cells, known) {
            read.tags.push((tag, csv.row_place(row)));
        }
    }
    read.tags.sort_by(|(a, _), (b, _)| a.name.cmp(&b.name));
    read.tags.dedup_by(|(later, _), (first, _)| later.name == first.name);
    check_sent_names(&read, report);
    Some(read)
}

/// Keeps the row's name and equipment, and reports a name that was there before.
fn note_names(cells: &mut Cells<'_>, read: &mut TagsFile) {
    if let Some(equipment) = cells.get(Column::Equipment) {
        read.equipment.insert(equipment.to_owned());
    }
    let Some(name) = cells.get(Column::Tag) else {
        read.whole = false;
        return;
    };
    match read.names.get(name) {
        Some(first) => {
            let expected = format!("a name of its own: it is taken at {}", cells.line_of(*first));
            cells.error(Column::Tag, cells.finding(Code::NameTwice, Column::Tag).expected(expected));
        }
        None => {
            read.names.insert(name.to_owned(), cells.place());
        }
    }
}

/// One edge node sends two tags under two names; a tag of any edge node shares its name with nobody.
fn check_sent_names(read: &TagsFile, report: &mut Report) {
    let mut taken: BTreeMap<(&str, Option<&str>), Place> = BTreeMap::new();
    for (tag, place) in &read.tags {
        let Some(sent_as) = tag.sent_as.as_deref() else { continue };
        let node = tag.edge_node.as_deref();
        let clash = match node {
            Some(node) => taken.get(&(sent_as, Some(node))).or_else(|| taken.get(&(sent_as, None))),
            None => taken
                .range((sent_as, None)..)
                .next()
                .filter(|((name, _), _)| *name == sent_as)
                .map(|(_, at)| at),
        };
        if let Some(first) = clash {
            let expected = format!("a name of its own: it is taken at {}", report.line_of(*first));
            report.error(*place, Finding::new(Code::NameTwice, "sent_as").found(sent_as).expected(expected));
            continue;
        }
        taken.insert((sent_as, node), *place);
    }
}

fn columns(csv: &CsvText<'_>, header: &Row, report: &mut Report) -> Option<Places> {
    let mut places = Places::new();
    let errors = report.errors();
    for ((index, name), place) in header.cells().enumerate().zip(csv.cell_places(header)) {
        match Column::NAMES.iter().position(|known| *known == name) {
            None => {
                let near = report.nearest(name, Column::NAMES);
                let finding = Finding::new(Code::ColumnUnknown, "header").found(name);
                report.error(place, finding.expected(one_of(&Column::NAMES)).did_you_mean(near));
            }
            Some(column) if places.contains_key(&column) => {
                report.error(
                    place,
                    Finding::new(Code::ColumnTwice, "header").found(name).expected("each column once"),
                );
            }
            Some(column) => {
                places.insert(column, index);
            }
        }
    }
    for column in [Column::Tag, Column::Quantity] {
        if !places.contains_key(&(column as usize)) && report.errors() == errors {
            let finding =
                Finding::new(Code::ColumnMissing, "header").expected(format!("the column {}", column.name()));
            report.error(csv.row_place(header), finding);
        }
    }
    (report.errors() == errors).then_some(places)
}

fn row_length(csv: &CsvText<'_>, row: &Row, wanted: usize, report: &mut Report) {
    let finding = Finding::new(Code::RowLength, "row").found_words(format!("{} cells", row.len()));
    let finding = finding.expected(format!("{wanted}, as in the header"));
    report.error(
        csv.cell_place(row, wanted),
        finding.help("a comma inside a text needs quotes around the cell"),
    );
}
