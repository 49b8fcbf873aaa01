//! Makes the client from the contract. `protoc` has to be installed; `DAVY_PROTO` says where the contract is, when this folder was moved.

fn main() -> std::io::Result<()> {
    let proto = std::env::var("DAVY_PROTO").unwrap_or_else(|_| "../../../../proto".into());
    println!("cargo:rerun-if-env-changed=DAVY_PROTO");
    let service = format!("{proto}/davy/v1/alert_service.proto");
    tonic_prost_build::configure().build_server(false).compile_protos(&[service], &[proto])
}
