//! Every record of a text log as columns, whether it matters to the question or not.
//!
//! In: one [`Source`]. Out: batches of [`Columns`], and the summary of the source.

use super::format::{Context, LineOutcome, Said};
use super::options::Options;
use super::source::{self, One};
use super::summary::SourceSummary;
use super::template::{GroupId, Miner, Settled};
use super::{message, request, selection};
use crate::model::{Action, Name, Severity, Timestamp};
use crate::read::Source;

/// A batch is handed on when it has so many records, or so many bytes of texts.
const BATCH_RECORDS: usize = 1 << 14;
const BATCH_BYTES: usize = 4 << 20;

/// How far records are understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Depth {
    /// What their format says of them.
    Fields,
    /// And what they mean: the action, and the signature of a failure.
    Classes,
    /// And of messages that no rule of the catalog knows, the template.
    Templates,
}

/// A column of texts, one behind the other.
#[derive(Clone, Debug, Default)]
pub struct Texts {
    bytes: String,
    ends: Vec<u32>,
}

impl Texts {
    fn push(&mut self, text: &str) {
        self.bytes.push_str(text);
        self.ends.push(self.bytes.len() as u32);
    }

    fn clear(&mut self) {
        self.bytes.clear();
        self.ends.clear();
    }

    /// Returns the texts in order; an empty one where a record has none.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        self.ends.iter().zip(starts).map(|(end, start)| &self.bytes[start as usize..*end as usize])
    }
}

/// Records of one source, a column for each field. All columns are of one length.
#[derive(Clone, Debug, Default)]
pub struct Columns {
    /// The instants.
    pub at: Vec<Timestamp>,
    /// How grave the records are by their own word.
    pub severity: Vec<Severity>,
    /// The status of a request; 0 for what is none.
    pub status: Vec<u16>,
    /// How long a request took, in milliseconds; not a number where it is not said.
    pub duration_ms: Vec<f64>,
    /// The logger of a message, the method of a request.
    pub logger: Texts,
    /// The account of a request.
    pub user: Texts,
    /// The client of a request.
    pub client: Texts,
    /// The message, or the path of a request.
    pub message: Texts,
    /// What the records mean, from [`Depth::Classes`] on.
    pub action: Vec<Option<Action>>,
    /// The signatures of failures, likewise.
    pub signature: Vec<Option<Name>>,
    /// The groups of messages that no rule knows, from [`Depth::Templates`] on; [`Table::templates`] leads on.
    pub group: Vec<Option<GroupId>>,
}

/// What a source came to beside its columns.
#[derive(Debug)]
pub struct Table {
    /// The source.
    pub summary: SourceSummary,
    /// The templates of its messages, from [`Depth::Templates`] on.
    pub templates: Settled,
    /// Messages that came when the miner was full.
    pub n_crowded: u64,
}

/// How far to go, and what is gathered on the way.
struct Reach {
    depth: Depth,
    miner: Miner,
}

impl Columns {
    /// How many records there are.
    pub fn len(&self) -> usize {
        self.at.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.at.is_empty()
    }

    /// The size of the texts in bytes.
    pub fn n_bytes(&self) -> usize {
        [&self.logger, &self.user, &self.client, &self.message].iter().map(|texts| texts.bytes.len()).sum()
    }

    fn clear(&mut self) {
        self.at.clear();
        self.severity.clear();
        self.status.clear();
        self.duration_ms.clear();
        self.action.clear();
        self.signature.clear();
        self.group.clear();
        for texts in [&mut self.logger, &mut self.user, &mut self.client, &mut self.message] {
            texts.clear();
        }
    }

    /// Adds a record; its instant, if it has one.
    fn push(&mut self, said: Said<'_>, reach: &mut Reach, context: &mut Context<'_>) -> Option<Timestamp> {
        match said {
            Said::Message(mut line) => {
                self.at.push(line.at.0);
                self.severity.push(line.severity);
                self.status.push(0);
                self.duration_ms.push(f64::NAN);
                self.logger.push(line.logger.unwrap_or(""));
                self.user.push("");
                self.client.push("");
                self.message.push(&line.message);
                if reach.depth >= Depth::Classes {
                    let class = message::classify(&mut line, context);
                    self.action.push(class.as_ref().and_then(message::Class::action));
                    let signature = class.as_ref().and_then(message::Class::signature);
                    if reach.depth >= Depth::Templates {
                        let group = || match line.template {
                            Some(template) => reach.miner.add_template(template),
                            None => reach.miner.add(&line.message),
                        };
                        self.group.push(signature.is_none().then(group));
                    }
                    self.signature.push(signature);
                }
            }
            Said::Request(request) => {
                self.at.push(request.at.0);
                self.severity.push(request::severity(request.status));
                self.status.push(u16::try_from(request.status).unwrap_or(0));
                self.duration_ms.push(request.duration_ms.unwrap_or(f64::NAN));
                self.logger.push(request.method);
                self.user.push(&request.user);
                self.client.push(request.client);
                self.message.push(request.path);
                if reach.depth >= Depth::Classes {
                    self.action.push(request::action(&request));
                    self.signature.push(None);
                    self.no_group(reach);
                }
            }
            Said::Several(parts) => {
                return parts.into_iter().filter_map(|part| self.push(part, reach, context)).last();
            }
            Said::Done(outcome) => return self.push_outcome(&outcome, reach),
        }
        self.at.last().copied()
    }

    fn no_group(&mut self, reach: &Reach) {
        if reach.depth >= Depth::Templates {
            self.group.push(None);
        }
    }

    /// Adds what a format has understood by itself.
    fn push_outcome(&mut self, outcome: &LineOutcome, reach: &Reach) -> Option<Timestamp> {
        let (at, event) = match outcome {
            LineOutcome::Event(event) => (event.at, Some(event)),
            LineOutcome::Irrelevant(Some(at)) => (*at, None),
            LineOutcome::Several(parts) => {
                return parts.iter().filter_map(|part| self.push_outcome(part, reach)).last();
            }
            _ => return None,
        };
        let text = |name: Option<&Name>| name.map_or("", |name| name).to_owned();
        self.at.push(at);
        self.severity.push(event.map_or(Severity::Info, |event| event.severity));
        self.status.push(0);
        self.duration_ms.push(event.and_then(|event| event.duration_ms).unwrap_or(f64::NAN));
        self.logger.push("");
        self.user.push(&text(event.and_then(|event| event.user.as_ref())));
        self.client.push(&text(event.and_then(|event| event.client.as_ref())));
        self.message.push(&text(event.and_then(|event| event.message.as_ref())));
        if reach.depth >= Depth::Classes {
            self.action.push(event.map(|event| event.action));
            self.signature.push(event.and_then(|event| event.signature.clone()));
            self.no_group(reach);
        }
        Some(at)
    }
}

/// Reads a text log and hands on its records in batches, in their order; its summary has no digest.
pub fn columns(source: &Source, options: &Options, depth: Depth, sink: &mut dyn FnMut(&Columns)) -> Table {
    let mut reach = Reach { depth, miner: Miner::new() };
    let mut batch = Columns::default();
    let mut meaning = |said: Said<'_>, context: &mut Context<'_>| {
        if let Said::Done(outcome @ (LineOutcome::Damaged(..) | LineOutcome::Foreign)) = said {
            return outcome;
        }
        let at = batch.push(said, &mut reach, context);
        if batch.len() >= BATCH_RECORDS || batch.n_bytes() >= BATCH_BYTES {
            sink(&batch);
            batch.clear();
        }
        LineOutcome::Irrelevant(at)
    };
    let One { summary, .. } = source::understand(source, options, &selection(), false, None, &mut meaning);
    if !batch.is_empty() {
        sink(&batch);
    }
    Table { summary, templates: reach.miner.settle(), n_crowded: reach.miner.n_crowded() }
}
