//! The command: arguments in, exit status out. The only place that knows terminal, environment and exit statuses.

mod analyze;
mod args;
mod changes;
mod diff;
mod events;
mod exit;
mod inspect;
mod output;
mod progress;
mod review;
mod schema;
mod settings;
mod show;
mod signatures;
mod simulate;
mod templates;
mod terminal;
mod written;

use std::panic::{self, AssertUnwindSafe};
use std::process::ExitCode;

use causeline::Error;
use clap::Parser;

use args::{Cli, Command};
use exit::Exit;
use terminal::Terminal;

/// Runs the command that the arguments name.
pub(crate) fn run() -> ExitCode {
    let cli = Cli::parse();
    let terminal = Terminal::new(&cli.terminal);
    if let Some(threads) = cli.terminal.threads {
        // Fails only if a pool exists already, and none does yet.
        let _ = rayon::ThreadPoolBuilder::new().num_threads(usize::from(threads)).build_global();
    }
    let command = || match &cli.command {
        Command::Analyze(args) => analyze::run(args, terminal),
        Command::Review(args) => review::run(args, terminal),
        Command::Inspect(args) => inspect::run(args, terminal),
        Command::Events(args) => events::run(args, terminal),
        Command::Changes(args) => changes::run(args, terminal),
        Command::Templates(args) => templates::run(args, terminal),
        Command::Signatures(args) => signatures::run(args, terminal),
        Command::Simulate(args) => simulate::run(args, terminal),
        Command::Diff(args) => diff::run(args),
        Command::Show(args) => show::run(args, terminal),
        Command::Schema(args) => schema::run(args),
    };
    // A panic is our own bug: its message stands on standard error already, scripts see status 70.
    let ended = panic::catch_unwind(AssertUnwindSafe(command)).unwrap_or(Ok(Exit::Internal));
    ended.unwrap_or_else(|error| status_of(&error)).into()
}

/// Says why the run ended and chooses the status.
fn status_of(error: &Error) -> Exit {
    if let Error::Write { source, .. } = error
        && source.kind() == std::io::ErrorKind::BrokenPipe
    {
        return Exit::OutputClosed;
    }
    terminal::complain(error);
    match error {
        Error::Read { .. } | Error::Missing { .. } | Error::NothingReadable { .. } => Exit::Input,
        Error::Setting { .. } => Exit::Usage,
        _ => Exit::Internal,
    }
}
