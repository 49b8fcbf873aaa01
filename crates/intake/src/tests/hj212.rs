//! Boxes over TCP: what is read, what is answered and when, and what a connection may cost.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use davy_codec::hj212::encode;
use davy_model::{NodeChange, Quality, Reason, Source, SourceForm};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::{DEADLINE, Setting, Writer, until};
use crate::hj212::{Boxes, Hj212Config, Hj212Listener, KnownBox};
use crate::rights::token_hash;
use crate::testing::{NOW, park};
use crate::{Directory, Inbox, Intake, Keeping, LetterFilter, PAYLOAD_BYTES_MAX, SiteDoor, ways};

/// A box, as seen from its end.
struct Client(TcpStream);

impl Client {
    async fn connect(listener: &Hj212Listener) -> Client {
        Client(TcpStream::connect(listener.local_addr()).await.expect("it listens"))
    }

    async fn send(&mut self, bytes: &[u8]) {
        self.0.write_all(bytes).await.expect("the connection stands");
    }

    /// The next answer, with its line end.
    async fn answer(&mut self) -> String {
        let mut line = Vec::new();
        let read = async {
            while !line.ends_with(b"\r\n") {
                line.push(self.0.read_u8().await.expect("an answer"));
            }
        };
        timeout(DEADLINE, read).await.expect("an answer in time");
        String::from_utf8(line).expect("text")
    }

    /// Waits until Davy closes.
    async fn closed(&mut self) -> Vec<u8> {
        let mut rest = Vec::new();
        // What it had not read may make it a reset.
        let _ = timeout(DEADLINE, self.0.read_to_end(&mut rest)).await.expect("it closes in time");
        rest
    }
}

/// `park` with box B1 at `gw-1` and box B2 at `gw-2`; they send `a1` and `a2`.
fn setting(inbox_bytes: usize) -> Setting {
    let mut site = park();
    let source = |mn: &str, node: &str| Source {
        form: SourceForm::Hj212 { mn: mn.into() },
        topic: None,
        edge_node: Some(node.into()),
    };
    site.sources = vec![source("B1", "gw-1"), source("B2", "gw-2")];
    for tag in &mut site.tags {
        let sent_as = match &*tag.name {
            "AT-1/h2s" => "a1",
            "PT-1/p" => "a2",
            _ => continue,
        };
        tag.sent_as = Some(sent_as.into());
    }
    let ways = ways(&site, &BTreeMap::new()).expect("good sources");
    let (inbox, receiver) = Inbox::new(inbox_bytes);
    let door =
        Arc::new(SiteDoor::new(Arc::new(site), "rev-1".into(), ways.into(), inbox, Keeping::default()));
    let directory = Directory::new([Arc::clone(&door)]);
    let intake = Intake::new(directory, Arc::new(|| NOW), PAYLOAD_BYTES_MAX);
    Setting { intake, door, writer: Writer(receiver) }
}

async fn listen(setting: &Setting, change: impl FnOnce(&mut Hj212Config)) -> Hj212Listener {
    let mut config = Hj212Config::on_loopback(0);
    change(&mut config);
    Hj212Listener::start(config, &setting.intake, None).await.expect("a free port")
}

/// A frame of box `mn` that wants an answer.
fn frame(mn: &str, qn: u32, data: &str) -> Vec<u8> {
    let time = "20261123160000";
    encode(&format!("QN={time}{qn:03};ST=31;CN=2011;PW=123456;MN={mn};Flag=5;CP=&&DataTime={time};{data}&&"))
}

fn ack(mn: &str, qn: u32) -> String {
    let segment = format!("QN=20261123160000{qn:03};ST=91;CN=9014;PW=123456;MN={mn};Flag=4;CP=&&&&");
    String::from_utf8(encode(&segment)).expect("text")
}

fn letters(door: &SiteDoor) -> Vec<Reason> {
    let letters = door.dead_letters.list(&LetterFilter::default(), 100);
    letters.iter().flat_map(|letter| letter.findings.iter().map(|finding| finding.reason)).collect()
}

#[tokio::test]
async fn a_box_is_answered_when_its_readings_are_durable_and_not_before() {
    let mut setting = setting(1 << 20);
    let listener = listen(&setting, |_| {}).await;
    let mut client = Client::connect(&listener).await;
    client.send(&frame("B1", 1, "a1-Rtd=12.5,a1-Flag=D")).await;
    let (parcel, block) = setting.writer.readings().await;
    assert_eq!((block.readings.len(), block.readings[0].value.get()), (1, Some(12.5)));
    assert!(matches!(block.readings[0].quality, Quality::Bad(_)));
    // The answer would be on its way by now, were it not for the commit.
    let early = timeout(Duration::from_millis(100), client.0.read_u8()).await;
    assert!(early.is_err(), "answered before the commit: {early:?}");
    parcel.committed();
    assert_eq!(client.answer().await, ack("B1", 1));
    assert_eq!(letters(&setting.door), []);
    assert_eq!(setting.intake.hj212_stats().answers, 1);
}

#[tokio::test]
async fn what_cannot_be_made_durable_is_not_answered_and_comes_again() {
    let mut setting = setting(1 << 20);
    let listener = listen(&setting, |_| {}).await;
    let mut client = Client::connect(&listener).await;
    client.send(&frame("B1", 1, "a1-Rtd=12.5")).await;
    drop(setting.writer.readings().await);
    assert_eq!(client.closed().await, b"", "closed without an answer");
    let mut client = Client::connect(&listener).await;
    client.send(&frame("B1", 1, "a1-Rtd=12.5")).await;
    let (parcel, block) = setting.writer.readings().await;
    assert!(block.messages[0].redelivered, "the same request again");
    parcel.committed();
    assert_eq!(client.answer().await, ack("B1", 1));
}

/// Reads and commits until so many readings have come; their values.
async fn commit(writer: &mut Writer, readings: usize) -> Vec<f64> {
    let mut values = Vec::new();
    while values.len() < readings {
        let (parcel, block) = writer.readings().await;
        values.extend(block.readings.iter().filter_map(|reading| reading.value.get()));
        parcel.committed();
    }
    values
}

#[tokio::test]
async fn sticky_frames_and_frames_split_at_every_byte_are_read_alike() {
    let mut setting = setting(1 << 20);
    let listener = listen(&setting, |_| {}).await;
    let mut client = Client::connect(&listener).await;
    let all: Vec<u8> = (0..4).flat_map(|at| frame("B1", at, &format!("a1-Rtd={at}"))).collect();
    client.send(&all).await;
    assert_eq!(commit(&mut setting.writer, 4).await, [0.0, 1.0, 2.0, 3.0]);
    for at in 0..4 {
        assert_eq!(client.answer().await, ack("B1", at));
    }
    client.0.set_nodelay(true).expect("a socket");
    let writer = &mut setting.writer;
    let bytewise = async {
        for byte in frame("B1", 9, "a1-Rtd=9") {
            client.send(&[byte]).await;
            tokio::task::yield_now().await;
        }
    };
    let ((), values) = tokio::join!(bytewise, commit(writer, 1));
    assert_eq!(values, [9.0]);
    assert_eq!(client.answer().await, ack("B1", 9));
}

#[tokio::test]
async fn two_boxes_at_once_speak_each_for_its_own_edge_node() {
    let mut setting = setting(1 << 20);
    let listener = listen(&setting, |_| {}).await;
    let (mut one, mut two) = (Client::connect(&listener).await, Client::connect(&listener).await);
    one.send(&frame("B1", 1, "a1-Rtd=1")).await;
    assert_eq!(commit(&mut setting.writer, 1).await, [1.0]);
    assert_eq!(one.answer().await, ack("B1", 1));
    two.send(&frame("B2", 2, "a2-Rtd=2")).await;
    assert_eq!(commit(&mut setting.writer, 1).await, [2.0]);
    assert_eq!(two.answer().await, ack("B2", 2));
    // The same connection may carry the frames of several boxes; a tag stays its owner's.
    one.send(&[frame("B2", 3, "a2-Rtd=3"), frame("B1", 4, "a2-Rtd=4")].concat()).await;
    assert_eq!(commit(&mut setting.writer, 1).await, [3.0]);
    assert_eq!(one.answer().await, ack("B2", 3));
    assert_eq!(one.answer().await, ack("B1", 4), "it was read: that it has no such tag is in the letters");
    assert_eq!(
        letters(&setting.door),
        [Reason::PointUnknown],
        "B1's edge node sends nothing under that code"
    );
    assert_eq!(setting.door.presence.node(&"gw-2".into()).state(), Some(NodeChange::Online));
}

#[tokio::test]
async fn a_box_whose_connection_ends_is_lost_and_back_with_its_next_frame() {
    let mut setting = setting(1 << 20);
    let listener = listen(&setting, |_| {}).await;
    let presence = setting.door.presence.node(&"gw-1".into());
    let mut client = Client::connect(&listener).await;
    client.send(&frame("B1", 1, "a1-Rtd=1")).await;
    commit(&mut setting.writer, 1).await;
    client.answer().await;
    drop(client);
    until("the box is lost", || presence.state() == Some(NodeChange::Lost)).await;
    let mut client = Client::connect(&listener).await;
    client.send(&frame("B1", 2, "a1-Rtd=1")).await;
    commit(&mut setting.writer, 1).await;
    client.answer().await;
    assert_eq!(presence.state(), Some(NodeChange::Online));
    listener.shutdown(DEADLINE).await;
    assert_eq!(presence.state(), Some(NodeChange::Online), "Davy stopped: the box is where it was");
}

#[tokio::test]
async fn what_is_refused_is_answered_counted_and_kept() {
    let setting = setting(1 << 20);
    let boxes = [("B1", "123456"), ("B2", "654321"), ("B9", "123456")]
        .map(|(mn, pw)| KnownBox { mn: mn.to_owned(), password: token_hash(pw.as_bytes()) });
    let boxes = Boxes::new(boxes).expect("three boxes");
    let listener = listen(&setting, |config| config.boxes = Some(Arc::new(boxes))).await;
    let Setting { intake, door, mut writer } = setting;
    let writer = tokio::spawn(async move {
        loop {
            writer.next().await.committed();
        }
    });
    let mut client = Client::connect(&listener).await;
    let mut bad = frame("B1", 1, "a1-Rtd=1");
    let end = bad.len() - 3;
    bad[end] = if bad[end] == b'0' { b'1' } else { b'0' };
    let qnrtn = |answer: String| {
        answer.split("QnRtn=").nth(1).and_then(|code| code.split('&').next()).map(str::to_owned)
    };
    for (bytes, code) in [
        (bad, "9"),
        (frame("B2", 2, "a2-Rtd=1"), "3"),
        (frame("B3", 3, "a1-Rtd=1"), "4"),
        // Its password is known, and no site has it.
        (frame("B9", 4, "a1-Rtd=1"), "4"),
        (encode("QN=1;CN=2011;MN=B1;Flag=5;PNUM=2;CP=&&&&"), "6"),
        (encode("QN=20261123160000005;CN=1072;PW=123456;MN=B1;Flag=5;CP=&&&&"), "8"),
        (frame("B1", 6, "a1-Rtd=x"), "100"),
    ] {
        client.send(&bytes).await;
        assert_eq!(
            qnrtn(client.answer().await).as_deref(),
            Some(code),
            "{}",
            String::from_utf8_lossy(&bytes)
        );
    }
    client.send(&frame("B1", 7, "a1-Rtd=7")).await;
    assert_eq!(client.answer().await, ack("B1", 7));
    writer.abort();
    let mut found = letters(&door);
    found.sort();
    assert_eq!(
        found,
        [Reason::FrameInvalid, Reason::CrcMismatch, Reason::PasswordMismatch, Reason::FieldType],
        "what belongs to a box the site knows"
    );
    assert_eq!(intake.strays.account.totals().rejected, [(Reason::DeviceUnknown, 2)]);
    let totals = door.account.totals();
    assert_eq!(
        totals.received,
        totals.accepted + totals.rejected.iter().map(|(_, count)| count).sum::<u64>()
    );
    assert_eq!(door.presence.node(&"gw-2".into()).state(), None, "a wrong password says nothing of it");
}

#[tokio::test]
async fn a_full_inbox_stops_the_reading_until_there_is_room() {
    let mut setting = setting(1024);
    let listener = listen(&setting, |_| {}).await;
    let mut client = Client::connect(&listener).await;
    let mut sent = 0;
    // The writer takes nothing: the sockets fill up, and the box cannot send any more.
    loop {
        let bytes: Vec<u8> = (0..50).flat_map(|at| frame("B1", at, &format!("a1-Rtd={at}"))).collect();
        match timeout(Duration::from_millis(500), client.0.write_all(&bytes)).await {
            Ok(written) => written.expect("the connection stands"),
            Err(_) => break,
        }
        sent += 50;
        assert!(sent < 1_000_000, "nothing holds the box back");
    }
    let received = setting.intake.hj212_stats().bytes;
    assert!(received < 64 * 1024, "{received} bytes were read of a box that had to wait");
    assert!(commit(&mut setting.writer, 10).await.len() >= 10);
}

#[tokio::test]
async fn one_connection_too_many_is_turned_away_and_the_others_go_on() {
    let mut setting = setting(1 << 20);
    let listener = listen(&setting, |config| config.connections_max = 2).await;
    let (mut one, _two) = (Client::connect(&listener).await, Client::connect(&listener).await);
    until("both are in", || setting.intake.hj212_stats().connections == 2).await;
    let mut three = Client::connect(&listener).await;
    assert_eq!(three.closed().await, b"");
    one.send(&frame("B1", 1, "a1-Rtd=1")).await;
    commit(&mut setting.writer, 1).await;
    assert_eq!(one.answer().await, ack("B1", 1));
    drop(one);
    until("there is room", || setting.intake.hj212_stats().connections == 1).await;
    let mut four = Client::connect(&listener).await;
    four.send(&frame("B1", 2, "a1-Rtd=1")).await;
    commit(&mut setting.writer, 1).await;
    assert_eq!(four.answer().await, ack("B1", 2));
    assert_eq!(setting.intake.hj212_stats().turned_away, 1);
}

#[tokio::test]
async fn whoever_says_nothing_or_nonsense_is_shown_out() {
    let setting = setting(1 << 20);
    let listener = listen(&setting, |config| config.idle = Duration::from_millis(200)).await;
    let mut silent = Client::connect(&listener).await;
    assert_eq!(silent.closed().await, b"");
    let listener = listen(&setting, |_| {}).await;
    let mut nonsense = Client::connect(&listener).await;
    for _ in 0..16 {
        nonsense.send(b"GET / HTTP/1.1\r\n##0001x&&0000\r\n").await;
    }
    nonsense.closed().await;
    assert!(
        setting
            .intake
            .strays
            .account
            .totals()
            .rejected
            .iter()
            .all(|(reason, _)| { matches!(reason, Reason::FrameInvalid | Reason::LengthMismatch) })
    );
}

/// The packets of a split message that cannot be read alone are answered when all of them are durable.
#[tokio::test]
async fn packets_that_belong_together_are_read_together() {
    let mut setting = setting(1 << 20);
    let listener = listen(&setting, |_| {}).await;
    let mut client = Client::connect(&listener).await;
    let packet = |number: u16, data: &str| {
        encode(&format!("QN=20261123160000001;CN=2011;MN=B1;Flag=7;PNUM=2;PNO={number};CP=&&{data}&&"))
    };
    client.send(&packet(2, ".5,a1-Flag=N")).await;
    client.send(&packet(1, "DataTime=20261123160000;a1-Rtd=12")).await;
    assert_eq!(commit(&mut setting.writer, 1).await, [12.5]);
    let answers = [client.answer().await, client.answer().await];
    assert!(answers[0].contains("PNO=1;CP=&&&&") && answers[1].contains("PNO=2;CP=&&&&"), "{answers:?}");
    client.send(&packet(1, "DataTime=20261123160000;a1-Rtd=1")).await;
    drop(client);
    until("the lone packet is refused", || letters(&setting.door) == [Reason::FrameInvalid]).await;
}

/// Half of a frame, and then nothing: it is given up, and says so.
#[tokio::test]
async fn a_frame_that_never_ends_is_given_up_with_its_connection() {
    let setting = setting(1 << 20);
    let listener = listen(&setting, |_| {}).await;
    let mut client = Client::connect(&listener).await;
    let whole = frame("B1", 1, "a1-Rtd=1");
    client.send(&whole[..whole.len() - 8]).await;
    until("it is read", || setting.intake.hj212_stats().bytes > 0).await;
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(31)).await;
    tokio::time::resume();
    client.closed().await;
    until("it is refused", || {
        let strays = setting.intake.strays.account.totals();
        !letters(&setting.door).is_empty() || !strays.rejected.is_empty()
    })
    .await;
    assert_eq!(letters(&setting.door), [Reason::LengthMismatch]);
}
