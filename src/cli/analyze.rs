//! `causeline analyze`: the main job.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use causeline::Error;
use causeline::frame::{DERIVED, Outcome, TableForm};
use causeline::judge::CauseKind;
use causeline::model::Name;
use causeline::normalize::signature::Signatures;
use causeline::pipeline::{self, Analysis};
use causeline::report::format::{self, FORMATS, File, Format, Report};
use causeline::report::{Input, Role, SignatureText, SummaryLine, summary};

use super::args::{AnalyzeArgs, FailOn, InputArgs};
use super::exit::Exit;
use super::output;
use super::settings;
use super::terminal::{self, Terminal};

pub(crate) fn run(args: &AnalyzeArgs, terminal: Terminal) -> Result<Exit, Error> {
    let (formats, tables) = formats(&args.format)?;
    let fits_a_stream = formats.len() == 1 && tables.is_empty() && formats.iter().all(|format| format.name != "png");
    let target = Target::new(args.output.as_deref(), fits_a_stream, || title(&args.input.paths))?;
    let paths = settings::paths(&args.input);
    let options = settings::options(&args.input, args.incident, terminal)?;
    let title = title(&args.input.paths);
    let (analysis, files, lines) = settings::watched(terminal, |progress| -> Result<_, Error> {
        let analysis = pipeline::analyze(&paths, &options, progress)?;
        progress.stage("drawing");
        let signatures = signature_texts(options.normalize.signatures.as_deref(), &analysis);
        let input = Input {
            tables: &analysis.framed.tables,
            judgement: &analysis.judgement,
            symptom_chains: &analysis.symptom_chains,
            sources: &analysis.framed.sources,
            diagnostics: &analysis.framed.diagnostics,
            signatures: &signatures,
            title: &title,
            options: stated(
                &args.input,
                [("incident", args.incident.map(|span| format!("{}..{}", span.start, span.end)))],
            ),
            tool_version: env!("CARGO_PKG_VERSION"),
        };
        let lines = summary(&input, &target.name());
        let report = Report::new(input);
        let mut files = Vec::new();
        for format in &formats {
            files.extend((format.render)(&report)?);
        }
        Ok((analysis, files, lines))
    })?;
    target.write(&files)?;
    target.write_tables(&analysis, &tables)?;
    if !terminal.quiet && matches!(target, Target::Folder(_)) {
        output::print(painted(&lines, terminal).as_bytes())?;
    }
    settings::tell_defects(&analysis.framed.diagnostics, terminal);
    Ok(settings::strictly(&args.input, &analysis.framed.diagnostics, gate(args.fail_on, &analysis)))
}

/// Where the files go.
pub(super) enum Target {
    /// To standard output.
    Stream,
    /// Into a folder.
    Folder(PathBuf),
}

impl Target {
    /// What `--output` says; without it a folder below `reports`.
    pub(super) fn new(
        output: Option<&Path>,
        fits_a_stream: bool,
        usual: impl FnOnce() -> String,
    ) -> Result<Self, Error> {
        match output {
            Some(folder) if folder.as_os_str() == OsStr::new("-") && fits_a_stream => Ok(Self::Stream),
            Some(folder) if folder.as_os_str() == OsStr::new("-") => {
                let detail = "standard output takes one --format that is one file".to_owned();
                Err(Error::Setting { what: "`--output -`".to_owned(), detail })
            }
            Some(folder) => Ok(Self::Folder(folder.to_owned())),
            None => Ok(Self::Folder(Path::new("reports").join(usual()))),
        }
    }

    pub(super) fn name(&self) -> String {
        match self {
            Self::Stream => "-".to_owned(),
            Self::Folder(folder) => folder.display().to_string(),
        }
    }

    pub(super) fn write(&self, files: &[File]) -> Result<(), Error> {
        for file in files {
            match self {
                Self::Stream => output::print(&file.bytes)?,
                Self::Folder(folder) => output::write(&folder.join(file.name), &file.bytes)?,
            }
        }
        Ok(())
    }

    /// Writes the tables below the folder.
    pub(super) fn write_tables(&self, analysis: &Analysis, forms: &[TableForm]) -> Result<(), Error> {
        let Self::Folder(folder) = self else { return Ok(()) };
        let folder = folder.join("tables");
        for form in forms {
            match form {
                TableForm::Csv => analysis.framed.write_csv(&folder)?,
                TableForm::Parquet => analysis.framed.write_parquet(&folder)?,
            };
        }
        Ok(())
    }
}

/// The formats that were asked for, or the default ones, and the forms of the tables.
fn formats(asked: &[String]) -> Result<(Vec<&'static Format>, Vec<TableForm>), Error> {
    if asked.is_empty() {
        return Ok((FORMATS.iter().filter(|format| format.is_default).collect(), Vec::new()));
    }
    asked_for(asked, format::by_name, FORMATS.iter().map(|format| format.name))
}

/// The formats of those names, and the forms of the tables among them.
pub(super) fn asked_for<F>(
    asked: &[String],
    by_name: impl Fn(&str) -> Option<&'static F>,
    known: impl Iterator<Item = &'static str>,
) -> Result<(Vec<&'static F>, Vec<TableForm>), Error> {
    let (mut formats, mut tables) = (Vec::new(), Vec::new());
    let known: Vec<&str> = known.collect();
    for name in asked {
        let form = [TableForm::Csv, TableForm::Parquet].into_iter().find(|form| form.ending() == name);
        match (by_name(name), form) {
            (Some(format), _) => formats.push(format),
            (None, Some(form)) => tables.push(form),
            (None, None) => {
                return Err(Error::Setting {
                    what: format!("`--format {name}`"),
                    detail: format!("there are {}, csv, parquet", known.join(", ")),
                });
            }
        }
    }
    Ok((formats, tables))
}

/// The name of the first path, by which the report is called: a folder's own name, a file's without its ending.
pub(super) fn title(paths: &[PathBuf]) -> String {
    let first = paths.first().map_or(Path::new("-"), PathBuf::as_path);
    let resolved = std::path::absolute(first).unwrap_or_else(|_| first.to_owned());
    let name = if first.is_dir() { resolved.file_name() } else { resolved.file_stem() };
    match name.and_then(OsStr::to_str) {
        Some("-") | None => "standard-input".to_owned(),
        // A glob is no name for a folder.
        Some(name) => name.chars().map(|c| if c.is_alphanumeric() || "-_. ".contains(c) { c } else { '_' }).collect(),
    }
}

/// The options that differ from their defaults, as the report prints them; paths are left out, for they
/// would differ from machine to machine.
pub(super) fn stated<const N: usize>(args: &InputArgs, own: [(&str, Option<String>); N]) -> BTreeMap<String, String> {
    let mut options = BTreeMap::new();
    let mut state = |name: &str, value: Option<String>| {
        if let Some(value) = value {
            options.insert(name.to_owned(), value);
        }
    };
    state("since", args.since.map(|at| at.to_string()));
    state("until", args.until.map(|at| at.to_string()));
    for (name, value) in own {
        state(name, value);
    }
    let config = args.config.as_deref().and_then(Path::file_name);
    state("config", config.map(|name| name.to_string_lossy().into_owned()));
    state("signatures", args.signatures.as_deref().and_then(folder_name));
    state("recover", args.recover.then(|| "true".to_owned()));
    let zones: Vec<String> = args
        .timezone
        .iter()
        .map(|(glob, zone)| glob.as_ref().map_or_else(|| zone.clone(), |glob| format!("{glob}={zone}")))
        .collect();
    state("timezone", (!zones.is_empty()).then(|| zones.join(", ")));
    options
}

/// The folder's own name, also where it is given as `.` or as the end of `..`.
fn folder_name(folder: &Path) -> Option<String> {
    let name = |path: &Path| path.file_name().map(|name| name.to_string_lossy().into_owned());
    name(folder).or_else(|| name(&folder.canonicalize().ok()?))
}

/// The words of the catalog's signatures, of those that are derived, and of those that are templates of messages.
pub(super) fn signature_texts(own: Option<&Signatures>, analysis: &Analysis) -> BTreeMap<Name, SignatureText> {
    let templates = analysis.framed.templates.iter().map(|(id, template)| {
        let title = format!("Message template \u{201c}{}\u{201d}", template.text);
        let meaning = format!(
            "No rule knows this message of an application; what varies in it stands as <*>. It came {}; of warnings, one a minute counts.",
            if template.n_messages == 1 { "once".to_owned() } else { format!("{} times", template.n_messages) }
        );
        (Name::clone(id), SignatureText { title, meaning, code_kinds: Vec::new() })
    });
    let derived = DERIVED.iter().map(|(id, title, meaning)| {
        let text = SignatureText { title: (*title).to_owned(), meaning: (*meaning).to_owned(), code_kinds: Vec::new() };
        (Name::from(*id), text)
    });
    own.unwrap_or_else(|| Signatures::embedded())
        .iter()
        .map(|signature| {
            let (title, meaning) = (signature.title.clone(), signature.meaning.clone());
            let text = SignatureText { title, meaning, code_kinds: signature.code_kinds() };
            (Name::from(signature.id.as_str()), text)
        })
        .chain(derived)
        .chain(templates)
        .collect()
}

/// What the exit status says of the verdict.
fn gate(fail_on: Option<FailOn>, analysis: &Analysis) -> Exit {
    let Some(fail_on) = fail_on else { return Exit::Done };
    let incidents = &analysis.judgement.incidents;
    let found = match fail_on {
        FailOn::Incident => !incidents.is_empty(),
        FailOn::RootCause => incidents.iter().any(|incident| incident.root_cause.kind == CauseKind::Change),
    };
    if found {
        Exit::Found
    } else if analysis.framed.tables.attempts.iter().all(|attempt| attempt.outcome == Outcome::Unseen) {
        Exit::TooLittle
    } else {
        Exit::Done
    }
}

pub(super) fn painted(lines: &[SummaryLine], terminal: Terminal) -> String {
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
