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

pub(crate) fn from_json(
    site: &str,
    revision: &str,
    files: serde_json::Value,
) -> Result<Arc<Bundle>, HistoryError> {
    let files: Vec<FileRecord> = serde_json::from_value(files).map_err(|error| {
        HistoryError::Damaged(format!("the files of revision {revision} of {site}: {error}"))
    })?;
    let file = |file: FileRecord| BundleFile { path: file.path, text: file.text };
    Ok(Arc::new(Bundle {
        site: site.into(),
        revision: revision.into(),
        files: files.into_iter().map(file).collect(),
    }))
}
