//! Certificates that are to hold no more.

use std::path::Path;

use anyhow::bail;

use super::{
    authority::write_list,
    folder::{Folder, LIST},
    ledger,
};
use crate::{exit::Exit, out, span};

/// Puts them on the list.
pub(super) fn run(dir: &Path, which: &str) -> anyhow::Result<Exit> {
    let folder = Folder::open(dir)?;
    let mut issued = ledger::read(&folder)?;
    let now = span::now();
    let meant = issued.iter_mut().filter(|one| one.name == which || one.serial.eq_ignore_ascii_case(which));
    let mut revoked = Vec::new();
    for one in meant.filter(|one| one.revoked.is_none() && one.until > now) {
        one.revoked = Some(now);
        revoked.push(one.serial.clone());
    }
    if revoked.is_empty() {
        bail!("no certificate of {which} holds; davy pki list shows them");
    }
    // The list first: it is what locks out.
    write_list(&folder, &issued, now)?;
    ledger::write(&folder, &issued)?;
    for serial in &revoked {
        out::line(format_args!("{which} {serial} holds no more"))?;
    }
    out::line(format_args!(
        "put {} where client_revoked_file says: it is read within 5 s, and who comes with it then is turned away",
        folder.path(LIST).display()
    ))?;
    Ok(Exit::Ok)
}
