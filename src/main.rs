//! The command `causeline`: hands its arguments to `cli` and returns the status that comes back.

mod cli;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::run()
}
