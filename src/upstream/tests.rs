//! Another server's answers, also hostile ones, over real connections.

mod fake;
mod fetching;
mod hostile;
mod rebinding;
mod resolving;

use super::*;
use crate::config::{Uploads, UpstreamLimits};
use fake::{API, Fake};
use seatrial_domain::manifest::FilePath;
use serde_json::json;
use std::net::SocketAddr;
use std::time::Duration;

const HEX: &str = "0123456789abcdef0123456789abcdef";

fn target(address: SocketAddr) -> Target {
    Target::parse(&format!("http://{address}")).unwrap()
}

async fn client(fake: &Fake) -> Client {
    client_with(fake, Bounds::default()).await
}

async fn client_with(fake: &Fake, bounds: Bounds) -> Client {
    let target = target(fake.serve().await);
    Client::connect(target, Reach::Anywhere, Credentials::None, bounds).await.unwrap()
}

fn path(text: &str) -> FilePath {
    FilePath::new(text).unwrap()
}

async fn resolve(client: &Client, uri: &str) -> Result<Resolved, Error> {
    client.resolve(&Reference::parse(uri).unwrap()).await
}

/// A server with one registered version, whose files are at `uri`.
fn registered(uri: &str) -> Fake {
    let version = json!({"name": "m", "version": "3", "run_id": "r1", "source": format!("models:/m-{HEX}"),
        "description": "fine", "tags": [{"key": "team", "value": "vision"}]});
    Fake::default()
        .json(
            &format!("{API}registered-models/alias?name=m&alias=best"),
            &json!({"model_version": version}),
        )
        .json(
            &format!("{API}model-versions/get?name=m&version=3"),
            &json!({"model_version": version}),
        )
        .json(
            &format!("{API}registered-models/get-latest-versions"),
            &json!({"model_versions": [{"name": "m", "version": "2"}, version]}),
        )
        .json(
            &format!("{API}model-versions/get-download-uri?name=m&version=3"),
            &json!({"artifact_uri": uri}),
        )
}
