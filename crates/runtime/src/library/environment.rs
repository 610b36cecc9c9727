//! The one time a process loads the library.

use std::path::Path;
use std::sync::{Mutex, OnceLock, PoisonError};

use ort::environment::Environment;
use ort::logging::LogLevel;

use super::Error;
use crate::load;

static ENVIRONMENT: OnceLock<Environment> = OnceLock::new();
static LOADING: Mutex<()> = Mutex::new(());

/// Loads the library at `path`. Later calls are answered by the first success, whatever they name:
/// a process can hold one ONNX Runtime.
///
/// # Errors
/// [`Error::Load`], after which another path may be tried.
pub fn init(path: &Path) -> Result<(), Error> {
    let _loading = LOADING.lock().unwrap_or_else(PoisonError::into_inner);
    if ENVIRONMENT.get().is_some() {
        return Ok(());
    }
    let failed = |detail: String| Error::Load { path: path.to_owned(), detail };
    let environment = ort::init_from(path)
        .map_err(|error| failed(crate::one_line(&error.to_string())))?
        .with_name("seatrial")
        .with_telemetry(false)
        .build()
        .map_err(|error| failed(crate::one_line(error.message())))?;
    // It would print a line for every call whose shape differs from the declared one.
    environment.set_log_level(LogLevel::Error);
    ENVIRONMENT.get_or_init(|| environment);
    Ok(())
}

pub(crate) fn environment() -> Result<&'static Environment, load::Error> {
    ENVIRONMENT.get().ok_or_else(|| load::Error::Library {
        detail: "its library has not been loaded into this process".to_owned(),
    })
}
