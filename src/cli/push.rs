//! Sends a file or a directory to the server, file by file, as one upload.

pub(super) mod tree;

use super::Context;
use super::client::{Client, segment};
use super::exit::usage;
use crate::api::wire::{Upload, UploadedFile};
use anyhow::Context as _;
use futures_util::TryStreamExt as _;
use reqwest::{Body, Method};
use std::fs::{File, OpenOptions};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;
use std::sync::{Arc, OnceLock};
use tokio_util::io::ReaderStream;
use tree::Local;

const CHUNK_BYTES: usize = 256 * 1024;

/// Uploads everything under `path`; the upload waits to be registered.
pub(super) async fn upload(path: &Path, context: &Context) -> anyhow::Result<Upload> {
    upload_files(&tree::scan(path)?, context).await
}

/// Uploads these files; the upload waits to be registered.
pub(super) async fn upload_files(files: &[Local], context: &Context) -> anyhow::Result<Upload> {
    let client = context.client()?;
    let upload: Upload = client.post("/uploads", &serde_json::json!({})).await?;
    for (done, local) in files.iter().enumerate() {
        let size = human_bytes(local.size);
        context.output.note(&format!("[{}/{}] {}  {size}", done + 1, files.len(), local.name));
        if let Err(error) = send(&client, &upload, local).await {
            discard(&client, &upload).await;
            return Err(error);
        }
    }
    Ok(upload)
}

/// Takes an upload back, so that nothing is left of it.
pub(super) async fn discard(client: &Client, upload: &Upload) {
    let path = format!("/uploads/{}", segment(&upload.id));
    // The server forgets it by itself when it expires.
    let _forgotten = client.answer(client.request(Method::DELETE, &path)).await;
}

async fn send(client: &Client, upload: &Upload, local: &Local) -> anyhow::Result<()> {
    let file = open(local).with_context(|| local.path.display().to_string())?;
    let stream = ReaderStream::with_capacity(tokio::fs::File::from_std(file), CHUNK_BYTES);
    let fault = Arc::new(OnceLock::new());
    let noted = Arc::clone(&fault);
    // Nothing is read after the first fault.
    let stream = stream.inspect_err(move |error| {
        let _first = noted.set(error.to_string());
    });
    let request = client
        .unbounded(Method::PUT, &format!("/uploads/{}/files", segment(&upload.id)))
        .query(&[("path", local.name.as_str())])
        .header("content-type", "application/octet-stream")
        .header("content-length", local.size)
        .body(Body::wrap_stream(stream));
    let received: Result<UploadedFile, _> = client.json(request).await;
    match (received, fault.get()) {
        (Ok(received), _) => check(local, &received),
        // The connection broke because there was nothing more to send on it.
        (Err(_), Some(fault)) => Err(anyhow::anyhow!("{}: {fault}", local.path.display())),
        (Err(error), None) => Err(error.into()),
    }
}

/// The server says what it received; a file that must be certain bytes is refused as others.
fn check(local: &Local, received: &UploadedFile) -> anyhow::Result<()> {
    match &local.expected {
        Some(expected) if expected.as_str() != received.digest => Err(usage(format!(
            "{}: the bytes have digest {}, not {expected}",
            local.path.display(),
            received.digest
        ))),
        Some(_) | None => Ok(()),
    }
}

/// Opens the very file that was scanned: a link that took its place meanwhile is refused.
pub(super) fn open(local: &Local) -> anyhow::Result<File> {
    let flags = rustix::fs::OFlags::NOFOLLOW.bits().cast_signed();
    let file = OpenOptions::new().read(true).custom_flags(flags).open(&local.path)?;
    let found = file.metadata()?;
    if (found.dev(), found.ino()) != local.identity {
        anyhow::bail!("it was replaced while it was pushed; push again");
    }
    Ok(file)
}

/// Bytes for people.
pub(super) fn human_bytes(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["KiB", "MiB", "GiB", "TiB"];
    if bytes < 1024 {
        return format!("{bytes} B");
    }
    #[expect(clippy::cast_precision_loss, clippy::as_conversions, reason = "shown to one decimal")]
    let mut value = bytes as f64 / 1024.0;
    let mut unit = 0;
    while value >= 1024.0 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    format!("{value:.1} {}", UNITS.get(unit).copied().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::Exit;
    use std::io::Read as _;
    use std::net::TcpListener;

    #[tokio::test]
    async fn a_file_that_cannot_be_read_is_no_server_that_cannot_be_reached() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let server = format!("http://{}", listener.local_addr().unwrap());
        let reader = std::thread::spawn(move || {
            let (mut connection, _) = listener.accept().unwrap();
            // To the end, which is where the client gives up.
            connection.read_to_end(&mut Vec::new())
        });
        // A directory opens like a file, and cannot be read like one.
        let dir = tempfile::tempdir().unwrap();
        let local = Local::of(dir.path(), "model.onnx", 10);
        let upload = Upload { id: "u".to_owned(), expires_at: String::new() };
        let client = Client::new(&server, "ada").unwrap();
        let error = send(&client, &upload, &local).await.unwrap_err();
        assert_eq!(Exit::of(&error), Exit::Internal, "{error:#}");
        assert!(error.to_string().starts_with(&dir.path().display().to_string()), "{error:#}");
        drop(client);
        reader.join().unwrap().unwrap();
    }
}
