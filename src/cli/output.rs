//! Where results go: standard output, a file, a folder.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use causeline::Error;

/// Writes to standard output; a reader that went away ends the run.
pub(crate) fn print(bytes: &[u8]) -> Result<(), Error> {
    let mut out = io::stdout().lock();
    out.write_all(bytes).and_then(|()| out.flush()).map_err(|source| Error::Write { path: PathBuf::from("-"), source })
}

/// Writes one file, making its folder.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let failed = |source| Error::Write { path: path.to_owned(), source };
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(failed)?;
    }
    fs::write(path, bytes).map_err(failed)
}
