//! What ends a run.

use std::path::{Path, PathBuf};

/// Why a run cannot go on. Each names the path it is about and carries its cause.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A path that was asked for cannot be read.
    #[error("could not read `{}`", path.display())]
    Read {
        /// The path.
        path: PathBuf,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
    /// A path or glob that was asked for names nothing.
    #[error("`{}` names no file", path.display())]
    Missing {
        /// The path.
        path: PathBuf,
    },
    /// There is no log among the inputs.
    #[error("found no log that can be read under {paths}")]
    NothingReadable {
        /// The paths, as given.
        paths: String,
    },
    /// An output cannot be written.
    #[error("could not write `{}`", path.display())]
    Write {
        /// The path.
        path: PathBuf,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
    /// An output cannot be drawn or encoded.
    #[error("could not make {what}: {detail}")]
    Render {
        /// The output.
        what: &'static str,
        /// The cause, in words.
        detail: String,
    },
    /// A setting or an option cannot be used.
    #[error("could not use {what}: {detail}")]
    Setting {
        /// The option or file.
        what: String,
        /// Why.
        detail: String,
    },
}

impl Error {
    /// Returns that there is no log under the paths.
    pub fn nothing_readable(paths: &[impl AsRef<Path>]) -> Self {
        let names: Vec<String> = paths.iter().map(|path| format!("`{}`", path.as_ref().display())).collect();
        Self::NothingReadable { paths: names.join(", ") }
    }
}
