//! What a configuration may say.

use super::*;

fn load(text: &str) -> Result<Config, Error> {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("seatrial.toml");
    std::fs::write(&file, text).unwrap();
    let overrides = Overrides { file: Some(file), ..Overrides::default() };
    Config::load(&overrides, &Environment::default())
}

#[test]
fn an_empty_file_is_the_defaults() {
    assert_eq!(load("").unwrap(), Config::default());
}

/// The TOML blocks of the reference, in order.
fn reference() -> Vec<String> {
    let page = include_str!("../../docs/reference/config.md");
    let blocks = page.split("```toml\n").skip(1).map(|rest| rest.split("```").next().unwrap());
    blocks.map(str::to_owned).collect()
}

#[test]
fn the_reference_writes_out_every_default() {
    let written: toml::Table = reference()[0].parse().unwrap();
    let defaults = toml::Table::try_from(Config::default()).unwrap();
    let names = |table: &toml::Table| {
        let of = |(name, value): (&String, &toml::Value)| match value.as_table() {
            Some(fields) => fields.keys().map(|f| format!("{name}.{f}")).collect(),
            None => vec![name.clone()],
        };
        table.iter().flat_map(of).collect::<std::collections::BTreeSet<_>>()
    };
    let limits = |table: &toml::Table| names(table["limits"].as_table().unwrap());
    assert_eq!(limits(&written), limits(&defaults), "no field is missing");
    assert_eq!(load(&reference()[0]).unwrap(), Config::default());
    let uncommented = reference()[0].replace("\n# ", "\n");
    assert!(load(&uncommented).unwrap().runtime.library.is_some(), "also what has no default");
}

#[test]
fn the_references_command_is_one() {
    let config = load(&reference()[1]).unwrap();
    let smoke = &config.commands["smoke"];
    let least = load("[commands.smoke]\nargv = [\"a\"]").unwrap().commands["smoke"].clone();
    assert_eq!((smoke.timeout, smoke.max_output), (least.timeout, least.max_output));
}

#[test]
fn the_references_key_is_one_beside_the_file() {
    let keys = load(&reference()[2]).unwrap().keys;
    let path = &keys["release"].public;
    assert!(path.is_absolute() && path.ends_with("release.pub.pem"), "{}", path.display());
}

#[test]
fn a_key_that_is_none_is_refused_by_its_field_and_file() {
    let fixtures = concat!(env!("CARGO_MANIFEST_DIR"), "/crates/domain/tests/fixtures/signing");
    let read = |file: &str| {
        let config = load(&format!("[keys.release]\npublic = \"{fixtures}/{file}\"\n")).unwrap();
        config.keys["release"].read("release").map_err(|fault| fault.to_string())
    };
    assert!(read("throwaway.pub.pem").is_ok());
    let cases = [
        ("none.pem", "No such file"),
        ("throwaway.pem", "a private key"),
        ("p384.pub.pem", "not an EC P-256 key"),
        ("bundle.json", "no PEM block"),
    ];
    for (file, what) in cases {
        let fault = read(file).unwrap_err();
        let (field, named) = (fault.contains("keys.release.public"), fault.contains(file));
        assert!(field && named && fault.contains(what), "{fault}");
    }
    assert!(load("[keys.\"a b\"]\npublic = \"k\"\n").is_err());
}

#[test]
fn an_unknown_field_is_refused_by_line_and_name() {
    let fault = load("[server]\nport = 8000\n").unwrap_err().to_string();
    assert!(fault.contains("line 2") && fault.contains("port"), "{fault}");
}

#[test]
fn an_address_that_other_machines_reach_is_refused() {
    for address in ["0.0.0.0:8002", "192.168.1.4:0", "[::]:8002"] {
        let fault = load(&format!("[server]\ncontrol = \"{address}\"\n")).unwrap_err();
        assert!(matches!(fault, Error::Exposed { surface: "server.control", .. }), "{fault}");
    }
    assert!(load("[server]\ncontrol = \"[::1]:0\"\n").is_ok());
}

#[test]
fn a_limit_of_zero_is_refused_by_name() {
    let fault = load("[limits.uploads]\nmax_files = 0\n").unwrap_err().to_string();
    assert_eq!(fault, "limits.uploads.max_files is 0; it must be above zero");
}

#[test]
fn readers_without_end_are_refused_by_name() {
    assert!(load("[limits.database]\nreaders = 1024\n").is_ok());
    let fault = load("[limits.database]\nreaders = 1025\n").unwrap_err().to_string();
    assert_eq!(fault, "limits.database.readers is 1025; it must be 1 to 1024");
}

#[test]
fn marks_without_end_are_refused_by_name() {
    assert!(load("[limits.inference]\nmarks = 65536\n").is_ok());
    let fault = load("[limits.inference]\nmarks = 65537\n").unwrap_err().to_string();
    assert_eq!(fault, "limits.inference.marks is 65537; it must be 1 to 65536");
    let fault = load("[limits.inference]\nmarks = 0\n").unwrap_err().to_string();
    assert_eq!(fault, "limits.inference.marks is 0; it must be above zero");
}

#[test]
fn a_tracking_server_is_named_by_a_plain_url() {
    let config = load("[upstream]\ntracking = \"https://mlflow.example\"\n").unwrap();
    assert!(!config.upstream.allow_private);
    for url in ["ftp://mlflow.example", "mlflow.example:5000", "http://ada:secret@mlflow.example"] {
        let fault = load(&format!("[upstream]\ntracking = \"{url}\"\n")).unwrap_err();
        assert!(matches!(fault, Error::Upstream(_)), "{url}: {fault}");
    }
}

#[test]
fn fetching_and_trying_a_model_take_less_than_a_request_may() {
    let slow = "[limits.upstream]\ntransfer_timeout = \"60s\"\n";
    assert!(load(slow).is_ok(), "nothing is fetched unless a server is named");
    let fault = load(&format!("{slow}[upstream]\ntracking = \"http://mlflow.example\"\n"));
    assert!(matches!(fault, Err(Error::Range { .. })), "{fault:?}");
}

#[test]
fn a_grace_that_an_upload_may_outlast_is_refused() {
    let fault = load("[limits.gc]\ngrace = \"1h\"\n").unwrap_err().to_string();
    let words = "limits.gc.grace is 3600s; it must be longer than limits.uploads.expire_after";
    assert_eq!(fault, words);
    assert!(load("[limits.uploads]\nexpire_after = \"48h\"\n").is_err());
    let both = "[limits.uploads]\nexpire_after = \"1s\"\n[limits.gc]\ngrace = \"2s\"\n";
    assert!(load(both).is_ok());
}

#[test]
fn a_validation_command_has_a_program_and_a_timeout() {
    let config = load("[commands.smoke]\nargv = [\"./smoke\"]\ntimeout = \"2m\"\n").unwrap();
    assert_eq!(config.commands["smoke"].timeout, std::time::Duration::from_secs(120));
    assert!(load("[commands.smoke]\nargv = []\n").is_err());
    assert!(load("[commands.smoke]\nargv = [\"a\"]\ntimeout = \"soon\"\n").is_err());
}

#[test]
fn the_command_line_wins_over_the_environment_and_that_over_the_file() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("seatrial.toml");
    std::fs::write(&file, "[data]\ndir = \"a\"\n[server]\ncontrol = \"127.0.0.1:1\"\n").unwrap();
    let environment = Environment {
        data: Some("b".into()),
        control: "127.0.0.1:2".parse().ok(),
        ..Environment::default()
    };
    let overrides =
        Overrides { file: Some(file), control: "127.0.0.1:3".parse().ok(), ..Overrides::default() };
    let config = Config::load(&overrides, &environment).unwrap();
    assert_eq!(config.data.dir, PathBuf::from("b"));
    assert_eq!(config.server.control.port(), 3);
}
