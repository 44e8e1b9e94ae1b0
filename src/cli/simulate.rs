//! `causeline simulate`: a case with known truth, as real log files.

use causeline::Error;
use causeline::simulate;

use super::args::SimulateArgs;
use super::exit::Exit;
use super::output;
use super::terminal::Terminal;

pub(crate) fn run(args: &SimulateArgs, terminal: Terminal) -> Result<Exit, Error> {
    let (Some(case), Some(folder)) = (&args.case, &args.output) else {
        let width = simulate::CASES.iter().map(|case| case.name.len()).max().unwrap_or(0);
        let lines: Vec<String> =
            simulate::CASES.iter().map(|case| format!("{:width$}  {}\n", case.name, case.summary)).collect();
        output::print(lines.concat().as_bytes())?;
        return Ok(if args.list { Exit::Done } else { Exit::Usage });
    };
    simulate::write(case, folder, args.seed)?;
    terminal.note(&format!("{} (seed {}) written to {}", case, args.seed, folder.display()));
    Ok(Exit::Done)
}
