//! What a file is to ModelPack: weights, their configuration, documentation or code.

/// A raw layer's media type.
pub(super) fn media_type(path: &str) -> &'static str {
    let name = path.rsplit('/').next().unwrap_or(path);
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    match (name, extension) {
        ("README" | "LICENSE" | "NOTICE", _) | (_, "md" | "rst" | "pdf") => {
            "application/vnd.cncf.model.doc.v1.raw"
        }
        ("MLmodel", _) | (_, "json" | "yaml" | "yml" | "toml" | "cfg" | "ini" | "txt") => {
            "application/vnd.cncf.model.weight.config.v1.raw"
        }
        (_, "py" | "ipynb" | "sh") => "application/vnd.cncf.model.code.v1.raw",
        _ => "application/vnd.cncf.model.weight.v1.raw",
    }
}

/// Whether a layer of this media type is one file as it is.
pub(super) fn is_raw(media_type: &str) -> bool {
    media_type.starts_with("application/vnd.cncf.model.") && media_type.ends_with(".v1.raw")
}
