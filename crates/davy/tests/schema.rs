//! `davy rules schema`, and the copies of what it says that editors are pointed to.

use std::{fs, path::Path, process::Command};

#[test]
fn the_published_schemas_are_what_davy_says() {
    for kind in ["rules", "site", "tests"] {
        let output = Command::new(env!("CARGO_BIN_EXE_davy"))
            .args(["rules", "schema", "--kind", kind])
            .output()
            .expect("the binary runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let file = format!("docs/reference/davy-{kind}.schema.json");
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(&file);
        let published = fs::read_to_string(path).unwrap_or_default();
        let said = String::from_utf8(output.stdout).expect("UTF-8");
        assert!(published == said, "{file} is not what davy says: davy rules schema --kind {kind} > {file}");
    }
}
