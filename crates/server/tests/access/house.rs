//! A server with two sites, and an account of every role in every kind of scope.

use std::{fmt::Write as _, fs, sync::LazyLock};

use bytes::{Buf, BufMut, Bytes};
use davy_access::{PasswordHash, Role, Tree, token_hash};
use davy_model::BundleFile;
use davy_server::{AccessConfig, Config, Server, SiteSource};
use tempfile::TempDir;
use tonic::{
    Code, Request, Status,
    client::Grpc,
    codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder},
    transport::{Channel, Endpoint},
};
use tonic_types::StatusExt;

/// A scope's word, the scope, and whether it covers the site `park`.
pub(crate) const SCOPES: [(&str, &str, bool); 6] = [
    ("all", "*", true),
    ("province", "370000", true),
    ("city", "370000/370500", true),
    ("own", "370000/370500/park", true),
    ("sister", "370000/370500/mine", false),
    ("other", "370000/370600", false),
];

pub(crate) const PASSWORD: &str = "correct horse battery staple";

/// One hash for all: to make one takes its time.
pub(crate) static HASH: LazyLock<String> =
    LazyLock::new(|| PasswordHash::of(PASSWORD.as_bytes(), [7; 16]).expect("a hash").to_string());

pub(crate) struct House {
    pub(crate) folder: TempDir,
    pub(crate) server: Server,
    pub(crate) channel: Channel,
}

/// The token of a role's account in a scope.
pub(crate) fn token(role: Role, scope: &str) -> String {
    format!("token-of-{}-{scope}", role.word())
}

fn hex(token: &str) -> String {
    token_hash(token.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// An account of every role in every scope, and some that no longer count.
pub(crate) fn accounts() -> String {
    let mut text = String::new();
    let mut machine = |name: &str, token: &str, rest: &str| {
        writeln!(text, "[[account]]\nname = \"{name}\"\ntoken_sha256 = \"{}\"\n{rest}", hex(token))
            .expect("written");
    };
    for role in Role::ALL {
        for (word, scope, _) in SCOPES {
            let grants = format!("grants = [{{ role = \"{}\", scope = \"{scope}\" }}]", role.word());
            machine(&format!("{}-{word}", role.word()), &token(role, word), &grants);
        }
    }
    let everything: Vec<String> =
        Role::ALL.iter().map(|role| format!("{{ role = \"{}\", scope = \"*\" }}", role.word())).collect();
    let everything = format!("grants = [{}]", everything.join(", "));
    machine("expired", "token-expired", &format!("expires = \"2020-01-01T00:00:00Z\"\n{everything}"));
    machine("disabled", "token-disabled", &format!("disabled = true\n{everything}"));
    machine("bare", "token-bare", "");
    text
}

/// A person's account.
pub(crate) fn person(name: &str, subject: &str, grants: &str) -> String {
    format!(
        "[[account]]\nname = \"{name}\"\nsubject = \"{subject}\"\npassword_argon2id = \"{}\"\ngrants = [{grants}]\n",
        *HASH
    )
}

pub(crate) fn site(id: &str) -> SiteSource {
    let file = |path: &str, text: String| BundleFile { path: path.to_owned(), text };
    let rules = "rules:\n  - id: high\n    applies_to: {quantity: number}\n    limit: [{name: H, tier: red, above: 50}]\n    \
                 response: {action: Look at it, time_to_respond: 5m}\n";
    SiteSource::Files(vec![
        file("site.yaml", format!("site: {id}\nedge_nodes: [{{id: gw-1}}, {{id: gw-2}}]\n")),
        file("tags.csv", "tag,quantity,unit,edge_node\nT,number,1,gw-1\n".to_owned()),
        file("rules/all.yaml", rules.to_owned()),
    ])
}

impl House {
    pub(crate) async fn open(accounts: &str) -> House {
        House::with(accounts, |_, _| {}).await
    }

    pub(crate) async fn with(accounts: &str, change: impl FnOnce(&mut Config, &TempDir)) -> House {
        let folder = tempfile::tempdir().expect("a folder");
        let accounts_file = folder.path().join("accounts.toml");
        fs::write(&accounts_file, accounts).expect("written");
        let mut tree = Tree::default();
        for (site, below) in [("park", "370000/370500"), ("mine", "370000/370500"), ("gas", "370000/370600")]
        {
            tree.put(site, below).expect("a place");
        }
        let sites = vec![site("park"), site("mine"), site("gas")];
        let mut config = Config {
            canary: None,
            access: Some(AccessConfig { accounts_file, oidc: None }),
            tree: tree.into(),
            ..Config::on_loopback(folder.path().join("data"), sites, 0, 0)
        };
        change(&mut config, &folder);
        let server = Server::start(config).await.expect("it starts");
        let endpoint = Endpoint::from_shared(format!("http://{}", server.http_addr())).expect("an address");
        let channel = endpoint.connect().await.expect("it listens");
        House { folder, server, channel }
    }

    pub(crate) fn accounts_file(&self) -> std::path::PathBuf {
        self.folder.path().join("accounts.toml")
    }

    /// Calls a method by its path, and gives the first message of the answer.
    pub(crate) async fn ask(
        &self,
        path: &str,
        token: Option<&str>,
        message: Vec<u8>,
    ) -> Result<Bytes, Status> {
        let mut request = Request::new(Bytes::from(message));
        if let Some(token) = token {
            let value = format!("Bearer {token}").parse().expect("a header");
            request.metadata_mut().insert("authorization", value);
        }
        let mut client = Grpc::new(self.channel.clone());
        client.ready().await.expect("it listens");
        let path = path.parse().expect("a path");
        let answer = client.server_streaming(request, path, Raw).await?;
        let mut stream = answer.into_inner();
        // A stream with nothing to say yet is an answer, too.
        match tokio::time::timeout(std::time::Duration::from_millis(300), stream.message()).await {
            Ok(message) => Ok(message?.unwrap_or_default()),
            Err(_) => Ok(Bytes::new()),
        }
    }
}

/// The word of a refusal, or `OK`.
pub(crate) fn word(answer: &Result<Bytes, Status>) -> String {
    match answer {
        Ok(_) => "OK".to_owned(),
        Err(status) => {
            let info = status.get_details_error_info();
            info.map_or_else(|| format!("{:?}: {}", status.code(), status.message()), |info| info.reason)
        }
    }
}

pub(crate) fn code(answer: &Result<Bytes, Status>) -> Code {
    answer.as_ref().map_or_else(Status::code, |_| Code::Ok)
}

/// Messages as bytes.
struct Raw;

impl Codec for Raw {
    type Encode = Bytes;
    type Decode = Bytes;
    type Encoder = Raw;
    type Decoder = Raw;

    fn encoder(&mut self) -> Raw {
        Raw
    }

    fn decoder(&mut self) -> Raw {
        Raw
    }
}

impl Encoder for Raw {
    type Item = Bytes;
    type Error = Status;

    fn encode(&mut self, item: Bytes, out: &mut EncodeBuf<'_>) -> Result<(), Status> {
        out.put(item);
        Ok(())
    }
}

impl Decoder for Raw {
    type Item = Bytes;
    type Error = Status;

    fn decode(&mut self, from: &mut DecodeBuf<'_>) -> Result<Option<Bytes>, Status> {
        let len = from.remaining();
        Ok(Some(from.copy_to_bytes(len)))
    }
}
