//! Turns one Windows record into one event, by the catalog.

use std::borrow::Cow;
use std::net::IpAddr;

use super::catalog::{Catalog, Entry, Provider};
use super::changes;
use super::place::{self, Place, number};
use crate::model::identity::{canonical_host, canonical_user};
use crate::model::{Action, ChangeRecord, Event, Fault, Name, Names, Provenance, Severity, Timestamp, Trust};
use crate::normalize::signature::{Clue, Hit, Signatures};
use crate::read::WindowsRecord;

/// The kind of log that all Windows events belong to.
const DATASET: &str = "windows";

/// The mark of an event that stood in the slack of its log.
const RECOVERED: &str = "recovered";

/// What one Windows record came to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Understood {
    /// The event; `None` if the catalog does not know the record, its conditions do not hold, it has
    /// no time, or it is about no person where only persons matter.
    pub event: Option<Event>,
    /// The changes that it states.
    pub changes: Vec<ChangeRecord>,
}

impl Catalog {
    /// Understands one record.
    ///
    /// The result depends on data, ids and levels only, never on rendered text where data exist, so
    /// that it is the same from every export and in every language. Empty values count as absent,
    /// since some exports leave them out.
    pub fn understand(&self, record: &WindowsRecord, provenance: Provenance, names: &mut Names) -> Understood {
        self.understand_by(Signatures::embedded(), record, provenance, names)
    }

    /// Understands one record, with other signatures than the built-in ones.
    pub fn understand_by(
        &self,
        signatures: &Signatures,
        record: &WindowsRecord,
        provenance: Provenance,
        names: &mut Names,
    ) -> Understood {
        let Some(at) = record.time else { return Understood::default() };
        let Some(provider) = record.provider.as_deref().and_then(|name| self.provider(name)) else {
            return Understood::default();
        };
        // Some exports leave the qualifiers in the upper half.
        let code = record.event_id & 0xFFFF;
        for entry in provider.entries(code) {
            let text = place::first(&entry.text, record, None);
            // An export without data still has the rendered text; better than nothing.
            let text = text.or_else(|| record.message.as_deref().map(Cow::Borrowed).filter(|_| !entry.text.is_empty()));
            if !entry.applies(record, text.as_deref()) {
                continue;
            }
            let reading = Reading { signatures, record, provider, entry, code, text: text.as_deref() };
            return reading.understood(at, provenance, names);
        }
        Understood::default()
    }
}

/// One record beside the entry that applies to it.
struct Reading<'r> {
    signatures: &'r Signatures,
    record: &'r WindowsRecord,
    provider: &'r Provider,
    entry: &'r Entry,
    code: u32,
    text: Option<&'r str>,
}

impl Reading<'_> {
    fn first<'s>(&'s self, places: &'s [Place]) -> Option<Cow<'s, str>> {
        place::first(places, self.record, self.text)
    }

    fn understood(&self, at: Timestamp, provenance: Provenance, names: &mut Names) -> Understood {
        let user = self.entry.user.iter().find_map(|place| {
            place.value(self.record, self.text).and_then(|name| canonical_user(&name)).map(|name| names.intern(&name))
        });
        if self.entry.needs_user && user.is_none() {
            return Understood::default();
        }
        let host = self.record.computer.as_deref().map(canonical_host).filter(|host| !host.is_empty());
        let host = host.map(|host| names.intern(&host));
        let changes = match self.entry.change {
            Some(rule) => {
                let (record, code, text, host) = (self.record, self.code, self.text, host.clone());
                let statement = changes::Statement { record, code, text, host, at, provenance };
                changes::read(rule, &statement, names).into_iter().collect()
            }
            None => Vec::new(),
        };
        let stated_no_change = self.entry.change.is_some() && changes.is_empty();
        let action = match self.entry.action {
            // A failed or routine installation is worth keeping, but nothing changed.
            Action::Change if stated_no_change => Action::Other,
            action => action,
        };
        let error = self.error();
        let (signature, fault) = self.signature(action, error.as_deref(), names);
        let event = Event {
            at,
            time_trust: Trust::Stated,
            duration_ms: self.duration_ms(),
            provenance,
            host,
            host_trust: Trust::Stated,
            dataset: names.intern(DATASET),
            provider: Some(names.intern(&self.provider.name)),
            code: Some(self.code),
            channel: self.channel(names),
            severity: self.severity(),
            action,
            user,
            user_sid: self.first(&self.entry.sid).filter(|sid| is_person(sid)).map(|sid| names.intern(&sid)),
            session_id: self
                .first(&self.entry.session)
                .and_then(|id| number(&id))
                .and_then(|id| u32::try_from(id).ok()),
            logon_id: self.first(&self.entry.logon).and_then(|id| number(&id)).filter(|&id| id != 0),
            activity_id: self.activity_id(names),
            client: self.first(&self.entry.client).and_then(|from| client(&from)).map(|from| names.intern(&from)),
            signature,
            fault,
            error_code: error.map(|code| names.intern(&code)),
            component_version: self.component(names),
            message: self.text.map(Name::from),
            data: self.kept(names),
        };
        Understood { event: Some(event), changes }
    }

    /// The first error code that is not zero.
    fn error(&self) -> Option<String> {
        let found = self.entry.error.iter().filter_map(|place| place.value(self.record, self.text));
        found.into_iter().find(|code| number(code) != Some(0)).map(Cow::into_owned)
    }

    fn signature(&self, action: Action, error: Option<&str>, names: &mut Names) -> (Option<Name>, Option<Fault>) {
        if !matches!(action, Action::Failure | Action::Symptom) {
            return (None, None);
        }
        let clue = Clue { provider: &self.provider.name, code: self.code, record: self.record, error, text: self.text };
        match self.signatures.classify_windows(&clue) {
            Some(Hit { id, fault }) => (Some(names.intern(&id)), Some(fault)),
            None => (Some(names.intern(&unknown_signature(&self.provider.name, self.code))), Some(Fault::Unclear)),
        }
    }

    fn severity(&self) -> Severity {
        let own = self.record.level.map_or(Severity::Info, Severity::from_windows_level);
        self.entry.severity.unwrap_or(own)
    }

    fn duration_ms(&self) -> Option<f64> {
        let milliseconds = self.first(&self.entry.duration_ms).and_then(|text| text.parse::<f64>().ok());
        let seconds = self.first(&self.entry.duration_s).and_then(|text| text.parse::<f64>().ok());
        milliseconds.or(seconds.map(|seconds| seconds * 1_000.0)).filter(|ms| ms.is_finite() && *ms >= 0.0)
    }

    /// The channel in the one spelling that reports use.
    fn channel(&self, names: &mut Names) -> Option<Name> {
        let channel = self.record.channel.as_deref()?;
        let known = self.provider.channels.get(&channel.to_lowercase());
        Some(names.intern(known.map_or(channel, String::as_str)))
    }

    /// Upper case with braces; the empty GUID joins nothing.
    fn activity_id(&self, names: &mut Names) -> Option<Name> {
        let id = super::shape::guid(self.record.activity_id.as_deref()?)?;
        (!id.trim_matches(['{', '}', '0', '-']).is_empty()).then(|| names.intern(&id))
    }

    fn component(&self, names: &mut Names) -> Option<(Name, Name)> {
        let (component, version) = self.entry.component.as_ref()?;
        let component = component.value(self.record, self.text)?;
        let version = version.value(self.record, self.text)?;
        Some((names.intern(&component), names.intern(&version)))
    }

    fn kept(&self, names: &mut Names) -> Vec<(Name, Name)> {
        let kept = self.entry.keep.iter().filter_map(|kept| {
            let value = kept.place.value(self.record, self.text)?;
            Some((names.intern(&kept.name), Name::from(&*value)))
        });
        let mut kept: Vec<_> = kept.collect();
        // What decides on the signature is kept, so that an event shows why it has this one or none.
        for place in self.signatures.asked(&self.provider.name, self.code) {
            let name = place.written().filter(|name| !kept.iter().any(|(known, _)| **known == **name));
            if let (Some(name), Some(value)) = (name, place.value(self.record, self.text)) {
                kept.push((names.intern(&name), Name::from(&*value)));
            }
        }
        if self.record.is_recovered {
            kept.push((names.intern(RECOVERED), names.intern("true")));
        }
        kept
    }
}

/// The signature of a failure that the catalog has no name for: `other-<provider>-<id>`.
pub(crate) fn unknown_signature(provider: &str, code: u32) -> String {
    let mut id = String::from("other-");
    for c in provider.trim_start_matches("Microsoft-Windows-").chars() {
        if c.is_ascii_alphanumeric() {
            id.push(c.to_ascii_lowercase());
        } else if !id.ends_with('-') {
            id.push('-');
        }
    }
    format!("{}-{code}", id.trim_end_matches('-'))
}

/// Whether a SID is that of an account of a domain, a machine or a directory, not a service's.
fn is_person(sid: &str) -> bool {
    sid.starts_with("S-1-5-21-") || sid.starts_with("S-1-12-1-")
}

/// Returns an address without port, brackets and IPv4-in-IPv6 prefix; `None` for the machine itself.
fn client(written: &str) -> Option<String> {
    let written = written.trim();
    let bare = match written.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or(rest),
        // One colon parts address and port; more of them are an IPv6 address.
        None if written.matches(':').count() == 1 => written.split(':').next().unwrap_or(written),
        None => written,
    };
    let bare = bare.split('%').next().unwrap_or(bare);
    if let Ok(address) = bare.parse::<IpAddr>() {
        let address = address.to_canonical();
        return (!address.is_loopback() && !address.is_unspecified()).then(|| address.to_string());
    }
    let is_name = bare.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '.' | '_'));
    (is_name && !bare.is_empty() && bare != "-" && !bare.eq_ignore_ascii_case("local")).then(|| bare.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Position, SourceId};
    use crate::read::Datum;

    const PROVENANCE: Provenance = Provenance { source: SourceId(0), position: Position::Record(1) };
    const LSM: &str = "Microsoft-Windows-TerminalServices-LocalSessionManager";
    const SECURITY: &str = "Microsoft-Windows-Security-Auditing";

    fn record(provider: &str, event_id: u32, data: &[(&str, &str)]) -> WindowsRecord {
        let data = data
            .iter()
            .map(|(name, value)| Datum {
                name: (!name.is_empty()).then(|| Name::from(*name)),
                value: Some((*value).into()),
            })
            .collect();
        WindowsRecord {
            provider: Some(provider.into()),
            event_id,
            level: Some(4),
            time: Some(Timestamp(1)),
            computer: Some("ts01.corp.example".into()),
            channel: Some("System".into()),
            data,
            ..WindowsRecord::default()
        }
    }

    fn event(record: &WindowsRecord) -> Option<Event> {
        Catalog::embedded().understand(record, PROVENANCE, &mut Names::new()).event
    }

    #[test]
    fn a_session_is_given_to_a_person_on_a_host_from_an_address() {
        let data = [("User", "CORP\\User001"), ("SessionID", "7"), ("Address", "10.1.2.3")];
        let event = event(&record(LSM, 21, &data)).unwrap();
        assert_eq!(event.action, Action::SessionBegin);
        assert_eq!(event.user.as_deref(), Some("user001"));
        assert_eq!(event.host.as_deref(), Some("TS01"));
        assert_eq!(event.session_id, Some(7));
        assert_eq!(event.client.as_deref(), Some("10.1.2.3"));
        assert_eq!(event.severity, Severity::Info);
    }

    #[test]
    fn qualifiers_merged_into_the_id_and_the_case_of_the_provider_do_not_matter() {
        let mut merged = record(&LSM.to_uppercase(), 0x8000_0000 | 23, &[("User", "user001"), ("SessionID", "7")]);
        merged.activity_id = Some("f4201111-0000-0000-0000-00000000abcd".into());
        let event = event(&merged).unwrap();
        assert_eq!((event.code, event.action), (Some(23), Action::SessionEnd));
        assert_eq!(event.provider.as_deref(), Some(LSM));
        assert_eq!(event.activity_id.as_deref(), Some("{F4201111-0000-0000-0000-00000000ABCD}"));
    }

    #[test]
    fn a_refused_logon_takes_the_substatus_and_falls_back_to_the_status() {
        let wrong_password = [
            ("TargetUserName", "user001"),
            ("Status", "0xc000006d"),
            ("SubStatus", "0xc000006a"),
            ("LogonType", "3"),
            ("IpAddress", "::ffff:10.1.2.3"),
        ];
        let refused = event(&record(SECURITY, 4625, &wrong_password)).unwrap();
        assert_eq!((refused.action, refused.fault), (Action::Failure, Some(Fault::User)));
        assert_eq!(refused.signature.as_deref(), Some("logon-wrong-password"));
        assert_eq!(refused.client.as_deref(), Some("10.1.2.3"));

        let no_server =
            [("TargetUserName", "user001"), ("Status", "0xc000005e"), ("SubStatus", "0x0"), ("LogonType", "3")];
        let refused = event(&record(SECURITY, 4625, &no_server)).unwrap();
        assert_eq!(
            (refused.signature.as_deref(), refused.fault),
            (Some("no-logon-server"), Some(Fault::Infrastructure))
        );
        assert_eq!(refused.error_code.as_deref(), Some("0xc000005e"));
    }

    #[test]
    fn machines_and_services_do_not_log_on_as_people() {
        let machine = [("TargetUserName", "TS01$"), ("LogonType", "10")];
        assert_eq!(event(&record(SECURITY, 4624, &machine)), None);
        let network = [("TargetUserName", "user001"), ("LogonType", "3")];
        assert_eq!(event(&record(SECURITY, 4624, &network)), None);
        let remote = [("TargetUserName", "user001"), ("LogonType", "10"), ("TargetLogonId", "0x3E7A")];
        let remote = event(&record(SECURITY, 4624, &remote)).unwrap();
        assert_eq!((remote.action, remote.logon_id), (Action::Authenticated, Some(0x3E7A)));
    }

    #[test]
    fn a_failure_without_a_name_is_called_after_its_event() {
        assert_eq!(
            unknown_signature("Microsoft-Windows-User Profiles Service", 1511),
            "other-user-profiles-service-1511"
        );
        assert_eq!(unknown_signature("MSSQL$X", 3), "other-mssql-x-3");
    }

    #[test]
    fn an_address_is_bare() {
        for (written, bare) in [
            ("10.1.2.3:50001", Some("10.1.2.3")),
            ("[10.1.2.3]:50001", Some("10.1.2.3")),
            ("[fe80::1%4]:50001", Some("fe80::1")),
            ("::ffff:10.1.2.3", Some("10.1.2.3")),
            ("LOCAL", None),
            ("::1", None),
            ("0.0.0.0", None),
            ("<local machine>", None),
            ("LAPTOP-7", Some("LAPTOP-7")),
        ] {
            assert_eq!(client(written).as_deref(), bare, "{written}");
        }
    }

    #[test]
    fn a_record_without_time_is_no_event() {
        let mut timeless = record(LSM, 21, &[("User", "user001")]);
        timeless.time = None;
        assert_eq!(event(&timeless), None);
    }
}
