//! `causeline schema`: the JSON Schema that every report keeps to.

use causeline::Error;
use causeline::report;

use super::args::{SchemaArgs, SchemaOf};
use super::exit::Exit;
use super::output;

pub(crate) fn run(args: &SchemaArgs) -> Result<Exit, Error> {
    let schema = match args.of {
        SchemaOf::Report => report::schema(),
        SchemaOf::Review => report::review::schema(),
        SchemaOf::Inspect => report::inspection::schema(),
    };
    output::print(format!("{schema:#}\n").as_bytes())?;
    Ok(Exit::Done)
}
