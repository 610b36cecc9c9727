//! A small disk of a server's own: it can be filled without touching the machine's.

use std::path::Path;
use std::process::Command;

/// Runs `program` with a file system of `mib` mebibytes at `data`, which it alone sees. The process
/// stays the one that is started. Whoever may mount nothing sees it fail, and why.
pub(crate) fn mounted(mib: u32, program: &Path, data: &Path) -> Command {
    std::fs::create_dir_all(data).expect("the test's own directory");
    let mut command = Command::new("unshare");
    // Nobody but root may mount without a user namespace.
    if !rustix::process::geteuid().is_root() {
        command.args(["--user", "--map-root-user"]);
    }
    let script = r#"mount -t tmpfs -o size="$1"m own "$2" && shift 2 && exec "$@""#;
    command.args(["--mount", "sh", "-c", script, "sh", &mib.to_string()]);
    command.arg(data).arg(program);
    command
}
