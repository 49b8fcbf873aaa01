use davy_journal::Commit;
use davy_model::{Bundle, BundleFile, Input, Quality, Reading, ReadingBlock, TagIndex, Timestamp, Value};
use davy_rules::{Plan, bundle, compile};

use super::{told::Part, *};
use crate::shown::Shown;

fn plan() -> Arc<Plan> {
    let files = [("site.yaml", "site: park\n"), ("tags.csv", "tag,quantity,unit\nA,gas.h2s,ppm\n")];
    let file = |(path, text): (&str, &str)| BundleFile { path: path.to_owned(), text: text.to_owned() };
    let bundle = bundle(files.map(file).to_vec()).expect("files of a site");
    Arc::new(compile(&bundle).expect("they compile"))
}

fn told(plan: &Arc<Plan>, number: u64, readings: usize) -> Told {
    let at = Timestamp::from_micros(0);
    let one = Reading { tag: TagIndex(0), quality: Quality::Good, source_time: at, value: Value::of(1.0) };
    let block = ReadingBlock { messages: Vec::new(), readings: vec![one; readings] };
    Told { number, at, parts: vec![Part { plan: Arc::clone(plan), blocks: vec![block] }] }
}

async fn numbers(watcher: &mut Watcher, count: usize) -> Vec<(u64, u64)> {
    let mut heard = Vec::new();
    for _ in 0..count {
        let Heard { told, dropped } = watcher.next().await;
        heard.push((dropped, told.number));
    }
    heard
}

#[tokio::test]
async fn a_watcher_hears_every_commit_from_where_it_began_in_order() {
    let (live, plan) = (Arc::new(Live::default()), plan());
    let mut first = live.watch();
    live.tell(told(&plan, 10, 1));
    let mut second = live.watch();
    live.tell(told(&plan, 12, 1));
    assert_eq!(numbers(&mut first, 2).await, [(0, 10), (0, 12)]);
    assert_eq!(numbers(&mut second, 1).await, [(0, 12)]);
    assert!(first.next_now().is_none() && second.next_now().is_none());
    let waiting = tokio::spawn(async move { numbers(&mut first, 1).await });
    tokio::task::yield_now().await;
    live.tell(told(&plan, 13, 1));
    assert_eq!(waiting.await.expect("it heard"), [(0, 13)]);
}

#[tokio::test]
async fn who_is_slow_is_told_how_many_went_by_and_holds_nobody_up() {
    // Readings of 24 bytes: some 16 MiB of them wait, or 4096 commits.
    for (readings, commits, kept) in [(1, 5000, 4096), (16 << 10, 100, 42), (1 << 20, 3, 1)] {
        let (live, plan) = (Arc::new(Live::default()), plan());
        let (mut slow, mut fast) = (live.watch(), live.watch());
        for number in 0..commits {
            live.tell(told(&plan, number, readings));
            assert_eq!(numbers(&mut fast, 1).await, [(0, number)]);
        }
        let first = commits - kept;
        assert_eq!(numbers(&mut slow, 1).await, [(first, first)], "{readings} readings");
        assert_eq!(live.dropped(), first);
    }
}

#[test]
fn when_nobody_watches_nothing_is_kept() {
    let (live, plan) = (Arc::new(Live::default()), plan());
    assert!(!live.is_watched());
    let (one, other) = (live.watch(), live.watch());
    live.tell(told(&plan, 1, 1));
    drop(one);
    assert!(live.ring.lock().from(0).is_some(), "the other may still hear it");
    drop(other);
    assert!(!live.is_watched() && live.ring.lock().from(0).is_none());
    let mut later = live.watch();
    assert!(later.next_now().is_none());
    live.tell(told(&plan, 2, 1));
    assert_eq!(later.next_now().map(|heard| (heard.dropped, heard.told.number)), Some((0, 2)));
}

#[test]
fn what_came_on_both_sides_of_an_activation_is_of_its_own_files() {
    let (before, after) = (plan(), plan());
    let block = |readings| {
        let part = told(&before, 0, readings).parts.remove(0);
        Input::Readings(part.blocks.into_iter().next().expect("one"))
    };
    let files = Arc::new(Bundle { site: "park".into(), files: Vec::new(), revision: "r".into() });
    let inputs = vec![block(1), Input::Tick, block(2), Input::Activate(files), block(3)];
    let at = Timestamp::from_micros(7);
    let mut commit = Commit { number: 4, at, inputs, transitions: Vec::new() };
    let mut shown = Shown::default();
    shown.plans.push(Arc::clone(&after));
    let told = Told::of(&mut commit, &before, &shown);
    assert_eq!((told.number, told.at), (4, at));
    let readings = |part: &Part| part.blocks.iter().map(|block| block.readings.len()).collect::<Vec<_>>();
    let [first, second] = told.parts.as_slice() else { panic!("two parts: {told:?}") };
    assert!(Arc::ptr_eq(&first.plan, &before) && Arc::ptr_eq(&second.plan, &after));
    assert_eq!((readings(first), readings(second)), (vec![1, 2], vec![3]));
}
