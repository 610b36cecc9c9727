//! Keeps web pages out: a browser on this machine must not steer the server for a page from
//! elsewhere. Looks at Host (DNS rebinding), Origin and the content type of what changes things.

use super::problem::{Failure, Kind};
use super::routes::BASE;
use crate::mlflow::ARTIFACTS;
use axum::extract::Request;
use axum::http::{HeaderMap, Method, header};
use axum::middleware::Next;
use axum::response::Response;
use seatrial_gateway::loopback::{is_loopback, is_loopback_origin};

/// Refuses what a foreign page could have caused.
pub(super) async fn guard(request: Request, next: Next) -> Response {
    let path = request.uri().path();
    match check(request.method(), path, request.headers()) {
        Ok(()) => next.run(request).await,
        Err(failure) => failure.at(path),
    }
}

fn check(method: &Method, path: &str, headers: &HeaderMap) -> Result<(), Failure> {
    let text = |name| headers.get(name).map(|value| value.to_str().unwrap_or("(not text)"));
    if let Some(host) = text(header::HOST)
        && !is_loopback(host)
    {
        let detail = format!("host {host:?} is not this machine's loopback address");
        return Err(Failure::new(Kind::Denied, detail).hint("call 127.0.0.1 or localhost"));
    }
    if matches!(*method, Method::GET | Method::HEAD) {
        return Ok(());
    }
    if let Some(origin) = text(header::ORIGIN)
        && !is_loopback_origin(origin)
    {
        let detail = format!("a page from {origin:?} may not change anything here");
        return Err(Failure::new(Kind::Denied, detail));
    }
    content_type(method, path, text(header::CONTENT_TYPE))
}

/// Forms and plain text are what a page may send without being asked; neither is taken. An MLflow
/// client names the type of the file it uploads: no page may send a PUT without asking first.
fn content_type(method: &Method, path: &str, found: Option<&str>) -> Result<(), Failure> {
    if *method == Method::PUT && path.starts_with(ARTIFACTS) {
        return Ok(());
    }
    let expected = if *method == Method::PUT && is_upload(path) {
        "application/octet-stream"
    } else {
        "application/json"
    };
    let essence = found.map(|kind| kind.split(';').next().unwrap_or_default().trim());
    match essence {
        Some(kind) if kind.eq_ignore_ascii_case(expected) => Ok(()),
        None if *method == Method::DELETE => Ok(()),
        Some(_) | None => {
            let found = found.unwrap_or("none");
            let detail = format!("the content type must be {expected}, not {found}");
            Err(Failure::new(Kind::MediaType, detail))
        }
    }
}

/// Whether it is `/uploads/{upload}/files`.
fn is_upload(path: &str) -> bool {
    let mut parts = path.strip_prefix(BASE).unwrap_or(path).split('/').skip(1);
    let (uploads, _upload, files) = (parts.next(), parts.next(), parts.next());
    uploads == Some("uploads") && files == Some("files") && parts.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::response::IntoResponse as _;

    fn answer(method: &Method, path: &str, headers: &[(&'static str, &'static str)]) -> u16 {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.insert(*name, value.parse().unwrap());
        }
        match check(method, path, &map) {
            Ok(()) => 200,
            Err(failure) => failure.into_response().status().as_u16(),
        }
    }

    const JSON: (&str, &str) = ("content-type", "application/json; charset=utf-8");

    #[test]
    fn a_rebound_host_name_is_denied_even_to_read() {
        assert_eq!(answer(&Method::GET, "/", &[("host", "evil.example:8002")]), 403);
        for host in ["127.0.0.1:8002", "localhost", "[::1]:8002", "127.0.0.9"] {
            assert_eq!(answer(&Method::GET, "/", &[("host", host)]), 200, "{host}");
        }
    }

    #[test]
    fn a_foreign_page_cannot_change_anything() {
        for origin in ["https://evil.example", "null", "http://127.0.0.1.evil.example"] {
            assert_eq!(answer(&Method::POST, "/x", &[JSON, ("origin", origin)]), 403, "{origin}");
        }
        let own = ("origin", "http://localhost:8002");
        assert_eq!(answer(&Method::POST, "/x", &[JSON, own]), 200);
    }

    #[test]
    fn only_json_changes_things_and_only_bytes_are_files() {
        assert_eq!(answer(&Method::POST, "/x", &[("content-type", "text/plain")]), 415);
        assert_eq!(answer(&Method::POST, "/x", &[]), 415);
        let bytes = ("content-type", "application/octet-stream");
        assert_eq!(answer(&Method::PUT, "/uploads/1/files", &[bytes]), 200);
        assert_eq!(answer(&Method::PUT, "/api/v1/uploads/1/files", &[bytes]), 200);
        assert_eq!(answer(&Method::PUT, "/uploads/1/files", &[JSON]), 415);
        let text = ("content-type", "text/plain");
        let artifact = "/api/2.0/mlflow-artifacts/artifacts/0/r/artifacts/a.txt";
        assert_eq!(answer(&Method::PUT, artifact, &[text]), 200);
        assert_eq!(answer(&Method::POST, artifact, &[text]), 415);
        let foreign = ("origin", "https://evil.example");
        assert_eq!(answer(&Method::PUT, artifact, &[text, foreign]), 403);
        for named_so in ["/policies/files", "/models/uploads/aliases/files"] {
            let named_so = &format!("{BASE}{named_so}");
            assert_eq!(answer(&Method::PUT, named_so, &[JSON]), 200, "{named_so}");
            assert_eq!(answer(&Method::PUT, named_so, &[bytes]), 415, "{named_so}");
        }
    }
}
