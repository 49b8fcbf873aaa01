//! `davy serve`.

use davy_server::Server;
use sd_notify::NotifyState;
use tracing::{error, info};

use crate::{
    check_config::{ConfigArgs, refuse},
    exit::Exit,
    logging,
    stop::{Asked, Signals},
    systemd,
};

/// What to serve.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Logs go to standard error: DAVY_LOG=info,davy_intake=debug says what, DAVY_LOG_FORMAT=json how.
Under systemd it says READY=1, and WATCHDOG=1 for as long as every site's heartbeats come.
SIGHUP reads certificates and the sites' files again and keeps the old ones when there is an error. SIGTERM and SIGINT stop cleanly.")]
pub(crate) struct Args {
    #[command(flatten)]
    config: ConfigArgs,
}

/// Serves until asked to stop.
pub(crate) async fn run(args: Args) -> anyhow::Result<Exit> {
    // rustls warns of every client that names an address; such are let in all the same.
    logging::start("info,rustls=error")?;
    let mut signals = Signals::listen()?;
    let config = match args.config.load() {
        Ok(config) => config,
        Err(errors) => return Ok(refuse(&errors)),
    };
    let server = match Server::start(config).await {
        Ok(server) => server,
        Err(error) if error.is_configuration() => {
            let errors: Vec<String> = error.to_string().lines().map(str::to_owned).collect();
            return Ok(refuse(&errors));
        }
        Err(error) => return Err(error.into()),
    };
    say_where(&server);
    systemd::notify(&[NotifyState::Ready]);
    let failed = until_stopped(&server, &mut signals).await;
    systemd::notify(&[NotifyState::Stopping]);
    let summary = server.shutdown().await;
    for site in &summary.sites {
        info!(
            site = &*site.site,
            received = site.received,
            judged = site.judged,
            rejected = site.rejected,
            dropped = site.dropped,
            balances = site.balances(),
            "stopped"
        );
    }
    Ok(Exit::found(failed || summary.failed))
}

fn say_where(server: &Server) {
    eprintln!(
        "davy {} serves gRPC, /metrics and /healthz on http://{}",
        env!("CARGO_PKG_VERSION"),
        server.http_addr()
    );
    if let Some(https) = server.https_addr() {
        eprintln!("the same, encrypted, on https://{https}");
    }
    if let Some(door) = server.door_addr() {
        eprintln!("readings are taken in at mqtt://{door}");
    }
    if let Some(door) = server.door_tls_addr() {
        eprintln!("readings are taken in, encrypted, at mqtts://{door}");
    }
    if let Some(hj212) = server.hj212_addr() {
        eprintln!("HJ 212 boxes are listened to at tcp://{hj212}");
    }
}

/// Whether something failed for good.
async fn until_stopped(server: &Server, signals: &mut Signals) -> bool {
    let mut feeding = systemd::Feeding::start();
    loop {
        tokio::select! {
            () = feeding.due() => feeding.feed(server.is_alive()),
            asked = signals.next() => match asked {
                Asked::Stop => return false,
                Asked::Reload => reload(server).await,
            },
            why = server.failed() => {
                error!(%why, "cannot go on");
                return true;
            }
        }
    }
}

async fn reload(server: &Server) {
    match server.reload().await {
        Ok(changed) if changed.is_empty() => info!("the sites' files are what they were"),
        Ok(changed) => changed.iter().for_each(|site| info!(site = &**site, "new files are active")),
        Err(errors) => {
            for found in &errors {
                error!(error = %found, "a site's files");
            }
            error!("nothing has changed: the old files stay active");
        }
    }
}
