//! What the exit status says; scripts rely on these numbers.

use std::process::ExitCode;

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// 0: the work is done.
    Done,
    /// 1: done, and what `--fail-on` names was found.
    Found,
    /// 2: wrong use. clap leaves with the same number.
    Usage,
    /// 3: nothing readable, or with `--strict` something unreadable.
    Input,
    /// 4: with `--fail-on`: too little data to judge. Silence is no innocence.
    TooLittle,
    /// 70: our own bug.
    Internal,
    /// 141: the reader of our output went away.
    OutputClosed,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Done => 0,
            Exit::Found => 1,
            Exit::Usage => 2,
            Exit::Input => 3,
            Exit::TooLittle => 4,
            Exit::Internal => 70,
            Exit::OutputClosed => 141,
        })
    }
}
