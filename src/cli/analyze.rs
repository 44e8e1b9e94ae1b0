//! `causeline analyze`: the main job.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use causeline::Error;
use causeline::judge::{CauseKind, Judgement};
use causeline::pipeline::{self, Analysis};
use causeline::report::{self, format::Format};

use super::args::{AnalyzeArgs, FailOn};
use super::exit::Exit;
use super::output;
use super::settings;
use super::terminal::{self, Terminal};

pub(crate) fn run(args: &AnalyzeArgs, terminal: Terminal) -> Result<Exit, Error> {
    let formats = formats(&args.format)?;
    let target = Target::new(args, &formats)?;
    let paths = settings::paths(&args.input);
    let options = settings::options(&args.input, args.incident);
    let (analysis, files) = settings::watched(terminal, |progress| -> Result<_, Error> {
        let analysis = pipeline::analyze(&paths, &options, progress)?;
        progress.stage("drawing");
        let files = render(&analysis, args, &formats)?;
        Ok((analysis, files))
    })?;
    match &target {
        Target::Stream => {
            for (_, bytes) in &files {
                output::print(bytes)?;
            }
        }
        Target::Folder(folder) => {
            for (name, bytes) in &files {
                output::write(&folder.join(name), bytes)?;
            }
        }
    }
    let _ = analysis;
    Ok(Exit::Done)
}
