//! What `library` promises, as tests.

use std::ffi::OsString;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use super::pin::Pin;
use super::provision::{Progress, Provisioner};
use super::wheel::sha256;
use super::{Error, Search, locate};

const FILE: &str = "libonnxruntime.so.1.24.4";
const LIBRARY: &[u8] = b"not really a library";

fn touch(path: &Path) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, LIBRARY).unwrap();
}

/// A search that looks nowhere but under `root`.
fn search(root: &Path) -> Search {
    let system = vec![root.join("system")];
    Search { beside: Some(root.join("beside")), system, ..Search::new(root.join("cache")) }
}

#[test]
fn search_goes_from_the_nearest_place_to_the_farthest() {
    let root = tempfile::tempdir().unwrap();
    let mut search = search(root.path());
    assert_eq!(locate(&search).unwrap(), None);
    let places = ["system", "cache/onnxruntime-1.24.4", "beside", "environment", "configured"];
    for place in places {
        let library = root.path().join(place).join(FILE);
        touch(&library);
        match place {
            "environment" => search.environment = Some(root.path().join(place)),
            "configured" => search.configured = Some(library.clone()),
            _ => {}
        }
        assert_eq!(locate(&search).unwrap(), Some(library), "{place}");
    }
}

#[test]
fn a_setting_that_names_nothing_is_told_and_not_worked_around() {
    let root = tempfile::tempdir().unwrap();
    touch(&root.path().join("beside").join(FILE));
    let environment = Some(root.path().join("gone.so"));
    let search = Search { environment, ..search(root.path()) };
    let message = locate(&search).unwrap_err().to_string();
    assert!(message.contains("ORT_DYLIB_PATH") && message.contains("gone.so"), "{message}");
}

#[test]
fn a_library_too_old_is_passed_over() {
    let root = tempfile::tempdir().unwrap();
    touch(&root.path().join("system").join("libonnxruntime.so.1.14.0"));
    touch(&root.path().join("system").join("libonnxruntime_providers_shared.so"));
    assert_eq!(locate(&search(root.path())).unwrap(), None);
}

fn wheel() -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default();
    archive.start_file(format!("onnxruntime/capi/{FILE}"), options).unwrap();
    archive.write_all(LIBRARY).unwrap();
    archive.finish().unwrap().into_inner()
}

fn pin(wheel: &[u8]) -> Pin {
    Pin {
        platforms: &["here"],
        file: FILE,
        wheel_sha256: sha256(wheel),
        file_sha256: sha256(LIBRARY),
    }
}

/// A command that does what pip does: leaves the wheel in the directory after `--dest`. It also
/// leaves a line in `calls`.
fn download_of(wheel: &[u8], root: &Path) -> Vec<OsString> {
    fs::write(root.join("wheel"), wheel).unwrap();
    let script = format!(
        "echo called >> '{0}/calls'; \
         while [ \"$1\" != --dest ]; do shift; done; cp '{0}/wheel' \"$2/onnxruntime.whl\"",
        root.display()
    );
    ["sh", "-c", &script, "pip"].map(OsString::from).to_vec()
}

fn installed(cache: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(cache.join("onnxruntime-1.24.4")).unwrap();
    let mut paths = entries.map(|entry| entry.unwrap().path()).collect::<Vec<_>>();
    paths.retain(|path| path.file_name().is_some_and(|name| name != "lock"));
    paths
}

#[test]
fn provisioning_tries_one_way_after_the_other_and_tells_its_steps() {
    let root = tempfile::tempdir().unwrap();
    let wheel = wheel();
    let commands = vec![vec!["no-such-command".into()], download_of(&wheel, root.path())];
    let mut steps = Vec::new();
    let cache = root.path().join("cache");
    let provisioner = Provisioner::with_commands(pin(&wheel), commands);
    let path = provisioner.provision(&cache, &mut |step| steps.push(step)).unwrap();
    assert_eq!(fs::read(&path).unwrap(), LIBRARY);
    assert_eq!(installed(&cache), std::slice::from_ref(&path));
    assert_eq!(locate(&search(root.path())).unwrap().as_ref(), Some(&path));
    let expected = [Progress::Downloading, Progress::Verifying, Progress::Installed(path)];
    assert_eq!(steps, expected);
}

#[test]
fn several_at_once_download_once() {
    let root = tempfile::tempdir().unwrap();
    let wheel = wheel();
    let cache = root.path().join("cache");
    let commands = vec![download_of(&wheel, root.path())];
    std::thread::scope(|scope| {
        for _ in 0..4 {
            let provisioner = Provisioner::with_commands(pin(&wheel), commands.clone());
            let cache = &cache;
            scope.spawn(move || provisioner.provision(cache, &mut drop).unwrap());
        }
    });
    assert_eq!(fs::read_to_string(root.path().join("calls")).unwrap(), "called\n");
}

#[test]
fn a_wrong_checksum_installs_nothing() {
    let root = tempfile::tempdir().unwrap();
    let wheel = wheel();
    let cache = root.path().join("cache");
    let wrong_wheel = Pin { wheel_sha256: sha256(b"another"), ..pin(&wheel) };
    let wrong_file = Pin { file_sha256: sha256(b"another"), ..pin(&wheel) };
    for pin in [wrong_wheel, wrong_file] {
        let commands = vec![download_of(&wheel, root.path())];
        let provisioner = Provisioner::with_commands(pin, commands);
        let refused = provisioner.provision(&cache, &mut drop).unwrap_err();
        assert!(matches!(refused, Error::Checksum { .. }), "{refused}");
        assert_eq!(installed(&cache), Vec::<PathBuf>::new());
    }
}

#[test]
fn where_nothing_works_the_message_names_file_and_place() {
    let root = tempfile::tempdir().unwrap();
    let failing = ["sh", "-c", "echo no network >&2; exit 1"].map(OsString::from).to_vec();
    let cache = root.path().join("cache");
    let provisioner = Provisioner::with_commands(pin(b""), vec![failing]);
    let message = provisioner.provision(&cache, &mut drop).unwrap_err().to_string();
    let place = cache.join("onnxruntime-1.24.4").join(FILE);
    assert!(message.contains("no network"), "{message}");
    assert!(message.contains(&place.display().to_string()), "{message}");
}
