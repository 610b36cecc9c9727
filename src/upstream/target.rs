//! Where a server is: parsed once, its address looked up once for each connection.

use super::address::is_public;
use super::{Client, Error};
use crate::http;
use reqwest::Url;
use std::future::Future;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;
use tokio::net::lookup_host;
use tokio::time::timeout;

/// Addresses of one name that are looked at.
const ADDRESSES_MAX: usize = 32;

/// Which addresses may be gone to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Those of the internet alone.
    Public,
    /// Any: a person named the server, or the configuration allows it.
    Anywhere,
}

/// What a name was found to lead to.
pub(super) type Looked = std::io::Result<Vec<SocketAddr>>;

/// Asks the system.
pub(super) async fn by_system(host: String, port: u16) -> Looked {
    Ok(lookup_host((host.as_str(), port)).await?.collect())
}

/// A server's base URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Without a slash at its end.
    base: String,
    host: String,
    port: u16,
}

impl Target {
    /// Refuses other schemes than http and https, and URLs that carry secrets or a query.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let url = Url::parse(text).map_err(|_fault| refused(text, "write http://host:port"))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(refused(text, "its scheme is neither http nor https"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            // The text is not repeated: it holds a secret.
            return Err(refused(
                url.host_str().unwrap_or_default(),
                "a name or password belongs into MLFLOW_TRACKING_USERNAME and _PASSWORD",
            ));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(refused(text, "it has a query or a fragment"));
        }
        let (Some(host), Some(port)) = (url.host_str(), url.port_or_known_default()) else {
            return Err(refused(text, "it names no host"));
        };
        let host = host.trim_matches(['[', ']']).to_owned();
        Ok(Self { base: url.as_str().trim_end_matches('/').to_owned(), host, port })
    }

    /// The URL, without a slash at its end.
    pub fn as_str(&self) -> &str {
        &self.base
    }

    /// Its addresses by `lookup`, as they are from here on. One that may not be gone to refuses all:
    /// a name that leads inside as well was not made for us.
    pub(super) async fn addresses<F: Future<Output = Looked>>(
        &self,
        reach: Reach,
        within: Duration,
        lookup: impl FnOnce(String, u16) -> F,
    ) -> Result<Vec<SocketAddr>, Error> {
        let unresolved = |source| Error::Unresolved { host: self.host.clone(), source };
        let found = timeout(within, lookup(self.host.clone(), self.port));
        let found = found.await.map_err(|_elapsed| unresolved(None))?;
        let mut found = found.map_err(|fault| unresolved(Some(fault)))?;
        found.truncate(ADDRESSES_MAX);
        if found.is_empty() {
            return Err(unresolved(None));
        }
        let inside = match reach {
            Reach::Anywhere => None,
            Reach::Public => found.iter().map(SocketAddr::ip).find(|address| !is_public(*address)),
        };
        match inside {
            Some(address) => Err(Error::Inside { host: self.host.clone(), address }),
            None => Ok(found),
        }
    }

    /// A client that only ever talks to these addresses, whatever the name leads to later.
    pub(super) fn pinned(
        &self,
        addresses: &[SocketAddr],
        within: Duration,
    ) -> Result<reqwest::Client, Error> {
        let client = http::client(&self.base)
            .resolve_to_addrs(&self.host, addresses)
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .connect_timeout(within)
            .user_agent(concat!("seatrial/", env!("CARGO_PKG_VERSION")));
        client.build().map_err(|source| Client::unreachable(self.as_str(), source))
    }

    /// Whether `authority`, as an artifact's URI has it, means this server.
    pub(super) fn is(&self, authority: &str) -> bool {
        let Some(other) = Url::parse(&format!("http://{authority}")).ok() else { return false };
        let host = other.host_str().unwrap_or_default().trim_matches(['[', ']']);
        let same =
            host.eq_ignore_ascii_case(&self.host) || (is_loopback(host) && is_loopback(&self.host));
        // A URI without a port means the server's own.
        same && other.port().is_none_or(|port| port == self.port)
    }
}

fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn refused(url: &str, why: &'static str) -> Error {
    Error::Url { url: url.to_owned(), why }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::{pending, ready};

    const WITHIN: Duration = Duration::from_secs(5);

    #[test]
    fn a_server_is_named_by_a_plain_url() {
        for url in
            ["http://mlflow.example:5000/", "https://mlflow.example/prefix", "http://[::1]:5"]
        {
            assert!(Target::parse(url).is_ok(), "{url}");
        }
        for url in [
            "",
            "mlflow.example",
            "localhost:5000",
            "ftp://mlflow.example",
            "file:///etc/passwd",
            "gopher://x",
            "http://",
            "http://x/?a=b",
            "http://x/#a",
            "http://a:b@x",
            "http://a@x",
            "unix:///run/x.sock",
        ] {
            assert!(matches!(Target::parse(url), Err(Error::Url { .. })), "{url}");
        }
        let told = Target::parse("http://ada:hunter2@mlflow.example").unwrap_err().to_string();
        assert!(!told.contains("hunter2"), "{told}");
    }

    #[tokio::test]
    async fn an_inside_address_is_refused_however_it_is_written() {
        for url in [
            "http://127.0.0.1:5000",
            "http://localhost:5000",
            "http://0x7f.1:5000",
            "http://2130706433",
            "http://0177.0.0.1",
            "http://[::1]:5000",
            "http://[::]:5000",
            "http://[::ffff:127.0.0.1]:5000",
            "http://[::ffff:10.0.0.1]",
            "http://10.0.0.1",
            "http://169.254.169.254",
            "http://[fd00:ec2::254]",
            "http://0.0.0.0:5000",
            "http://[64:ff9b::a00:1]",
            "http://127.0.0.1.:5000",
        ] {
            let Ok(target) = Target::parse(url) else { continue };
            let refused = target.addresses(Reach::Public, WITHIN, by_system).await;
            assert!(matches!(refused, Err(Error::Inside { .. })), "{url}: {refused:?}");
        }
        let named = Target::parse("http://127.0.0.1:5000").unwrap();
        let addresses = named.addresses(Reach::Anywhere, WITHIN, by_system).await.unwrap();
        assert_eq!(addresses, ["127.0.0.1:5000".parse().unwrap()]);
    }

    #[tokio::test]
    async fn a_name_that_leads_inside_as_well_is_refused() {
        let target = Target::parse("http://mlflow.example:5000").unwrap();
        let (public, inside) = ("8.8.8.8:5000".parse().unwrap(), "10.0.0.1:5000".parse().unwrap());
        let both = |_, _| ready(Ok(vec![public, inside]));
        let refused = target.addresses(Reach::Public, WITHIN, both).await.unwrap_err();
        assert!(matches!(refused, Error::Inside { address, .. } if address == inside.ip()));
        let one = target.addresses(Reach::Public, WITHIN, |_, _| ready(Ok(vec![public]))).await;
        assert_eq!(one.unwrap(), [public]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_lookup_that_does_not_end_or_finds_nothing_is_no_address() {
        let target = Target::parse("http://mlflow.example:5000").unwrap();
        let late = target.addresses(Reach::Anywhere, WITHIN, |_, _| pending()).await;
        let none = target.addresses(Reach::Anywhere, WITHIN, |_, _| ready(Ok(Vec::new()))).await;
        for found in [late, none] {
            assert!(matches!(found, Err(Error::Unresolved { source: None, .. })), "{found:?}");
        }
    }

    #[test]
    fn an_authority_is_the_servers_own_or_another_one() {
        let target = Target::parse("http://mlflow.example:5000").unwrap();
        assert!(target.is("mlflow.example:5000") && target.is("MLFLOW.example"));
        assert!(!target.is("mlflow.example:5001") && !target.is("other.example:5000"));
        let local = Target::parse("http://localhost:5000").unwrap();
        assert!(local.is("127.0.0.1:5000") && local.is("[::1]:5000") && !local.is("127.0.0.1:1"));
    }
}
