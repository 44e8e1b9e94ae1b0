//! What a message says of how it went, and which signature it has: asked once a shape.

#![expect(clippy::disallowed_types, reason = "what is remembered is looked up and never gone through")]

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::Arc;

use super::Line;
use super::warnings::Warnings;
use super::words::{ATTEMPT, END, FAILURE, HARMLESS, SUCCESS, TOPIC, USER};
use crate::model::{Action, Severity, Timestamp};
use crate::normalize::signature::{Hit, Signatures};

/// Shapes that are remembered; an application has some thousand. Beyond them the memory begins anew.
const SHAPES_MAX: usize = 1 << 16;

/// What a message says about access.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Gist {
    /// Whether it speaks of logging on, sessions or connections.
    pub(super) is_about_access: bool,
    /// How that went, if it says so.
    pub(super) ending: Option<Action>,
    /// Whether its format knows more of it.
    pub(super) tells_more: bool,
    /// Whether a word stands in it as the name of a user does.
    pub(super) names_user: bool,
}

/// The gists and signatures of the shapes that one source has shown so far.
#[derive(Default)]
pub struct Gists {
    /// `None` stands for the built-in ones.
    signatures: Option<Arc<Signatures>>,
    meanings: Memo<Gist>,
    hits: Memo<Option<Hit>>,
    warnings: Warnings,
}

impl Gists {
    /// Returns an empty memory that answers by these signatures, or by the built-in ones.
    pub fn new(signatures: Option<Arc<Signatures>>) -> Self {
        Self { signatures, ..Self::default() }
    }

    /// The signatures that answers come from; one memory has the same ones from beginning to end.
    pub fn signatures(&self) -> &Signatures {
        chosen(self.signatures.as_ref())
    }

    /// Returns what a message of that severity, with its exception and stack trace, says about access.
    pub(super) fn gist(&mut self, line: &Line<'_>) -> Gist {
        let telling = chosen(self.signatures.as_ref()).telling();
        let Line { severity, detail, more, .. } = *line;
        let logger = line.logger.filter(|_| more.is_some()).unwrap_or("");
        let mut key = telling.hash(&line.message, severity.number().into());
        for further in [detail, logger] {
            if !further.is_empty() {
                key = telling.hash(further, key.rotate_left(1));
            }
        }
        self.meanings.get_or(key, || {
            let (message, detail) = (telling.masked(&line.message), telling.masked(detail));
            let mut masked =
                Line { severity, logger: line.logger, message: message.as_str().into(), ..Line::default() };
            if let Some(more) = more {
                more(&mut masked);
            }
            let tells_more = masked.outcome.is_some() || masked.message != message;
            let message = masked.message;
            let is_about_access = TOPIC.is_match(&message) || TOPIC.is_match(&detail);
            let ending = ending(severity, &message, !detail.is_empty()).filter(|_| is_about_access);
            Gist { is_about_access, ending, tells_more, names_user: USER.is_match(&message) }
        })
    }

    /// Returns the signature of a text of that kind of log.
    pub(super) fn signature(&mut self, dataset: &str, severity: Severity, text: &str) -> Option<Hit> {
        let signatures = chosen(self.signatures.as_ref());
        let telling = signatures.telling();
        let key = telling.hash(text, telling.hash(dataset, severity.number().into()));
        self.hits.get_or(key, || signatures.classify_text(dataset, severity, &telling.masked(text)))
    }

    /// Whether a warning that no rule knows is to be kept: the first of its shape in its minute, within bounds.
    pub(super) fn keeps_warning(&mut self, message: &str, at: Timestamp) -> bool {
        let shape = chosen(self.signatures.as_ref()).telling().hash(message, 0);
        self.warnings.keeps(shape, at)
    }
}

fn chosen(own: Option<&Arc<Signatures>>) -> &Signatures {
    match own {
        Some(own) => own,
        None => Signatures::embedded(),
    }
}

/// How it went, by the words of the message.
fn ending(severity: Severity, message: &str, has_detail: bool) -> Option<Action> {
    let success = SUCCESS.find(message);
    let failure = FAILURE.find(message).filter(|_| !HARMLESS.is_match(message));
    match (success, failure) {
        // "could not be logged on" fails, "logged on after 2 failed attempts" does not.
        (Some(good), Some(bad)) if bad.start() < good.start() || severity >= Severity::Warn => {
            return Some(Action::Failure);
        }
        (Some(_), _) => return Some(Action::Success),
        (None, Some(_)) => return Some(Action::Failure),
        (None, None) => {}
    }
    if severity >= Severity::Error && has_detail {
        return Some(Action::Failure);
    }
    if END.is_match(message) {
        return Some(Action::SessionEnd);
    }
    ATTEMPT.is_match(message).then_some(Action::Attempt)
}

/// Answers by the hash of the question.
struct Memo<V>(HashMap<u64, V, BuildHasherDefault<Itself>>);

impl<V> Default for Memo<V> {
    fn default() -> Self {
        Self(HashMap::default())
    }
}

impl<V: Clone> Memo<V> {
    fn get_or(&mut self, key: u64, answer: impl FnOnce() -> V) -> V {
        if let Some(known) = self.0.get(&key) {
            return known.clone();
        }
        if self.0.len() >= SHAPES_MAX {
            self.0.clear();
        }
        let answer = answer();
        self.0.insert(key, answer.clone());
        answer
    }
}

/// Takes a number that is a hash already for its own hash.
#[derive(Default)]
struct Itself(u64);

impl Hasher for Itself {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 << 8) | u64::from(*byte);
        }
    }

    fn write_u64(&mut self, number: u64) {
        self.0 = number;
    }
}
