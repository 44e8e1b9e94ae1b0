//! Small planted scenes for the tests: events as the catalog would deliver them.

use std::collections::BTreeMap;

use crate::model::{
    Action, ChangeKind, ChangeRecord, Event, Fault, HostScope, HourCount, Hours, Name, Position, Provenance, Severity,
    SourceId, Timestamp, Trust, Witness,
};
use crate::normalize::{Normalized, Role, SourceSummary, Zone};

const LSM: &str = "Microsoft-Windows-TerminalServices-LocalSessionManager";
const RCM: &str = "Microsoft-Windows-TerminalServices-RemoteConnectionManager";

/// The instant `second` seconds after the scene's first midnight, a Monday.
pub(super) fn at(second: f64) -> Timestamp {
    Timestamp::from_unix_seconds(1_646_006_400).plus_seconds(second) // 2022-02-28
}

/// Events and changes, one record number after the other.
pub(super) struct Scene {
    pub(super) events: Vec<Event>,
    pub(super) changes: Vec<ChangeRecord>,
    next: u64,
}

impl Scene {
    pub(super) fn new() -> Self {
        Self { events: Vec::new(), changes: Vec::new(), next: 1 }
    }

    fn provenance(&mut self) -> Provenance {
        self.next += 1;
        Provenance { source: SourceId(0), position: Position::Record(self.next) }
    }

    /// Adds an event without account and returns it for more.
    pub(super) fn event(&mut self, host: &str, second: f64, action: Action) -> &mut Event {
        let provenance = self.provenance();
        self.events.push(Event {
            at: at(second),
            time_trust: Trust::Stated,
            duration_ms: None,
            provenance,
            host: Some(host.into()),
            host_trust: Trust::Stated,
            dataset: "windows".into(),
            provider: Some(LSM.into()),
            code: None,
            channel: Some(format!("{LSM}/Operational").into()),
            severity: Severity::Info,
            action,
            user: None,
            user_sid: None,
            session_id: None,
            logon_id: None,
            activity_id: None,
            client: None,
            signature: None,
            fault: None,
            error_code: None,
            component_version: None,
            message: None,
            data: Vec::new(),
        });
        let last = self.events.len() - 1;
        &mut self.events[last]
    }

    pub(super) fn authenticated(&mut self, host: &str, user: &str, second: f64) -> &mut Event {
        let event = self.event(host, second, Action::Authenticated);
        event.provider = Some(RCM.into());
        event.channel = Some(format!("{RCM}/Operational").into());
        event.code = Some(1149);
        event.user = Some(user.into());
        event
    }

    fn session(&mut self, host: &str, user: &str, session: u32, second: f64, action: Action, code: u32) {
        let event = self.event(host, second, action);
        event.user = Some(user.into());
        event.session_id = Some(session);
        event.code = Some(code);
    }

    pub(super) fn begin(&mut self, host: &str, user: &str, session: u32, second: f64) {
        self.session(host, user, session, second, Action::SessionBegin, 21);
    }

    pub(super) fn shell(&mut self, host: &str, user: &str, session: u32, second: f64) {
        self.session(host, user, session, second, Action::Success, 22);
    }

    pub(super) fn end(&mut self, host: &str, user: &str, session: u32, second: f64) {
        self.session(host, user, session, second, Action::SessionEnd, 23);
    }

    pub(super) fn disconnect(&mut self, host: &str, user: &str, session: u32, second: f64) {
        self.session(host, user, session, second, Action::Disconnect, 24);
    }

    pub(super) fn reconnect(&mut self, host: &str, user: &str, session: u32, second: f64) {
        self.session(host, user, session, second, Action::Reconnect, 25);
    }

    pub(super) fn unload(&mut self, host: &str, session: u32, second: f64, action: Action) -> &mut Event {
        let event = self.event(host, second, action);
        event.provider = Some("Microsoft-Windows-User Profiles Service".into());
        event.channel = Some("Microsoft-Windows-User Profile Service/Operational".into());
        event.session_id = Some(session);
        event
    }

    pub(super) fn incomplete(&mut self, host: &str, session: u32, second: f64) {
        let event = self.event(host, second, Action::IncompleteClose);
        event.session_id = Some(session);
        event.code = Some(45);
    }

    pub(super) fn boot(&mut self, host: &str, second: f64) {
        let event = self.event(host, second, Action::Boot);
        event.provider = Some("Microsoft-Windows-Kernel-General".into());
        event.channel = Some("System".into());
        event.code = Some(12);
    }

    /// A failure that names its user: a refused logon where `channel` is `Security`.
    pub(super) fn failure(
        &mut self,
        host: &str,
        user: &str,
        second: f64,
        signature: &str,
        channel: &str,
        fault: Fault,
    ) -> &mut Event {
        let event = self.event(host, second, Action::Failure);
        event.user = Some(user.into());
        event.signature = Some(signature.into());
        event.channel = Some(channel.into());
        event.provider = Some(channel.into());
        event.code = Some(if channel == "Security" { 4625 } else { 26 });
        event.fault = Some(fault);
        event
    }

    /// An event of an application beside the hosts, about a try on `target`.
    pub(super) fn application(&mut self, target: &str, user: &str, second: f64, action: Action) -> &mut Event {
        let event = self.event("APP01", second, action);
        event.dataset = "log4net".into();
        event.provider = None;
        event.channel = None;
        event.user = Some(user.into());
        event.data = vec![("target".into(), target.into())];
        event
    }

    /// A whole working day of one user: authenticated, desktop after eight seconds, logoff an hour later.
    pub(super) fn workday(&mut self, host: &str, user: &str, session: u32, second: f64) {
        self.authenticated(host, user, second);
        self.begin(host, user, session, second + 6.0);
        self.shell(host, user, session, second + 8.0);
        self.end(host, user, session, second + 3_600.0);
    }

    /// A statement about a change.
    pub(super) fn change(
        &mut self,
        component: &str,
        version: Option<&str>,
        hosts: &[&str],
        second: f64,
        witness: Witness,
    ) -> &mut ChangeRecord {
        let provenance = self.provenance();
        self.changes.push(ChangeRecord {
            at: at(second),
            time_trust: Trust::Stated,
            component: component.into(),
            version: version.map(Name::from),
            kind: ChangeKind::Update,
            scope: HostScope::Hosts(hosts.iter().map(|host| Name::from(*host)).collect()),
            witness,
            needs_restart: false,
            note: None,
            provenance,
        });
        let last = self.changes.len() - 1;
        &mut self.changes[last]
    }

    /// What normalizing this scene would hand over: one source, with its hours counted.
    pub(super) fn normalized(self) -> Normalized {
        let mut hours = Hours::new();
        for event in &self.events {
            if let Some(host) = &event.host {
                let channel = event.channel.as_deref().unwrap_or_default().to_lowercase();
                HourCount::of(event.at).add_to(&mut hours, (host.clone(), channel.into(), event.at.hour()));
            }
        }
        let span = self.events.iter().map(|event| event.at).min().zip(self.events.iter().map(|event| event.at).max());
        let source = SourceSummary {
            id: SourceId(0),
            path: "scene.evtx".to_owned(),
            n_bytes: 0,
            sha256: String::new(),
            format: "evtx".to_owned(),
            role: Role::Events,
            encoding: "binary",
            hosts: Vec::new(),
            host_trust: Trust::Stated,
            zone: Zone { name: "UTC".to_owned(), trust: Trust::Stated },
            span,
            n_records: self.events.len() as u64,
            n_kept: self.events.len() as u64,
            n_irrelevant: 0,
            n_damaged: 0,
            n_walked: 0,
            hours,
            numbers: BTreeMap::new(),
            gaps: Vec::new(),
        };
        Normalized {
            events: self.events,
            changes: self.changes,
            load: Vec::new(),
            sources: vec![source],
            diagnostics: Vec::new(),
            templates: BTreeMap::new(),
        }
    }

    /// The tables of this scene.
    pub(super) fn tables(self) -> super::Tables {
        super::tables(self.normalized(), &super::Options::default()).tables
    }
}
