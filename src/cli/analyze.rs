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
use causeline::redact::Redactor;
use causeline::report::chart::Theme;
use causeline::report::format::{self, FORMATS, File, Format, Report};
use causeline::report::{Input, Role, SignatureText, SummaryLine, summary};

use super::args::{AnalyzeArgs, FailOn, ThemeChoice};
use super::exit::Exit;
use super::output;
use super::settings;
use super::terminal::{self, Terminal};

pub(crate) fn run(args: &AnalyzeArgs, terminal: Terminal) -> Result<Exit, Error> {
    let (formats, tables) = formats(&args.format)?;
    let paths = settings::paths(&args.input);
    let mut options = settings::options(&args.input, args.incident, terminal)?;
    options.redact = settings::redaction(&args.redact)?;
    check_stream(args, &formats, &tables)?;
    let (analysis, target, files, lines) = settings::watched(terminal, |progress| -> Result<_, Error> {
        let mut analysis = pipeline::analyze(&paths, &options, progress)?;
        progress.stage("drawing");
        let mut redactor = analysis.redactor.take();
        let mut named = |text: String| redactor.as_mut().map_or_else(|| text.clone(), |redactor| redactor.text(&text));
        let title = named(title(&args.input.paths));
        let stated = stated(args).into_iter().map(|(name, value)| (name, named(value))).collect();
        let own = options.normalize.signatures.as_deref();
        let mut signatures = signature_texts(own, &analysis);
        // Words of our own catalog name nobody.
        for text in signatures.values_mut().filter(|_| own.is_some()) {
            text.title = named(std::mem::take(&mut text.title));
            text.meaning = named(std::mem::take(&mut text.meaning));
        }
        let target = Target::new(args, &title);
        let input = Input {
            tables: &analysis.framed.tables,
            events: &analysis.framed.events,
            judgement: &analysis.judgement,
            symptom_chains: &analysis.symptom_chains,
            sources: &analysis.framed.sources,
            diagnostics: &analysis.framed.diagnostics,
            signatures: &signatures,
            title: &title,
            options: stated,
            redacted: redactor.as_ref().map(Redactor::redacted),
            tool_version: env!("CARGO_PKG_VERSION"),
        };
        let lines = summary(&input, &target.name());
        let report = Report::new(input).themed(theme(args.theme));
        let mut files = Vec::new();
        for format in &formats {
            files.extend((format.render)(&report)?);
        }
        Ok((analysis, target, files, lines))
    })?;
    target.write(&files)?;
    if let Target::Folder(folder) = &target {
        for form in &tables {
            let folder = folder.join("tables");
            analysis.framed.write_tables(&folder, *form)?;
        }
    }
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
fn check_stream(args: &AnalyzeArgs, formats: &[&Format], tables: &[TableForm]) -> Result<(), Error> {
    let is_one =
        formats.len() == 1 && tables.is_empty() && formats.iter().all(|format| !SEVERAL_FILES.contains(&format.name));
    if is_one || !args.output.as_deref().is_some_and(is_stream) {
        return Ok(());
    }
    let detail = "standard output takes one --format that is one file".to_owned();
    Err(Error::Setting { what: "`--output -`".to_owned(), detail })
}

/// Where the files go.
enum Target {
    Stream,
    Folder(PathBuf),
}

impl Target {
    fn new(args: &AnalyzeArgs, title: &str) -> Self {
        match &args.output {
            Some(folder) if is_stream(folder) => Self::Stream,
            Some(folder) => Self::Folder(folder.clone()),
            None => Self::Folder(Path::new("reports").join(title)),
        }
    }

    fn name(&self) -> String {
        match self {
            Self::Stream => "-".to_owned(),
            Self::Folder(folder) => folder.display().to_string(),
        }
    }

    fn write(&self, files: &[File]) -> Result<(), Error> {
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
    let (mut formats, mut tables) = (Vec::new(), Vec::new());
    for name in asked {
        let form = TableForm::ALL.iter().copied().find(|form| form.name() == name);
        match (format::by_name(name), form) {
            (Some(format), _) => formats.push(format),
            (None, Some(form)) => tables.push(form),
            (None, None) => {
                let forms = TableForm::ALL.iter().map(|form| form.name());
                let known: Vec<&str> = FORMATS.iter().map(|format| format.name).chain(forms).collect();
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
fn stated(args: &AnalyzeArgs) -> BTreeMap<String, String> {
    let mut options = BTreeMap::new();
    let mut state = |name: &str, value: Option<String>| {
        if let Some(value) = value {
            options.insert(name.to_owned(), value);
        }
    };
    state("since", args.input.since.map(|at| at.to_string()));
    state("until", args.input.until.map(|at| at.to_string()));
    state("incident", args.incident.map(|span| format!("{}..{}", span.start, span.end)));
    let config = args.input.config.as_deref().and_then(Path::file_name);
    state("config", config.map(|name| name.to_string_lossy().into_owned()));
    state("signatures", args.input.signatures.as_deref().and_then(folder_name));
    let classes: Vec<&str> = args.redact.redact.iter().map(|class| class.name()).collect();
    state("redact", (!classes.is_empty()).then(|| classes.join(",")));
    state("recover", args.input.recover.then(|| "true".to_owned()));
    let zones: Vec<String> = args
        .input
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
