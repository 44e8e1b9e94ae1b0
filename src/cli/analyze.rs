//! `causeline analyze`: the main job.

use causeline::Error;
use causeline::frame::{Outcome, TableForm};
use causeline::judge::CauseKind;
use causeline::pipeline::{self, Analysis};
use causeline::report::chart::Theme;
use causeline::report::format::{self, FORMATS, Format, Report};
use causeline::report::summary;

use super::args::{AnalyzeArgs, FailOn, ThemeChoice};
use super::exit::Exit;
use super::material::Material;
use super::settings;
use super::target::{Target, asked_for, check_stream};
use super::terminal::Terminal;

pub(crate) fn run(args: &AnalyzeArgs, terminal: Terminal) -> Result<Exit, Error> {
    let (formats, tables) = formats(&args.format)?;
    let names: Vec<&str> = formats.iter().map(|format| format.name).collect();
    check_stream(args.output.as_deref(), &names, &tables)?;
    let paths = settings::paths(&args.input);
    let mut options = settings::options(&args.input, args.incident, terminal)?;
    options.redact = settings::redaction(&args.redact)?;
    options.originals = names.contains(&"html");
    let (analysis, target, files, lines) = settings::watched(terminal, |progress| -> Result<_, Error> {
        let mut analysis = pipeline::analyze(&paths, &options, progress)?;
        progress.stage("drawing");
        let own = options.normalize.signatures.as_deref();
        let incident = args.incident.map(|span| format!("{}..{}", span.start, span.end));
        let material = Material::of(&mut analysis, &args.input, &args.redact, own, [("incident", incident)]);
        let target = Target::new(args.output.as_deref(), &material.title);
        let input = material.input(&analysis);
        let lines = summary(&input, &target.name());
        let report = Report::new(input).themed(theme(args.theme));
        let mut files = Vec::new();
        for format in &formats {
            files.extend((format.render)(&report)?);
        }
        Ok((analysis, target, files, lines))
    })?;
    target.finish((&files, &lines), &analysis, &tables, terminal)?;
    Ok(settings::strictly(&args.input, &analysis.framed.diagnostics, gate(args.fail_on, &analysis)))
}

/// The formats that were asked for, or the default ones, and the forms of the tables.
fn formats(asked: &[String]) -> Result<(Vec<&'static Format>, Vec<TableForm>), Error> {
    if asked.is_empty() {
        return Ok((FORMATS.iter().filter(|format| format.is_default).collect(), Vec::new()));
    }
    asked_for(asked, format::by_name, FORMATS.iter().map(|format| format.name))
}

pub(super) fn theme(choice: ThemeChoice) -> Theme {
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
