//! Ends of sessions, with what is known of whether they completed.

use super::{Load, place_of};
use crate::frame::tables::{Close, EndKind};
use crate::frame::{Tables, close_at_the_time};
use crate::model::{Name, Provenance, Timestamp};

/// What a log shows of an incomplete close.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MarkState {
    /// A witness says that the close did not complete.
    Seen,
    /// A witness that would have said so is silent.
    NotSeen,
    /// No source could have shown it.
    NotObservable,
}

/// The end of one session of one account.
#[derive(Clone, Debug, PartialEq)]
pub struct End {
    /// When, seconds since the beginning of the window.
    pub at_s: f64,
    /// The host, by index.
    pub host: usize,
    /// The account, by index.
    pub user: usize,
    /// Sessions open on the host at that moment, in units of full load.
    pub load: f64,
    /// Whether it completed, as far as the log shows.
    pub mark: MarkState,
    /// Its records, at most four: witnesses first.
    pub records: Vec<Provenance>,
}

/// What filters ask of an end, for many of them close together in memory.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Leaving {
    /// When, seconds since the beginning of the window.
    pub at_s: f64,
    /// The host, by index.
    pub host: usize,
    /// Sessions open on the host at that moment, in units of full load.
    pub load: f64,
    /// Whether it completed, as far as the log shows.
    pub mark: MarkState,
}

impl End {
    /// What filters ask of it.
    pub fn leaving(&self) -> Leaving {
        Leaving { at_s: self.at_s, host: self.host, load: self.load, mark: self.mark }
    }
}

/// Reads the session ends of the tables, by time. A restart of the host or the end of the log closes no session:
/// its user left it when a witness says that it did not close, else when the user disconnected for the last time. Of
/// such an end no mark can be missing, for the session may have been kept on purpose.
pub fn ends(tables: &Tables, load: &Load, hosts: &[Name], users: &[Name], start: Timestamp) -> Vec<End> {
    let mut ends: Vec<End> = tables
        .sessions
        .iter()
        .filter_map(|session| {
            let at = match session.end_kind {
                EndKind::Logoff | EndKind::Replaced => session.ended_at?,
                EndKind::Reboot | EndKind::EdgeOfLog => session.marks.first().map(|mark| mark.at).or(session.left_at)?,
            };
            let mark = match close_at_the_time(session) {
                Close::Incomplete => MarkState::Seen,
                Close::Complete => MarkState::NotSeen,
                Close::NotObservable => MarkState::NotObservable,
            };
            let witnesses = session.marks.iter().map(|mark| mark.record);
            Some(End {
                at_s: at.seconds_since(start),
                host: place_of(hosts, &session.host)?,
                user: place_of(users, &session.user)?,
                load: load.relative(&session.host, at),
                mark,
                records: witnesses.chain(session.records.iter().rev().copied()).take(4).collect(),
            })
        })
        .collect();
    ends.sort_by(|a, b| a.at_s.total_cmp(&b.at_s).then(a.host.cmp(&b.host)).then(a.user.cmp(&b.user)));
    ends
}
