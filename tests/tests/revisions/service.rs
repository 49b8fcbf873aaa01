//! What a program asks of `RuleService`: rules as they are, files looked at, tests, a journal judged.

use davy_proto::v1::{
    ReadingsSource, RuleServiceBacktestRequest, RuleServiceCheckRequest, RuleServiceGetRequest,
    RuleServiceGetRevisionRequest, RuleServiceListRequest, RuleServiceListRevisionsRequest,
    RuleServiceTestRequest, SiteFile, Tier,
};
use davy_tests::Grpc;

use super::{LOOSER, RULES, SITE, TAGS, WAS, Yard};

pub(super) fn files(rules: &str) -> Vec<SiteFile> {
    [("site.yaml", SITE), ("tags.csv", TAGS), ("rules/gas.yaml", rules)]
        .map(|(path, text)| SiteFile { path: path.to_owned(), text: text.to_owned() })
        .into()
}

#[tokio::test]
async fn a_program_looks_at_rules_and_tries_others() {
    let mut yard = Yard::served("").await;
    yard.send("AT-1/h2s", 12.0).await;
    let mut rules = Grpc::connect(yard.server.http()).await.rules();
    let site = "yard".to_owned();

    let listed = rules.list(RuleServiceListRequest { site: site.clone(), ..Default::default() }).await;
    let listed = listed.expect("rules").into_inner();
    let told: Vec<(&str, &str, u32, Tier)> = listed
        .rules
        .iter()
        .map(|rule| (rule.id.as_str(), rule.kind.as_str(), rule.subjects, rule.tier()))
        .collect();
    assert_eq!(
        told,
        [
            ("h2s", "limit", 2, Tier::Red),
            ("high", "limit", 2, Tier::Yellow),
            ("silent", "stale", 2, Tier::Yellow)
        ]
    );
    let get = |rule: &str| RuleServiceGetRequest {
        site: site.clone(),
        rule: rule.to_owned(),
        ..Default::default()
    };
    let got = rules.get(get("h2s")).await.expect("a rule").into_inner();
    assert_eq!((got.subjects.len(), &got.revision), (2, &listed.revision));
    let missing = rules.get(get("h2z")).await.expect_err("no such rule");
    assert!(missing.message().contains("h2z"), "{missing}");

    let checked = |rules: &str| RuleServiceCheckRequest { files: files(rules) };
    let good = rules.check(checked(RULES)).await.expect("an answer").into_inner();
    assert_eq!(good.revision, listed.revision, "{:?}", good.findings);
    let bad =
        rules.check(checked(&RULES.replacen("tier: red", "tier: crimson", 1))).await.expect("an answer");
    let bad = bad.into_inner();
    assert!(
        bad.revision.is_empty() && bad.findings.iter().any(|one| one.is_error && one.line == 4),
        "{bad:?}"
    );

    let test = "tests:\n  - name: 12 ppm is an alarm\n    rules: h2s\n    series: {AT-1/h2s: \"2x3 12x3\"}\n    expect:\n      - {at: 30s, transition: raised, tier: red}\n";
    let tests = vec![SiteFile { path: "tests/gas.yaml".to_owned(), text: test.to_owned() }];
    for (files, passed) in [(Vec::new(), true), (files(&RULES.replacen(WAS, LOOSER, 1)), false)] {
        let request = RuleServiceTestRequest { files, site: site.clone(), tests: tests.clone() };
        let came = rules.test(request).await.expect("an answer").into_inner();
        let told: Vec<(bool, bool)> =
            came.results.iter().map(|result| (result.passed, result.differences.is_empty())).collect();
        assert_eq!(told, [(passed, passed)], "{came:?}");
    }

    let request = RuleServiceBacktestRequest {
        site: site.clone(),
        files: files(&RULES.replacen(WAS, LOOSER, 1)),
        ..Default::default()
    };
    // Nobody said where from, and the journal has all of it.
    for (asked, came) in [
        (ReadingsSource::Unspecified, ReadingsSource::Journal),
        (ReadingsSource::Journal, ReadingsSource::Journal),
        (ReadingsSource::History, ReadingsSource::History),
    ] {
        if asked == ReadingsSource::History {
            yard.until_history_has_it().await;
        }
        let request = RuleServiceBacktestRequest { source: asked.into(), ..request.clone() };
        let answer = rules.backtest(request).await.expect("an answer").into_inner();
        assert_eq!(answer.source(), came, "{asked:?}");
        let judged = answer.prediction.expect("figures");
        assert_eq!(
            (judged.raises_before, judged.raises_after, judged.problem.as_str()),
            (2, 1, ""),
            "{asked:?}: {judged:?}"
        );
    }
}

#[tokio::test]
async fn where_no_history_is_kept_a_backtest_of_it_is_refused() {
    let mut yard = Yard::served("[history]\nstore = \"none\"\n").await;
    yard.send("AT-1/h2s", 12.0).await;
    let mut rules = Grpc::connect(yard.server.http()).await.rules();
    let request = RuleServiceBacktestRequest {
        site: "yard".to_owned(),
        files: files(RULES),
        source: ReadingsSource::History.into(),
        ..Default::default()
    };
    let refused = rules.backtest(request.clone()).await.expect_err("there is none");
    assert_eq!(refused.code(), tonic::Code::FailedPrecondition, "{refused}");
    let of_itself = RuleServiceBacktestRequest { source: ReadingsSource::Unspecified.into(), ..request };
    let answer = rules.backtest(of_itself).await.expect("the journal is there").into_inner();
    assert_eq!(answer.source(), ReadingsSource::Journal);
}

#[tokio::test]
async fn revisions_come_page_by_page_and_with_their_files() {
    let yard = Yard::served("").await;
    for ppm in 11..16 {
        let folder = yard.folder("new", WAS, &format!("at_or_above: {ppm} ppm, clear_below: 9 ppm"));
        yard.proposed(&folder).await;
    }
    let mut rules = Grpc::connect(yard.server.http()).await.rules();
    let (mut seen, mut token, mut pages) = (Vec::new(), String::new(), 0);
    loop {
        let request = RuleServiceListRevisionsRequest {
            site: "yard".to_owned(),
            page_size: 4,
            page_token: token,
            ..Default::default()
        };
        let page = rules.list_revisions(request).await.expect("a page").into_inner();
        seen.extend(page.revisions.into_iter().map(|one| one.revision));
        (token, pages) = (page.next_page_token, pages + 1);
        if token.is_empty() {
            break;
        }
    }
    assert_eq!((seen.len(), pages), (6, 2), "{seen:?}");
    let newest = RuleServiceGetRevisionRequest {
        site: "yard".to_owned(),
        revision: seen[0].clone(),
        with_files: true,
    };
    let found = rules.get_revision(newest).await.expect("a revision").into_inner();
    let rules = found.files.iter().find(|file| file.path == "rules/gas.yaml").expect("its rules");
    assert!(rules.text.contains("at_or_above: 15 ppm"), "{}", rules.text);
}
