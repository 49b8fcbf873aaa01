//! Every pack that ships, through the engine: each level of each rule, of each choice, at its set point and beside it, back
//! to its clear point, over its delays, with bad values and with none. The figures stand in a table of its own.

mod packs {
    pub(crate) mod figures;
    pub(crate) mod site;
    pub(crate) mod story;
}

use davy_workbench::rule_test;
use packs::{
    figures,
    site::{Choice, choices, compiled, levels},
    story::{Story, check},
};

/// By choice: every level is where the table has it, and neither has a level that the other has not.
#[test]
fn set_points_are_those_of_the_table() {
    for choice in choices() {
        let (_, plan) = compiled(&choice);
        let (found, wanted) = (levels(&plan), figures::of(&choice));
        let mut missed = Vec::new();
        for (rule, level, set_point) in &wanted {
            let here: Vec<f64> = found
                .iter()
                .filter(|it| *it.rule == **rule && *it.level.name == **level)
                .map(|it| it.level.set_point)
                .collect();
            if here.is_empty() || here.iter().any(|found| !near(*found, *set_point)) {
                missed.push(format!("{rule} {level}: want {set_point}, found {here:?}"));
            }
        }
        for it in &found {
            if !wanted.iter().any(|(rule, level, _)| **rule == *it.rule && **level == *it.level.name) {
                missed.push(format!("{} {}: not in the table", it.rule, it.level.name));
            }
        }
        assert!(missed.is_empty(), "{choice:?}: {missed:#?}");
    }
}

fn near(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-4 * b.abs()
}

#[test]
fn every_level_is_judged_as_its_pack_says() {
    let mut told = Vec::new();
    let mut stories = 0;
    for choice in choices() {
        let (bundle, plan) = compiled(&choice);
        for it in levels(&plan) {
            let story = Story { bundle: &bundle, plan: &plan, of: &it };
            stories += check(&story, &mut told);
        }
    }
    assert!(told.is_empty(), "{} of {stories}: {:#?}", told.len(), &told[..told.len().min(20)]);
    assert!(stories > 1000, "only {stories} stories were told");
}

/// Power may come back below the third figure of the table, and not at it.
#[test]
fn methane_clears_below_the_re_energise_figure() {
    let choice = choices().into_iter().find(|choice| choice.pack == "coal-aq1029").expect("it ships");
    let (_, plan) = compiled(&choice);
    for it in levels(&plan).iter().filter(|it| &*it.level.name == "CUT") {
        let of_rule = |(rule, ..): &&(&str, _, _, _)| *it.rule == *format!("coal-aq1029.{rule}");
        let (.., cut) = figures::METHANE.iter().find(of_rule).expect("it is in the table");
        let back = cut.expect("it is cut").1;
        assert!(near(it.level.clear_point, back) && !it.level.clear_inclusive, "{}", it.rule);
    }
}

/// Methane past the cut, and what the feeder says: on until the seventh second, or all the time.
#[test]
fn power_that_is_not_cut_is_told() {
    let mut choice = choices().into_iter().find(|choice| choice.pack == "coal-aq1029").expect("it ships");
    choice.on = "uncut-1.5, uncut-1.0, uncut-0.5";
    let (bundle, plan) = compiled(&choice);
    let mut told = Vec::new();
    for (rule, tag, cut) in
        [("uncut-1.5", "face", "1.5"), ("uncut-1.0", "face-return", "1"), ("uncut-0.5", "face-intake", "0.5")]
    {
        for (feeder, wanted) in
            [("1x12", "active"), ("1x4 0x8", "normal"), ("0x12", "normal"), ("1x12!bad", "active")]
        {
            let feeder = feeder.replace("x12!bad", "!badx12");
            let text = format!(
                "tests:\n  - name: t\n    rules: coal-aq1029.{rule}\n    series: {{{tag}: {{values: \"0.1x2 {cut}x10\", interval: 1s}}, feeder: {{values: \"{feeder}\", interval: 1s}}}}\n    nothing_else: false\n    expect: [{{at: 11s, alarm: \"coal-aq1029.{rule}:{tag}\", state: {wanted}}}]\n"
            );
            let (tests, findings) = rule_test::read(&plan, "t.yaml", &text);
            assert!(findings.is_empty(), "{}", findings[0]);
            let report = rule_test::run(&bundle, &plan, &tests[0]).expect("it compiles");
            if !report.passed() {
                told.push(format!("{rule}, feeder {feeder}: not {wanted}: {:?}", report.differences));
            }
        }
    }
    assert!(told.is_empty(), "{told:#?}");
}

/// Two points of a pond at orange make their item red; one does not.
#[test]
fn points_of_a_pond_are_counted_up() {
    let lowest =
        |choice: &Choice| choice.of("grade") == Some("1") && choice.of("stacked_height") == Some("up-to-30m");
    let ponds: Vec<Choice> = choices().into_iter().filter(lowest).collect();
    assert_eq!(ponds.len(), 2, "one for each kind of dam");
    for mut choice in ponds {
        choice.on = "pond";
        let (bundle, plan) = compiled(&choice);
        for (second, wanted) in
            [("1.9", "active, tier: red"), ("2.15", "active, tier: red"), ("2.3", "normal")]
        {
            let text = format!(
                "tests:\n  - name: t\n    rules: tailings-gb39496.phreatic-item\n    series: {{phreatic-1: {{values: \"5x2 2.1x6\", interval: 1s}}, phreatic-2: {{values: \"5x2 {second}x6\", interval: 1s}}}}\n    nothing_else: false\n    expect: [{{at: 7s, alarm: \"tailings-gb39496.phreatic-item:mine\", state: {wanted}}}]\n"
            );
            let (tests, findings) = rule_test::read(&plan, "t.yaml", &text);
            assert!(findings.is_empty(), "{}", findings[0]);
            let report = rule_test::run(&bundle, &plan, &tests[0]).expect("it compiles");
            assert!(report.passed(), "{second}: {:?}", report.differences);
        }
    }
}

/// A tank that fills to its critical high, one that heats, and a gauge that fails: a minute between two readings.
#[test]
fn tanks_are_warned_of_in_time() {
    // By category: 44, 29 and 14 minutes are left at 1 % a minute, or 46, 31 and 16.
    let fill = |left: u32| format!("{}+1x15", 100 - 14 - left);
    let mut told = Vec::new();
    for choice in choices().into_iter().filter(|choice| choice.pack == "tank") {
        let minutes = match choice.of("overfill_category") {
            Some("category-1") => 45,
            Some("category-2") => 30,
            _ => 15,
        };
        let (bundle, plan) = compiled(&choice);
        for (rule, tag, values, wanted) in [
            ("overfill", "tank-share", fill(minutes - 1), "active"),
            ("overfill", "tank-share", fill(minutes + 1), "normal"),
            ("overfill", "tank-share", "99x15".to_owned(), "normal"),
            ("overfill", "tank-share", "99-1x15".to_owned(), "normal"),
            ("heating", "tank-temperature", "20+1.1x15".to_owned(), "active"),
            ("heating", "tank-temperature", "20+0.9x15".to_owned(), "normal"),
            ("instrument", "sphere", "50x13 -!sensor_failurex2".to_owned(), "active"),
            ("instrument", "tank-share", "50x13 -!over_rangex2".to_owned(), "active"),
            ("instrument", "tank-temperature", "50x13 -!calibrationx2".to_owned(), "normal"),
        ] {
            let text = format!(
                "tests:\n  - name: t\n    rules: tank.{rule}\n    series: {{{tag}: {{values: \"{values}\", interval: 1m}}}}\n    nothing_else: false\n    expect: [{{at: 14m, alarm: \"tank.{rule}:{tag}\", state: {wanted}}}]\n"
            );
            let (tests, findings) = rule_test::read(&plan, "t.yaml", &text);
            assert!(findings.is_empty(), "{}", findings[0]);
            let report = rule_test::run(&bundle, &plan, &tests[0]).expect("it compiles");
            if !report.passed() {
                told.push(format!("{rule}, {values}: not {wanted}: {:?}", report.differences));
            }
        }
    }
    assert!(told.is_empty(), "{told:#?}");
}

/// Series of tags, the alarm that is looked at, when, and how it stands then.
type Told<'a> = (&'a str, &'a str, &'a str, &'a str);

/// What does not come so.
fn wrong(pack: &str, stories: &[Told<'_>]) -> Vec<String> {
    let choice = choices().into_iter().find(|choice| choice.pack == pack).expect("it ships");
    let (bundle, plan) = compiled(&choice);
    let tell = |(series, alarm, at, wanted): &Told<'_>| {
        let series: Vec<String> = series
            .split("; ")
            .map(|one| one.split_once(": ").expect("a tag, and its values"))
            .map(|(tag, values)| format!("{tag}: {{values: \"{values}\", interval: 1s}}"))
            .collect();
        let rule = alarm.split_once(':').expect("a rule and a subject").0;
        let text = format!(
            "tests:\n  - name: t\n    rules: {pack}.{rule}\n    series: {{{}}}\n    nothing_else: false\n    expect: [{{at: {at}, alarm: \"{pack}.{alarm}\", state: {wanted}}}]\n",
            series.join(", ")
        );
        let (tests, findings) = rule_test::read(&plan, "t.yaml", &text);
        assert!(findings.is_empty(), "{}", findings[0]);
        let report = rule_test::run(&bundle, &plan, &tests[0]).expect("it compiles");
        (!report.passed()).then(|| format!("{text}: {:?}", report.differences))
    };
    stories.iter().filter_map(tell).collect()
}

/// Whatever fills it, and whatever cannot be read, a source is judged by what is in it.
#[test]
fn a_source_is_judged_by_what_is_in_it() {
    let told = wrong(
        "mhi-gb18218",
        &[
            ("stock-cl2: 40x5; stock-nh3: 20x5", "over-design:store", "4s", "normal"),
            ("stock-cl2: 40x5; stock-nh3: 20.1x5", "over-design:store", "4s", "active, tier: orange"),
            ("stock-cl2: 41x2 41!badx3; stock-nh3: 20x5", "over-design:store", "4s", "active"),
            ("stock-cl2: 41!badx5; stock-nh3: 20x5", "over-design:store", "4s", "normal"),
            ("stock-cl2: 41x2 39.6x3; stock-nh3: 20x5", "over-design:store", "4s", "active"),
            ("stock-cl2: 41x2 39x3; stock-nh3: 20x5", "over-design:store", "4s", "returned_unacknowledged"),
            ("stock-cl2: 41x2 _x3; stock-nh3: 20x5", "over-design:store", "4s", "active"),
            ("stock-cl2: 4x5; stock-nh3: 0.99x5", "becomes-major:store", "4s", "normal"),
            ("stock-cl2: 4x5; stock-nh3: 1x5", "becomes-major:store", "4s", "active, tier: yellow"),
            ("stock-cl2: 4x5; stock-nh3: 1.99x5", "becomes-major:store", "4s", "active, tier: yellow"),
            ("stock-cl2: 4x5; stock-nh3: 2x5", "becomes-major:store", "4s", "active, tier: orange"),
            ("stock-cl2: 4x5; stock-nh3: 2x2 1.81x3", "becomes-major:store", "4s", "active, tier: orange"),
            ("stock-cl2: 4x5; stock-nh3: 2x2 1.79x3", "becomes-major:store", "4s", "active, tier: yellow"),
            ("stock-cl2: 4x5; stock-nh3: 2x2 0.81x3", "becomes-major:store", "4s", "active, tier: yellow"),
            ("stock-cl2: 4x5; stock-nh3: 2x2 0.79x3", "becomes-major:store", "4s", "returned_unacknowledged"),
            ("stock-cl2: 4x5; stock-nh3: 2x2 0!badx3", "becomes-major:store", "4s", "active, tier: orange"),
            ("stock-cl2: 11.249x5; stock-nh3: 5x5", "class:store", "4s", "normal"),
            ("stock-cl2: 11.25x5; stock-nh3: 5x5", "class:store", "4s", "active, tier: yellow"),
            ("stock-cl2: 11.25x2 10.7x3; stock-nh3: 5x5", "class:store", "4s", "active, tier: yellow"),
            ("stock-cl2: 11.25x2 10.6x3; stock-nh3: 5x5", "class:store", "4s", "returned_unacknowledged"),
            ("stock-cl2: 59.999x5; stock-nh3: 10x5", "class:store", "4s", "active, tier: yellow"),
            ("stock-cl2: 60x5; stock-nh3: 10x5", "class:store", "4s", "active, tier: orange"),
            ("stock-cl2: 60x2 58.8x3; stock-nh3: 10x5", "class:store", "4s", "active, tier: orange"),
            ("stock-cl2: 60x2 58.7x3; stock-nh3: 10x5", "class:store", "4s", "active, tier: yellow"),
            ("stock-cl2: 119.999x5; stock-nh3: 20x5", "class:store", "4s", "active, tier: orange"),
            ("stock-cl2: 120x5; stock-nh3: 20x5", "class:store", "4s", "active, tier: red"),
            ("stock-cl2: 120x2 117.6x3; stock-nh3: 20x5", "class:store", "4s", "active, tier: red"),
            ("stock-cl2: 120x2 117.4x3; stock-nh3: 20x5", "class:store", "4s", "active, tier: orange"),
        ],
    );
    assert!(told.is_empty(), "{told:#?}");
}

/// A quarter of an hour and a shift at the limit, and past it; and when too little of either was measured.
#[test]
fn people_are_exposed_to_means() {
    let told = wrong(
        "dust-ammonia-workshop",
        &[
            ("engine-room: 30x900", "ammonia-quarter:engine-room", "14m50s", "normal"),
            ("engine-room: 30.1x900", "ammonia-quarter:engine-room", "14m50s", "active, tier: orange"),
            ("engine-room: 30.1x600", "ammonia-quarter:engine-room", "9m50s", "normal"),
            ("engine-room: 30.1!badx900", "ammonia-quarter:engine-room", "14m50s", "normal"),
            ("engine-room: 33x900 26x900", "ammonia-quarter:engine-room", "30m", "returned_unacknowledged"),
            ("engine-room: 33x900 28x900", "ammonia-quarter:engine-room", "30m", "active"),
            ("engine-room: 20x22000", "ammonia-shift:engine-room", "6h6m", "normal"),
            ("engine-room: 20.1x22000", "ammonia-shift:engine-room", "6h6m", "active, tier: yellow"),
            ("engine-room: 20.1x20000", "ammonia-shift:engine-room", "5h33m", "normal"),
        ],
    );
    assert!(told.is_empty(), "{told:#?}");
}

#[test]
fn a_choice_is_of_every_pack() {
    let all: Vec<Choice> = choices();
    for name in davy_rules::pack_names() {
        assert!(all.iter().any(|choice| choice.pack == name), "{name} is not tested");
    }
}
