//! `causeline review`: one week beside the weeks before it.

use causeline::Error;
use causeline::pipeline;
use causeline::report::review::{WeekReport, format, summary};
use causeline::review::{self, Calendar};

use super::analyze::theme;
use super::args::ReviewArgs;
use super::exit::Exit;
use super::material::Material;
use super::settings;
use super::target::{Target, asked_for, check_stream};
use super::terminal::Terminal;

pub(crate) fn run(args: &ReviewArgs, terminal: Terminal) -> Result<Exit, Error> {
    let (mut formats, tables) = asked_for(&args.format, format::by_name, format::FORMATS.iter().map(|one| one.name))?;
    if args.format.is_empty() {
        formats = format::FORMATS.iter().collect();
    }
    let names: Vec<&str> = formats.iter().map(|format| format.name).collect();
    check_stream(args.output.as_deref(), &names, &tables)?;
    let paths = settings::paths(&args.input);
    let mut options = settings::options(&args.input, None, terminal)?;
    options.redact = settings::redaction(&args.redact)?;
    let wanted =
        review::Options { week: args.week, objective: args.objective.unwrap_or_default(), calendar: calendar(args) };
    let (analysis, target, files, lines) = settings::watched(terminal, |progress| -> Result<_, Error> {
        let mut analysis = pipeline::analyze(&paths, &options, progress)?;
        progress.stage("drawing");
        let own = options.normalize.signatures.as_deref();
        let stated = [
            ("week", args.week.map(|week| week.to_string())),
            ("objective", args.objective.map(|share| format!("{}", share.share()))),
        ];
        let material = Material::of(&mut analysis, &args.input, &args.redact, own, stated);
        let review = review::review(&analysis.framed.tables, &analysis.judgement, &wanted);
        let target = Target::new(args.output.as_deref(), &format!("review-{}", review.week));
        let input = material.input(&analysis);
        let lines = summary(&input, &review, &target.name());
        let report = WeekReport::new(input, &review).themed(theme(args.theme));
        let mut files = Vec::new();
        for format in &formats {
            files.extend((format.render)(&report)?);
        }
        Ok((analysis, target, files, lines))
    })?;
    target.finish((&files, &lines), &analysis, &tables, terminal)?;
    Ok(settings::strictly(&args.input, &analysis.framed.diagnostics, Exit::Done))
}

/// The zone of `--timezone` that is stated for all logs is the one whose days are meant; else UTC.
fn calendar(args: &ReviewArgs) -> Calendar {
    let zone = args.input.timezone.iter().rev().find(|(glob, _)| glob.is_none());
    zone.and_then(|(_, zone)| Calendar::of(zone)).unwrap_or_default()
}
