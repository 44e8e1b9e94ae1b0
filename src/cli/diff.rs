//! `causeline diff`: two reports side by side.

use causeline::Error;
use causeline::compare::{self, compare};

use super::args::{DiffArgs, DiffForm};
use super::exit::Exit;
use super::output;
use super::terminal;
use super::written;

pub(crate) fn run(args: &DiffArgs) -> Result<Exit, Error> {
    let (before, after) = (written::report(&args.before)?, written::report(&args.after)?);
    let comparison = compare(&before, &after);
    let text = match args.format {
        DiffForm::Text => terminal::plain(&compare::text(&comparison)),
        DiffForm::Markdown => compare::markdown(&comparison),
        DiffForm::Json => {
            let json = serde_json::to_string_pretty(&comparison);
            let detail = |error: serde_json::Error| Error::Render { what: "the comparison", detail: error.to_string() };
            format!("{}\n", json.map_err(detail)?)
        }
    };
    output::print(text.as_bytes())?;
    Ok(match args.fail_on {
        None => Exit::Done,
        Some(_) if !comparison.has_attempts => Exit::TooLittle,
        Some(_) if comparison.is_worse => Exit::Found,
        Some(_) => Exit::Done,
    })
}
