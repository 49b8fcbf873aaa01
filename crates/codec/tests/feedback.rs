//! What a sender reads on its feedback topic.

mod support;

use davy_codec::Feedback;
use davy_proto::v1;
use support::decode;

fn feedback(payload: &[u8]) -> Feedback {
    let (kept, summary) = decode(payload);
    let mut feedback = Feedback::of(&summary);
    kept.problems.into_iter().for_each(|problem| feedback.add(problem));
    feedback
}

#[test]
fn it_says_what_was_there_what_should_have_been_and_what_to_do() {
    let payload = br#"{"seq":41207,"readings":[{"tag":"a","value":1},{"tag":"b","value":"12.4"}]}"#;
    let want = concat!(
        r#"{"seq":41207,"accepted":1,"rejected":1,"problems":[{"code":"FIELD_TYPE","severity":"reject","#,
        r#""message":"a field has the wrong type at /readings/1/value: expected a number, got \"12.4\"","#,
        r#""message_zh":"/readings/1/value：字段类型错误，应为 a number，收到 \"12.4\"","#,
        r#""pointer":"/readings/1/value","got":"\"12.4\"","expected":"a number","#,
        r#""fix":"send 12.4 without quotation marks","doc":"docs/errors/FIELD_TYPE.md"}]}"#,
    );
    assert_eq!(String::from_utf8(feedback(payload).to_json()).expect("UTF-8"), want);
}

#[test]
fn a_syntax_error_is_told_with_line_column_and_byte() {
    let told = feedback(b"{\"values\":{\"a\":1,\n\"b\" 2}}").problems[0].message();
    assert!(
        told.en.starts_with("not JSON from here on (line 2, column 5, byte 22): expected `:`"),
        "{}",
        told.en
    );
    assert!(told.zh.contains("第 2 行，第 5 列，字节 22"), "{}", told.zh);
}

#[test]
fn a_thousand_problems_are_counted_and_twenty_are_listed() {
    let readings = vec![r#"{"tag":"a","value":null}"#; 1000].join(",");
    let feedback = feedback(format!("[{readings}]").as_bytes());
    assert_eq!((feedback.rejected, feedback.problems.len(), feedback.problems_omitted), (1000, 20, 980));
    let json = String::from_utf8(feedback.to_json()).expect("UTF-8");
    assert!(json.ends_with(r#""problems_omitted":980}"#), "{json}");
    assert!(!json.contains("\"seq\""));
}

#[test]
fn what_was_there_is_never_repeated_at_length() {
    let long = format!(r#"{{"tag":"a","value":"{}"}}"#, "气".repeat(10_000));
    assert!(feedback(long.as_bytes()).problems[0].got.chars().count() <= 80);
    let long = format!(r#"{{"tag":"a","value":1,"quality":"{}"}}"#, "x".repeat(10_000));
    assert!(feedback(long.as_bytes()).to_json().len() < 1500);
}

#[test]
fn over_grpc_it_is_the_same_problem() {
    let rejection = &feedback(br#"{"tag":"a","value":null}"#).problems[0];
    let problem = v1::Problem::from(rejection);
    assert_eq!((problem.code.as_str(), problem.pointer.as_str()), ("FIELD_TYPE", "/value"));
    assert_eq!(problem.severity(), v1::Severity::Reject);
    assert_eq!(problem.message.expect("a message").en, rejection.message().en);
}
