//! Somebody with the database in hand, who changes one thing in one row of the journal while no server
//! runs.

use super::Server;
use serde_json::Value;
use std::process::Command;

const REWRITE: &str = "
import json, sqlite3, sys
file, seq, column, pointer, to = sys.argv[1:]
database = sqlite3.connect(file)
database.execute('DROP TRIGGER IF EXISTS journal_is_never_rewritten')
[[text]] = database.execute(f'SELECT {column} FROM journal WHERE seq = ?', [seq])
told = json.loads(text)
*path, last = [int(key) if key.isdigit() else key for key in pointer.split('/')[1:]]
within = told
for key in path:
    within = within[key if isinstance(within, list) else str(key)]
assert last in within, pointer
within[last] = json.loads(to)
text = json.dumps(told, separators=(',', ':'))
database.execute(f'UPDATE journal SET {column} = ? WHERE seq = ?', [text, seq])
database.commit()
";

/// What `pointer` leads to in a JSON column of row `seq` is `to` from now on. The row's hash stays.
#[track_caller]
pub(crate) fn rewrite(server: &Server, (seq, column): (u64, &str), pointer: &str, to: &Value) {
    let ran = Command::new("python3")
        .args(["-c", REWRITE])
        .arg(server.data().join("seatrial.db"))
        .args([&seq.to_string(), column, pointer, &to.to_string()])
        .output()
        .expect("python3 is there: the tests install it");
    assert!(ran.status.success(), "{ran:#?}");
}
