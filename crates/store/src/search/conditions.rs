//! One condition as SQL. Every value is bound, never written into the text.

use super::Query;
use seatrial_domain::search::{Condition, Key, OrderKey, Subject, Test};

/// How the searched table calls its keys.
#[derive(Debug, Clone, Copy)]
pub(super) struct Columns {
    name: &'static str,
    run_id: &'static str,
    created_at: &'static str,
    updated_at: &'static str,
    /// A row's tags, up to the condition on key and value.
    tags: &'static str,
}

impl Columns {
    pub(super) const fn of(subject: Subject) -> Self {
        match subject {
            Subject::Models => Self {
                name: "m.name",
                run_id: "NULL",
                created_at: "m.created_at",
                updated_at: "m.updated_at",
                tags: "EXISTS (SELECT 1 FROM model_tag AS t WHERE t.model = m.name",
            },
            Subject::Versions => Self {
                name: "v.model",
                run_id: "v.run_id",
                created_at: "v.created_at",
                updated_at: "v.updated_at",
                tags: "EXISTS (SELECT 1 FROM version_tag AS t \
                       WHERE t.model = v.model AND t.number = v.number",
            },
            Subject::LoggedModels => Self {
                name: "l.name",
                run_id: "l.source_run",
                created_at: "l.created_at",
                updated_at: "l.updated_at",
                tags: "EXISTS (SELECT 1 FROM tracked_tag AS t WHERE t.owner = l.id",
            },
        }
    }

    pub(super) const fn order(&self, key: OrderKey) -> &'static str {
        match key {
            OrderKey::Name => self.name,
            OrderKey::VersionNumber => "v.number",
            OrderKey::ModelId => "l.id",
            OrderKey::CreatedAt => self.created_at,
            OrderKey::UpdatedAt => self.updated_at,
        }
    }

    pub(super) fn push(&self, query: &mut Query, condition: &Condition) {
        match &condition.key {
            Key::Name => test(query, self.name, &condition.test),
            Key::RunId => test(query, self.run_id, &condition.test),
            Key::ModelId => test(query, "l.id", &condition.test),
            Key::SourcePath => test(query, "v.source", &condition.test),
            Key::VersionNumber => test(query, "v.number", &condition.test),
            Key::Tag(key) => self.tag(query, key, &condition.test),
        }
    }

    /// A tag that is absent is unequal to every value.
    fn tag(&self, query: &mut Query, key: &str, wanted: &Test) {
        let equal = if let Test::NotEqual(value) = wanted {
            query.push("NOT ");
            Some(Test::Equal(value.clone()))
        } else {
            None
        };
        query.push(self.tags).push(" AND t.key = ").push_bind(key.to_owned()).push(" AND ");
        test(query, "t.value", equal.as_ref().unwrap_or(wanted));
        query.push(")");
    }
}

fn test(query: &mut Query, column: &str, wanted: &Test) {
    query.push(column);
    match wanted {
        Test::Equal(value) => query.push(" = ").push_bind(value.clone()),
        Test::NotEqual(value) => query.push(" IS NOT ").push_bind(value.clone()),
        // SQLite's LIKE knows no case; GLOB does.
        Test::Like(pattern) => query.push(" GLOB ").push_bind(glob(pattern)),
        Test::ILike(pattern) => query.push(" LIKE ").push_bind(pattern.clone()),
        Test::Number(comparison, number) => {
            query.push(" ").push(comparison.as_str()).push(" ").push_bind(crate::row::int(*number))
        }
        Test::In(values) => {
            query.push(" IN (");
            for (place, value) in values.iter().enumerate() {
                query.push(if place == 0 { "" } else { ", " }).push_bind(value.clone());
            }
            query.push(")")
        }
    };
}

fn glob(pattern: &str) -> String {
    let mut glob = String::with_capacity(pattern.len());
    for c in pattern.chars() {
        match c {
            '%' => glob.push('*'),
            '_' => glob.push('?'),
            '*' | '?' | '[' => glob.extend(['[', c, ']']),
            other => glob.push(other),
        }
    }
    glob
}
