//! A name that leads elsewhere after its address was checked.

use super::*;
use std::sync::atomic::{AtomicUsize, Ordering};

#[tokio::test]
async fn a_name_that_is_rebound_after_its_check_leads_nowhere_else() {
    let (checked, other) = (registered("mlflow-artifacts:/r"), registered("mlflow-artifacts:/r"));
    let checked = checked.listing("r", &[("a", Some(1))]).file("r/a", b"x");
    let first = checked.serve().await;
    // Which address is meant is said by the name alone: the port is the URL's.
    let then = other.serve_at(SocketAddr::new([127, 0, 0, 2].into(), first.port())).await;
    let lookups = AtomicUsize::new(0);
    let lookup = |_host: String, _port: u16| {
        let before = lookups.fetch_add(1, Ordering::Relaxed);
        std::future::ready(Ok(vec![if before == 0 { first } else { then }]))
    };
    let target = Target::parse(&format!("http://rebound.test:{}", first.port())).unwrap();
    let within = Duration::from_secs(5);
    let addresses = target.addresses(Reach::Anywhere, within, &lookup).await.unwrap();
    let again = target.addresses(Reach::Anywhere, within, &lookup).await.unwrap();
    assert_eq!((&*addresses, &*again), (&[first][..], &[then][..]), "it is rebound");

    let client = Client::at(&addresses, target, Credentials::None, Bounds::default()).unwrap();
    for _ in 0..3 {
        resolve(&client, "models:/m/3").await.unwrap();
        let found = client.files(&path("r")).await.unwrap();
        let mut body = client.open(&path("r"), &found[0]).await.unwrap();
        while body.chunk().await.unwrap().is_some() {}
    }

    assert!(checked.asked().len() >= 9, "{:?}", checked.asked());
    assert_eq!(other.asked(), [""; 0], "no other lookup is made for a connection");
}

#[tokio::test]
async fn an_address_that_does_not_answer_is_not_made_up_for_by_another_lookup() {
    let other = registered("mlflow-artifacts:/r");
    let there = other.serve().await;
    // Nobody listens there; the name itself leads to who does.
    let nobody = SocketAddr::new([127, 0, 0, 2].into(), there.port());
    let target = Target::parse(&format!("http://localhost:{}", there.port())).unwrap();
    let client = Client::at(&[nobody], target, Credentials::None, Bounds::default()).unwrap();
    let refused = resolve(&client, "models:/m/3").await.unwrap_err();
    assert!(matches!(refused, Error::Unreachable { .. }), "{refused}");
    assert_eq!(other.asked(), [""; 0]);
}
