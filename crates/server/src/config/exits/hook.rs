//! `kind = "hook"`.

use std::path::PathBuf;

use davy_delivery::exits::HookConfig;
use serde::Deserialize;

use super::Keys;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawHook {
    program: PathBuf,
    #[serde(default)]
    arguments: Vec<String>,
    #[serde(default = "super::timeout")]
    timeout: String,
}

impl RawHook {
    pub(super) fn resolve(self, keys: &mut Keys<'_>) -> Option<HookConfig> {
        let program = keys.base.join(&self.program);
        if !program.is_file() {
            return keys.none("program", format!("{}: no such file", program.display()));
        }
        // A path without a folder would be looked for elsewhere.
        let program = std::path::absolute(&program).unwrap_or(program);
        Some(HookConfig { program, arguments: self.arguments, timeout: keys.timeout(&self.timeout)? })
    }
}
