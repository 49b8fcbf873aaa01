//! A connection as the settings say. Files are read anew each time: tokens and certificates are renewed.

use std::{env, fs, time::Duration};

use tonic::{
    Request, Status,
    metadata::{Ascii, MetadataValue},
    service::interceptor::InterceptedService,
    transport::{Certificate, Channel, ClientTlsConfig, Endpoint, Identity},
};

use crate::{Broken, proto::alert_service_client::AlertServiceClient, setting};

pub(crate) type Client = AlertServiceClient<InterceptedService<Channel, Bearer>>;

/// Puts the token into each call.
#[derive(Clone)]
pub(crate) struct Bearer(Option<MetadataValue<Ascii>>);

impl tonic::service::Interceptor for Bearer {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        if let Some(token) = &self.0 {
            request.metadata_mut().insert("authorization", token.clone());
        }
        Ok(request)
    }
}

fn file(name: &str) -> Result<Option<String>, Broken> {
    let read = |path| fs::read_to_string(&path).map_err(|error| format!("{name}={path}: {error}"));
    Ok(env::var(name).ok().map(read).transpose()?)
}

fn tls() -> Result<ClientTlsConfig, Broken> {
    let mut tls = ClientTlsConfig::new();
    tls = match file("DAVY_CA")? {
        Some(ca) => tls.ca_certificate(Certificate::from_pem(ca)),
        None => tls.with_native_roots(),
    };
    if let (Some(certificate), Some(key)) = (file("DAVY_CERTIFICATE")?, file("DAVY_KEY")?) {
        tls = tls.identity(Identity::from_pem(certificate, key));
    }
    Ok(tls)
}

pub(crate) async fn connect() -> Result<Client, Broken> {
    let mut endpoint = Endpoint::from_shared(setting("DAVY_SERVER", "http://127.0.0.1:8080"))?
        .connect_timeout(Duration::from_secs(5))
        .http2_keep_alive_interval(Duration::from_secs(20))
        .keep_alive_timeout(Duration::from_secs(10));
    let is_tls = endpoint.uri().scheme_str() == Some("https");
    if is_tls {
        endpoint = endpoint.tls_config(tls()?)?;
    }
    let token =
        file("DAVY_TOKEN_FILE")?.map(|token| format!("Bearer {}", token.trim()).parse()).transpose()?;
    let is_here = matches!(endpoint.uri().host(), Some("127.0.0.1" | "localhost" | "[::1]"));
    if token.is_some() && !is_tls && !is_here {
        return Err(Status::invalid_argument("a token goes over https:// or within one machine only").into());
    }
    Ok(AlertServiceClient::with_interceptor(endpoint.connect().await?, Bearer(token)))
}
