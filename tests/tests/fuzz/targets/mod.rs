//! One file a target, or a few that belong together; and the list of them.

use crate::harness::Target;

/// Declares the files, and lists their targets.
macro_rules! targets {
    ($($file:ident: $($target:ident),+;)+) => {
        $(mod $file;)+

        /// All targets.
        pub(crate) const ALL: &[Target] = &[$($($file::$target,)+)+];
    };
}

mod doc;
mod kept;
mod packets;

targets! {
    audit: LOG;
    certificate: CERTIFICATE;
    config: CONFIG, CLIENTS;
    csv: CSV_LINES;
    expression: EXPRESSION;
    feedback: FEEDBACK;
    figures: FIGURES, DURATIONS;
    hj212: PAYLOAD, STREAM, NAME;
    journal: RECORDS, FILES;
    json: JSON;
    mapping: MAPPING, MAPPED, PATTERN;
    mqtt: CONNECT, PUBLISH, SUBSCRIBE, STREAM;
    protobuf: PROTOBUF, BATCH;
    replay: REPLAY_MAP;
    senml: SENML;
    site: SITE_YAML, RULE_FILE, TAGS_CSV, SITE_FOLDER;
    snapshot: SNAPSHOT;
    sparkplug: PAYLOAD, SESSION, TOPIC;
    status: STATUS;
    token: TOKEN;
    topics: MATCHES, TOPICS, PATTERNS;
    wire: COMMANDS, VALUES, ALERTS;
    words: UNITS, QUANTITIES, QUALITIES, TIMES, NAMES;
}
