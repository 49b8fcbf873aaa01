//! The accounts file, as it is written.

use davy_model::is_name;
use serde::Deserialize;

use crate::{
    Account, AccountsError, Grant, PasswordHash, Pattern, Role, account::CertificateOf, parse_token_hash,
};

/// Edge nodes of one grant, grants of one account.
const LIST_MAX: usize = 1000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawAccounts {
    #[serde(default)]
    pub(crate) account: Vec<RawAccount>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawAccount {
    pub(crate) name: String,
    #[serde(default)]
    title: String,
    subject: Option<String>,
    password_argon2id: Option<String>,
    token_sha256: Option<String>,
    certificate: Option<String>,
    #[serde(default)]
    grants: Vec<RawGrant>,
    #[serde(default)]
    disabled: bool,
    expires: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawGrant {
    role: String,
    scope: String,
    #[serde(default)]
    edge_nodes: Vec<String>,
}

/// What an account of the file comes to.
pub(crate) fn account(raw: &RawAccount) -> Result<Account, AccountsError> {
    let wrong = |what: String| AccountsError::Account { name: raw.name.clone(), what };
    read(raw).map_err(wrong)
}

fn read(raw: &RawAccount) -> Result<Account, String> {
    if !is_name(&raw.name) {
        return Err("its name is not 1 to 64 letters, digits, dots, dashes and underscores".to_owned());
    }
    if let Some(subject) = raw.subject.as_deref().filter(|subject| subject.trim().is_empty()) {
        return Err(format!("subject {subject:?} is empty: leave the key out, and the name is taken"));
    }
    let password = raw.password_argon2id.as_deref().map(PasswordHash::parse).transpose();
    let password = password.map_err(|error| format!("password_argon2id: {error}"))?;
    let token = raw.token_sha256.as_deref().map(|hex| {
        parse_token_hash(hex).ok_or("token_sha256 is not 64 hex digits: echo -n TOKEN | sha256sum")
    });
    let token = token.transpose()?;
    let certificate = raw.certificate.as_deref().map(certificate).transpose()?;
    match (&password, token.is_some() || certificate.is_some()) {
        (None, false) => {
            return Err(
                "it could never come in: give it password_argon2id, token_sha256 or certificate".into()
            );
        }
        (Some(_), true) => {
            return Err(
                "a person has a password, a machine a token or a certificate: make two accounts, with one \
                        subject where they are one person's"
                    .into(),
            );
        }
        _ => {}
    }
    if raw.grants.len() > LIST_MAX {
        return Err(format!("{} grants, more than {LIST_MAX}", raw.grants.len()));
    }
    let expires = raw.expires.as_deref().map(|text| {
        text.parse().map_err(|_| format!("expires {text:?} is no time such as 2027-01-31T00:00:00Z"))
    });
    Ok(Account {
        name: raw.name.as_str().into(),
        title: raw.title.clone(),
        subject: raw.subject.as_deref().unwrap_or(&raw.name).into(),
        password,
        token,
        certificate,
        grants: raw.grants.iter().map(grant).collect::<Result<_, String>>()?,
        is_disabled: raw.disabled,
        expires: expires.transpose()?,
    })
}

fn certificate(text: &str) -> Result<CertificateOf, String> {
    if let Some(hex) = text.strip_prefix("sha256:") {
        let print = parse_token_hash(&hex.replace(':', ""));
        return print.map(CertificateOf::Fingerprint).ok_or_else(|| {
            format!("certificate {text:?}: after sha256: come 64 hex digits, as openssl x509 -fingerprint says them")
        });
    }
    let is_plain = |byte: u8| byte.is_ascii_graphic() && byte != b'*';
    if text.is_empty() || text.len() > 253 || !text.bytes().all(is_plain) {
        return Err(format!("certificate {text:?} is no name: patterns and spaces are not taken"));
    }
    Ok(CertificateOf::Name(text.into()))
}

fn grant(raw: &RawGrant) -> Result<Grant, String> {
    let role = Role::parse(&raw.role).ok_or_else(|| {
        let words: Vec<&str> = Role::ALL.iter().map(|role| role.word()).collect();
        format!("role {:?} is none: the roles are {}", raw.role, words.join(", "))
    })?;
    let scope = raw.scope.parse().map_err(|error| format!("scope {:?}: {error}", raw.scope))?;
    if !raw.edge_nodes.is_empty() && role != Role::Vendor {
        return Err(format!("edge_nodes are a vendor's: a grant of {} has none", raw.role));
    }
    if raw.edge_nodes.len() > LIST_MAX {
        return Err(format!("{} edge_nodes, more than {LIST_MAX}", raw.edge_nodes.len()));
    }
    let pattern = |text: &String| {
        Pattern::parse(text)
            .ok_or_else(|| format!("edge_nodes: {text:?} is no name and no beginning such as gw-*"))
    };
    let edge_nodes = raw.edge_nodes.iter().map(pattern).collect::<Result<_, _>>()?;
    Ok(Grant { role, scope, edge_nodes })
}
