//! Everybody who may come in without an issuer.

use std::{collections::BTreeMap, sync::Arc};

use davy_model::Timestamp;

use crate::{
    Account, Caller, Denied, PasswordHash, PeerCertificate, TokenHash, Tree,
    account::CertificateOf,
    accounts_file::{RawAccounts, account},
    token_hash,
};

/// Everybody who may come in without an issuer, as one reading of the accounts file has them.
#[derive(Clone, Debug, Default)]
pub struct Accounts {
    by_name: BTreeMap<Box<str>, Account>,
    by_token: BTreeMap<TokenHash, Box<str>>,
    by_certificate: BTreeMap<CertificateOf, Box<str>>,
    tree: Arc<Tree>,
}

/// An accounts file that cannot be taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AccountsError {
    /// No TOML, or a key that is none; with its line.
    #[error("{0}")]
    Toml(String),
    /// An account that makes no sense.
    #[error("account {name:?}: {what}")]
    Account {
        /// Which.
        name: String,
        /// What is wrong, and what to write.
        what: String,
    },
    /// Two accounts of one name.
    #[error("account {0:?} is described twice")]
    Twice(String),
    /// Two accounts with one proof.
    #[error("accounts {0:?} and {1:?} have the same {2}: one proof is one account's")]
    Shared(String, String, &'static str),
}

impl Accounts {
    /// Reads the text of an accounts file.
    ///
    /// # Errors
    /// Everything that is wrong with it; nothing of it may be used then.
    pub fn parse(text: &str, tree: Arc<Tree>) -> Result<Accounts, Vec<AccountsError>> {
        let raw: RawAccounts = toml::from_str(text).map_err(|error| vec![toml_error(text, &error)])?;
        let mut accounts = Accounts { tree, ..Accounts::default() };
        let mut wrong = Vec::new();
        for one in &raw.account {
            if let Err(error) = account(one).and_then(|account| accounts.add(account)) {
                wrong.push(error);
            }
        }
        if wrong.is_empty() { Ok(accounts) } else { Err(wrong) }
    }

    fn add(&mut self, account: Account) -> Result<(), AccountsError> {
        let name = account.name.clone();
        let shared = |other: &str, what| AccountsError::Shared(other.to_owned(), name.to_string(), what);
        if self.by_name.contains_key(&name) {
            return Err(AccountsError::Twice(name.to_string()));
        }
        if let Some(token) = account.token
            && let Some(other) = self.by_token.insert(token, name.clone())
        {
            return Err(shared(&other, "token"));
        }
        if let Some(certificate) = &account.certificate
            && let Some(other) = self.by_certificate.insert(certificate.clone(), name.clone())
        {
            return Err(shared(&other, "certificate"));
        }
        self.by_name.insert(name, account);
        Ok(())
    }

    /// All of them, by name.
    pub fn iter(&self) -> impl Iterator<Item = &Account> {
        self.by_name.values()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.by_name.len()
    }

    /// Whether there is nobody.
    pub fn is_empty(&self) -> bool {
        self.by_name.is_empty()
    }

    /// Where the sites lie.
    pub fn tree(&self) -> &Arc<Tree> {
        &self.tree
    }

    /// The account of a name.
    pub fn get(&self, name: &str) -> Option<&Account> {
        self.by_name.get(name)
    }

    /// The caller that an account is, when it may be used now.
    ///
    /// # Errors
    /// [`Denied::Disabled`], [`Denied::Expired`].
    pub fn caller(&self, account: &Account, now: Timestamp) -> Result<Caller, Denied> {
        account.is_open(now)?;
        let (name, subject) = (&account.name, &account.subject);
        Ok(Caller::new(account.kind(), name, subject, account.grants.clone(), Arc::clone(&self.tree)))
    }

    /// Who a machine's token is of.
    ///
    /// # Errors
    /// [`Denied`].
    pub fn by_token(&self, token: &[u8], now: Timestamp) -> Result<Caller, Denied> {
        let name = self.by_token.get(&token_hash(token)).ok_or(Denied::Token)?;
        self.caller(self.get(name).ok_or(Denied::Token)?, now)
    }

    /// Who a verified certificate is of: by its fingerprint, or else by the names in it.
    ///
    /// # Errors
    /// [`Denied`]; [`Denied::Ambiguous`] when its names are of two accounts.
    pub fn by_certificate(&self, held: &PeerCertificate, now: Timestamp) -> Result<Caller, Denied> {
        let print = self.by_certificate.get(&CertificateOf::Fingerprint(held.fingerprint));
        let name = match print {
            Some(name) => name,
            None => self.named(held)?,
        };
        self.caller(self.get(name).ok_or(Denied::Certificate)?, now)
    }

    fn named(&self, held: &PeerCertificate) -> Result<&str, Denied> {
        let of = |name: &String| self.by_certificate.get(&CertificateOf::Name(name.as_str().into()));
        let mut found: Vec<&str> = held.names.iter().filter_map(of).map(|name| &**name).collect();
        found.sort_unstable();
        found.dedup();
        match found[..] {
            [] => Err(Denied::Certificate),
            [one] => Ok(one),
            [..] => Err(Denied::Ambiguous),
        }
    }

    /// Who a name and a password are of. It takes as long as argon2id does, for unknown names too; see [`PasswordHash`].
    ///
    /// # Errors
    /// [`Denied::Password`], whatever is wrong: a disabled account is told as a wrong password.
    pub fn by_password(&self, name: &str, password: &[u8], now: Timestamp) -> Result<Caller, Denied> {
        let (account, held) = self.tried(name);
        let fits = held.fits(password);
        self.caller(account.filter(|_| fits).ok_or(Denied::Password)?, now)
    }

    /// The account of a name that has a password, and the hash that is verified. Where there is none it is the hash of somebody else,
    /// the same one each time: accounts whose hashes are dearer than others' do not stand out.
    fn tried(&self, name: &str) -> (Option<&Account>, &PasswordHash) {
        let all = self.iter().filter_map(|account| account.password.as_ref());
        // For every name: to draw lots takes its time, too.
        let drawn = all.min_by_key(|held| token_hash(&[&held.mark(), name.as_bytes()].concat()));
        let account = self.get(name).filter(|account| account.password.is_some());
        let held = account.and_then(|account| account.password.as_ref()).or(drawn);
        (account, held.unwrap_or(PasswordHash::nobodys()))
    }
}

/// What is wrong and where. The line itself is not said: a hash may stand in it.
fn toml_error(text: &str, error: &toml::de::Error) -> AccountsError {
    let begins = error.span().map_or(0, |span| text.floor_char_boundary(span.start));
    let line = text[..begins].matches('\n').count() + 1;
    AccountsError::Toml(format!("line {line}: {}", error.message()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(costs: &[&str]) -> Accounts {
        let hash = PasswordHash::of(b"a long enough one", [7; 16]).expect("a hash").to_string();
        let one = |(number, cost): (usize, &&str)| {
            let hash = hash.replace("m=19456,t=2", cost);
            format!("[[account]]\nname = \"a{number}\"\npassword_argon2id = \"{hash}\"\n")
        };
        let text: String = costs.iter().enumerate().map(one).collect();
        Accounts::parse(&text, Arc::default()).expect("the file is sound")
    }

    fn cost(accounts: &Accounts, name: &str) -> String {
        let hash = accounts.tried(name).1.to_string();
        hash.split('$').nth(3).expect("it has parameters").to_owned()
    }

    #[test]
    fn a_name_that_is_nobodys_costs_what_an_account_costs() {
        assert_eq!(cost(&file(&[]), "bob"), "m=19456,t=2,p=1");
        let dear = file(&["m=65536,t=3"]);
        assert_eq!(cost(&dear, "bob"), cost(&dear, "a0"));
        let both = file(&["m=65536,t=3", "m=19456,t=2"]);
        let names: Vec<String> = (0..64).map(|number| format!("n{number}")).collect();
        let of = |accounts| names.iter().map(|name| cost(accounts, name)).collect::<Vec<_>>();
        let costs = of(&both);
        let dear = costs.iter().filter(|cost| cost.starts_with("m=65536")).count();
        assert!((8..56).contains(&dear), "{dear} of 64 cost what a0 does");
        assert_eq!(of(&both), costs, "asked again, a name costs the same");
    }
}
