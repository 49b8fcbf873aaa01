//! A site's files: which they are, in what order, under what revision.

use std::sync::Arc;

use davy_model::{Bundle, BundleFile, Site};
use sha2::{Digest, Sha256};

use crate::{
    Code, Diagnostic, Plan, Severity, compiler, formula,
    hazard_source::{self, Drafts},
    known::Known,
    lint,
    pack_use::PackUse,
    packs,
    report::{Finding, Place, Report},
    rule_file::{self, RuleDraft},
    selector::Targets,
    site_file::{self, Ids, SiteFile, Whole},
    tags_file::{self, TagsFile},
    tunes, yaml,
};

const SITE: &str = "site.yaml";
const TAGS: &str = "tags.csv";
/// Files of a site at most.
const FILES_MAX: usize = 1000;
/// Bytes of all files of a site at most.
const BYTES_MAX: usize = 128 << 20;
/// Rules of a site at most.
const RULES_MAX: usize = 50_000;

/// Whether a file of this path, below a site's folder and with `/`, belongs to the site: `site.yaml`, `tags.csv`, every
/// `rules/*.yaml`, every `mappings/*.yaml` and every `packs/*.yaml`.
pub fn is_site_file(path: &str) -> bool {
    path == SITE
        || path == TAGS
        || is_rule_file(path)
        || mapping_name(path).is_some()
        || yaml_in(path, "packs/").is_some()
}

/// The name of the mapping in a file of this path, if it is one: `mappings/tasmota.yaml` has `tasmota`. What stands in it
/// is read by whoever reads payloads.
pub fn mapping_name(path: &str) -> Option<&str> {
    yaml_in(path, "mappings/")
}

/// Puts a site's files together, in any order: reads the site's id, sorts them by path, and takes the revision.
///
/// # Errors
/// When the id cannot be read; then everything else that is wrong with the files is told as well.
pub fn bundle(mut files: Vec<BundleFile>) -> Result<Bundle, Vec<Diagnostic>> {
    files.sort_by(|a, b| (&a.path, &a.text).cmp(&(&b.path, &b.text)));
    let revision = revision(&files);
    match site_id(&files) {
        Some(site) => Ok(Bundle { site, files, revision }),
        None => {
            let (_, findings) = read(&files, revision);
            Err(findings)
        }
    }
}

/// Checks and compiles a site's files. The same files give the same plan.
///
/// # Errors
/// Every error in every file, by file, line and column; at most a thousand are listed.
pub fn compile(bundle: &Bundle) -> Result<Plan, Vec<Diagnostic>> {
    compile_with_warnings(bundle).map(|(plan, _)| plan)
}

/// As [`compile`], and what is not wrong but seldom meant.
///
/// # Errors
/// As [`compile`].
pub fn compile_with_warnings(bundle: &Bundle) -> Result<(Plan, Vec<Diagnostic>), Vec<Diagnostic>> {
    let (plan, findings) = read(&bundle.files, Arc::clone(&bundle.revision));
    match plan {
        Some(plan) if findings.iter().all(|found| found.severity == Severity::Warning) => {
            Ok((plan, findings))
        }
        _ => Err(findings),
    }
}

fn is_rule_file(path: &str) -> bool {
    yaml_in(path, "rules/").is_some()
}

pub(crate) fn yaml_in<'p>(path: &'p str, folder: &str) -> Option<&'p str> {
    let name = path.strip_prefix(folder)?.strip_suffix(".yaml")?;
    (!name.is_empty() && !name.contains('/')).then_some(name)
}

/// First 12 hex digits of the SHA-256 over every path and text, each with its length before it, so that no two sets of
/// files run together.
fn revision(files: &[BundleFile]) -> Arc<str> {
    let mut hash = Sha256::new();
    for part in files.iter().flat_map(|file| [&file.path, &file.text]) {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    let digits = hash.finalize().iter().take(6).map(|byte| format!("{byte:02x}")).collect::<String>();
    digits.into()
}

fn site_id(files: &[BundleFile]) -> Option<Arc<str>> {
    let (at, file) = files.iter().enumerate().find(|(_, file)| file.path == SITE)?;
    let mut report = report(files);
    let root = yaml::parse(&file.text, index(at), &mut report)?;
    site_file::read(&root, &mut report).id
}

fn report(files: &[BundleFile]) -> Report {
    Report::new(files.iter().map(|file| file.path.as_str().into()).collect())
}

/// Reads all files as far as they can be read, and tells everything that is wrong with them.
fn read(files: &[BundleFile], revision: Arc<str>) -> (Option<Plan>, Vec<Diagnostic>) {
    if let Some(finding) = check_size(files) {
        return (None, vec![finding]);
    }
    let mut report = report(files);
    check_paths(files, &mut report);
    let mut packs = Vec::new();
    let site = site(files, &mut packs, &mut report);
    let known = site.as_ref().map(|(site, whole, hazards)| Known::new(site, *whole, hazards));
    let tags = tags(files, known.as_ref(), &mut report);
    let targets = targets(known, tags.as_ref());
    let drafts = rules(files, &packs, &targets, &mut report);
    let (Some((mut site, _, hazards)), Some(mut tags)) = (site, tags) else {
        return (None, report.into_findings());
    };
    let names = tags.whole.then_some(&tags.names);
    let hazards = hazard_source::bind(hazards, &mut tags.tags, names, &mut report);
    let (tags, places): (Vec<_>, Vec<Place>) = tags.tags.into_iter().unzip();
    site.tags = tags;
    let plan = compiler::plan(revision, (site, hazards), &drafts, &mut report);
    if report.errors() > 0 {
        return (None, report.into_findings());
    }
    lint::warn(&plan, &places, &drafts, &mut report);
    (Some(plan), report.into_findings())
}

fn check_size(files: &[BundleFile]) -> Option<Diagnostic> {
    let bytes: usize = files.iter().map(|file| file.text.len()).sum();
    if files.len() <= FILES_MAX && bytes <= BYTES_MAX {
        return None;
    }
    Some(Diagnostic {
        file: SITE.into(),
        line: 1,
        column: 1,
        severity: Severity::Error,
        code: Code::FileTooLarge,
        message: "files".to_owned(),
        found: format!("{} files of {bytes} bytes together", files.len()),
        expected: format!("at most {FILES_MAX} files of {BYTES_MAX} bytes together"),
        help: String::new(),
    })
}

fn check_paths(files: &[BundleFile], report: &mut Report) {
    for (at, file) in files.iter().enumerate() {
        let place = Place::start_of(index(at));
        if !is_site_file(&file.path) {
            let near = davy_yaml::nearest(&file.path, [SITE, TAGS]);
            let finding = Finding::new(Code::FileUnknown, "file").found(&file.path);
            report.error(
                place,
                finding
                    .expected("site.yaml, tags.csv, rules/*.yaml, mappings/*.yaml or packs/*.yaml")
                    .did_you_mean(near),
            );
        }
        if at > 0 && files[at - 1].path == file.path {
            report.error(
                place,
                Finding::new(Code::FileTwice, "file").found(&file.path).expected("each path once"),
            );
        }
    }
    for path in [SITE, TAGS] {
        if !files.iter().any(|file| file.path == path) {
            let place = report.place_of_missing(path);
            report.error(place, Finding::new(Code::FileMissing, "file").expected(format!("a file {path}")));
        }
    }
}

fn site(files: &[BundleFile], used: &mut Vec<PackUse>, report: &mut Report) -> Option<(Site, Whole, Drafts)> {
    let (at, file) = files.iter().enumerate().find(|(_, file)| file.path == SITE)?;
    let root = yaml::parse(&file.text, index(at), report)?;
    let SiteFile {
        id,
        title,
        time,
        shelving,
        desks,
        duties,
        annunciation,
        areas,
        edge_nodes,
        devices,
        sources,
        hazard_sources,
        packs,
        whole,
    } = site_file::read(&root, report);
    *used = packs;
    // A site without an id is still checked; the error is in the report.
    let id = id.unwrap_or_default();
    Some((
        Site {
            id,
            title,
            areas,
            edge_nodes,
            devices,
            tags: Vec::new(),
            sources,
            time,
            shelving,
            desks,
            duties,
            annunciation,
        },
        whole,
        hazard_sources,
    ))
}

fn tags(files: &[BundleFile], known: Option<&Known<'_>>, report: &mut Report) -> Option<TagsFile> {
    let (at, file) = files.iter().enumerate().find(|(_, file)| file.path == TAGS)?;
    tags_file::read(&file.text, index(at), known, report)
}

/// The rules of all files, those of packs among them, sorted by id.
fn rules(files: &[BundleFile], used: &[PackUse], targets: &Targets, report: &mut Report) -> Vec<RuleDraft> {
    let mut ids = Ids::new();
    let mut drafts = Vec::new();
    for (at, file) in files.iter().enumerate().filter(|(_, file)| is_rule_file(&file.path)) {
        if let Some(root) = yaml::parse(&file.text, index(at), report) {
            drafts.extend(rule_file::read(&root, &mut ids, targets, report));
        }
    }
    drafts.extend(packs::rules(files, used, &mut ids, targets, report));
    if drafts.len() > RULES_MAX {
        let finding =
            Finding::new(Code::PlanTooLarge, "rules").found_words(format!("{} rules", drafts.len()));
        report.error(drafts[RULES_MAX].place, finding.expected(format!("at most {RULES_MAX}")));
        drafts.truncate(RULES_MAX);
    }
    drafts.sort_by(|a, b| a.id.cmp(&b.id));
    tunes::inherit(&mut drafts, report);
    formula::resolve(&mut drafts, report);
    drafts
}

fn targets(known: Option<Known<'_>>, tags: Option<&TagsFile>) -> Targets {
    let (areas, nodes, devices, hazard_sources) = known.map_or_else(Default::default, |known| {
        (known.areas, known.nodes, known.devices, known.hazard_sources)
    });
    let tags = tags.filter(|tags| tags.whole);
    let equipment =
        tags.map(|tags| tags.equipment.iter().map(|id| (id.clone(), Place::start_of(0))).collect());
    Targets { areas, nodes, devices, hazard_sources, equipment, tags: tags.map(|tags| tags.names.clone()) }
}

pub(crate) fn index(at: usize) -> u32 {
    u32::try_from(at).expect("the number of files is bounded")
}
