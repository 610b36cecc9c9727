//! How this process makes HTTP clients. The system's certificates are read only for https: it takes
//! time, and a machine that has none can do everything else.

/// A client that will call `url`, to be configured further.
pub(crate) fn client(url: &str) -> reqwest::ClientBuilder {
    let client = reqwest::Client::builder();
    if url.starts_with("https:") { client } else { client.tls_certs_only([]) }
}
