//! What became of accounts between two readings of their file, as entries of the audit log. No proof is in them, nor its hash.

use std::collections::BTreeSet;

use davy_access::{Account, Accounts, Grant};
use davy_journal::audit::{Entry, What};
use serde_json::{Value, json};

/// Accounts told one by one after one reading; what is more is counted.
const TOLD_MAX: usize = 100;

/// An entry for each account that is new, gone or changed.
pub(super) fn entries(before: &Accounts, after: &Accounts) -> Vec<Entry> {
    let names: BTreeSet<&str> = before.iter().chain(after.iter()).map(|account| &*account.name).collect();
    let changes = names.into_iter().filter_map(|name| entry(name, before.get(name), after.get(name)));
    let mut entries: Vec<Entry> = changes.collect();
    let more = entries.len().saturating_sub(TOLD_MAX);
    if more > 0 {
        entries.truncate(TOLD_MAX);
        entries.push(Entry::of_davy(What::AccountChange, "*").with_after(json!({ "more": more })));
    }
    entries
}

fn entry(name: &str, before: Option<&Account>, after: Option<&Account>) -> Option<Entry> {
    if before == after {
        return None;
    }
    let mut entry = Entry::of_davy(What::AccountChange, name);
    entry.before = before.map(shown);
    entry.after = after.map(shown);
    if let (Some(before), Some(after), Some(Value::Object(said))) = (before, after, &mut entry.after) {
        said.insert("new_proof".to_owned(), has_new_proof(before, after).into());
    }
    Some(entry)
}

fn has_new_proof(before: &Account, after: &Account) -> bool {
    (&before.password, &before.token, &before.certificate)
        != (&after.password, &after.token, &after.certificate)
}

fn shown(account: &Account) -> Value {
    let grant = |grant: &Grant| format!("{} in {}", grant.role.word(), grant.scope);
    json!({
        "kind": account.kind().word(),
        "subject": account.subject,
        "grants": account.grants.iter().map(grant).collect::<Vec<_>>(),
        "disabled": account.is_disabled,
        "expires": account.expires.map(|expires| expires.to_string()),
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use davy_access::Tree;

    use super::*;

    fn accounts(text: &str) -> Accounts {
        Accounts::parse(text, Arc::new(Tree::default())).expect("accounts")
    }

    fn machine(name: &str, digit: char, rest: &str) -> String {
        let hash = digit.to_string().repeat(64);
        format!("[[account]]\nname = \"{name}\"\ntoken_sha256 = \"{hash}\"\n{rest}\n")
    }

    #[test]
    fn each_change_is_told_with_what_was_and_is_and_no_proof() {
        let viewer = r#"grants = [{ role = "viewer", scope = "*" }]"#;
        let operator = r#"grants = [{ role = "operator", scope = "370000" }]"#;
        let before = accounts(
            &[machine("gone", '1', viewer), machine("wider", '2', viewer), machine("same", '3', viewer)]
                .concat(),
        );
        let after = accounts(
            &[machine("new", '4', viewer), machine("wider", '5', operator), machine("same", '3', viewer)]
                .concat(),
        );
        let entries = entries(&before, &after);
        let told: Vec<_> = entries.iter().map(|entry| entry.on.as_str()).collect();
        assert_eq!(told, ["gone", "new", "wider"]);
        assert!(entries[0].before.is_some() && entries[0].after.is_none());
        assert!(entries[1].before.is_none() && entries[1].after.is_some());
        let (was, is) = (entries[2].before.as_ref().unwrap(), entries[2].after.as_ref().unwrap());
        assert_eq!(
            (&was["grants"][0], &is["grants"][0]),
            (&json!("viewer in *"), &json!("operator in 370000"))
        );
        assert_eq!(is["new_proof"], true);
        let text = format!("{entries:?}");
        assert!(!text.contains("1111") && !text.contains("5555"), "{text}");
    }

    #[test]
    fn a_file_that_was_written_anew_is_not_told_without_end() {
        let many: String = (0..300)
            .map(|number| format!("[[account]]\nname = \"m{number}\"\ntoken_sha256 = \"{number:064x}\"\n"))
            .collect();
        let entries = entries(&accounts(""), &accounts(&many));
        assert_eq!(entries.len(), TOLD_MAX + 1);
        assert_eq!(entries[TOLD_MAX].after, Some(json!({ "more": 200 })));
    }
}
