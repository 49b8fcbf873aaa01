//! A site's files as JSON: `[{"path": "site.yaml", "text": "..."}]`.

use std::sync::Arc;

use davy_model::{Bundle, BundleFile};
use serde::{Deserialize, Serialize};

use crate::HistoryError;

#[derive(Deserialize, Serialize)]
struct FileRecord {
    path: String,
    text: String,
}

pub(crate) fn to_json(bundle: &Bundle) -> serde_json::Value {
    // A database has no place for that one character, and no file of a site needs it.
    let text = |file: &BundleFile| file.text.replace('\0', "\u{fffd}");
    let record = |file: &BundleFile| serde_json::json!({ "path": file.path, "text": text(file) });
    bundle.files.iter().map(record).collect()
}

/// The files of a revision, of which `files` was found; `None` for the revision without a name, which has none.
pub(crate) fn from_json(
    site: &str,
    revision: &str,
    files: Option<serde_json::Value>,
) -> Result<Option<Arc<Bundle>>, HistoryError> {
    if revision.is_empty() {
        return Ok(None);
    }
    let damaged =
        |why: String| HistoryError::Damaged(format!("the files of revision {revision} of {site}{why}"));
    let files = files.ok_or_else(|| damaged(" are not there".to_owned()))?;
    let files: Vec<FileRecord> =
        serde_json::from_value(files).map_err(|error| damaged(format!(": {error}")))?;
    let file = |file: FileRecord| BundleFile { path: file.path, text: file.text };
    Ok(Some(Arc::new(Bundle {
        site: site.into(),
        revision: revision.into(),
        files: files.into_iter().map(file).collect(),
    })))
}
