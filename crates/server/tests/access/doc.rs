//! The tables of `docs/security/access.md` are what the code says. `DAVY_WRITE=1` writes them anew.

use std::{fs, path::PathBuf};

use davy_access::{Permission, Role, permissions};
use davy_server::guard::PAGES;

fn roles() -> String {
    let held: Vec<Permission> =
        Permission::ALL.into_iter().filter(|permission| !permission.needs_no_role()).collect();
    let words: Vec<String> = held.iter().map(|permission| format!("`{}`", permission.word())).collect();
    let mut table = format!("| Role | {} |\n|---|{}\n", words.join(" | "), ":-:|".repeat(held.len()));
    for role in Role::ALL {
        let cell = |permission: &Permission| if permissions(role).contains(permission) { "●" } else { "" };
        let cells: Vec<&str> = held.iter().map(cell).collect();
        table += &format!("| `{}` | {} |\n", role.word(), cells.join(" | "));
    }
    table
}

fn pages() -> String {
    let mut table = "| Page | Permission |\n|---|---|\n".to_owned();
    for page in PAGES {
        table += &format!("| `{}` | `{}` |\n", page.path, page.permission.word());
    }
    table
}

#[test]
fn the_page_has_the_tables_of_the_code() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/security/access.md");
    let text = fs::read_to_string(&path).expect("the page is there");
    let mut wanted = text.clone();
    for (name, table) in [("roles", roles()), ("pages", pages())] {
        let begin = format!("<!-- {name}: made by crates/server/tests/access/doc.rs -->\n");
        let (before, rest) = wanted.split_once(&begin).expect("the table has its place");
        let (_, after) = rest.split_once("<!-- end -->").expect("the table has its end");
        wanted = format!("{before}{begin}{table}<!-- end -->{after}");
    }
    if std::env::var_os("DAVY_WRITE").is_some() {
        fs::write(&path, &wanted).expect("written");
        return;
    }
    assert!(text == wanted, "not as the code: write it anew with DAVY_WRITE=1");
}
