//! The host assertions of Sparkplug's TCK 3.0.0, and the tests that hold Davy to them.
//!
//! The list is the TCK's own: what its host tests assert, and of its monitor's assertions those it counts among the hosts'. Its
//! report has them as *main*, 95, and *message reordering*, 4.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// What holds Davy to an assertion.
enum Held {
    /// The test of that name.
    By(&'static str),
    /// Nothing: it is about something that Davy does not do, and why.
    NotOurs(&'static str),
}

use Held::{By, NotOurs};

#[rustfmt::skip]
const ASSERTIONS: [(&str, Held); 99] = [
    ("tck-id-case-sensitivity-sparkplug-ids", By("topics_of_edge_nodes_and_devices_are_read_and_no_others")),
    ("tck-id-components-ph-state", By("births_data_and_a_will_come_through_and_state_is_kept_by_the_broker")),
    ("tck-id-conformance-primary-host", By("births_data_and_a_will_come_through_and_state_is_kept_by_the_broker")),
    ("tck-id-host-topic-phid-birth-message", By("the_session_begins_clean_with_state_as_will_then_subscriptions_then_state")),
    ("tck-id-host-topic-phid-birth-payload", By("state_is_json_with_two_fields_and_the_time_in_milliseconds")),
    ("tck-id-host-topic-phid-birth-payload-timestamp", By("the_session_begins_clean_with_state_as_will_then_subscriptions_then_state")),
    ("tck-id-host-topic-phid-birth-qos", By("the_session_begins_clean_with_state_as_will_then_subscriptions_then_state")),
    ("tck-id-host-topic-phid-birth-required", By("the_session_begins_clean_with_state_as_will_then_subscriptions_then_state")),
    ("tck-id-host-topic-phid-birth-retain", By("the_session_begins_clean_with_state_as_will_then_subscriptions_then_state")),
    ("tck-id-host-topic-phid-birth-sub-required", By("the_session_begins_clean_with_state_as_will_then_subscriptions_then_state")),
    ("tck-id-host-topic-phid-birth-topic", By("the_session_begins_clean_with_state_as_will_then_subscriptions_then_state")),
    ("tck-id-host-topic-phid-death-payload", By("state_is_json_with_two_fields_and_the_time_in_milliseconds")),
    ("tck-id-host-topic-phid-death-payload-timestamp-connect", By("every_connection_says_its_own_time")),
    ("tck-id-host-topic-phid-death-payload-timestamp-disconnect-clean", By("the_session_begins_clean_with_state_as_will_then_subscriptions_then_state")),
    ("tck-id-host-topic-phid-death-payload-timestamp-disconnect-with-no-disconnect-packet", NotOurs("Davy sends DISCONNECT whenever it ends a connection by intent")),
    ("tck-id-host-topic-phid-death-qos", By("the_session_begins_clean_with_state_as_will_then_subscriptions_then_state")),
    ("tck-id-host-topic-phid-death-required", By("the_session_begins_clean_with_state_as_will_then_subscriptions_then_state")),
    ("tck-id-host-topic-phid-death-retain", By("the_session_begins_clean_with_state_as_will_then_subscriptions_then_state")),
    ("tck-id-host-topic-phid-death-topic", By("the_session_begins_clean_with_state_as_will_then_subscriptions_then_state")),
    ("tck-id-intro-group-id-chars", By("topics_of_edge_nodes_and_devices_are_read_and_no_others")),
    ("tck-id-intro-group-id-string", By("topics_of_edge_nodes_and_devices_are_read_and_no_others")),
    ("tck-id-intro-sparkplug-host-state", By("births_data_and_a_will_come_through_and_state_is_kept_by_the_broker")),
    ("tck-id-message-flow-edge-node-birth-publish-will-message-topic", NotOurs("what an edge node's will is, is the edge node's")),
    ("tck-id-message-flow-hid-sparkplug-state-message-delivered", By("a_state_that_says_it_is_gone_is_set_right_at_once")),
    ("tck-id-message-flow-phid-sparkplug-clean-session-311", NotOurs("Davy speaks MQTT 5 to brokers")),
    ("tck-id-message-flow-phid-sparkplug-clean-session-50", By("the_session_begins_clean_with_state_as_will_then_subscriptions_then_state")),
    ("tck-id-message-flow-phid-sparkplug-state-publish", By("the_session_begins_clean_with_state_as_will_then_subscriptions_then_state")),
    ("tck-id-message-flow-phid-sparkplug-state-publish-payload", By("state_is_json_with_two_fields_and_the_time_in_milliseconds")),
    ("tck-id-message-flow-phid-sparkplug-state-publish-payload-timestamp", By("the_session_begins_clean_with_state_as_will_then_subscriptions_then_state")),
    ("tck-id-message-flow-phid-sparkplug-subscription", By("the_session_begins_clean_with_state_as_will_then_subscriptions_then_state")),
    ("tck-id-operational-behavior-data-commands-dcmd-metric-name", NotOurs("Davy sends no DCMD: it writes to no plant")),
    ("tck-id-operational-behavior-data-commands-dcmd-metric-value", NotOurs("Davy sends no DCMD: it writes to no plant")),
    ("tck-id-operational-behavior-data-commands-dcmd-verb", NotOurs("Davy sends no DCMD: it writes to no plant")),
    ("tck-id-operational-behavior-data-commands-ncmd-metric-name", By("the_command_that_asks_for_births_is_the_specifications")),
    ("tck-id-operational-behavior-data-commands-ncmd-metric-value", By("the_command_that_asks_for_births_is_the_specifications")),
    ("tck-id-operational-behavior-data-commands-ncmd-rebirth-name", By("the_command_that_asks_for_births_is_the_specifications")),
    ("tck-id-operational-behavior-data-commands-ncmd-rebirth-value", By("the_command_that_asks_for_births_is_the_specifications")),
    ("tck-id-operational-behavior-data-commands-ncmd-rebirth-verb", By("the_session_begins_clean_with_state_as_will_then_subscriptions_then_state")),
    ("tck-id-operational-behavior-data-commands-ncmd-verb", By("the_session_begins_clean_with_state_as_will_then_subscriptions_then_state")),
    ("tck-id-operational-behavior-edge-node-termination-host-action-ddeath-devices-offline", By("a_device_has_its_own_birth_and_death")),
    ("tck-id-operational-behavior-edge-node-termination-host-action-ddeath-devices-tags-stale", By("a_device_has_its_own_birth_and_death")),
    ("tck-id-operational-behavior-edge-node-termination-host-action-ndeath-devices-offline", By("the_death_of_the_edge_node_is_the_death_of_all_its_devices")),
    ("tck-id-operational-behavior-edge-node-termination-host-action-ndeath-devices-tags-stale", By("the_death_of_the_edge_node_is_the_death_of_all_its_devices")),
    ("tck-id-operational-behavior-edge-node-termination-host-action-ndeath-node-offline", By("the_death_of_the_edge_node_is_the_death_of_all_its_devices")),
    ("tck-id-operational-behavior-edge-node-termination-host-action-ndeath-node-tags-stale", By("births_data_and_a_will_come_through_and_state_is_kept_by_the_broker")),
    ("tck-id-operational-behavior-host-application-connect-birth", By("the_session_begins_clean_with_state_as_will_then_subscriptions_then_state")),
    ("tck-id-operational-behavior-host-application-connect-birth-payload", By("the_session_begins_clean_with_state_as_will_then_subscriptions_then_state")),
    ("tck-id-operational-behavior-host-application-connect-birth-qos", By("the_session_begins_clean_with_state_as_will_then_subscriptions_then_state")),
    ("tck-id-operational-behavior-host-application-connect-birth-retained", By("the_session_begins_clean_with_state_as_will_then_subscriptions_then_state")),
    ("tck-id-operational-behavior-host-application-connect-birth-topic", By("the_session_begins_clean_with_state_as_will_then_subscriptions_then_state")),
    ("tck-id-operational-behavior-host-application-connect-will", By("the_session_begins_clean_with_state_as_will_then_subscriptions_then_state")),
    ("tck-id-operational-behavior-host-application-connect-will-payload", By("the_session_begins_clean_with_state_as_will_then_subscriptions_then_state")),
    ("tck-id-operational-behavior-host-application-connect-will-qos", By("the_session_begins_clean_with_state_as_will_then_subscriptions_then_state")),
    ("tck-id-operational-behavior-host-application-connect-will-retained", By("the_session_begins_clean_with_state_as_will_then_subscriptions_then_state")),
    ("tck-id-operational-behavior-host-application-connect-will-topic", By("the_session_begins_clean_with_state_as_will_then_subscriptions_then_state")),
    ("tck-id-operational-behavior-host-application-death-payload", By("the_session_begins_clean_with_state_as_will_then_subscriptions_then_state")),
    ("tck-id-operational-behavior-host-application-death-qos", By("the_session_begins_clean_with_state_as_will_then_subscriptions_then_state")),
    ("tck-id-operational-behavior-host-application-death-retained", By("the_session_begins_clean_with_state_as_will_then_subscriptions_then_state")),
    ("tck-id-operational-behavior-host-application-death-topic", By("the_session_begins_clean_with_state_as_will_then_subscriptions_then_state")),
    ("tck-id-operational-behavior-host-application-disconnect-intentional", By("the_session_begins_clean_with_state_as_will_then_subscriptions_then_state")),
    ("tck-id-operational-behavior-host-application-host-id", NotOurs("that no other host has the id is for whoever configures them")),
    ("tck-id-operational-behavior-host-application-multi-server-timestamp", NotOurs("Davy links to one broker; the time is each connection's own all the same")),
    ("tck-id-operational-behavior-host-application-termination", By("the_session_begins_clean_with_state_as_will_then_subscriptions_then_state")),
    ("tck-id-operational-behavior-host-reordering-param", By("an_id_that_is_no_level_and_times_out_of_range_are_told_by_their_keys")),
    ("tck-id-operational-behavior-host-reordering-rebirth", By("what_stays_missing_makes_the_edge_node_lost_and_asks_for_births")),
    ("tck-id-operational-behavior-host-reordering-start", By("the_timeout_and_the_interval_are_set")),
    ("tck-id-operational-behavior-host-reordering-success", By("messages_out_of_order_are_read_in_their_order")),
    ("tck-id-operational-behavior-primary-application-state-with-multiple-servers-state", By("every_connection_says_its_own_time")),
    ("tck-id-operational-behavior-primary-application-state-with-multiple-servers-state-subs", NotOurs("Davy links to one broker; what edge nodes subscribe to is theirs")),
    ("tck-id-payloads-dcmd-qos", NotOurs("Davy sends no DCMD: it writes to no plant")),
    ("tck-id-payloads-dcmd-retain", NotOurs("Davy sends no DCMD: it writes to no plant")),
    ("tck-id-payloads-dcmd-seq", NotOurs("Davy sends no DCMD: it writes to no plant")),
    ("tck-id-payloads-dcmd-timestamp", NotOurs("Davy sends no DCMD: it writes to no plant")),
    ("tck-id-payloads-name-cmd-requirement", By("the_command_that_asks_for_births_is_the_specifications")),
    ("tck-id-payloads-ncmd-qos", By("an_edge_node_is_asked_for_births_measured_and_lost")),
    ("tck-id-payloads-ncmd-retain", By("an_edge_node_is_asked_for_births_measured_and_lost")),
    ("tck-id-payloads-ncmd-seq", By("the_command_that_asks_for_births_is_the_specifications")),
    ("tck-id-payloads-ncmd-timestamp", By("the_command_that_asks_for_births_is_the_specifications")),
    ("tck-id-payloads-sequence-num-incrementing", By("numbers_go_from_255_to_0")),
    ("tck-id-payloads-state-birth", By("the_session_begins_clean_with_state_as_will_then_subscriptions_then_state")),
    ("tck-id-payloads-state-birth-payload", By("the_session_begins_clean_with_state_as_will_then_subscriptions_then_state")),
    ("tck-id-payloads-state-subscribe", By("the_session_begins_clean_with_state_as_will_then_subscriptions_then_state")),
    ("tck-id-payloads-state-will-message", By("the_session_begins_clean_with_state_as_will_then_subscriptions_then_state")),
    ("tck-id-payloads-state-will-message-payload", By("the_session_begins_clean_with_state_as_will_then_subscriptions_then_state")),
    ("tck-id-payloads-state-will-message-qos", By("the_session_begins_clean_with_state_as_will_then_subscriptions_then_state")),
    ("tck-id-payloads-state-will-message-retain", By("the_session_begins_clean_with_state_as_will_then_subscriptions_then_state")),
    ("tck-id-payloads-timestamp-in-UTC", By("times_are_the_metrics_own_and_are_checked")),
    ("tck-id-principles-birth-certificates-order", By("the_session_begins_clean_with_state_as_will_then_subscriptions_then_state")),
    ("tck-id-topic-structure", By("topics_of_edge_nodes_and_devices_are_read_and_no_others")),
    ("tck-id-topic-structure-namespace-a", By("topics_of_edge_nodes_and_devices_are_read_and_no_others")),
    ("tck-id-topic-structure-namespace-valid-group-id", By("topics_of_edge_nodes_and_devices_are_read_and_no_others")),
    ("tck-id-topics-dcmd-mqtt", NotOurs("Davy sends no DCMD: it writes to no plant")),
    ("tck-id-topics-dcmd-payload", NotOurs("Davy sends no DCMD: it writes to no plant")),
    ("tck-id-topics-dcmd-timestamp", NotOurs("Davy sends no DCMD: it writes to no plant")),
    ("tck-id-topics-dcmd-topic", NotOurs("Davy sends no DCMD: it writes to no plant")),
    ("tck-id-topics-ncmd-mqtt", By("an_edge_node_is_asked_for_births_measured_and_lost")),
    ("tck-id-topics-ncmd-payload", By("the_command_that_asks_for_births_is_the_specifications")),
    ("tck-id-topics-ncmd-timestamp", By("the_command_that_asks_for_births_is_the_specifications")),
    ("tck-id-topics-ncmd-topic", By("the_topics_a_host_makes_are_the_specifications")),
];

/// The names of all tests in a file, or in the files of a folder.
fn tests(path: &Path, into: &mut BTreeSet<String>) {
    if path.is_dir() {
        let entries = fs::read_dir(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        entries.for_each(|entry| tests(&entry.expect("readable").path(), into));
        return;
    }
    let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut is_test = false;
    for line in text.lines().map(str::trim) {
        let name = line.strip_prefix("async ").unwrap_or(line).strip_prefix("fn ");
        if let Some(name) = name.filter(|_| is_test).and_then(|name| name.split_once('(')) {
            into.insert(name.0.to_owned());
        }
        is_test = line.starts_with("#[test]")
            || line.starts_with("#[tokio::test")
            || (is_test && line.starts_with("#["));
    }
}

#[test]
fn every_assertion_stands_once_and_every_test_named_exists() {
    let ids: BTreeSet<&str> = ASSERTIONS.iter().map(|(id, _)| *id).collect();
    assert_eq!(ids.len(), ASSERTIONS.len(), "an assertion stands twice");
    assert!(ids.iter().all(|id| id.starts_with("tck-id-")));
    let reordering = ids.iter().filter(|id| id.starts_with("tck-id-operational-behavior-host-reordering-"));
    assert_eq!(reordering.count(), 4);
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut known = BTreeSet::new();
    for folder in
        ["codec/tests/sparkplug", "codec/src/sparkplug", "intake/src/tests/sparkplug", "server/src/config"]
    {
        tests(&crates.join(folder), &mut known);
    }
    let (mut held, mut not_ours) = (0, 0);
    for (id, by) in &ASSERTIONS {
        match by {
            By(test) => {
                held += 1;
                assert!(known.contains(*test), "{id} is held by no test: {test}");
            }
            NotOurs(why) => {
                not_ours += 1;
                assert!(!why.is_empty(), "{id}");
            }
        }
    }
    println!("{held} assertions held by tests, {not_ours} about what Davy does not do");
}
