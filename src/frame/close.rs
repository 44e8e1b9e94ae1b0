//! Whether a session's close completed: every witness that says otherwise leaves a mark.

use std::collections::{BTreeMap, BTreeSet};

use super::coverage::{Shows, Sight};
use super::sessions::{Ended, LOGOFF_S};
use super::who::{Actor, is_host_log};
use super::{Close, EndKind, Mark, Session, witness};
use crate::model::{Action, Event, Name, Provenance, Timestamp};

/// How long before a session's end its witnesses may speak, in seconds: the subsystem's complaint about a
/// slow termination precedes the record of the logoff.
const BEFORE_S: f64 = 300.0;

/// Tests the close of each session that ended by a logoff.
///
/// A close is incomplete by one strong witness ([`witness::CLOSE_WITNESSES`] says which those are, and why).
/// Weak ones are kept as marks, for their rate may tell, and leave the close complete. Reboots and edges are no
/// closes. A test whose time is cut by a boot or by the end of its source says nothing.
pub(super) fn test(ended: Vec<Ended>, events: &[Event], actors: &[Actor], sight: &Sight) -> Vec<Session> {
    let witnesses = Witnesses::gather(events, actors);
    let boots = super::sessions::boots(events);
    let lossy = witnesses.lossy(&ended, sight);
    let mut sessions: Vec<Session> = Vec::with_capacity(ended.len());
    for Ended { mut session, stuck } in ended {
        if let (Some(at), EndKind::Logoff) = (session.ended_at, session.end_kind) {
            session.marks.extend(stuck);
            let own_boots = boots.get(&session.host).map_or(&[][..], Vec::as_slice);
            let is_cut = own_boots.iter().any(|boot| (0.0..=LOGOFF_S).contains(&boot.seconds_since(at)));
            witnesses.spoken(&mut session, at);
            if !is_cut {
                witnesses.unfinished(&mut session, at, sight);
                let witness = match (lossy.contains(&session.host), witnesses.was_released(&session, at)) {
                    (true, _) => witness::DETACH_NOT_LOGGED,
                    (false, true) => witness::DISK_FREE_LATER,
                    (false, false) => witness::DISK_NOT_DETACHED,
                };
                let undetached = witnesses.undetached(&session, at, sight);
                let mark = undetached.map(|word| Mark { at: word.at, witness, record: word.record });
                session.marks.extend(mark);
            }
            session
                .marks
                .sort_by(|one, other| (one.at, one.witness, one.record).cmp(&(other.at, other.witness, other.record)));
            session.marks.dedup();
            session.close = if session.marks.iter().any(witness::is_strong) {
                Close::Incomplete
            } else if sight.covers(&session.host, Shows::Close, at) {
                Close::Complete
            } else {
                Close::NotObservable
            };
        }
        sessions.push(session);
    }
    sessions
}

/// What one record of the close says, and how it names its session.
struct Word {
    at: Timestamp,
    number: Option<u32>,
    user: Option<Name>,
    activity: Option<Name>,
    dataset: Name,
    /// The file of a disk, without its folder: `profile_anna.vhdx`.
    disk: Option<String>,
    witness: &'static str,
    record: Provenance,
}

impl Word {
    /// Whether it speaks of that session: by number and account where it names both.
    fn is_about(&self, session: &Session) -> bool {
        match (self.number, session.session_id) {
            (Some(one), Some(other)) => one == other && self.user.as_ref().is_none_or(|user| *user == session.user),
            _ => self.user.as_ref() == Some(&session.user),
        }
    }
}

/// All words about closes, by host and time.
#[derive(Default)]
struct Witnesses {
    complaints: BTreeMap<Name, Vec<Word>>,
    begun: BTreeMap<Name, Vec<Word>>,
    finished: BTreeMap<Name, Vec<Word>>,
    attached: BTreeMap<Name, Vec<Word>>,
    detached: BTreeMap<Name, Vec<Word>>,
    /// By account and time: whether its disk came online, or was refused.
    disks: BTreeMap<Name, Vec<(Timestamp, bool)>>,
}

impl Witnesses {
    fn gather(events: &[Event], actors: &[Actor]) -> Self {
        let mut witnesses = Self::default();
        for (event, actor) in events.iter().zip(actors) {
            let Some(host) = actor.host.as_ref().filter(|_| is_host_log(event)) else { continue };
            let is_attached = event.action == Action::DiskAttached;
            if let (Some(user), true) = (&actor.user, is_attached || event.action == Action::Failure) {
                witnesses.disks.entry(user.clone()).or_default().push((event.at, is_attached));
            }
            let words = match event.action {
                _ if witness::is_complaint(event) => &mut witnesses.complaints,
                Action::ProfileUnloadBegin => &mut witnesses.begun,
                Action::ProfileUnloadEnd => &mut witnesses.finished,
                Action::DiskAttached => &mut witnesses.attached,
                Action::DiskDetached => &mut witnesses.detached,
                _ => continue,
            };
            words.entry(host.clone()).or_default().push(Word {
                at: event.at,
                number: event.session_id,
                user: actor.user.clone(),
                activity: event.activity_id.clone(),
                dataset: event.dataset.clone(),
                disk: disk(event),
                witness: witness::spoken(event),
                record: event.provenance,
            });
        }
        witnesses
    }

    /// Marks what was said about the close in so many words.
    fn spoken(&self, session: &mut Session, at: Timestamp) {
        let words = between(&self.complaints, &session.host, at.plus_seconds(-BEFORE_S), at.plus_seconds(LOGOFF_S));
        let marks: Vec<Mark> = words
            .filter(|word| word.is_about(session))
            .map(|word| Mark { at: word.at, witness: word.witness, record: word.record })
            .collect();
        session.marks.extend(marks);
    }

    /// Marks what began at the close and did not end within a quarter of an hour.
    fn unfinished(&self, session: &mut Session, at: Timestamp, sight: &Sight) {
        let due = at.plus_seconds(LOGOFF_S);
        if !sight.covers(&session.host, Shows::Close, due) {
            return;
        }
        let from = at.plus_seconds(-BEFORE_S);
        let mut marks = Vec::new();
        for begun in between(&self.begun, &session.host, from, due).filter(|word| word.is_about(session)) {
            // Without any finished unload in this log, its absence says nothing.
            let log = self.finished.get(&session.host).into_iter().flatten();
            if !log.clone().any(|word| word.dataset == begun.dataset) {
                continue;
            }
            let ends =
                between(&self.finished, &session.host, begun.at.plus_seconds(-1.0), begun.at.plus_seconds(LOGOFF_S));
            let is_finished = ends
                .filter(|word| word.dataset == begun.dataset)
                .any(|word| word.is_about(session) || (word.activity.is_some() && word.activity == begun.activity));
            if !is_finished {
                let is_fslogix = begun.dataset.starts_with("fslogix");
                let witness = if is_fslogix { witness::FSLOGIX_UNFINISHED } else { witness::UNLOAD_UNFINISHED };
                marks.push(Mark { at: begun.at, witness, record: begun.record });
            }
        }
        session.marks.extend(marks);
    }

    /// The disk that came online for the session and not offline again; of several, the first by name.
    fn undetached(&self, session: &Session, at: Timestamp, sight: &Sight) -> Option<&Word> {
        let due = at.plus_seconds(LOGOFF_S);
        if !sight.covers(&session.host, Shows::Close, due) || !self.detached.contains_key(&session.host) {
            return None;
        }
        let since = session.started_at.unwrap_or(at).plus_seconds(-BEFORE_S);
        // A person may have several disks, of profile and of Office; of each the last attaching counts.
        let mut disks: BTreeMap<Option<&str>, &Word> = BTreeMap::new();
        for attached in between(&self.attached, &session.host, since, at).filter(|word| word.is_about(session)) {
            disks.insert(attached.disk.as_deref(), attached);
        }
        disks.into_values().find(|attached| {
            let is_same = |word: &&Word| {
                attached.disk.is_none() || word.disk.is_none() || word.disk.as_deref() == attached.disk.as_deref()
            };
            let mut ends = between(&self.detached, &session.host, attached.at, due).filter(is_same);
            !ends.any(|word| word.is_about(session))
        })
    }

    /// The hosts whose log has for certain lost more records of a disk that went offline than there are disks left
    /// of which none is seen: there the absence of one more is rather the log's fault than the disk's.
    fn lossy(&self, ended: &[Ended], sight: &Sight) -> BTreeSet<Name> {
        let mut counts: BTreeMap<&Name, [usize; 2]> = BTreeMap::new();
        for Ended { session, .. } in ended.iter().filter(|ended| ended.session.end_kind == EndKind::Logoff) {
            if let Some(at) = session.ended_at.filter(|at| self.undetached(session, *at, sight).is_some()) {
                counts.entry(&session.host).or_default()[usize::from(self.was_released(session, at))] += 1;
            }
        }
        counts.into_iter().filter(|(_, [n_blamed, n_lost])| n_lost > n_blamed).map(|(host, _)| host.clone()).collect()
    }

    /// Whether the user's next profile disk came online anywhere without a refusal before it: then this one had
    /// been released, and only the record of it is missing, for a disk cannot be attached twice.
    fn was_released(&self, session: &Session, at: Timestamp) -> bool {
        let next = |words: &BTreeMap<Name, Vec<(Timestamp, bool)>>| {
            let words = words.get(&session.user)?;
            words.get(words.partition_point(|word| word.0 <= at)).map(|word| word.1)
        };
        next(&self.disks) == Some(true)
    }
}

/// The words of one host within a span, by time.
fn between<'a>(
    words: &'a BTreeMap<Name, Vec<Word>>,
    host: &Name,
    from: Timestamp,
    to: Timestamp,
) -> impl Iterator<Item = &'a Word> + Clone {
    let words = words.get(host).map_or(&[][..], Vec::as_slice);
    let start = words.partition_point(|word| word.at < from);
    words[start..].iter().take_while(move |word| word.at <= to)
}

/// The file of the disk that an event is about, in lower case.
fn disk(event: &Event) -> Option<String> {
    let is_disk = matches!(event.action, Action::DiskAttached | Action::DiskDetached);
    let path = event.message.as_deref().filter(|_| is_disk)?;
    let file = path.rsplit(['\\', '/']).next()?.to_lowercase();
    // Without the field the text is a sentence in the language of the host.
    matches!(file.rsplit_once('.'), Some((_, "vhdx" | "vhd"))).then_some(file)
}
