//! Refused messages of Sparkplug, sent again.

use super::*;
use crate::batch::Batch;
use crate::presence::SessionId;
use crate::sparkplug::Way;
use crate::{DeadLetter, LetterFilter, NotReplayed, Replayed};

impl Stage {
    /// An edge node says that, a second after what it said before.
    fn hears(&self, sent: &Sent) {
        self.pass(1000);
        let way = Way { session: SessionId(1), route: self.intake.feedback.route() };
        let mut batch = Batch::default();
        let message = sent.arriving(self.intake.now());
        self.intake.sparkplug.node("plant", "gw-1").take(&self.intake, way, &message, &mut batch);
        batch.deliver_now();
    }

    fn newest(&self) -> DeadLetter {
        self.door.dead_letters.list(&LetterFilter::default(), 1).remove(0)
    }

    /// A letter sent again: what came of it, and the readings in words. It was told before that it would be so.
    async fn again(&mut self, letter: &DeadLetter, readings: usize) -> (Replayed, Vec<String>) {
        let books = (self.door.account.totals(), self.door.dead_letters.written());
        let would = self.intake.try_replay(letter).expect("it carries readings");
        assert_eq!(
            (self.door.account.totals(), self.door.dead_letters.written()),
            books,
            "a look changes nothing"
        );
        let (intake, letter) = (Arc::clone(&self.intake), letter.clone());
        let replaying = tokio::spawn(async move { intake.replay(&letter).await });
        let told = self.told(readings).await;
        let replayed = replaying.await.expect("it runs").expect("it carries readings");
        assert_eq!(replayed, would);
        (replayed, told)
    }

    /// The tag that was forgotten is in the site's files now.
    fn mend(&mut self) {
        let mut site = (*self.door.site).clone();
        site.tags.push(tag("gas-01/o2", "gas.ch4", "%LEL"));
        site.tags.sort_by(|a, b| a.name.cmp(&b.name));
        self.door = Arc::new(self.door.reloaded(Arc::new(site), "rev-2".into(), Arc::from([])));
        self.intake.directory.replace([Arc::clone(&self.door)]);
    }
}

fn births_with_o2(node: &mut EdgeNode) -> [Sent; 2] {
    let metrics = vec![named("ch4", 2, 0.5), named("o2", 3, 20.9)];
    [node.nbirth(vec![named("volt", 1, 12.0)]), node.dbirth("gas-01", metrics)]
}

fn said(replayed: &Replayed) -> Vec<String> {
    replayed.findings.iter().map(|finding| format!("{} {}", finding.reason, finding.pointer)).collect()
}

#[tokio::test]
async fn what_names_itself_is_read_again_and_an_alias_only_by_the_birth_that_stood_then() {
    let mut stage = Stage::new();
    let mut node = edge_node();
    for birth in births_with_o2(&mut node) {
        stage.hears(&birth);
    }
    let birth = stage.newest();
    node.now_ms += 3000;
    let data = node.ddata("gas-01", vec![aliased(3, 19.5), aliased(2, 0.6), by_name("o2", 19.4)]);
    stage.hears(&data);
    let data = stage.newest();
    assert_eq!(stage.told(5).await, ["lost", "online", "volt=12", "gas-01/ch4=0.5", "gas-01/ch4=0.6"]);
    let (replayed, _) = stage.again(&data, 1).await;
    assert_eq!(said(&replayed), ["POINT_UNKNOWN /metrics/0/name", "POINT_UNKNOWN /metrics/2/name"]);

    stage.mend();
    let (replayed, told) = stage.again(&birth, 2).await;
    assert_eq!((replayed.accepted, replayed.rejected), (2, 0), "{replayed:?}");
    assert_eq!(told, ["gas-01/ch4=0.5", "gas-01/o2=20.9"]);
    let (replayed, told) = stage.again(&data, 3).await;
    assert_eq!((replayed.accepted, replayed.rejected), (3, 0), "{replayed:?}");
    assert_eq!(told, ["gas-01/o2=19.5", "gas-01/ch4=0.6", "gas-01/o2=19.4"]);

    // The births stand no more: others do, by which an alias may be another's.
    node.now_ms += 1000;
    for birth in births_with_o2(&mut node) {
        stage.hears(&birth);
    }
    stage.told(3).await;
    let (replayed, told) = stage.again(&data, 1).await;
    assert_eq!(told, ["gas-01/o2=19.4"]);
    assert_eq!(said(&replayed), ["SPARKPLUG_NO_BIRTH /metrics/0/name", "SPARKPLUG_NO_BIRTH /metrics/1/name"]);

    // The session goes on as if nothing had been read again: its numbers, and its last values.
    let null = Metric { is_null: Some(true), value: None, ..aliased(3, 0.0) };
    node.now_ms += 1000;
    stage.hears(&node.ddata("gas-01", vec![null]));
    assert_eq!(stage.told(1).await, ["gas-01/o2=none!"]);
}

#[tokio::test]
async fn without_a_birth_data_says_nothing_and_a_birth_all() {
    let mut stage = Stage::new();
    stage.mend();
    let mut node = edge_node();
    let births = births_with_o2(&mut node);
    node.now_ms += 1000;
    stage.hears(&node.ddata("gas-01", vec![aliased(3, 19.5), by_name("o2", 19.4)]));
    let data = stage.newest();
    let (replayed, _) = stage.again(&data, 0).await;
    assert_eq!((said(&replayed), replayed.rejected), (vec!["SPARKPLUG_NO_BIRTH ".to_owned()], 2));
    for birth in &births {
        stage.hears(birth);
    }
    stage.told(5).await;
    // A name means what the birth says that stands now; what the alias meant before it, nobody knows.
    let (replayed, told) = stage.again(&data, 1).await;
    assert_eq!((told, replayed.rejected), (vec!["gas-01/o2=19.4".to_owned()], 1));
    let topic = |verb: &str| format!("spBv1.0/plant/{verb}/gw-1/gas-01").into();
    let payload = births[1].payload.clone().into();
    let birth = DeadLetter { topic: topic("DBIRTH"), payload, ..data.clone() };
    let mut other = Stage::new();
    other.mend();
    let (replayed, told) = other.again(&birth, 2).await;
    assert_eq!((told.len(), replayed.rejected), (2, 0), "a birth needs no session: {replayed:?}");
    let broken = DeadLetter { payload: b"\x12\xff".as_slice().into(), ..birth.clone() };
    assert_eq!(said(&other.again(&broken, 0).await.0), ["PROTOBUF_DECODE /metrics/0"]);
    for verb in ["DDEATH", "DCMD"] {
        let letter = DeadLetter { topic: topic(verb), ..birth.clone() };
        assert_eq!(other.intake.replay(&letter).await, Err(NotReplayed::NoReadings), "{verb}");
    }
    let nobody = DeadLetter { topic: "spBv1.0/plant/DDATA/gw-9/gas-01".into(), ..birth };
    assert_eq!(other.intake.replay(&nobody).await, Err(NotReplayed::NoSuchNode));
}
