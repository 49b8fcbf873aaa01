use davy_engine::Judge;
use davy_model::{
    Bundle, BundleFile, Freshness, MessageHead, NodeIndex, Quality, Reading, ReadingBlock, Timestamp, Value,
};
use davy_rules::{bundle, compile};

use super::*;

const TAGS: &str = "tag,quantity,unit,edge_node\nA,gas.h2s,ppm,gw\nB,gas.h2s,ppm,gw\n";

fn files(tags: &str) -> Arc<Bundle> {
    let site = "site: park\nedge_nodes: [{id: gw}]\n";
    let file = |(path, text): (&str, &str)| BundleFile { path: path.to_owned(), text: text.to_owned() };
    let files = [("site.yaml", site), ("tags.csv", tags)].map(file);
    Arc::new(bundle(files.to_vec()).expect("files of a site"))
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_micros(1_795_420_800_000_000 + second * 1_000_000)
}

/// A site that judges, and shows what was judged.
struct World {
    judge: Judge,
    latest: Latest,
    second: i64,
}

impl World {
    fn new() -> World {
        let mut world = World { judge: Judge::new(), latest: Latest::default(), second: 0 };
        let plan = Arc::new(compile(&files(TAGS)).expect("they compile"));
        world.latest.begin(&"park".into(), &plan, None);
        world.commit(&[Input::Activate(files(TAGS))]);
        world
    }

    fn commit(&mut self, inputs: &[Input]) {
        let mut shown = Shown::default();
        for input in inputs {
            let judged = self.judge.counts().judged;
            self.judge.apply(at(self.second), input, &mut Vec::new()).expect("it is judged");
            shown.note(input, judged, self.judge.engine().expect("files are active"));
        }
        self.latest.note("park", inputs, &shown);
    }

    /// Has messages judged in one commit; each is `second: tag value@second...`.
    fn messages(&mut self, messages: &str) {
        let inputs: Vec<Input> = messages.split("; ").map(|message| self.message(message)).collect();
        self.commit(&inputs);
    }

    fn message(&mut self, message: &str) -> Input {
        let (second, readings) = message.split_once(": ").expect("when it arrives");
        self.second = second.parse().expect("a second");
        let plan = Arc::clone(self.judge.engine().expect("files are active").plan());
        let reading = |text: &str| {
            let (tag, text) = text.split_once('=').expect("a tag");
            let (value, stamp) = text.split_once('@').expect("a stamp");
            Reading {
                tag: plan.site.tag_index(tag).expect("it is known"),
                quality: Quality::Good,
                source_time: at(stamp.parse().expect("a second")),
                value: Value::of(value.parse().expect("a number")),
            }
        };
        let readings: Vec<Reading> = readings.split(' ').map(reading).collect();
        let head = MessageHead {
            node: NodeIndex(0),
            arrival: at(self.second),
            seq: None,
            redelivered: false,
            freshness: Freshness::Live,
            len: u32::try_from(readings.len()).expect("few"),
        };
        Input::Readings(ReadingBlock { messages: vec![head], readings })
    }

    /// What is shown: `tag=value@second+how much later it arrived`.
    fn shown(&self) -> String {
        let plan = self.latest.plan("park").expect("it is served");
        let tags: Vec<TagIndex> = (0..plan.site.tags.len() as u32).map(TagIndex).collect();
        let seen = self.latest.read("park", &plan, &tags).expect("nothing else became active");
        let show = |(tag, seen): (&TagIndex, &Option<Seen>)| {
            let seen = (*seen)?;
            let stamp = seen.source.micros_since(at(0)) / 1_000_000;
            let later = seen.arrival()?.micros_since(seen.source) / 1_000_000;
            Some(format!("{}={}@{stamp}+{later}", plan.site.tag(*tag).name, seen.value))
        };
        tags.iter().zip(&seen).filter_map(show).collect::<Vec<_>>().join(" ")
    }
}

#[test]
fn what_the_engine_took_last_is_shown() {
    for (messages, want) in [
        ("1: A=1@0", "A=1@0+1"),
        ("1: A=1@1 B=2@1", "A=1@1+0 B=2@1+0"),
        ("1: A=1@1 A=2@2 A=3@3", "A=3@3-2"),
        ("5: A=1@5; 6: A=2@4 B=3@6", "A=1@5+0 B=3@6+0"),
        ("5: A=1@5; 9: A=1@5", "A=1@5+0"),
        ("5: A=1@5; 9: A=1@5 B=2@9", "A=1@5+0 B=2@9+0"),
        ("5: A=1@900; 9: A=1@900", "A=1@5+0"),
        ("5: A=1@4 A=2@3 A=3@5 A=4@2", "A=3@5+0"),
        // Far ahead: it was measured when it came.
        ("5: A=1@900", "A=1@5+0"),
        // A clock that stepped back is believed no more after three.
        ("900: A=1@900; 901: A=2@1; 902: A=3@2", "A=1@900+0"),
        ("900: A=1@900; 901: A=2@1; 902: A=3@2; 903: A=4@3", "A=4@3+900"),
    ] {
        let mut together = World::new();
        together.messages(messages);
        let mut apart = World::new();
        messages.split("; ").for_each(|message| apart.messages(message));
        let want = want.replace("-2", "+-2");
        assert_eq!((together.shown(), apart.shown()), (want.clone(), want), "{messages}");
    }
}

#[test]
fn a_tag_goes_on_under_its_name_and_begins_anew_in_another_unit() {
    let more = "tag,quantity,unit,edge_node\nA,gas.h2s,mg/m3,gw\nAA,gas.h2s,ppm,gw\nB,gas.h2s,ppm,gw\n";
    let without = "tag,quantity,unit,edge_node\nB,gas.h2s,ppm,gw\n";
    for (tags, then, want) in [
        (TAGS, None, "A=1@1+0 B=2@1+0"),
        (more, None, "B=2@1+0"),
        (more, Some("2: A=7@2 AA=8@2"), "A=7@2+0 AA=8@2+0 B=2@1+0"),
        (without, None, "B=2@1+0"),
    ] {
        let mut world = World::new();
        world.messages("1: A=1@1 B=2@1");
        let before = world.latest.plan("park").expect("it is served");
        world.commit(&[Input::Activate(files(tags))]);
        if let Some(messages) = then {
            world.messages(messages);
        }
        assert_eq!(world.shown(), want, "{tags}");
        assert_eq!(world.latest.read("park", &before, &[TagIndex(0)]), None, "of the plan before");
    }
}

#[test]
fn readings_on_both_sides_of_an_activation_are_each_of_their_own_files() {
    let mut world = World::new();
    let before = world.message("1: A=1@1 B=2@1");
    let without = files("tag,quantity,unit,edge_node\nB,gas.h2s,ppm,gw\n");
    let mut after = world.message("2: A=5@2");
    if let Input::Readings(block) = &mut after {
        // The first tag of the new files.
        block.readings[0].tag = TagIndex(0);
    }
    world.commit(&[before, Input::Activate(without), after]);
    assert_eq!(world.shown(), "B=5@2+0");
}

#[test]
fn a_restart_shows_what_the_engine_kept() {
    let mut world = World::new();
    world.messages("1: A=1@0 B=2@1");
    let again = Latest::default();
    let engine = world.judge.engine().expect("files are active");
    again.begin(&"park".into(), engine.plan(), Some(engine));
    let before = world.shown();
    world.latest = again;
    assert_eq!(world.shown(), before);
}
