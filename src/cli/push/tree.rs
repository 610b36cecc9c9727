//! What may be pushed: plain files, named by portable relative paths. Refuses links, whatever
//! shares its bytes with a file outside the tree, and special files.

use seatrial_domain::Digest;
use seatrial_domain::manifest::{self, File as Sealed, FilePath};
use std::collections::BTreeMap;
use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

/// A file to send.
#[derive(Debug, Clone)]
pub(in crate::cli) struct Local {
    pub(in crate::cli) path: PathBuf,
    pub(in crate::cli) name: FilePath,
    pub(in crate::cli) size: u64,
    /// Device and inode.
    pub(in crate::cli) identity: (u64, u64),
    /// What its bytes must be, where that is known.
    pub(in crate::cli) expected: Option<Digest>,
    links: u64,
}

impl Local {
    /// A file at `path` that must hold the sealed bytes, whoever else has a link to it.
    pub(in crate::cli) fn sealed(path: PathBuf, file: &Sealed, found: &Metadata) -> Self {
        Self {
            path,
            name: file.path.clone(),
            size: file.size,
            identity: (found.dev(), found.ino()),
            expected: Some(file.digest.clone()),
            links: found.nlink(),
        }
    }
}

/// Why something is not pushed.
#[derive(Debug, thiserror::Error)]
pub(in crate::cli) enum Error {
    #[error("{}", path.display())]
    Read {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error("{} is a symbolic link; push the files themselves", .0.display())]
    Symlink(PathBuf),
    #[error("{} has a hard link outside of what is pushed: its bytes could change unseen", .0.display())]
    HardLink(PathBuf),
    #[error("{} is neither a file nor a directory", .0.display())]
    Special(PathBuf),
    #[error("{} has a name that is not valid text", .0.display())]
    Name(PathBuf),
    #[error(transparent)]
    Path(#[from] manifest::Error),
    #[error("{} holds no file", .0.display())]
    Empty(PathBuf),
}

#[cfg(test)]
impl Local {
    /// Whatever is at `path`, under this name and of this size.
    pub(in crate::cli) fn of(path: &Path, name: &str, size: u64) -> Self {
        let found = fs::symlink_metadata(path).unwrap();
        let identity = (found.dev(), found.ino());
        let (path, name) = (path.to_owned(), name.parse().unwrap());
        Self { path, name, size, identity, expected: None, links: 1 }
    }
}

/// The file at `root`, or every file below the directory `root`, sorted by name.
pub(in crate::cli) fn scan(root: &Path) -> Result<Vec<Local>, Error> {
    // With a slash at its end a link would be followed.
    let root = root.components().as_path();
    let found = metadata(root)?;
    let mut files = Vec::new();
    if found.is_dir() {
        descend(root, "", &mut files)?;
    } else {
        let name = root.file_name().ok_or_else(|| Error::Special(root.to_owned()))?;
        files.push(file(root, text(root, name)?, &found)?);
    }
    if files.is_empty() {
        return Err(Error::Empty(root.to_owned()));
    }
    if files.len() > manifest::FILES_LIMIT {
        return Err(manifest::Error::TooMany(files.len()).into());
    }
    refuse_outer_links(&files)?;
    files.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(files)
}

/// What is at `path` itself, never behind a link.
fn metadata(path: &Path) -> Result<Metadata, Error> {
    let read = |source| Error::Read { path: path.to_owned(), source };
    let found = fs::symlink_metadata(path).map_err(read)?;
    if found.is_symlink() { Err(Error::Symlink(path.to_owned())) } else { Ok(found) }
}

fn descend(directory: &Path, prefix: &str, files: &mut Vec<Local>) -> Result<(), Error> {
    let read = |source| Error::Read { path: directory.to_owned(), source };
    for entry in fs::read_dir(directory).map_err(read)? {
        let path = entry.map_err(read)?.path();
        let name = path.file_name().unwrap_or_default();
        let name = format!("{prefix}{}", text(&path, name)?);
        let found = metadata(&path)?;
        if found.is_dir() {
            descend(&path, &format!("{name}/"), files)?;
        } else {
            files.push(file(&path, &name, &found)?);
        }
    }
    Ok(())
}

fn file(path: &Path, name: &str, found: &Metadata) -> Result<Local, Error> {
    if !found.is_file() {
        return Err(Error::Special(path.to_owned()));
    }
    Ok(Local {
        path: path.to_owned(),
        name: FilePath::new(name)?,
        size: found.len(),
        identity: (found.dev(), found.ino()),
        expected: None,
        links: found.nlink(),
    })
}

fn text<'a>(path: &Path, name: &'a std::ffi::OsStr) -> Result<&'a str, Error> {
    name.to_str().ok_or_else(|| Error::Name(path.to_owned()))
}

/// Every hard link of a pushed file must be pushed as well.
fn refuse_outer_links(files: &[Local]) -> Result<(), Error> {
    let mut inside = BTreeMap::new();
    for file in files {
        *inside.entry(file.identity).or_insert(0_u64) += 1;
    }
    let outer = |file: &&Local| inside.get(&file.identity).copied().unwrap_or(0) < file.links;
    match files.iter().find(outer) {
        Some(file) => Err(Error::HardLink(file.path.clone())),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    fn names(root: &Path) -> Vec<String> {
        scan(root).unwrap().into_iter().map(|file| file.name.to_string()).collect()
    }

    #[test]
    fn a_directory_is_its_files_by_relative_names() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir(root.path().join("labels")).unwrap();
        fs::write(root.path().join("model.onnx"), b"m").unwrap();
        fs::write(root.path().join("labels/en.txt"), b"l").unwrap();
        assert_eq!(names(root.path()), ["labels/en.txt", "model.onnx"]);
    }

    #[test]
    fn a_single_file_is_named_by_its_last_part() {
        let root = tempfile::tempdir().unwrap();
        fs::write(root.path().join("a.onnx"), b"m").unwrap();
        assert_eq!(names(&root.path().join("a.onnx")), ["a.onnx"]);
    }

    #[test]
    fn a_symbolic_link_is_refused_wherever_it_is() {
        let root = tempfile::tempdir().unwrap();
        fs::write(root.path().join("a.onnx"), b"m").unwrap();
        symlink("a.onnx", root.path().join("b.onnx")).unwrap();
        assert!(matches!(scan(root.path()), Err(Error::Symlink(_))));
        assert!(matches!(scan(&root.path().join("b.onnx")), Err(Error::Symlink(_))));
        let (inside, link) = (root.path().join("in"), root.path().join("link"));
        fs::create_dir(&inside).unwrap();
        fs::write(inside.join("c.onnx"), b"m").unwrap();
        symlink(&inside, &link).unwrap();
        for root in [link.join(""), link.join("."), link] {
            assert!(matches!(scan(&root), Err(Error::Symlink(_))), "{}", root.display());
        }
    }

    #[test]
    fn a_hard_link_is_refused_unless_all_its_links_are_pushed() {
        let root = tempfile::tempdir().unwrap();
        let (inside, outside) = (root.path().join("in"), root.path().join("out"));
        fs::create_dir(&inside).unwrap();
        fs::write(&outside, b"m").unwrap();
        fs::hard_link(&outside, inside.join("a.onnx")).unwrap();
        assert!(matches!(scan(&inside), Err(Error::HardLink(_))));
        assert_eq!(names(root.path()), ["in/a.onnx", "out"]);
    }

    #[test]
    fn a_socket_is_refused() {
        let root = tempfile::tempdir().unwrap();
        let _listener = std::os::unix::net::UnixListener::bind(root.path().join("socket")).unwrap();
        assert!(matches!(scan(root.path()), Err(Error::Special(_))));
    }
}
