//! The clients file of the door, changed while Davy runs.

use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};

use davy_access::token_hash;
use davy_server::{Config, Flags, Server};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

const LONG: Duration = Duration::from_secs(30);

fn client(name: &str, token: &str) -> String {
    let hash: String = token_hash(token.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
    format!(
        "[[client]]\nname = \"{name}\"\ntoken_sha256 = \"{hash}\"\ngrants = [{{ site = \"park\", edge_node = \"{name}\" }}]\n"
    )
}

async fn serve(folder: &Path) -> Server {
    let write = |name: &str, text: &str| fs::write(folder.join(name), text).expect("written");
    fs::create_dir(folder.join("park")).expect("a folder");
    write("park/site.yaml", "site: park\nedge_nodes: [{id: gw-1}, {id: gw-2}]\n");
    write("park/tags.csv", "tag,quantity\nT,number\n");
    write(
        "davy.toml",
        "sites = [\"park\"]\n[door]\nlisten = \"127.0.0.1:0\"\nclients_file = \"clients.toml\"\n[http]\nlisten = \"127.0.0.1:0\"\n",
    );
    let config = Config::load(Some(&folder.join("davy.toml")), &Flags::default()).expect("it is sound");
    Server::start(config).await.expect("it starts")
}

/// A string as MQTT has it.
fn text(text: &str) -> Vec<u8> {
    [&(text.len() as u16).to_be_bytes()[..], text.as_bytes()].concat()
}

fn packet(kind: u8, body: &[u8]) -> Vec<u8> {
    [&[kind, u8::try_from(body.len()).expect("short")], body].concat()
}

/// Connects by MQTT 3.1.1; gives the connection and the code of its CONNACK.
async fn connect(server: &Server, name: &str, token: &str) -> (TcpStream, u8) {
    let mut stream = TcpStream::connect(server.door_addr().expect("a door")).await.expect("it listens");
    let body = [&text("MQTT")[..], &[4, 0b1100_0010, 0, 60], &text(name), &text(name), &text(token)].concat();
    stream.write_all(&packet(0x10, &body)).await.expect("sent");
    let mut came = [0; 4];
    timeout(LONG, stream.read_exact(&mut came)).await.expect("in time").expect("a CONNACK");
    assert_eq!(came[..2], [0x20, 2]);
    (stream, came[3])
}

/// Connects until it is let in.
async fn let_in(server: &Server, name: &str, token: &str) -> TcpStream {
    let began = Instant::now();
    loop {
        let (stream, code) = connect(server, name, token).await;
        if code == 0 {
            return stream;
        }
        assert!(began.elapsed() < LONG, "{name} is not let in: {code}");
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

/// Publishes a reading at QoS 1: whether it is acknowledged, and not hung up on.
async fn is_taken(stream: &mut TcpStream, name: &str) -> bool {
    let topic = text(&format!("davy/v1/park/{name}/readings"));
    let body = [&topic[..], &[0, 1], br#"{"values":{"T":1}}"#].concat();
    let _ = stream.write_all(&packet(0x32, &body)).await;
    let mut came = [0; 4];
    let read = timeout(LONG, stream.read_exact(&mut came)).await.expect("in time");
    read.is_ok() && came[0] == 0x40
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_that_is_replaced_is_good_for_nobody_within_seconds_and_others_notice_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let clients = folder.path().join("clients.toml");
    fs::write(&clients, client("gw-1", "lost") + &client("gw-2", "kept")).expect("written");
    let server = serve(folder.path()).await;
    let (mut lost, code) = connect(&server, "gw-1", "lost").await;
    assert_eq!((code, is_taken(&mut lost, "gw-1").await), (0, true));
    let (mut kept, code) = connect(&server, "gw-2", "kept").await;
    assert_eq!((code, is_taken(&mut kept, "gw-2").await), (0, true));
    // What cannot be read changes nothing.
    fs::write(&clients, "[[client]]\nname = ").expect("written");
    tokio::time::sleep(Duration::from_secs(7)).await;
    assert!(is_taken(&mut lost, "gw-1").await);
    fs::write(&clients, client("gw-1", "new") + &client("gw-2", "kept")).expect("written");
    let mut anew = let_in(&server, "gw-1", "new").await;
    assert!(!is_taken(&mut lost, "gw-1").await, "it came in by the old one");
    assert_ne!(connect(&server, "gw-1", "lost").await.1, 0);
    assert!(is_taken(&mut anew, "gw-1").await);
    assert!(is_taken(&mut kept, "gw-2").await);
    server.shutdown().await;
}
