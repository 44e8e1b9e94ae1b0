//! How a try ended: desktop, failure with its most telling record, or silence.

use super::Outcome;
use super::coverage::{Shows, Sight};
use super::latency::Patience;
use super::trace::Trace;
use crate::model::{Event, Fault, Name, Timestamp};

/// The signature of a try that was accepted and then left no trace.
pub const SILENT: &str = "silent-after-authentication";
/// The signature of a session that was given and never showed a desktop.
pub const NO_DESKTOP: &str = "session-without-desktop";
/// The catalog's signature of a temporary profile: a desktop, but not the user's own.
const TEMPORARY_PROFILE: &str = "temporary-profile";
/// The signature of a session that was thrown out at once, without any record that says why.
pub const SHORT_LIVED: &str = "short-lived-session";

/// The signatures of failures that no record states, for people: id, title, meaning.
pub const DERIVED: &[(&str, &str, &str)] = &[
    (
        SILENT,
        "Accepted, then silence",
        "Name and password were accepted, and no session followed within a time that this host's own logons hardly ever \
         take. No record says why.",
    ),
    (
        NO_DESKTOP,
        "Session without a desktop",
        "A session was given, and its desktop never came up, where it usually does. No record says why.",
    ),
    (
        SHORT_LIVED,
        "Thrown out at once",
        "The session was over within a minute and a half, and its user tried again or had no profile. No record says why.",
    ),
];

/// A session that ends within this many seconds of its begin was no working session: after FSLogix has given up
/// on a locked profile (60 s of retries by its defaults), the user is thrown out again.
const BOUNCE_S: f64 = 90.0;
/// Whoever was thrown out tries again within this many seconds; whoever was done does not.
const TRIES_AGAIN_S: f64 = 600.0;
/// The share of a host's sessions that must show a step before its absence means something.
const USUAL_SHARE: f64 = 0.9;
/// How many sessions tell such a share.
const MIN_SESSIONS: usize = 20;

/// The end of one try.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Ending {
    /// How it ended.
    pub outcome: Outcome,
    /// The record that tells, for failures that have one.
    pub telling: Option<usize>,
    /// The signature of a failure.
    pub signature: Option<Name>,
    /// Whose fault it is.
    pub fault: Option<Fault>,
}

impl Ending {
    pub(super) fn success() -> Self {
        Self { outcome: Outcome::Succeeded, telling: None, signature: None, fault: None }
    }

    /// The end of a try that no source could have shown.
    pub(super) fn unseen() -> Self {
        Self { outcome: Outcome::Unseen, telling: None, signature: None, fault: None }
    }

    pub(super) fn derived(outcome: Outcome, signature: &str) -> Self {
        Self { outcome, telling: None, signature: Some(signature.into()), fault: Some(Fault::Unclear) }
    }

    /// A failure told by the most telling of these records; `None` if there are none.
    pub(super) fn failure(records: &[usize], events: &[Event]) -> Option<Self> {
        let telling = most_telling(records, events)?;
        let event = &events[telling];
        let fallback = || {
            let provider = event.provider.as_deref().unwrap_or(&event.dataset).to_lowercase();
            Name::from(format!("other-{provider}-{}", event.code.unwrap_or(0)))
        };
        Some(Self {
            outcome: Outcome::Failed,
            telling: Some(telling),
            signature: Some(event.signature.clone().unwrap_or_else(fallback)),
            fault: Some(event.fault.unwrap_or(Fault::Unclear)),
        })
    }
}

/// Returns the record closest to the cause: what the infrastructure says of itself before what is unclear or the
/// user's, a known signature before an unknown one, the profile's own log before Windows and Windows before an
/// application that passes on what it was told; then the one with an error code, then the earliest.
fn most_telling(records: &[usize], events: &[Event]) -> Option<usize> {
    records.iter().copied().min_by_key(|index| {
        let event = &events[*index];
        let fault = match event.fault {
            Some(Fault::Infrastructure) => 0,
            None | Some(Fault::Unclear) => 1,
            Some(Fault::Policy | Fault::User) => 2,
        };
        let unknown = event
            .signature
            .as_deref()
            .is_none_or(|signature| ["other-", "template-"].iter().any(|unknown| signature.starts_with(unknown)));
        let distance = if event.dataset.starts_with("fslogix") || event.component_version.is_some() {
            0
        } else if &*event.dataset == "windows" {
            1
        } else {
            2
        };
        (unknown, distance, fault, event.error_code.is_none(), event.at, *index)
    })
}

/// What is usual on each host, learnt from its sessions.
pub(super) struct Custom {
    shell: std::collections::BTreeMap<Name, bool>,
    profile: std::collections::BTreeMap<Name, bool>,
}

impl Custom {
    /// Learns whether a host's sessions usually show a desktop and a loaded profile.
    pub(super) fn learn(traces: &[Trace]) -> Self {
        let mut counts: std::collections::BTreeMap<Name, (usize, usize, usize)> = std::collections::BTreeMap::new();
        for trace in traces.iter().filter(|trace| trace.begun.is_some()) {
            let count = counts.entry(trace.host.clone()).or_default();
            count.0 += 1;
            count.1 += usize::from(trace.shell.is_some());
            count.2 += usize::from(trace.has_profile);
        }
        let usual = |n: usize, of: usize| of >= MIN_SESSIONS && n as f64 >= USUAL_SHARE * of as f64;
        Self {
            shell: counts.iter().map(|(host, (all, shell, _))| (host.clone(), usual(*shell, *all))).collect(),
            profile: counts.iter().map(|(host, (all, _, profile))| (host.clone(), usual(*profile, *all))).collect(),
        }
    }

    fn shows_shell(&self, host: &Name) -> bool {
        self.shell.get(host).copied().unwrap_or(false)
    }

    fn shows_profile(&self, host: &Name) -> bool {
        self.profile.get(host).copied().unwrap_or(false)
    }
}

/// Everything that a decision needs beside the try itself.
pub(super) struct Context<'a> {
    pub(super) events: &'a [Event],
    pub(super) sight: &'a Sight,
    pub(super) patience: &'a Patience,
    pub(super) custom: &'a Custom,
}

/// Whether the session was over so soon that nobody can have worked in it.
pub(super) fn is_short(trace: &Trace) -> bool {
    let since = trace.begun.or(trace.shell);
    since.zip(trace.ended).is_some_and(|(begun, ended)| ended.seconds_since(begun) <= BOUNCE_S)
}

/// Decides how a try ended; `None` where no source could have shown it.
///
/// `next_try` is the same user's next try on any host. Rules, first match wins:
/// 1. An old session taken up again is a success.
/// 2. A session with a desktop (21 suffices where 22 is not usual) is a success unless its profile was a temporary
///    one, or it was over within 90 s and a failure was recorded, or its profile was not loaded where that is usual, or the user tried again at
///    once: then it was a bounce.
/// 3. A recorded failure is a failure.
/// 4. A session without the desktop that is usual, or acceptance without a session, is silence, if the source
///    that would have shown it covers the whole wait.
pub(super) fn decide(trace: &Trace, next_try: Option<Timestamp>, context: &Context<'_>) -> Option<Ending> {
    let Context { events, sight, patience, custom } = context;
    if trace.reconnected.is_some() {
        return Some(Ending::success());
    }
    let host = &trace.host;
    // The security log's word suffices only where no log of sessions could have said more.
    let is_granted = trace.granted.is_some() && !sight.knows(host, Shows::Connection);
    let has_desktop = trace.shell.is_some() || is_granted || (trace.begun.is_some() && !custom.shows_shell(host));
    if has_desktop {
        let is_temporary = |index: &usize| events[*index].signature.as_deref() == Some(TEMPORARY_PROFILE);
        if trace.failures.iter().any(is_temporary) {
            return Ending::failure(&trace.failures, events);
        }
        if !is_short(trace) {
            return Some(Ending::success());
        }
        let begun = trace.begun.or(trace.shell).unwrap_or(trace.first);
        let lacks_profile =
            !trace.has_profile && custom.shows_profile(host) && sight.covers(host, Shows::Profile, begun);
        let again =
            next_try.is_some_and(|next| trace.ended.is_some_and(|ended| next.seconds_since(ended) <= TRIES_AGAIN_S));
        if let Some(ending) = Ending::failure(&trace.failures, events) {
            return Some(ending);
        }
        let is_bounce = lacks_profile || again;
        return Some(if is_bounce { Ending::derived(Outcome::Failed, SHORT_LIVED) } else { Ending::success() });
    }
    if let Some(ending) = Ending::failure(&trace.failures, events) {
        return Some(ending);
    }
    let accepted = trace.authenticated.or(trace.begun);
    let Some(accepted) = accepted else {
        return trace.has_profile.then(Ending::success);
    };
    let given_up = accepted.plus_seconds(patience.of(host));
    let is_watched = sight.covers_span(host, Shows::Desktop, accepted, given_up);
    let signature = if trace.begun.is_some() { NO_DESKTOP } else { SILENT };
    is_watched.then(|| Ending::derived(Outcome::Silent, signature))
}
