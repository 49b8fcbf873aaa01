//! `davy login`, `logout` and `whoami`.

use davy_proto::v1::{
    Permission, SessionServiceLoginRequest, SessionServiceLogoutRequest, SessionServiceWhoAmIRequest,
    SessionServiceWhoAmIResponse,
};
use serde_json::json;

use crate::{ask::ServerArgs, exit::Exit, figures, kept_token, out, password, refusal::failed};

/// As whom.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "The password is asked for, or read from standard input. The token is kept in a file that only you can read,\n\
                        under $XDG_STATE_HOME/davy or ~/.local/state/davy, one a server; every other verb finds it there."
)]
pub(crate) struct LoginArgs {
    #[command(flatten)]
    server: ServerArgs,
    /// The account's name
    #[arg(long, env = "USER", value_name = "NAME", hide_env_values = true)]
    name: String,
}

/// Where.
#[derive(Debug, clap::Args)]
pub(crate) struct LogoutArgs {
    #[command(flatten)]
    server: ServerArgs,
}

/// Where, and how to tell.
#[derive(Debug, clap::Args)]
pub(crate) struct WhoAmIArgs {
    #[command(flatten)]
    server: ServerArgs,
    /// One JSON object
    #[arg(long)]
    json: bool,
}

/// Begins a session, and keeps its token.
pub(crate) async fn login(args: LoginArgs) -> anyhow::Result<Exit> {
    let mut client = args.server.log_in().await?;
    let password = password::ask(&format!("password of {}: ", args.name))?;
    let request = SessionServiceLoginRequest { name: args.name.clone(), password };
    let answer = client.login(request).await.map_err(|status| failed(&status))?.into_inner();
    kept_token::keep(args.server.url(), &answer.token)?;
    let until = figures::moment(answer.expires_time.as_ref());
    out::line(format_args!(
        "logged in as {} at {}, until {until} if nothing is done",
        args.name,
        args.server.url()
    ))?;
    Ok(Exit::Ok)
}

/// Ends it, and forgets the token also when the server knows it no more.
pub(crate) async fn logout(args: LogoutArgs) -> anyhow::Result<Exit> {
    let ended = match args.server.sessions().await {
        Ok(mut client) => {
            client.logout(SessionServiceLogoutRequest {}).await.map(|answer| answer.into_inner().ended)
        }
        Err(error) => {
            kept_token::forget(args.server.url())?;
            return Err(error);
        }
    };
    kept_token::forget(args.server.url())?;
    let told = if ended.unwrap_or_default() { "logged out" } else { "there was no session" };
    out::line(format_args!("{told} at {}", args.server.url()))?;
    Ok(Exit::Ok)
}

/// Says who one is to the server, and what one may do.
pub(crate) async fn whoami(args: WhoAmIArgs) -> anyhow::Result<Exit> {
    let mut client = args.server.sessions().await?;
    let answer = client.who_am_i(SessionServiceWhoAmIRequest {}).await.map_err(|status| failed(&status))?;
    let me = answer.into_inner();
    if args.json {
        out::line(object(&me))?;
    } else {
        out::line(told(&me))?;
    }
    Ok(Exit::Ok)
}

fn words(me: &SessionServiceWhoAmIResponse) -> Vec<String> {
    let word =
        |permission: Permission| permission.as_str_name().trim_start_matches("PERMISSION_").to_lowercase();
    me.permissions().map(word).collect()
}

fn object(me: &SessionServiceWhoAmIResponse) -> serde_json::Value {
    let grant = |grant: &davy_proto::v1::Grant| json!({"role": grant.role, "scope": grant.scope, "edge_nodes": grant.edge_nodes});
    let grants: Vec<_> = me.grants.iter().map(grant).collect();
    let until = figures::rfc3339(me.expires_time.as_ref());
    json!({"name": me.name, "kind": me.kind, "grants": grants, "permissions": words(me), "expires": until})
}

fn told(me: &SessionServiceWhoAmIResponse) -> String {
    if me.kind == "local" {
        return "local: this Davy asks nobody who they are, and you may do everything".to_owned();
    }
    let mut text = format!("{} ({})", me.name, me.kind);
    for grant in &me.grants {
        text += &format!("\n  {} in {}", grant.role, grant.scope);
        if !grant.edge_nodes.is_empty() {
            text += &format!(", of {}", grant.edge_nodes.join(", "));
        }
    }
    if me.grants.is_empty() {
        text += "\n  no role anywhere";
    }
    text
}
