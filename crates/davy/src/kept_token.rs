//! The token of a log-in, kept in a file that nobody else can read, one a server.

use std::{
    env,
    fs::{self, DirBuilder, OpenOptions},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use anyhow::{Context, bail};

/// Bytes of a token file that are read at most.
const TOKEN_LEN_MAX: u64 = 16 << 10;

/// Keeps the token for a server.
pub(crate) fn keep(server: &str, token: &str) -> anyhow::Result<PathBuf> {
    let path = path_of(server)?;
    let folder = path.parent().context("a file is in a folder")?;
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .with_context(|| folder.display().to_string())?;
    write(&path, token).with_context(|| path.display().to_string())?;
    Ok(path)
}

/// Written beside and moved, so that it is never there by half, nor with the rights of a file that was there before.
fn write(path: &Path, token: &str) -> io::Result<()> {
    let beside = path.with_extension(format!("{}.new", std::process::id()));
    let _ = fs::remove_file(&beside);
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&beside)?;
    file.write_all(token.as_bytes())?;
    drop(file);
    fs::rename(&beside, path)
}

/// The token that is kept for a server, if one is.
pub(crate) fn kept(server: &str) -> anyhow::Result<Option<String>> {
    let Ok(path) = path_of(server) else { return Ok(None) };
    if path.exists() { read(&path).map(Some) } else { Ok(None) }
}

/// Reads a token from a file that is its owner's alone.
pub(crate) fn read(path: &Path) -> anyhow::Result<String> {
    let meta = fs::metadata(path).with_context(|| path.display().to_string())?;
    if meta.mode() & 0o077 != 0 {
        bail!("{}: others can read it: chmod 600 {}", path.display(), path.display());
    }
    if meta.len() > TOKEN_LEN_MAX {
        bail!("{}: too long for a token", path.display());
    }
    let text = fs::read_to_string(path).with_context(|| path.display().to_string())?;
    Ok(text.trim().to_owned())
}

/// Forgets the token for a server.
pub(crate) fn forget(server: &str) -> anyhow::Result<()> {
    let path = path_of(server)?;
    match fs::remove_file(&path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(error).context(path.display().to_string())
        }
        _ => Ok(()),
    }
}

fn path_of(server: &str) -> anyhow::Result<PathBuf> {
    let set = |name: &str| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let state = set("XDG_STATE_HOME").or_else(|| Some(set("HOME")?.join(".local/state")));
    let state = state.context("neither XDG_STATE_HOME nor HOME is set: use --token-file")?;
    Ok(state.join("davy/tokens").join(file_name(server)))
}

/// The server's address as the name of a file; two addresses never have the same.
fn file_name(server: &str) -> String {
    let letter = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'.' | b'-' => char::from(byte).to_string(),
        _ => format!("_{byte:02x}"),
    };
    server.trim_end_matches('/').bytes().map(letter).collect()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_kept_token_is_its_owners_alone_and_one_that_others_can_read_is_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("token");
        fs::write(&path, "of before").expect("written");
        write(&path, "secret").expect("written");
        assert_eq!(fs::metadata(&path).expect("it is there").mode() & 0o777, 0o600);
        assert_eq!(read(&path).expect("read"), "secret");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).expect("changed");
        assert!(read(&path).expect_err("others can read it").to_string().contains("chmod 600"));
    }

    #[test]
    fn two_servers_never_share_a_file() {
        let names = ["http://a:1", "http://a_1", "http_3a//a:1", "https://a:1"].map(file_name);
        for (place, name) in names.iter().enumerate() {
            assert!(!name.contains('/') && !names[place + 1..].contains(name), "{name}");
        }
        assert_eq!(file_name("http://a:1/"), file_name("http://a:1"));
    }
}
