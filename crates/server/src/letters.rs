//! The file of dead letters, beside the journals and apart from them.

use std::{io, path::Path, sync::Arc};

use davy_intake::{Inboxes, Intake, LetterStore};

/// What it is called. No journal has such a name, whatever its site's.
const FILE_NAME: &str = "dead-letters.db";

/// Gives the inboxes of all sites, and that of what came for none, what they held when Davy ended, and follows them from now
/// on. The journals' locks have to be held: they keep a second Davy out of the folder.
///
/// # Errors
/// When the system gives no thread.
pub(crate) fn keep(data_dir: &Path, intake: &Intake) -> io::Result<LetterStore> {
    let sites = intake.directory.sites();
    let of_sites = sites.iter().map(|door| (Arc::clone(&door.site.id), Arc::clone(&door.dead_letters)));
    let strays = (Arc::from(""), Arc::clone(&intake.strays.dead_letters));
    let inboxes: Inboxes = of_sites.chain([strays]).collect();
    LetterStore::start(data_dir.join(FILE_NAME), inboxes)
}
