//! Where the files of a report go, and which of them are asked for.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use causeline::Error;
use causeline::frame::TableForm;
use causeline::pipeline::Analysis;
use causeline::report::format::File;
use causeline::report::{Role, SummaryLine};

use super::output;
use super::settings;
use super::terminal::{self, Terminal};

/// Where the files go.
pub(crate) enum Target {
    /// To standard output.
    Stream,
    /// Into a folder.
    Folder(PathBuf),
}

impl Target {
    /// What `--output` says; without it a folder of that name below `reports`.
    pub(crate) fn new(output: Option<&Path>, usual: &str) -> Self {
        match output {
            Some(folder) if is_stream(folder) => Self::Stream,
            Some(folder) => Self::Folder(folder.to_owned()),
            None => Self::Folder(Path::new("reports").join(usual)),
        }
    }

    pub(crate) fn name(&self) -> String {
        match self {
            Self::Stream => "-".to_owned(),
            Self::Folder(folder) => folder.display().to_string(),
        }
    }

    /// Writes everything, then says what was found, and which defects were met.
    pub(crate) fn finish(
        &self,
        (files, lines): (&[File], &[SummaryLine]),
        analysis: &Analysis,
        tables: &[TableForm],
        terminal: Terminal,
    ) -> Result<(), Error> {
        self.write(files, analysis, tables)?;
        if !terminal.quiet && matches!(self, Self::Folder(_)) {
            output::print(painted(lines, terminal).as_bytes())?;
        }
        settings::tell_defects(&analysis.framed.diagnostics, terminal);
        Ok(())
    }

    /// Writes the files and, below the folder, the tables.
    fn write(&self, files: &[File], analysis: &Analysis, tables: &[TableForm]) -> Result<(), Error> {
        for file in files {
            match self {
                Self::Stream => output::print(&file.bytes)?,
                Self::Folder(folder) => output::write(&folder.join(file.name), &file.bytes)?,
            }
        }
        if let Self::Folder(folder) = self {
            for form in tables {
                analysis.framed.write_tables(&folder.join("tables"), *form)?;
            }
        }
        Ok(())
    }
}

fn is_stream(output: &Path) -> bool {
    output.as_os_str() == OsStr::new("-")
}

/// Formats of more than one file.
const SEVERAL_FILES: [&str; 3] = ["png", "figures", "timesketch"];

/// Standard output takes one file: said before anything is read.
pub(crate) fn check_stream(output: Option<&Path>, formats: &[&str], tables: &[TableForm]) -> Result<(), Error> {
    let is_one = matches!(formats, [one] if !SEVERAL_FILES.contains(one)) && tables.is_empty();
    if is_one || !output.is_some_and(is_stream) {
        return Ok(());
    }
    let detail = "standard output takes one --format that is one file".to_owned();
    Err(Error::Setting { what: "`--output -`".to_owned(), detail })
}

/// The formats of those names, and the forms of the tables among them.
pub(crate) fn asked_for<F>(
    asked: &[String],
    by_name: impl Fn(&str) -> Option<&'static F>,
    known: impl Iterator<Item = &'static str>,
) -> Result<(Vec<&'static F>, Vec<TableForm>), Error> {
    let (mut formats, mut tables) = (Vec::new(), Vec::new());
    let known: Vec<&str> = known.chain(TableForm::ALL.iter().map(|form| form.name())).collect();
    for name in asked {
        let form = TableForm::ALL.iter().copied().find(|form| form.name() == name);
        match (by_name(name), form) {
            (Some(format), _) => formats.push(format),
            (None, Some(form)) => tables.push(form),
            (None, None) => {
                return Err(Error::Setting {
                    what: format!("`--format {name}`"),
                    detail: format!("there are {}", known.join(", ")),
                });
            }
        }
    }
    Ok((formats, tables))
}

fn painted(lines: &[SummaryLine], terminal: Terminal) -> String {
    let mut text = String::new();
    for line in lines {
        let plain = terminal::plain(&line.text);
        let code = match line.role {
            Role::Finding => Some("1"),
            Role::Acquitted | Role::Remedy => Some("32"),
            Role::Latent => Some("33"),
            Role::Files => Some("2"),
            Role::RunnerUp | Role::Impact | Role::Coverage => None,
        };
        text.push_str(&code.map_or_else(|| plain.clone(), |code| terminal.paint(code, &plain)));
        text.push('\n');
    }
    text
}
