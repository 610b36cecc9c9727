//! What the search language takes and refuses.

use super::*;
use proptest::prelude::*;

fn conditions(text: &str, subject: Subject) -> Vec<Condition> {
    filter(text, subject).unwrap_or_else(|error| panic!("{text}: {error}")).0
}

fn tag(key: &str, test: Test) -> Condition {
    Condition { key: Key::Tag(key.to_owned()), test }
}

#[test]
fn nothing_finds_everything() {
    for text in ["", "   "] {
        assert_eq!(conditions(text, Subject::Models), []);
    }
}

#[test]
fn what_the_client_always_appends_is_understood() {
    let text = "name LIKE 'dig%' AND tag.`mlflow.prompt.is_prompt` != 'true'";
    let name = Condition { key: Key::Name, test: Test::Like("dig%".into()) };
    let prompt = tag("mlflow.prompt.is_prompt", Test::NotEqual("true".into()));
    assert_eq!(conditions(text, Subject::Models), [name, prompt]);
}

#[test]
fn every_key_has_its_operators() {
    let text = "name IN ('a', 'b') and run_id = \"r\" AND version_number >= 3 \
                AND source_path ilike '%x' AND tags.a.b = 'it''s' AND tag.\"c d\" like '_'";
    let expected = [
        Condition { key: Key::Name, test: Test::In(vec!["a".into(), "b".into()]) },
        Condition { key: Key::RunId, test: Test::Equal("r".into()) },
        Condition { key: Key::VersionNumber, test: Test::Number(Comparison::GreaterOrEqual, 3) },
        Condition { key: Key::SourcePath, test: Test::ILike("%x".into()) },
        tag("a.b", Test::Equal("it's".into())),
        tag("c d", Test::Like("_".into())),
    ];
    assert_eq!(conditions(text, Subject::Versions), expected);
}

#[test]
fn logged_models_are_found_by_what_clients_ask_for_and_nothing_else() {
    let text = "name = 'model' AND source_run_id IN ('r') AND model_id != 'm-1' AND tags.`k` = 'v'";
    let expected = [
        Condition { key: Key::Name, test: Test::Equal("model".into()) },
        Condition { key: Key::RunId, test: Test::In(vec!["r".into()]) },
        Condition { key: Key::ModelId, test: Test::NotEqual("m-1".into()) },
        tag("k", Test::Equal("v".into())),
    ];
    assert_eq!(conditions(text, Subject::LoggedModels), expected);
    let refused = filter("metrics.accuracy > 0.9", Subject::LoggedModels).unwrap_err().to_string();
    let allowed = "name, model_id, source_run_id, tag.KEY";
    assert_eq!(refused, format!("\"metrics\" is no key here; allowed: {allowed}"));
    let order = order_by(&[], Subject::LoggedModels).unwrap();
    let keys: Vec<OrderKey> = order.iter().map(|by| by.key).collect();
    assert_eq!(keys, [OrderKey::CreatedAt, OrderKey::ModelId]);
}

#[test]
fn what_is_not_understood_is_refused_at_its_place() {
    for (text, said) in [
        ("name", "at character 5: the end; expected an operator"),
        ("name = digits", "at character 8: digits; expected a value in quotes"),
        ("name = 'a' OR name = 'b'", "at character 12: OR; expected AND, or the end"),
        ("name = 'a", "at character 8: '; expected its closing quote"),
        ("run_id = 'r'", "\"run_id\" is no key here; allowed: name, tag.KEY"),
        ("name > 'a'", "name takes =, !=, LIKE, ILIKE, IN, not >"),
        ("tag.k IN ('a')", "tag.k takes =, !=, LIKE, ILIKE, not IN"),
        ("name IN ()", "at character 10: ); expected a value in quotes"),
        ("name = 'a' AND", "at character 15: the end; expected a key"),
        ("name ! 'a'", "at character 6: !; expected =, !=, >, >=, < or <="),
    ] {
        assert_eq!(filter(text, Subject::Models).unwrap_err().to_string(), said, "{text}");
    }
    let text = "version_number LIKE '1'";
    let refused = filter(text, Subject::Versions).unwrap_err().to_string();
    assert_eq!(refused, "version_number takes =, !=, >, >=, <, <=, not LIKE");
}

#[test]
fn limits_hold() {
    let many = vec!["name = 'a'"; CONDITIONS_LIMIT + 1].join(" AND ");
    assert_eq!(filter(&many, Subject::Models), Err(Error::TooMany("50 conditions")));
    let long = " ".repeat(TEXT_LIMIT + 1);
    assert_eq!(filter(&long, Subject::Models), Err(Error::TooLong));
}

#[test]
fn an_order_is_total_and_names_no_key_twice() {
    let by = |key, direction| OrderBy { key, direction };
    let asked = ["last_updated_timestamp DESC".to_owned()];
    let order = order_by(&asked, Subject::Models).unwrap();
    let total =
        [by(OrderKey::UpdatedAt, Direction::Descending), by(OrderKey::Name, Direction::Ascending)];
    assert_eq!(order, total);
    let default = order_by(&[], Subject::Versions).unwrap();
    assert_eq!(default.len(), 3);
    for wrong in ["size", "name UP", "name ASC now", "", "version_number"] {
        assert!(order_by(&[wrong.to_owned()], Subject::Models).is_err(), "{wrong}");
    }
    let twice = ["name ASC".to_owned(), "name DESC".to_owned()];
    assert!(matches!(order_by(&twice, Subject::Models), Err(Error::Repeated(_))));
}

proptest! {
    #[test]
    fn no_text_panics(text in ".{0,80}") {
        let _read = filter(&text, Subject::Versions);
        let _read = order_by(&[text], Subject::Models);
    }

    #[test]
    fn every_value_survives_its_quotes(value in ".{0,40}", key in "[a-z. :/_-]{1,20}") {
        let text = format!("tag.`{key}` = '{}'", value.replace('\'', "''"));
        let read = filter(&text, Subject::Models).unwrap();
        prop_assert_eq!(read.0, vec![tag(&key, Test::Equal(value))]);
    }
}
