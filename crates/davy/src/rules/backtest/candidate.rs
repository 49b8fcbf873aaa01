//! A rule set that is tried.

use std::{path::Path, sync::Arc};

use anyhow::anyhow;
use davy_model::{Bundle, BundleFile};
use davy_rules::{Diagnostic, Plan, bundle, compile};
use davy_workbench::backtest::{Setting, Side, apply};

use crate::{
    exit::{Exit, Misuse},
    site_folder,
};

/// A rule set that is tried.
pub(in crate::rules) struct Candidate {
    pub(in crate::rules) bundle: Arc<Bundle>,
    pub(in crate::rules) plan: Arc<Plan>,
    /// What a sweep sets in it.
    pub(super) tried: Vec<Setting>,
}

/// Files that do not compile.
#[derive(Debug, thiserror::Error)]
#[error("the files cannot be used")]
pub(in crate::rules) struct Refused(pub(super) Vec<Diagnostic>);

impl Refused {
    /// Tells files that do not compile as `rules check` tells them; any other error stays one.
    pub(in crate::rules) fn tell(error: anyhow::Error) -> anyhow::Result<Exit> {
        let Refused(findings) = error.downcast()?;
        findings.iter().for_each(|finding| eprintln!("{finding}"));
        Ok(Exit::BadConfiguration)
    }
}

impl Candidate {
    /// The files with everything set in them that is to be.
    pub(super) fn new(
        mut files: Vec<BundleFile>,
        settings: &[Setting],
        tried: Vec<Setting>,
    ) -> anyhow::Result<Candidate> {
        for setting in settings {
            apply(&mut files, setting).map_err(|error| Misuse(error.to_string()))?;
        }
        Ok(Candidate { tried, ..Candidate::of_files(files)? })
    }

    /// The files as they are.
    pub(in crate::rules) fn of_files(files: Vec<BundleFile>) -> anyhow::Result<Candidate> {
        let bundle = bundle(files).map_err(Refused)?;
        let plan = Arc::new(compile(&bundle).map_err(Refused)?);
        Ok(Candidate { bundle: Arc::new(bundle), plan, tried: Vec::new() })
    }

    /// It, before the log.
    pub(in crate::rules) fn side(&self) -> Side {
        Side::under(Arc::clone(&self.bundle), Arc::clone(&self.plan))
    }
}

/// The files of the one site at `folder`.
pub(in crate::rules) fn files(folder: &Path) -> anyhow::Result<Vec<BundleFile>> {
    match &site_folder::find(folder)?[..] {
        [one] => site_folder::read(one),
        _ => {
            Err(anyhow!(Misuse(format!("{}: more than one site; name the folder of one", folder.display()))))
        }
    }
}
