//! `causeline review`: one week beside the weeks before it.

use causeline::Error;
use causeline::pipeline;
use causeline::report::Input;
use causeline::report::review::{WeekReport, format, summary};
use causeline::review::{self, Calendar};

use super::analyze::{Target, asked_for, painted, signature_texts, stated, title};
use super::args::ReviewArgs;
use super::exit::Exit;
use super::output;
use super::settings;
use super::terminal::Terminal;

pub(crate) fn run(args: &ReviewArgs, terminal: Terminal) -> Result<Exit, Error> {
    let (mut formats, tables) = asked_for(&args.format, format::by_name, format::FORMATS.iter().map(|one| one.name))?;
    if args.format.is_empty() {
        formats = format::FORMATS.iter().collect();
    }
    let fits_a_stream = formats.len() == 1 && tables.is_empty() && formats.iter().all(|format| format.name != "png");
    // The folder's name may depend on what the logs hold; whether standard output fits does not.
    let asked = Target::new(args.output.as_deref(), fits_a_stream, String::new)?;
    let paths = settings::paths(&args.input);
    let options = settings::options(&args.input, None, terminal)?;
    let wanted =
        review::Options { week: args.week, objective: args.objective.unwrap_or_default(), calendar: calendar(args) };
    let title = title(&args.input.paths);
    let (analysis, target, files, lines) = settings::watched(terminal, |progress| -> Result<_, Error> {
        let analysis = pipeline::analyze(&paths, &options, progress)?;
        progress.stage("drawing");
        let review = review::review(&analysis.framed.tables, &analysis.judgement, &wanted);
        let target = match args.output {
            Some(_) => asked,
            None => Target::new(None, fits_a_stream, || format!("review-{}", review.week))?,
        };
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
                [
                    ("week", args.week.map(|week| week.to_string())),
                    ("objective", args.objective.map(|share| format!("{}", share.share()))),
                ],
            ),
            tool_version: env!("CARGO_PKG_VERSION"),
        };
        let lines = summary(&input, &review, &target.name());
        let report = WeekReport::new(input, &review);
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
    Ok(settings::strictly(&args.input, &analysis.framed.diagnostics, Exit::Done))
}

/// The zone of `--timezone` that is stated for all logs is the one whose days are meant; else UTC.
fn calendar(args: &ReviewArgs) -> Calendar {
    let zone = args.input.timezone.iter().rev().find(|(glob, _)| glob.is_none());
    zone.and_then(|(_, zone)| Calendar::of(zone)).unwrap_or_default()
}
