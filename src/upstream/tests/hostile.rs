//! A server that means harm, or is broken.

use super::*;

async fn listed(fake: Fake) -> Result<Vec<Found>, Error> {
    client(&fake).await.files(&path("r")).await
}

#[tokio::test]
async fn a_redirect_is_told_and_not_followed() {
    let to = vec![("location", "/elsewhere".to_owned())];
    let fake = Fake::default()
        .raw(&format!("{API}model-versions/get?name=m&version=3"), (302, to, Vec::new()));
    let refused = resolve(&client(&fake).await, "models:/m/3").await.unwrap_err();
    assert!(matches!(refused, Error::Redirect { status: 302, .. }), "{refused}");
    assert_eq!(fake.asked().len(), 1);
}

#[tokio::test]
async fn a_name_that_leads_out_of_its_directory_is_refused() {
    for name in ["..", ".", "../x", "/etc/passwd", "a/b", "a\\b", "c:x", "", "a\0", " a", "a\n"] {
        let refused = listed(Fake::default().listing("r", &[(name, Some(1))])).await;
        let refused = refused.unwrap_err();
        assert!(matches!(refused, Error::Path(_) | Error::Protocol { .. }), "{name:?}: {refused}");
        let refused = listed(Fake::default().listing("r", &[(name, None)])).await;
        assert!(refused.is_err(), "{name:?} as a directory");
    }
}

#[tokio::test]
async fn depth_number_and_bytes_are_bounded() {
    let bounds = Bounds {
        answers: UpstreamLimits { max_depth: 2, ..UpstreamLimits::default() },
        files: Uploads { max_files: 3, max_file: 10, max_total: 15, ..Uploads::default() },
    };
    let deep = Fake::default()
        .listing("r", &[("a", None)])
        .listing("r/a", &[("b", None)])
        .listing("r/a/b", &[("c", None)]);
    let many: Vec<String> = (0..4).map(|n| n.to_string()).collect();
    let many: Vec<_> = many.iter().map(|name| (name.as_str(), Some(1))).collect();
    let cases = [
        ("deep", deep),
        ("many", Fake::default().listing("r", &many)),
        ("large", Fake::default().listing("r", &[("a", Some(11))])),
        ("large together", Fake::default().listing("r", &[("a", Some(8)), ("b", Some(8))])),
    ];
    for (what, fake) in cases {
        let refused = client_with(&fake, bounds.clone()).await.files(&path("r")).await;
        assert!(matches!(refused, Err(Error::TooMany { .. })), "{what}: {refused:?}");
    }
    let unsized_file = Found { path: path("a"), size: None };
    let fake = Fake::default().file("r/a", &[0; 11]);
    let client = client_with(&fake, bounds).await;
    let mut body = client.open(&path("r"), &unsized_file).await.unwrap();
    let refused = loop {
        match body.chunk().await {
            Ok(Some(_)) => {}
            Ok(None) => panic!("a file without a size was not bounded"),
            Err(error) => break error,
        }
    };
    assert!(matches!(refused, Error::TooMany { .. }), "{refused}");
}

#[tokio::test]
async fn an_answer_that_is_too_long_or_no_json_is_refused() {
    let answers = UpstreamLimits { max_answer: 100, ..UpstreamLimits::default() };
    let question = format!("{API}model-versions/get?name=m&version=3");
    let fake = Fake::default().raw(&question, (200, Vec::new(), vec![b' '; 101]));
    let bounds = Bounds { answers, ..Bounds::default() };
    let refused = resolve(&client_with(&fake, bounds).await, "models:/m/3").await;
    assert!(matches!(refused, Err(Error::TooMany { .. })), "{refused:?}");
    let fake = Fake::default().raw(&question, (200, Vec::new(), b"<html>".to_vec()));
    let refused = resolve(&client(&fake).await, "models:/m/3").await;
    assert!(matches!(refused, Err(Error::Protocol { .. })), "{refused:?}");
}

#[tokio::test]
async fn a_file_that_is_not_as_announced_is_refused() {
    let digest = seatrial_domain::Digest::of(b"1234");
    let tag = vec![("etag", format!("\"{digest}\""))];
    let fake = Fake::default().file("r/a", b"123").tagged("r/b", b"1235", tag);
    let client = client(&fake).await;
    for (name, announced) in [("a", 4), ("a", 2), ("b", 4)] {
        let file = Found { path: path(name), size: Some(announced) };
        let mut body = client.open(&path("r"), &file).await.unwrap();
        let refused = loop {
            match body.chunk().await {
                Ok(Some(_)) => {}
                Ok(None) => panic!("{name} of {announced} bytes was taken"),
                Err(error) => break error,
            }
        };
        assert_eq!(refused.kind(), Kind::Passing, "{name} {announced}: {refused}");
    }
}

#[tokio::test]
async fn a_server_that_says_nothing_is_given_up() {
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let answers =
        UpstreamLimits { idle_timeout: Duration::from_millis(50), ..UpstreamLimits::default() };
    let bounds = Bounds { answers, ..Bounds::default() };
    let target = target(silent.local_addr().unwrap());
    let connected = Client::connect(target, Reach::Anywhere, Credentials::None, bounds);
    let client = connected.await.unwrap();
    let given_up = resolve(&client, "models:/m/3").await.unwrap_err();
    assert!(matches!(given_up, Error::Idle { .. }), "{given_up}");
    assert_eq!(given_up.kind(), Kind::Passing);
}

#[tokio::test]
async fn refusals_that_stay_and_those_that_pass_are_told_apart() {
    for (status, kind) in [
        (400, Kind::Lasting),
        (401, Kind::Denied),
        (403, Kind::Denied),
        (404, Kind::Missing),
        (429, Kind::Passing),
        (500, Kind::Passing),
        (501, Kind::Lasting),
        (503, Kind::Passing),
    ] {
        let question = format!("{API}model-versions/get?name=m&version=3");
        let fake = Fake::default().raw(&question, (status, Vec::new(), b"no".to_vec()));
        let refused = resolve(&client(&fake).await, "models:/m/3").await.unwrap_err();
        assert_eq!(refused.kind(), kind, "{status}: {refused}");
    }
}
