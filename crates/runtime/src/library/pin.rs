//! The release that Seatrial fetches, and the checksums it must have.

use std::path::Path;

use super::{Error, advice};

/// The release of ONNX Runtime that is fetched where none is found.
pub const VERSION: &str = "1.24.4";

/// One build of the release: the wheel and the library in it.
#[derive(Debug, Clone)]
pub(super) struct Pin {
    /// The platform tags that select the wheel.
    pub(super) platforms: &'static [&'static str],
    /// The library's file name.
    pub(super) file: &'static str,
    pub(super) wheel_sha256: String,
    pub(super) file_sha256: String,
}

const FILE: &str = "libonnxruntime.so.1.24.4";

impl Pin {
    pub(super) fn of_this_machine(cache: &Path) -> Result<Self, Error> {
        let platform = (std::env::consts::OS, std::env::consts::ARCH);
        let (platforms, wheel, file): (&'static [&'static str], &str, &str) = match platform {
            ("linux", "x86_64") => (
                &["manylinux_2_27_x86_64", "manylinux_2_28_x86_64"],
                "e54ad52e61d2d4618dcff8fa1480ac66b24ee2eab73331322db1049f11ccf330",
                "2d518e11c7767f9fdc4413bdbeb45acf30db504ff76a82fc19d9238a3f9f6c24",
            ),
            ("linux", "aarch64") => (
                &["manylinux_2_27_aarch64", "manylinux_2_28_aarch64"],
                "046ff290045a387676941a02a8ae5c3ebec6b4f551ae228711968c4a69d8f6b7",
                "f373ae5fd4d878ed17ebea26e5480bd3d0a15e3bd6bc94b878e6c1b73998d22a",
            ),
            (os, processor) => {
                let file = format!(
                    "{}onnxruntime{}",
                    std::env::consts::DLL_PREFIX,
                    std::env::consts::DLL_SUFFIX
                );
                return Err(Error::Platform {
                    platform: format!("{os} on {processor}"),
                    advice: advice(&file, cache),
                });
            }
        };
        Ok(Self {
            platforms,
            file: FILE,
            wheel_sha256: wheel.to_owned(),
            file_sha256: file.to_owned(),
        })
    }
}
