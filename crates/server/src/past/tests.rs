use davy_history::{Retention, Row, Series, SqliteConfig, SqliteStore};
use davy_model::{Bundle, BundleFile, Input, Quality, ReadingBlock, Value};
use davy_rules::{bundle, compile};
use davy_workbench::backtest::Entry;
use tempfile::TempDir;
use tokio::{runtime::Runtime, task::spawn_blocking};

use super::*;

const SITE: &str = "site: yard\nedge_nodes: [{id: gw}]\n";
const SECOND_US: i64 = 1_000_000;

/// A database with readings of `a` and `b`, in ppm, and of `c`, which no rule set knows.
struct Yard {
    _folder: TempDir,
    runtime: Runtime,
    store: Arc<dyn Store>,
    bundle: Arc<Bundle>,
    plan: Arc<Plan>,
}

/// So many microseconds after the story begins.
fn at(us: i64) -> Timestamp {
    "2026-11-01T00:00:00Z".parse::<Timestamp>().expect("a time").offset_micros(us)
}

fn series(tag: &str) -> Series {
    let [unit, quantity] = ["ppm", "gas.h2s"].map(Into::into);
    Series { tag: tag.into(), unit, quantity, title_en: "".into(), title_zh: "".into(), area: None }
}

/// A reading of series 0, 1 or 2, measured and arrived so many µs after the beginning.
fn row((series, time, arrival, value): (u32, i64, i64, f64)) -> Row {
    Row { series, time: at(time), arrival: at(arrival), value: Value::of(value), quality: Quality::Good }
}

impl Yard {
    fn new(rows: Vec<(u32, i64, i64, f64)>) -> Yard {
        let tags = "tag,quantity,unit,interval,edge_node\na,gas.h2s,ppm,1s,gw\nb,gas.h2s,mg/m3,1s,gw\n";
        let file = |path: &str, text: &str| BundleFile { path: path.to_owned(), text: text.to_owned() };
        let files = vec![file("site.yaml", SITE), file("tags.csv", tags)];
        let bundle = bundle(files).expect("the files of a site");
        let plan = Arc::new(compile(&bundle).expect("they compile"));
        let folder = tempfile::tempdir().expect("a folder");
        let config = SqliteConfig { path: folder.path().join("history.db"), bytes_max: 1 << 30 };
        let runtime = Runtime::new().expect("a runtime");
        let store: Arc<dyn Store> = Arc::new(SqliteStore::new(&config, Retention::default()));
        let rows: Vec<Row> = rows.into_iter().map(row).collect();
        let of = ["a", "b", "c"].map(series);
        runtime.block_on(store.import("yard", &of, &rows, at(86_400 * SECOND_US))).expect("it lands");
        Yard { _folder: folder, runtime, store, bundle: Arc::new(bundle), plan }
    }

    fn past(&self) -> Past {
        self.runtime.block_on(Past::open(Arc::clone(&self.store), "yard")).expect("there is some")
    }

    /// What comes of all of it, fetched at most so many at once, with at most so many held.
    fn read(&self, fetched_max: usize, held_max: usize) -> Read {
        let past = Past { fetched_max, held_max, ..self.past() };
        let (plan, bundle) = (Arc::clone(&self.plan), Arc::clone(&self.bundle));
        spawn_blocking_on(&self.runtime, move || {
            let measured = Period { from: Timestamp::MIN, until: Timestamp::MAX };
            let asked = Asked { measured, latency: Duration::from_secs(1), plans: &[&plan] };
            let mut entries = past.entries(&asked, bundle);
            let all: Result<Vec<Entry>, PastError> = entries.by_ref().collect();
            Read { all, held_most: entries.held_most(), untaken: entries.untaken() }
        })
    }
}

fn spawn_blocking_on<T: Send + 'static>(runtime: &Runtime, work: impl FnOnce() -> T + Send + 'static) -> T {
    runtime.block_on(async { spawn_blocking(work).await.expect("it does not panic") })
}

struct Read {
    all: Result<Vec<Entry>, PastError>,
    held_most: usize,
    untaken: Untaken,
}

impl Read {
    fn entries(&self) -> &[Entry] {
        self.all.as_ref().expect("it is read")
    }

    /// Of each message: when it arrived, and the values in it.
    fn messages(&self) -> Vec<(i64, Vec<f64>)> {
        let block = |entry: &Entry| match &entry.inputs[..] {
            [Input::Readings(ReadingBlock { messages, readings })] => {
                assert_eq!((messages.len(), messages[0].arrival), (1, entry.at), "{entry:?}");
                let since = entry.at.as_micros() - at(0).as_micros();
                Some((since, readings.iter().filter_map(|reading| reading.value.get()).collect()))
            }
            _ => None,
        };
        self.entries().iter().filter_map(block).collect()
    }
}

#[test]
fn readings_come_as_they_arrived_however_little_is_fetched_at_once() {
    let s = SECOND_US;
    let yard = Yard::new(vec![
        (0, 0, 200_000, 1.0),
        // An hour's backlog of one gateway, behind what another measured meanwhile.
        (1, 10 * s, 3600 * s, 2.0),
        (1, 20 * s, 3600 * s, 3.0),
        (0, 60 * s, 60 * s + 1, 4.0),
        (0, 3599 * s, 3600 * s, 5.0),
        // Two days late, or before it was measured: nobody saw that. And in the very moment: nobody wrote it down.
        (0, 4000 * s, 4000 * s + 172_800 * s, 6.0),
        (1, 4000 * s, 3000 * s, 7.0),
        (0, 5000 * s, 5000 * s, 8.0),
        (2, 5000 * s, 5000 * s, 9.0),
    ]);
    let expected = vec![
        (200_000, vec![1.0]),
        (60 * s + 1, vec![4.0]),
        (3600 * s, vec![2.0, 3.0, 5.0]),
        (4001 * s - 1, vec![6.0, 7.0]),
        (5001 * s - 2, vec![8.0]),
    ];
    for fetched_max in [2, 3, 100] {
        let read = yard.read(fetched_max, 100);
        assert_eq!(read.messages(), expected, "{fetched_max} at once");
        assert_eq!(read.untaken.tags, [("c".into(), 1)], "{fetched_max} at once");
        // The files come first, and when the first reading was measured.
        let first = &read.entries()[0];
        assert!(matches!(&first.inputs[..], [Input::Activate(_)]), "{first:?}");
        assert_eq!(first.at, at(0));
    }
}

#[test]
fn what_is_held_does_not_grow_with_the_time_that_is_read() {
    let held = |hours: i64| {
        let readings = (0..hours * 360).map(|ten_s| (0, ten_s * 10 * SECOND_US, ten_s * 10 * SECOND_US, 1.0));
        let read = Yard::new(readings.collect()).read(200, 400);
        assert_eq!(read.messages().len() as i64, hours * 360);
        read.held_most
    };
    let (short, long) = (held(2), held(20));
    assert!(short <= 201, "{short}: what is fetched at once, and the last second before it");
    assert_eq!(short, long);
}

#[test]
fn too_much_of_one_moment_or_too_much_that_is_late_is_told_and_nothing_is_judged_of_a_part() {
    let s = SECOND_US;
    let dense: Vec<_> = (0..5).map(|n| (0, 7 * s, 8 * s, f64::from(n))).collect();
    let told = Yard::new(dense).read(4, 100).all.expect_err("there are five of them");
    assert!(matches!(told, PastError::Dense { at: when, max: 4, .. } if when == at(7 * s)), "{told}");
    let late: Vec<_> =
        (0..50).map(|n| (0, n * s, 3600 * s, 1.0)).chain([(0, 3000 * s, 3001 * s, 1.0)]).collect();
    let yard = Yard::new(late);
    assert_eq!(yard.read(100, 51).messages().len(), 2);
    let told = yard.read(100, 50).all.expect_err("51 of them are held");
    assert!(matches!(told, PastError::Late { max: 50, .. }), "{told}");
}

#[test]
fn a_moment_of_very_many_readings_comes_in_parts() {
    let of_one_moment = (0..2500).map(|n| (0, 0, SECOND_US, f64::from(n)));
    let parts: Vec<(i64, usize)> = Yard::new(of_one_moment.collect())
        .read(5000, 5000)
        .messages()
        .iter()
        .map(|(at, all)| (*at, all.len()))
        .collect();
    assert_eq!(parts, [(SECOND_US, 1000), (SECOND_US, 1000), (SECOND_US, 500)]);
}

#[test]
fn a_site_without_readings_says_so() {
    let yard = Yard::new(vec![(0, 0, 0, 1.0)]);
    let found = yard.runtime.block_on(Past::open(Arc::clone(&yard.store), "mine"));
    let told = found.expect_err("nothing is there").to_string();
    assert!(told.contains("no reading of site mine") && told.contains("davy import"), "{told}");
}
