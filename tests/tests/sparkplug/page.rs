//! The page's own example, at Davy's own door: no broker is needed to try Sparkplug.

use std::fs;

use davy_proto::v1::TransitionKind;
use davy_tests::{Davy, Grpc, Setup, workspace};

use crate::{
    plant::{every_tag_says, online, says},
    program::Program,
};

/// The block of the page that begins so.
fn block(page: &str, first_line: &str) -> String {
    let start = page.find(first_line).unwrap_or_else(|| panic!("no {first_line} on the page"));
    page[start..].split("```").next().expect("there is always one").to_owned()
}

#[tokio::test]
async fn what_the_page_says_is_tried_in_three_terminals() {
    let page = fs::read_to_string(workspace().join("docs/reference/sparkplug.md")).expect("the page");
    let setup = Setup::new();
    setup.write("works/site.yaml", &block(&page, "# works/site.yaml"));
    setup.write("works/tags.csv", &block(&page, "tag,quantity,unit,reporting,edge_node\n"));
    setup.write("works/rules/gas.yaml", &block(&page, "# works/rules/gas.yaml"));
    let davy = Davy::as_a_page_says(&setup.path("."), &["serve", "--site", "works"]).await;
    let mut alerts = Grpc::connect(davy.http()).await.subscribe_from_now().await;
    let door = format!("mqtt://{}", davy.door().await);
    let mut node = Program::start(&["--broker", &door]);
    online(&davy).await;
    node.type_line("set gas-01/ch4 60");
    let raised = says(&mut alerts, "high:gas-01/ch4", TransitionKind::Raised).await;
    assert_eq!(raised.value, Some(60.0));
    node.type_line("cut");
    every_tag_says(&mut alerts, TransitionKind::Raised).await;
    node.type_line("restore");
    every_tag_says(&mut alerts, TransitionKind::Cleared).await;
}
