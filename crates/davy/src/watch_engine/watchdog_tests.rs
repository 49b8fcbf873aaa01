//! The watchdog's story, told second by second.

use super::*;

const SILENCE: Duration = Duration::from_secs(15);

struct Watch {
    dog: Watchdog,
    zero: Instant,
    /// What Davy says of its canary from here on.
    canary: CanaryStatus,
}

impl Watch {
    fn over(sites: &[&str]) -> Watch {
        let zero = Instant::now();
        let sites: Vec<String> = sites.iter().map(|site| (*site).to_owned()).collect();
        Watch {
            dog: Watchdog::new("http://davy:8080", &sites, SILENCE, zero),
            zero,
            canary: canary(CanaryState::Ok),
        }
    }

    fn at(&self, second: u64) -> Instant {
        self.zero + Duration::from_secs(second)
    }

    /// A heartbeat heard at a second, which set out `took` seconds before.
    fn beat(&mut self, site: &str, second: u64, took: u64) -> Vec<(Kind, String)> {
        let time = |seconds: u64| Some(prost_types::Timestamp { seconds: seconds as i64, nanos: 0 });
        let beat = Heartbeat {
            site: site.to_owned(),
            recorded_time: time(1_000_000 + second),
            sent_time: time(1_000_000 + second),
            started_time: time(1_000_000),
            input_lag: Some(prost_types::Duration { seconds: took as i64, nanos: 0 }),
            canary: Some(self.canary.clone()),
            ..Heartbeat::default()
        };
        told(self.dog.heard(&beat, self.at(second)))
    }

    fn look(&mut self, second: u64) -> Vec<(Kind, String)> {
        told(self.dog.look(self.at(second)))
    }
}

fn told(words: Vec<Word>) -> Vec<(Kind, String)> {
    words.into_iter().map(|word| (word.kind, word.site)).collect()
}

fn canary(state: CanaryState) -> CanaryStatus {
    let span = |seconds| Some(prost_types::Duration { seconds, nanos: 0 });
    CanaryStatus { state: state.into(), every: span(60), deadline: span(10), ..CanaryStatus::default() }
}

#[test]
fn each_site_is_lost_once_after_the_silence_and_back_once() {
    let mut watch = Watch::over(&["mine", "park"]);
    assert_eq!(watch.beat("park", 1, 0), []);
    assert_eq!(watch.beat("mine", 1, 0), []);
    assert_eq!(watch.beat("mine", 6, 0), []);
    assert_eq!(watch.look(16), [], "15 s are not over");
    assert_eq!(watch.look(17), [(Kind::Lost, "park".to_owned())]);
    assert_eq!(watch.look(18), [], "said once");
    assert_eq!(watch.look(22), [(Kind::Lost, "mine".to_owned())]);
    assert_eq!(watch.dog.verdict(), Some(false));
    assert_eq!(watch.beat("park", 30, 0), [(Kind::Back, "park".to_owned())]);
    assert_eq!(watch.beat("park", 35, 0), []);
    assert_eq!(watch.beat("mine", 36, 0), [(Kind::Back, "mine".to_owned())]);
    assert_eq!(watch.dog.verdict(), Some(true));
}

#[test]
fn a_davy_that_never_answers_is_an_alarm_too() {
    let mut watch = Watch::over(&[]);
    assert_eq!(watch.dog.verdict(), None);
    assert_eq!(watch.look(15), []);
    assert_eq!(watch.look(16), [(Kind::Lost, String::new())]);
    assert_eq!(watch.dog.verdict(), Some(false));
    let found = watch.dog.expect(&["park".to_owned()], watch.at(20));
    assert_eq!(told(found), [(Kind::Back, String::new())]);
    assert_eq!(watch.look(36), [(Kind::Lost, "park".to_owned())], "it said its name and never beat");
}

#[test]
fn heartbeats_that_come_too_late_prove_nothing() {
    let mut watch = Watch::over(&["park"]);
    assert_eq!(watch.beat("park", 1, 0), []);
    for second in (6..=16).step_by(5) {
        assert_eq!(watch.beat("park", second, 20), []);
    }
    assert_eq!(watch.look(17), [(Kind::Lost, "park".to_owned())]);
    assert_eq!(watch.beat("park", 18, 16), [], "still 16 s behind");
    assert_eq!(watch.beat("park", 20, 3), [(Kind::Back, "park".to_owned())]);
}

#[test]
fn a_canary_that_is_overdue_is_an_alarm_though_heartbeats_come() {
    let mut watch = Watch::over(&["park"]);
    assert_eq!(watch.beat("park", 1, 0), []);
    watch.canary = canary(CanaryState::Overdue);
    assert_eq!(watch.beat("park", 6, 0), [(Kind::CanaryOverdue, String::new())]);
    assert_eq!(watch.beat("park", 11, 0), [], "said once");
    assert_eq!(watch.dog.verdict(), Some(false));
    watch.canary = canary(CanaryState::Ok);
    assert_eq!(watch.beat("park", 16, 0), [(Kind::CanaryBack, String::new())]);
    watch.canary = canary(CanaryState::Off);
    assert_eq!(watch.beat("park", 21, 0), [(Kind::CanaryOff, String::new())]);
    assert_eq!(watch.dog.verdict(), Some(true), "off is a choice, and was said");
}

#[test]
fn a_canary_that_is_only_said_to_be_fine_is_not_believed() {
    let mut watch = Watch::over(&["park"]);
    assert_eq!(watch.beat("park", 80, 0), [], "due after 60 s and twice its 10 s");
    assert_eq!(watch.beat("park", 81, 0), [(Kind::CanaryOverdue, String::new())]);
}
