//! Where callers become known.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use arc_swap::ArcSwap;
use davy_access::{
    Accounts, AccountsError, Caller, CallerKind, Countersignatures, Countersigned, Denied, Grant, KeysError,
    Lockout, Role, Scope, Secret, Session, Sessions, TokenHash, Tree,
    jws::JwsError,
    oidc::{ClaimError, Issuer},
    token_hash,
};
use davy_journal::audit::Entry;
use davy_model::Timestamp;
use parking_lot::Mutex;
use ring::rand::{SecureRandom, SystemRandom};
use tokio::sync::Semaphore;
use tracing::{info, warn};

use super::{account_changes, credentials::Credentials, issuer_keys::IssuerKeys};
use crate::{aside::aside, audit::Audit, canary, config::AccessConfig};

/// Passwords that wait to be verified, one at a time: each takes up to 64 MiB.
const LOG_INS_MAX: usize = 32;

/// Where callers become known. On loopback without `[access]` it stands open: whoever comes is `local`.
#[derive(Default)]
pub(crate) struct Access {
    keeper: Option<Arc<Keeper>>,
}

/// Who knows whom.
struct Keeper {
    accounts_file: PathBuf,
    /// The file's bytes that were read last, good or not.
    read: Mutex<TokenHash>,
    accounts: ArcSwap<Accounts>,
    issuer: Option<Vouching>,
    sessions: Mutex<Sessions>,
    lockout: Mutex<Lockout>,
    countersignatures: Mutex<Countersignatures>,
    waiting: Semaphore,
    /// One password at a time, so that wrong tries are counted before the next.
    turn: Arc<Semaphore>,
    random: SystemRandom,
    /// By what Davy's own canary is known; nobody else hears it.
    canary: String,
}

/// An issuer, and its keys as they are now.
struct Vouching {
    issuer: Issuer,
    keys: IssuerKeys,
}

/// A session just begun.
pub(crate) struct Opened {
    pub(crate) token: Secret,
    pub(crate) session: Session,
}

/// A file that says who may come in, and cannot be taken.
#[derive(Debug, thiserror::Error)]
pub enum AccessError {
    /// It cannot be read.
    #[error("{path}: {source}")]
    Read {
        /// Which file.
        path: String,
        /// What the system says.
        source: io::Error,
    },
    /// Accounts that make no sense.
    #[error("{path}: {}", .wrong.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Accounts {
        /// Which file.
        path: String,
        /// Everything that is wrong.
        wrong: Vec<AccountsError>,
    },
    /// Keys that make no sense.
    #[error("{path}: {source}")]
    Keys {
        /// Which file.
        path: String,
        /// What is wrong.
        source: KeysError,
    },
}

impl Access {
    /// Reads the files that say who may come in.
    ///
    /// # Errors
    /// [`AccessError`].
    pub(crate) fn open(
        config: Option<&AccessConfig>,
        tree: &Arc<Tree>,
        data_dir: &Path,
    ) -> Result<Access, AccessError> {
        let Some(config) = config else { return Ok(Access::default()) };
        let bytes = read(&config.accounts_file)?;
        let accounts = accounts(&config.accounts_file, &bytes, tree)?;
        let issuer = config.oidc.as_ref().map(|oidc| {
            let keys = IssuerKeys::open(&oidc.keys, data_dir)?;
            Ok::<_, AccessError>(Vouching { issuer: oidc.issuer.clone(), keys })
        });
        let random = SystemRandom::new();
        let keeper = Keeper {
            accounts_file: config.accounts_file.clone(),
            read: Mutex::new(token_hash(&bytes)),
            accounts: ArcSwap::from_pointee(accounts),
            issuer: issuer.transpose()?,
            sessions: Mutex::default(),
            lockout: Mutex::default(),
            countersignatures: Mutex::default(),
            waiting: Semaphore::new(LOG_INS_MAX),
            turn: Arc::new(Semaphore::new(1)),
            canary: canary(&random),
            random,
        };
        Ok(Access { keeper: Some(Arc::new(keeper)) })
    }

    /// Whether an account is called so.
    pub(crate) fn knows(&self, name: &str) -> bool {
        self.keeper.as_ref().is_some_and(|keeper| keeper.accounts.load().get(name).is_some())
    }

    /// The token of Davy's own canary, where whoever comes has to be known.
    pub(crate) fn canary(&self) -> Option<&str> {
        self.keeper.as_ref().map(|keeper| keeper.canary.as_str())
    }

    /// Whether whoever comes has to be known.
    pub(crate) fn is_kept(&self) -> bool {
        self.keeper.is_some()
    }

    /// Who a request is of.
    pub(super) fn caller(&self, shown: &Credentials<'_>, now: Timestamp) -> Result<Caller, Denied> {
        let keeper = self.keeper.as_ref().ok_or(Denied::Missing)?;
        let accounts = keeper.accounts.load();
        match shown {
            Credentials::Nothing => Err(Denied::Missing),
            Credentials::Certificate(held) => accounts.by_certificate(held, now),
            Credentials::Bearer(token) if Sessions::is_token(token) => {
                keeper.sessions.lock().caller(&accounts, token.as_bytes(), now)
            }
            Credentials::Bearer(token)
                if token_hash(token.as_bytes()) == token_hash(keeper.canary.as_bytes()) =>
            {
                Ok(keeper.canary_caller(&accounts))
            }
            Credentials::Bearer(token) => match &keeper.issuer {
                Some(vouching) if token.matches('.').count() == 2 => vouching.caller(token, &accounts, now),
                _ => accounts.by_token(token.as_bytes(), now),
            },
        }
    }

    /// Begins a session for a name and a password. It waits its turn; a wrong try counts against name and address, and keeps its
    /// turn until then, whoever waits for it.
    pub(crate) async fn log_in(
        &self,
        name: &str,
        password: Vec<u8>,
        address: &str,
        now: Timestamp,
    ) -> Result<Opened, Denied> {
        let keeper = self.keeper.as_ref().ok_or(Denied::Password)?;
        let _waiting = keeper.waiting.try_acquire().map_err(|_| Denied::Locked)?;
        let turn = Arc::clone(&keeper.turn).acquire_owned().await.map_err(|_| Denied::Locked)?;
        if keeper.lockout.lock().is_locked(name, address, now) {
            return Err(Denied::Locked);
        }
        let (keeper, name, address) = (Arc::clone(keeper), name.to_owned(), address.to_owned());
        // It takes tens of milliseconds of a core.
        let tried = aside(move || {
            let _turn = turn;
            keeper.try_password(&name, &password, &address, now)
        });
        tried.await.map_err(|_| Denied::Password)?
    }

    /// Ends the session of a token; whether there was one.
    pub(crate) fn log_out(&self, token: &str) -> bool {
        self.keeper.as_ref().is_some_and(|keeper| keeper.sessions.lock().end(token.as_bytes()))
    }

    /// When the session of a token ends, if nothing more is done in it.
    pub(crate) fn session_ends(&self, token: &str) -> Option<Timestamp> {
        let sessions = self.keeper.as_ref()?.sessions.lock();
        sessions.get(token.as_bytes()).map(Session::ends)
    }

    /// Gives a countersignature, and says until when it is good; `None` where nobody is known.
    pub(crate) fn countersign(
        &self,
        by: &Caller,
        what: Countersigned,
        now: Timestamp,
    ) -> Option<(Secret, Timestamp)> {
        let keeper = self.keeper.as_ref()?;
        Some(keeper.countersignatures.lock().give(by, what, keeper.random(), now))
    }

    /// Uses a countersignature: who gave it.
    pub(crate) fn countersigned(
        &self,
        token: &str,
        asks: &Caller,
        what: &Countersigned,
        now: Timestamp,
    ) -> Option<Arc<str>> {
        self.keeper.as_ref()?.countersignatures.lock().take(token, asks, what, now)
    }

    /// The keys of an issuer, where there is one.
    pub(crate) fn issuer_keys(&self) -> Option<&IssuerKeys> {
        self.keeper.as_ref()?.issuer.as_ref().map(|vouching| &vouching.keys)
    }

    /// Reads the files again, and notes which accounts have changed. What is not sound changes nothing, and is said once.
    pub(crate) fn look_again(&self, audit: &Audit) {
        let Some(keeper) = &self.keeper else { return };
        match keeper.read_accounts() {
            Ok(changes) => {
                for change in &changes {
                    audit.note(change);
                }
            }
            Err(error) => warn!(%error, "the accounts stay as they were"),
        }
        if let Some(vouching) = &keeper.issuer
            && let Err(error) = vouching.keys.read_again()
        {
            warn!(%error, "the issuer's keys stay as they were");
        }
    }
}

impl Keeper {
    fn random(&self) -> [u8; 32] {
        random(&self.random)
    }

    fn try_password(
        &self,
        name: &str,
        password: &[u8],
        address: &str,
        now: Timestamp,
    ) -> Result<Opened, Denied> {
        let accounts = self.accounts.load_full();
        if let Err(denied) = accounts.by_password(name, password, now) {
            self.lockout.lock().failed(name, address, now);
            return Err(denied);
        }
        self.lockout.lock().succeeded(name);
        let (token, session) = self.sessions.lock().begin(&accounts, name, self.random(), now)?;
        Ok(Opened { token, session })
    }

    /// It hears its own site, and no other.
    fn canary_caller(&self, accounts: &Accounts) -> Caller {
        let scope = Scope::root().below(canary::SITE).expect("the canary's site has a name");
        let grants = vec![Grant::new(Role::Viewer, scope)];
        Caller::new(CallerKind::Machine, canary::SITE, canary::SITE, grants, Arc::clone(accounts.tree()))
    }

    /// Reads the accounts again, where their file is another one. Gives what has changed.
    fn read_accounts(&self) -> Result<Vec<Entry>, AccessError> {
        let bytes = read(&self.accounts_file)?;
        let hash = token_hash(&bytes);
        if std::mem::replace(&mut *self.read.lock(), hash) == hash {
            return Ok(Vec::new());
        }
        let before = self.accounts.load_full();
        let accounts = Arc::new(accounts(&self.accounts_file, &bytes, before.tree())?);
        info!(accounts = accounts.len(), "the accounts file was read again");
        self.accounts.store(Arc::clone(&accounts));
        Ok(account_changes::entries(&before, &accounts))
    }
}

impl Vouching {
    fn caller(&self, token: &str, accounts: &Accounts, now: Timestamp) -> Result<Caller, Denied> {
        let caller = self.issuer.caller(token, &self.keys.now(), accounts.tree(), now);
        if matches!(caller, Err(Denied::Jws(JwsError::Key))) {
            self.keys.miss();
        }
        let caller = caller?;
        // One name in the record is one account's.
        if accounts.get(caller.name()).is_some() {
            return Err(Denied::Claim(ClaimError::Name));
        }
        Ok(caller)
    }
}

fn random(of: &SystemRandom) -> [u8; 32] {
    let mut bytes = [0; 32];
    // Without random bytes nothing here is safe: the system has them, or is not running.
    of.fill(&mut bytes).expect("the system has random bytes");
    bytes
}

fn canary(of: &SystemRandom) -> String {
    let digits: String = random(of).iter().map(|byte| format!("{byte:02x}")).collect();
    format!("davy_k_{digits}")
}

pub(super) fn read(path: &Path) -> Result<Vec<u8>, AccessError> {
    fs::read(path).map_err(|source| AccessError::Read { path: path.display().to_string(), source })
}

fn accounts(path: &Path, bytes: &[u8], tree: &Arc<Tree>) -> Result<Accounts, AccessError> {
    let text = String::from_utf8_lossy(bytes);
    let wrong = |wrong| AccessError::Accounts { path: path.display().to_string(), wrong };
    Accounts::parse(&text, Arc::clone(tree)).map_err(wrong)
}
