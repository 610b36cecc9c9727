//! Statements that answer nothing, sent to the database's thread as one: to hand one over takes longer
//! than most of them take.

use crate::storage::Error;
use sqlx::sqlite::SqliteArguments;
use sqlx::{Arguments as _, AssertSqlSafe, Encode, Sqlite, SqliteConnection, Type};

/// They run in their order; the first that fails ends them.
#[derive(Default)]
pub(crate) struct Batch {
    sql: String,
    arguments: SqliteArguments,
    fault: Option<sqlx::error::BoxDynError>,
}

impl Batch {
    /// Adds a statement; its `?` are bound in order by what follows. It names none by a number, which
    /// would be another's.
    pub(crate) fn add(&mut self, statement: &'static str) -> &mut Self {
        debug_assert!(!statement.contains(';') && !numbered(statement), "{statement}");
        self.sql.push_str(statement);
        self.sql.push_str(";\n");
        self
    }

    pub(crate) fn bind<'t, T: Encode<'t, Sqlite> + Type<Sqlite>>(&mut self, value: T) -> &mut Self {
        if let Err(fault) = self.arguments.add(value) {
            self.fault.get_or_insert(fault);
        }
        self
    }

    pub(crate) async fn run(self, sql: &mut SqliteConnection) -> Result<(), Error> {
        if let Some(fault) = self.fault {
            return Err(sqlx::Error::Encode(fault).into());
        }
        if !self.sql.is_empty() {
            // Put together from the program's own statements.
            sqlx::query_with(AssertSqlSafe(self.sql), self.arguments).execute(sql).await?;
        }
        Ok(())
    }
}

fn numbered(statement: &str) -> bool {
    statement.split('?').skip(1).any(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
}
