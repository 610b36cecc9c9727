//! What another MLflow server is told of who asks. Never shown, never logged.

use reqwest::RequestBuilder;
use std::fmt;

/// As MLflow's own client sends them: a name and a password win over a token.
#[derive(Clone, PartialEq, Eq, Default)]
pub enum Credentials {
    #[default]
    None,
    Basic {
        user: String,
        password: String,
    },
    Bearer(String),
}

impl Credentials {
    /// Of what the environment says.
    pub fn of(user: Option<String>, password: Option<String>, token: Option<String>) -> Self {
        match (user, password, token) {
            (Some(user), Some(password), _) => Self::Basic { user, password },
            (_, _, Some(token)) => Self::Bearer(token),
            (Some(_), None, None) | (None, Some(_) | None, None) => Self::None,
        }
    }

    pub(super) fn sign(&self, request: RequestBuilder) -> RequestBuilder {
        match self {
            Self::None => request,
            Self::Basic { user, password } => request.basic_auth(user, Some(password)),
            Self::Bearer(token) => request.bearer_auth(token),
        }
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "None",
            Self::Basic { .. } => "Basic(..)",
            Self::Bearer(_) => "Bearer(..)",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_its_password_wins_over_a_token() {
        let text = |text: &str| Some(text.to_owned());
        let basic = Credentials::of(text("u"), text("p"), text("t"));
        assert!(matches!(basic, Credentials::Basic { .. }));
        assert_eq!(Credentials::of(text("u"), None, text("t")), Credentials::Bearer("t".into()));
        assert_eq!(Credentials::of(text("u"), None, None), Credentials::None);
    }

    #[test]
    fn secrets_are_not_shown() {
        let text = |text: &str| Some(text.to_owned());
        let shown = format!(
            "{:?} {:?}",
            Credentials::of(text("ada"), text("hunter2"), None),
            Credentials::of(None, None, text("hunter2"))
        );
        assert!(!shown.contains("hunter2") && !shown.contains("ada"), "{shown}");
    }
}
