//! `causeline analyze`: the main job.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use causeline::Error;
use causeline::frame::{DERIVED, Outcome, TableForm};
use causeline::judge::CauseKind;
use causeline::model::Name;
use causeline::normalize::signature::Signatures;
use causeline::pipeline::{self, Analysis, Options};
use causeline::redact::{Redacted, Redactor};
use causeline::report::chart::Theme;
use causeline::report::format::{self, FORMATS, File, Format, Report};
use causeline::report::{Input, Role, SignatureText, SummaryLine, summary};

use super::args::{AnalyzeArgs, FailOn, InputArgs, RedactArgs, ThemeChoice};
use super::exit::Exit;
use super::output;
use super::settings;
use super::terminal::{self, Terminal};

pub(crate) fn run(args: &AnalyzeArgs, terminal: Terminal) -> Result<Exit, Error> {
    let (formats, tables) = formats(&args.format)?;
    let paths = settings::paths(&args.input);
    let mut options = settings::options(&args.input, args.incident, terminal)?;
    options.redact = settings::redaction(&args.redact)?;
    let names: Vec<&str> = formats.iter().map(|format| format.name).collect();
    check_stream(args.output.as_deref(), &names, &tables)?;
    let (analysis, target, files, lines) = settings::watched(terminal, |progress| -> Result<_, Error> {
        let mut analysis = pipeline::analyze(&paths, &options, progress)?;
        progress.stage("drawing");
        let own = [("incident", args.incident.map(|span| format!("{}..{}", span.start, span.end)))];
        let words = Words::new(&mut analysis, &args.input.paths, stated(&args.input, &args.redact, own), &options);
        let target = Target::new(args.output.as_deref(), &words.title);
        let input = words.input(&analysis);
        let lines = summary(&input, &target.name());
        let report = Report::new(input).themed(theme(args.theme));
        let mut files = Vec::new();
        for format in &formats {
            files.extend((format.render)(&report)?);
        }
        Ok((analysis, target, files, lines))
    })?;
    target.write(&files)?;
    target.write_tables(&analysis, &tables)?;
    if !terminal.quiet && matches!(target, Target::Folder(_)) {
        output::print(painted(&lines, terminal).as_bytes())?;
    }
    settings::tell_defects(&analysis.framed.diagnostics, terminal);
    Ok(settings::strictly(&args.input, &analysis.framed.diagnostics, gate(args.fail_on, &analysis)))
}

fn is_stream(output: &Path) -> bool {
    output.as_os_str() == OsStr::new("-")
}

/// Formats of more than one file.
const SEVERAL_FILES: [&str; 3] = ["png", "figures", "timesketch"];

/// Standard output takes one file: said before anything is read.
pub(super) fn check_stream(output: Option<&Path>, formats: &[&str], tables: &[TableForm]) -> Result<(), Error> {
    let is_one = formats.len() == 1 && tables.is_empty() && formats.iter().all(|name| !SEVERAL_FILES.contains(name));
    if is_one || !output.is_some_and(is_stream) {
        return Ok(());
    }
    let detail = "standard output takes one --format that is one file".to_owned();
    Err(Error::Setting { what: "`--output -`".to_owned(), detail })
}

/// What a report says of itself and of the catalog, with names replaced where `--redact` asks for it.
pub(super) struct Words {
    pub(super) title: String,
    stated: BTreeMap<String, String>,
    signatures: BTreeMap<Name, SignatureText>,
    redacted: Option<Redacted>,
}

impl Words {
    /// Takes the redactor that has replaced the names of the tables.
    pub(super) fn new(
        analysis: &mut Analysis,
        paths: &[PathBuf],
        stated: BTreeMap<String, String>,
        options: &Options,
    ) -> Self {
        let mut redactor = analysis.redactor.take();
        let mut named = |text: String| redactor.as_mut().map_or_else(|| text.clone(), |redactor| redactor.text(&text));
        let title = named(title(paths));
        let stated = stated.into_iter().map(|(name, value)| (name, named(value))).collect();
        let own = options.normalize.signatures.as_deref();
        let mut signatures = signature_texts(own, analysis);
        // Words of our own catalog name nobody.
        for text in signatures.values_mut().filter(|_| own.is_some()) {
            text.title = named(std::mem::take(&mut text.title));
            text.meaning = named(std::mem::take(&mut text.meaning));
        }
        Self { title, stated, signatures, redacted: redactor.as_ref().map(Redactor::redacted) }
    }

    /// What a report is made from.
    pub(super) fn input<'a>(&'a self, analysis: &'a Analysis) -> Input<'a> {
        Input {
            tables: &analysis.framed.tables,
            events: &analysis.framed.events,
            judgement: &analysis.judgement,
            symptom_chains: &analysis.symptom_chains,
            sources: &analysis.framed.sources,
            diagnostics: &analysis.framed.diagnostics,
            signatures: &self.signatures,
            title: &self.title,
            options: self.stated.clone(),
            redacted: self.redacted.clone(),
            tool_version: env!("CARGO_PKG_VERSION"),
        }
    }
}

/// Where the files go.
pub(super) enum Target {
    Stream,
    Folder(PathBuf),
}

impl Target {
    /// What `--output` says; without it a folder below `reports`.
    pub(super) fn new(output: Option<&Path>, usual: &str) -> Self {
        match output {
            Some(folder) if is_stream(folder) => Self::Stream,
            Some(folder) => Self::Folder(folder.to_owned()),
            None => Self::Folder(Path::new("reports").join(usual)),
        }
    }

    /// Writes the tables below the folder.
    pub(super) fn write_tables(&self, analysis: &Analysis, forms: &[TableForm]) -> Result<(), Error> {
        let Self::Folder(folder) = self else { return Ok(()) };
        for form in forms {
            analysis.framed.write_tables(&folder.join("tables"), *form)?;
        }
        Ok(())
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

/// The name of the first path, by which the report is called: a folder's own name, a file's without its ending.
fn title(paths: &[PathBuf]) -> String {
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
pub(super) fn stated<const N: usize>(
    args: &InputArgs,
    redact: &RedactArgs,
    own: [(&str, Option<String>); N],
) -> BTreeMap<String, String> {
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
    let classes: Vec<&str> = redact.redact.iter().map(|class| class.name()).collect();
    state("redact", (!classes.is_empty()).then(|| classes.join(",")));
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
fn signature_texts(own: Option<&Signatures>, analysis: &Analysis) -> BTreeMap<Name, SignatureText> {
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

fn theme(choice: ThemeChoice) -> Theme {
    match choice {
        ThemeChoice::Light => Theme::Light,
        ThemeChoice::Dark => Theme::Dark,
        ThemeChoice::Print => Theme::Print,
    }
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
