use davy_proto::v1::LowerDavy;
use davy_tests::{LONG, davy, get, lines_of, wait_until};

use super::{
    refused::hello,
    tower::{Floor, lower},
};

/// The one lower Davy of the city.
async fn of_park(city: &Floor) -> LowerDavy {
    let lowers = city.grpc.status().await.lowers;
    <[LowerDavy; 1]>::try_from(lowers).expect("one is configured").into_iter().next().expect("one")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_status_tells_what_is_known_of_each_link_on_both_of_its_ends() {
    let mut city = Floor::serve("city", &lower("park", &["park", "jetty"])).await;
    let never = of_park(&city).await;
    assert_eq!((never.name.as_str(), never.connected, never.heard_age), ("park", false, None));
    let sites: Vec<_> = never.sites.iter().map(|site| (site.site.as_str(), site.behind)).collect();
    assert_eq!(sites, [("park", None), ("jetty", None)], "it told nothing yet");
    // It says that it has seven, and goes before it brings one.
    hello(&city, "park", 1, &[("park", 7)]).await.expect("a welcome");
    let told = of_park(&city).await;
    assert_eq!((told.sites[0].behind, told.sites[0].sequence, told.sites[1].behind), (Some(7), 0, None));
    assert!(told.heard_age.is_some() && told.sites[0].heartbeat_age.is_none(), "{told:?}");
    let mut park = Floor::serve("park", &city.link()).await;
    park.swings(2).await;
    let told = wait_until("nothing is behind, and it is heard", LONG, async || {
        let told = of_park(&city).await;
        let park = &told.sites[0];
        (park.sequence == 4 && park.behind == Some(0) && park.heartbeat_age.is_some()).then_some(told)
    })
    .await;
    assert!(told.connected && !told.silent && !told.sites[0].silent, "{told:?}");
    assert_eq!(
        told,
        LowerDavy { heard_age: told.heard_age, sites: told.sites.clone(), ..tree_of(&city).await }
    );
    shown_to_people(&city).await;
    let upper = park.grpc.status().await.upper.expect("one is configured");
    assert_eq!((upper.url, upper.connected, upper.owed), (city.url(), true, 0));
    assert!(city.grpc.status().await.upper.is_none(), "there is none above the city");
    city.kill();
    park.swings(3).await;
    let upper = wait_until("the park knows that the city is away", LONG, async || {
        park.grpc.status().await.upper.filter(|upper| !upper.connected)
    })
    .await;
    assert!(upper.owed == 6 && !upper.why.is_empty(), "{upper:?}");
}

/// The same, as the tree has it.
async fn tree_of(city: &Floor) -> LowerDavy {
    city.tree().await.lowers.into_iter().next().expect("one is configured")
}

async fn shown_to_people(city: &Floor) {
    let (code, json) = get(city.davy.http(), "/davy.v1.SystemService/GetStatus?message=%7B%7D").await;
    assert!(code == 200 && json.contains(r#""lowers":[{"name":"park""#), "{code} {json}");
    let url = city.url();
    let said = davy(&["tree", "--server", &url]).await;
    assert!(said.out.contains("BEHIND"), "{}{}", said.out, said.err);
    let said = davy(&["tree", "--json", "--server", &url]).await;
    let tree = lines_of(&said.out).into_iter().next().unwrap_or_else(|| panic!("{}", said.err));
    assert_eq!(tree["lowers"][0]["sites"][0]["behind"], 0, "{tree}");
}
