//! The arguments, and how they become the options of the stages. Defaults stand here, each with its reason.

use std::path::PathBuf;

use causeline::model::{TimeRange, Timestamp};
use causeline::redact::Class;
use causeline::review::{Objective, Week};
use clap::{Args, Parser, Subcommand, ValueEnum};

/// Finds out why people could not connect: which change, which load, which host, or none of them.
#[derive(Debug, Parser)]
#[command(name = "causeline", version, max_term_width = 100, arg_required_else_help = true)]
#[command(after_help = "\
Paths may be files, folders, globs, .gz and .zip of those, nested; - is standard input.
Nobody has to say what a file is: format, encoding and role are recognized from its content.

Exit status: 0 done, 1 --fail-on matched, 2 wrong use, 3 nothing readable, 4 too little data for --fail-on.")]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
    #[command(flatten)]
    pub(crate) terminal: TerminalArgs,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Reads everything under the paths and says why people could not connect
    Analyze(AnalyzeArgs),
    /// Reviews one week: success against an objective, what moved, what each change did
    Review(ReviewArgs),
    /// Shows what was recognized, and nothing else: the dry run
    Inspect(InspectArgs),
    /// Writes the normalized events, one JSON object a line
    Events(EventsArgs),
    /// Lists every change found, stated in a list or read out of the logs
    Changes(ChangesArgs),
    /// Mines what the messages of logs have in common: templates, with counts
    Templates(TemplatesArgs),
    /// The catalog of failure signatures: lists it, shows one, tries it on logs
    Signatures(SignaturesArgs),
    /// Compares two reports: what is new, gone, better, worse
    Diff(DiffArgs),
    /// Shows the very records behind an incident, a change, a piece of evidence or a defect of a report
    Show(ShowArgs),
    /// Writes a case with known truth as real log files
    Simulate(SimulateArgs),
    /// Prints the JSON Schema of report.json, review.json or what `inspect` prints
    Schema(SchemaArgs),
}

/// Options of every command that talk about the terminal and the machine.
#[derive(Debug, Args)]
pub(crate) struct TerminalArgs {
    /// Prints no summary and no progress
    #[arg(short, long, global = true)]
    pub(crate) quiet: bool,
    /// Prints more: each defect of the input with its first place
    #[arg(short, long, global = true)]
    pub(crate) verbose: bool,
    /// Colors on the terminal; NO_COLOR is respected
    #[arg(long, global = true, value_enum, default_value = "auto", value_name = "WHEN")]
    pub(crate) color: ColorChoice,
    /// Threads to use [default: one a core]
    #[arg(long, global = true, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) threads: Option<u16>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ColorChoice {
    Auto,
    Always,
    Never,
}

/// Options of every command that reads logs.
#[derive(Debug, Args)]
pub(crate) struct InputArgs {
    /// Logs, change lists and counters: files, folders, globs, archives, or - for standard input
    #[arg(required = true, value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
    /// A further change list (any format that is recognized)
    #[arg(long, value_name = "FILE")]
    pub(crate) changes: Vec<PathBuf>,
    /// A further file of counters; what it states beyond the end of the logs is the load of forecasts
    #[arg(long, value_name = "FILE")]
    pub(crate) load: Vec<PathBuf>,
    /// Zone of text logs that state none, e.g. Europe/Zurich or 'app/*.log=Europe/Zurich' [default: UTC]
    #[arg(long, value_name = "[GLOB=]ZONE", value_parser = parse_timezone)]
    pub(crate) timezone: Vec<(Option<String>, String)>,
    /// A configuration in TOML: formats of your own logs, hosts of files that name none
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Leaves out what is older (RFC 3339, or a date in UTC)
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    pub(crate) since: Option<Timestamp>,
    /// Leaves out what is not older
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    pub(crate) until: Option<Timestamp>,
    /// Folder of failure signatures of your own, tried before the built-in ones
    #[arg(long, value_name = "DIR")]
    pub(crate) signatures: Option<PathBuf>,
    /// Reads EVTX records in the slack behind the last one, too
    #[arg(long)]
    pub(crate) recover: bool,
    /// Ends with status 3 if anything could not be read
    #[arg(long)]
    pub(crate) strict: bool,
}

/// Options of every command that writes names.
#[derive(Debug, Args)]
pub(crate) struct RedactArgs {
    /// Replaces names in every output: any of users, hosts, addresses, separated by commas
    #[arg(long, value_name = "LIST", value_delimiter = ',', value_parser = parse_class)]
    pub(crate) redact: Vec<Class>,
    /// A secret of 16 bytes or more, by which a name gets the same pseudonym in every run; without it numbers
    #[arg(long, value_name = "FILE", requires = "redact")]
    pub(crate) redact_key: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct AnalyzeArgs {
    #[command(flatten)]
    pub(crate) input: InputArgs,
    #[command(flatten)]
    pub(crate) redact: RedactArgs,
    /// Folder for the report; with one --format, - is standard output [default: reports/<name of first path>]
    #[arg(short, long, value_name = "DIR")]
    pub(crate) output: Option<PathBuf>,
    /// Outputs to write, separated by commas [default: json,html,markdown,svg,png,figures]
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    pub(crate) format: Vec<String>,
    /// What pictures are drawn for: a white screen, a dark one, or a printer
    #[arg(long, value_enum, default_value = "light", value_name = "THEME")]
    pub(crate) theme: ThemeChoice,
    /// Judges this span even if no onset is found in it
    #[arg(long, value_name = "START..END", value_parser = parse_span)]
    pub(crate) incident: Option<TimeRange>,
    /// Ends with status 1 if this verdict was reached
    #[arg(long, value_enum, value_name = "VERDICT")]
    pub(crate) fail_on: Option<FailOn>,
}

#[derive(Debug, Args)]
pub(crate) struct ReviewArgs {
    #[command(flatten)]
    pub(crate) input: InputArgs,
    #[command(flatten)]
    pub(crate) redact: RedactArgs,
    /// The ISO week, such as 2022-W34 [default: the last whole one in the logs]
    #[arg(long, value_name = "WEEK")]
    pub(crate) week: Option<Week>,
    /// The share of connections that should succeed [default: 99.5%]
    #[arg(long, value_name = "SHARE")]
    pub(crate) objective: Option<Objective>,
    /// Folder for the review; with one --format, - is standard output [default: reports/review-<week>]
    #[arg(short, long, value_name = "DIR")]
    pub(crate) output: Option<PathBuf>,
    /// Outputs to write, separated by commas [default: json,html,markdown,svg,png]
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    pub(crate) format: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ThemeChoice {
    Light,
    Dark,
    Print,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum FailOn {
    /// A change was found guilty
    RootCause,
    /// There was an incident, whatever its cause
    Incident,
}

#[derive(Debug, Args)]
pub(crate) struct InspectArgs {
    #[command(flatten)]
    pub(crate) input: InputArgs,
    /// How to print it
    #[arg(long, value_enum, default_value = "text", value_name = "FORMAT")]
    pub(crate) format: TextOrJson,
}

#[derive(Debug, Args)]
pub(crate) struct ChangesArgs {
    #[command(flatten)]
    pub(crate) input: InputArgs,
    /// How to print it
    #[arg(long, value_enum, default_value = "text", value_name = "FORMAT")]
    pub(crate) format: TextOrJson,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum TextOrJson {
    Text,
    Json,
}

#[derive(Debug, Args)]
pub(crate) struct TemplatesArgs {
    /// Text logs: files, folders, globs, archives of these, - for standard input
    #[arg(required = true, value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
    /// A configuration in TOML: formats of your own logs
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Gives each line its template, instead of the table
    #[arg(long)]
    pub(crate) lines: bool,
    /// How to print it
    #[arg(long, value_enum, default_value = "text", value_name = "FORMAT")]
    pub(crate) format: TemplatesForm,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum TemplatesForm {
    Text,
    Json,
    Csv,
}

#[derive(Debug, Args)]
pub(crate) struct EventsArgs {
    #[command(flatten)]
    pub(crate) input: InputArgs,
    #[command(flatten)]
    pub(crate) redact: RedactArgs,
    /// File to write; its ending chooses the form: .jsonl, .csv or .parquet [default: JSON lines to standard output]
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct SignaturesArgs {
    #[command(subcommand)]
    pub(crate) action: SignaturesAction,
    /// Folder of failure signatures of your own, tried before the built-in ones
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) signatures: Option<PathBuf>,
    /// How to print it
    #[arg(long, global = true, value_enum, default_value = "text", value_name = "FORMAT")]
    pub(crate) format: TextOrJson,
}

#[derive(Debug, Subcommand)]
pub(crate) enum SignaturesAction {
    /// Lists all signatures in the order in which they are tried
    List,
    /// Shows what one means, by what it is told, and how sure that is
    Show {
        /// The signature
        #[arg(value_name = "ID")]
        id: String,
    },
    /// Says which signatures the records of logs have, which nearly, and what none knows
    Test {
        /// Logs, or any text: each line is tried
        #[arg(required = true, value_name = "FILE")]
        paths: Vec<PathBuf>,
    },
}

#[derive(Debug, Args)]
pub(crate) struct DiffArgs {
    /// The earlier report: report.json or its folder
    #[arg(value_name = "BEFORE")]
    pub(crate) before: PathBuf,
    /// The later report
    #[arg(value_name = "AFTER")]
    pub(crate) after: PathBuf,
    /// How to print it
    #[arg(long, value_enum, default_value = "text", value_name = "FORMAT")]
    pub(crate) format: DiffForm,
    /// Ends with status 1 if anything is worse
    #[arg(long, value_enum, value_name = "WHAT")]
    pub(crate) fail_on: Option<DiffFailOn>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum DiffForm {
    Text,
    Json,
    Markdown,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum DiffFailOn {
    /// An incident or a latent fault that is new or greater, or a rate of failures that rose beyond chance
    Worse,
}

#[derive(Debug, Args)]
pub(crate) struct ShowArgs {
    /// A report: report.json or its folder
    #[arg(value_name = "REPORT")]
    pub(crate) report: PathBuf,
    /// An incident, a change, evidence as inc-1/evidence/3, the code of a defect, or a record as PATH#NUMBER
    #[arg(value_name = "ID")]
    pub(crate) id: String,
    /// Logs to read again: prints the records themselves
    #[arg(long, value_name = "PATH", num_args = 1..)]
    pub(crate) logs: Vec<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct SimulateArgs {
    /// The case; without it the cases are listed
    #[arg(value_name = "CASE")]
    pub(crate) case: Option<String>,
    /// Folder to write into
    #[arg(short, long, value_name = "DIR", required_unless_present = "list")]
    pub(crate) output: Option<PathBuf>,
    /// Seed of the random numbers: the same seed gives the same bytes
    #[arg(long, value_name = "N", default_value_t = causeline::simulate::COMMITTED_SEED)]
    pub(crate) seed: u64,
    /// Lists the cases
    #[arg(long)]
    pub(crate) list: bool,
}

#[derive(Debug, Args)]
pub(crate) struct SchemaArgs {
    /// Which schema
    #[arg(value_enum, default_value = "report")]
    pub(crate) of: SchemaOf,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum SchemaOf {
    Report,
    Review,
    Inspect,
}

fn parse_time(text: &str) -> Result<Timestamp, String> {
    if let Ok(instant) = text.parse::<jiff::Timestamp>() {
        return Ok(Timestamp::from_jiff(instant));
    }
    let civil = text
        .parse::<jiff::civil::DateTime>()
        .or_else(|_| text.parse::<jiff::civil::Date>().map(|date| date.at(0, 0, 0, 0)))
        .map_err(|_| "not a time: write 2022-08-22T08:05:00Z, or 2022-08-22 for midnight UTC".to_owned())?;
    jiff::tz::TimeZone::UTC.to_timestamp(civil).map(Timestamp::from_jiff).map_err(|error| error.to_string())
}

fn parse_class(text: &str) -> Result<Class, String> {
    let known = Class::ALL.iter().copied().find(|class| class.name() == text);
    known.ok_or_else(|| {
        format!("there are {}", Class::ALL.iter().map(|class| class.name()).collect::<Vec<_>>().join(", "))
    })
}

fn parse_span(text: &str) -> Result<TimeRange, String> {
    let (start, end) = text.split_once("..").ok_or("write START..END")?;
    let (start, end) = (parse_time(start)?, parse_time(end)?);
    if end <= start {
        return Err("the end is not after the start".to_owned());
    }
    Ok(TimeRange { start, end })
}

fn parse_timezone(text: &str) -> Result<(Option<String>, String), String> {
    let (glob, zone) = match text.rsplit_once('=') {
        Some((glob, zone)) => (Some(glob.to_owned()), zone),
        None => (None, text),
    };
    let known = jiff::tz::TimeZone::get(zone).is_ok()
        || zone.eq_ignore_ascii_case("utc")
        || format!("2022-01-01T00:00:00{zone}").parse::<jiff::Timestamp>().is_ok();
    known
        .then(|| (glob, zone.to_owned()))
        .ok_or_else(|| format!("`{zone}` is no zone, such as Europe/Zurich or +02:00"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_arguments_are_well_formed() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_span_needs_an_end_after_its_start() {
        assert!(parse_span("2022-08-22T08:00:00Z..2022-08-22T11:00:00Z").is_ok());
        assert!(parse_span("2022-08-22..2022-08-22").is_err());
        assert!(parse_span("2022-08-22").is_err());
    }

    #[test]
    fn a_zone_must_exist() {
        assert_eq!(parse_timezone("Europe/Zurich"), Ok((None, "Europe/Zurich".to_owned())));
        assert_eq!(parse_timezone("app*.log=+02:00"), Ok((Some("app*.log".to_owned()), "+02:00".to_owned())));
        assert!(parse_timezone("Middle/Earth").is_err());
    }
}
