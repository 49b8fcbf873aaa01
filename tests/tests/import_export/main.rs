//! What history holds goes into files and comes back the same; what others recorded comes in by a map; what alarms did is
//! told to whoever keeps records.

mod alarms;
mod past;
mod round_trip;

use std::path::Path;

use davy_tests::{Place, Said, Setup, davy};

/// Readings of any year are kept.
const KEEP: &str = "readings = \"3653d\"\n";

fn path(path: &Path) -> &str {
    path.to_str().expect("the folders of these tests have plain names")
}

/// A site that keeps history in a file of its own, or in a database of that server.
async fn keeping(setup: &Setup, place: Option<&Place>) {
    let Some(place) = place else {
        setup.configure(&format!("[history]\n{KEEP}"));
        std::fs::create_dir_all(setup.path("data")).expect("a folder");
        return;
    };
    setup.configure(&format!("{}{KEEP}", place.section()));
    davy(["migrate", "up", "--config", path(&setup.config())]).await.ended(0);
}

async fn import(setup: &Setup, site: &str, file: &Path, more: &[&str]) -> Said {
    let config = setup.config();
    let words = ["import", path(file), "--site", site, "--json", "--config", path(&config)];
    davy(words.iter().chain(more)).await
}

async fn export(setup: &Setup, what: &str, site: &str, more: &[&str]) -> Said {
    let config = setup.config();
    let words = ["export", what, "--site", site, "--config", path(&config)];
    davy(words.iter().chain(more)).await
}
