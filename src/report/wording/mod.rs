//! The sentences: the only place in which the report finds words.
//!
//! Words follow the numbers. A finding is “consistent with” its cause and says how probable it is;
//! the word *cause* belongs to the verdict. Units, intervals and times stand where the number stands.
//! Nobody is blamed: changes and hosts act, people do not.

pub mod clock;
pub mod coverage;
pub mod evidence;
pub mod figures;
pub mod incident;
pub mod logons;
pub mod number;
pub mod page;
pub mod postmortem;
pub mod review;
pub mod symptoms;
pub mod verdict;

use super::input::Input;
use crate::judge::{Candidate, CauseKind, Trigger};

/// Returns a cause as a noun phrase: `FSLogix Apps 2.9.8111`, `too many people for the hosts`, ...
pub fn cause(input: &Input<'_>, candidate: &Candidate) -> String {
    match candidate.kind {
        CauseKind::Change => match &candidate.change_id {
            Some(id) => input.change_name(id),
            None => "a change that no file records".to_owned(),
        },
        CauseKind::Capacity => "more people than the hosts can serve".to_owned(),
        CauseKind::Host => match &candidate.host {
            Some(host) => format!("a fault of the host {host} alone"),
            None => "a fault of one host".to_owned(),
        },
        CauseKind::Dependency => "a failure of something that all hosts depend on".to_owned(),
        CauseKind::Credentials => match &candidate.user {
            Some(user) => format!("a wrong, expired or locked password of {user}"),
            None => "wrong, expired or locked passwords".to_owned(),
        },
        CauseKind::Schedule => "something that recurs by the clock".to_owned(),
        CauseKind::Unknown => "something that these logs do not show".to_owned(),
    }
}

/// Returns a cause in one or two words, for labels.
pub fn cause_in_short(input: &Input<'_>, candidate: &Candidate) -> String {
    let named = match candidate.kind {
        CauseKind::Change => candidate.change_id.as_deref().map(|id| input.change_name(id)),
        CauseKind::Host => candidate.host.as_ref().map(|host| format!("host {host}")),
        CauseKind::Credentials => candidate.user.as_ref().map(|user| format!("password of {user}")),
        _ => None,
    };
    let word = match candidate.kind {
        CauseKind::Change => "unrecorded change",
        CauseKind::Capacity => "too many people",
        CauseKind::Host => "one host",
        CauseKind::Dependency => "shared dependency",
        CauseKind::Credentials => "passwords",
        CauseKind::Schedule => "by the clock",
        CauseKind::Unknown => "not in these logs",
    };
    named.unwrap_or_else(|| word.to_owned())
}

/// Returns the cause with what set it off.
pub fn cause_and_trigger(input: &Input<'_>, candidate: &Candidate) -> String {
    let cause = cause(input, candidate);
    match candidate.trigger {
        Some(Trigger::Load) => format!("{cause}, set off by rising load"),
        None => cause,
    }
}

/// Cuts a name that is longer than so many letters, for lines that hold more than it.
pub fn cut(name: &str, n_letters: usize) -> String {
    match name.char_indices().nth(n_letters) {
        Some((at, _)) => format!("{}…", name[..at].trim_end()),
        None => name.to_owned(),
    }
}

/// Makes the first letter a capital, so that a phrase can begin a sentence.
pub fn capitalized(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
