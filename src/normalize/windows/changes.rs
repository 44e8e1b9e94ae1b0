//! Reads changes out of Windows events: what was installed, updated, removed, configured or restarted.
//!
//! Nothing here knows a product: names and versions are what the log says. A step that failed states
//! no change. Two witnesses of one change both speak; where one of them knows less (no version, or the
//! event log's start beside the kernel's), its note says so, and [`without_twins`] takes it out where
//! the better one is there.

use super::place::{Place, number};
use crate::model::time::TICKS_PER_SECOND;
use crate::model::{ChangeKind, ChangeRecord, HostScope, Name, Names, Provenance, Timestamp, Trust, Witness};
use crate::read::WindowsRecord;

/// The component of a restart.
pub const RESTART: &str = "Operating system restart";
/// The note of a restart that only the event log's own start shows.
pub const NOTE_LOG_START: &str = "the event log service started";
/// The note of a restart that the log of driver installations shows.
pub const NOTE_BOOT_SESSION: &str = "a boot session began";
/// The note of an installation whose record names no version.
pub const NOTE_NO_VERSION: &str = "this record names no version";
/// The note of an update that comes every day or so.
pub const NOTE_ROUTINE: &str = "routine definition update";

/// Windows Installer: success, and a restart is needed. Source: Windows Installer error codes.
const SUCCESS_RESTART_REQUIRED: u64 = 3010;
/// Windows Installer: success, and a restart was begun.
const SUCCESS_RESTART_INITIATED: u64 = 1641;
/// Servicing writes package states as 5000 plus the state; 112 is installed, 0 is absent.
const SERVICING_STATE_BASE: u64 = 5_000;
const SERVICING_INSTALLED: u64 = 112;
const SERVICING_ABSENT: u64 = 0;

/// How a change is read out of an event; the catalog names the rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum ChangeRule {
    /// MsiInstaller 1033, 1034, 1035: name, version, language, status, manufacturer.
    MsiProduct,
    /// MsiInstaller 1036, 1037: name, version, language, update, status, manufacturer.
    MsiPatch,
    /// MsiInstaller 1022, 1019: name, update.
    MsiUpdate,
    /// MsiInstaller 11707, 11724, 11728: one text with the name only.
    MsiText,
    /// WindowsUpdateClient 19 and 23.
    WindowsUpdate,
    /// Servicing 2 and 4.
    Servicing,
    /// Servicing 9, 10, 13, 14, 15: a feature of a package was turned on or off.
    ServicingFeature,
    /// Service Control Manager 7040: the start type of a service.
    StartType,
    /// Service Control Manager 7045, Security 4697.
    Service,
    /// UserPnp 20001.
    Driver,
    /// GroupPolicy 1502, 4016.
    GroupPolicy,
    /// IIS-Configuration 29.
    Iis,
    /// RemoteConnectionManager 1157.
    Listener,
    /// Kernel-General 12.
    Boot,
    /// EventLog 6005.
    LogStart,
}

/// A record that may state a change, with what is known of it already.
pub(crate) struct Statement<'r> {
    pub(crate) record: &'r WindowsRecord,
    pub(crate) code: u32,
    pub(crate) text: Option<&'r str>,
    pub(crate) host: Option<Name>,
    pub(crate) at: Timestamp,
    pub(crate) provenance: Provenance,
}

/// What a rule found.
struct Found {
    component: String,
    version: Option<String>,
    kind: ChangeKind,
    needs_restart: bool,
    note: Option<String>,
}

impl Found {
    fn new(component: impl Into<String>, kind: ChangeKind) -> Self {
        Self { component: component.into(), version: None, kind, needs_restart: false, note: None }
    }
}

/// Reads the change that a record states; none where the step failed or nothing changed.
pub(crate) fn read(rule: ChangeRule, statement: &Statement<'_>, names: &mut Names) -> Option<ChangeRecord> {
    let found = match rule {
        ChangeRule::MsiProduct => statement.msi_product(),
        ChangeRule::MsiPatch => statement.msi_patch(),
        ChangeRule::MsiUpdate => statement.msi_update(),
        ChangeRule::MsiText => statement.msi_text(),
        ChangeRule::WindowsUpdate => statement.windows_update(),
        ChangeRule::Servicing => statement.servicing(),
        ChangeRule::ServicingFeature => statement.servicing_feature(),
        ChangeRule::StartType => statement.start_type(),
        ChangeRule::Service => statement.service(),
        ChangeRule::Driver => statement.driver(),
        ChangeRule::GroupPolicy => Some(statement.group_policy()),
        ChangeRule::Iis => Some(statement.iis()),
        ChangeRule::Listener => Some(statement.listener()),
        ChangeRule::Boot => Some(statement.boot()),
        ChangeRule::LogStart => {
            Some(Found { note: Some(NOTE_LOG_START.to_owned()), ..Found::new(RESTART, ChangeKind::Restart) })
        }
    }?;
    Some(ChangeRecord {
        at: statement.at,
        time_trust: Trust::Stated,
        component: names.intern(&found.component),
        version: found.version.map(|version| names.intern(&version)),
        kind: found.kind,
        scope: statement.host.clone().map_or(HostScope::Unstated, |host| HostScope::Hosts(vec![host])),
        witness: Witness::Observed,
        needs_restart: found.needs_restart,
        note: found.note.map(|note| names.intern(&note)),
        provenance: statement.provenance,
    })
}

impl Statement<'_> {
    fn unnamed(&self, index: usize) -> Option<String> {
        Place::Unnamed(index).value(self.record, None).map(std::borrow::Cow::into_owned).filter(|text| text != "(NULL)")
    }

    fn named(&self, names: &[&str]) -> Option<String> {
        names
            .iter()
            .find_map(|name| self.record.datum(name))
            .map(|text| text.trim().to_owned())
            .filter(|text| !text.is_empty())
    }

    /// Whether a restart is needed, if the status says success; `None` if it says failure.
    fn success(&self, status_index: usize) -> Option<bool> {
        match self.unnamed(status_index).as_deref().and_then(number) {
            // Records without a status are written on success only.
            None | Some(0) => Some(false),
            Some(SUCCESS_RESTART_REQUIRED | SUCCESS_RESTART_INITIATED) => Some(true),
            Some(_) => None,
        }
    }

    fn msi_product(&self) -> Option<Found> {
        let needs_restart = self.success(3)?;
        let kind = match self.code {
            1034 => ChangeKind::Remove,
            1035 => ChangeKind::Configuration,
            _ => ChangeKind::Install,
        };
        Some(Found { version: self.unnamed(1), needs_restart, ..Found::new(self.unnamed(0)?, kind) })
    }

    fn msi_patch(&self) -> Option<Found> {
        let needs_restart = self.success(4)?;
        let kind = if self.code == 1037 { ChangeKind::Rollback } else { ChangeKind::Update };
        let note = self.unnamed(3);
        Some(Found { version: self.unnamed(1), needs_restart, note, ..Found::new(self.unnamed(0)?, kind) })
    }

    fn msi_update(&self) -> Option<Found> {
        let kind = if self.code == 1019 { ChangeKind::Rollback } else { ChangeKind::Update };
        Some(Found { note: Some(NOTE_NO_VERSION.to_owned()), ..Found::new(self.unnamed(0)?, kind) })
    }

    fn msi_text(&self) -> Option<Found> {
        let product = super::text_part::TextPart::Product.of(self.text?)?;
        let kind = match self.code {
            11724 => ChangeKind::Remove,
            11728 => ChangeKind::Configuration,
            _ => ChangeKind::Install,
        };
        Some(Found { note: Some(NOTE_NO_VERSION.to_owned()), ..Found::new(product, kind) })
    }

    fn windows_update(&self) -> Option<Found> {
        let title = self.named(&["updateTitle"])?;
        if is_store_app(&title) {
            return None;
        }
        let note = is_definition(&title).then(|| NOTE_ROUTINE.to_owned());
        let kind = if self.code == 23 { ChangeKind::Remove } else { ChangeKind::Update };
        Some(Found { version: kb(&title), note, ..Found::new(title, kind) })
    }

    fn servicing(&self) -> Option<Found> {
        let package = self.named(&["PackageIdentifier", "identifier", "updateName"])?;
        if self
            .named(&["ErrorCode", "errorCode"])
            .as_deref()
            .and_then(number)
            .is_some_and(|code| code != 0 && code != SUCCESS_RESTART_REQUIRED)
        {
            return None;
        }
        // 2: the state has changed; 4: a restart is needed before it does.
        let needs_restart = self.code == 4;
        let state = self.named(&["IntendedPackageState", "targetPackageState"]).as_deref().and_then(number);
        let words = self.named(&["IntendedPackageStateTextized", "targetPackageStateTextized"]);
        let kind = match (state.map(|state| state % SERVICING_STATE_BASE), words.as_deref()) {
            (Some(SERVICING_INSTALLED), _) | (None, None | Some("Installed")) => ChangeKind::Update,
            (Some(SERVICING_ABSENT), _) | (None, Some("Absent")) => ChangeKind::Remove,
            // Staged and resolved packages are not in force.
            _ => return None,
        };
        Some(Found { version: kb(&package), needs_restart, ..Found::new(package, kind) })
    }

    fn servicing_feature(&self) -> Option<Found> {
        let feature = self.named(&["UpdateName", "updateName"])?;
        // `Package~31bf3856ad364e35~amd64~~10.0.20348.1`: the version stands last.
        let package = self.named(&["PackageIdentifier", "identifier"]);
        let version = package.as_deref().and_then(|package| package.rsplit_once('~')).map(|(_, version)| version);
        let version = version.filter(|version| version.starts_with(|c: char| c.is_ascii_digit()));
        let is_on = matches!(self.code, 9 | 13);
        Some(Found {
            version: version.map(str::to_owned),
            needs_restart: matches!(self.code, 13 | 14),
            ..Found::new(feature, if is_on { ChangeKind::Install } else { ChangeKind::Remove })
        })
    }

    /// A service that was disabled, or is no more. Between the other start types Windows changes some services
    /// to and fro by itself: one real log of 5,009 records has 1,018 of them.
    fn start_type(&self) -> Option<Found> {
        let (old, new) = (self.named(&["param2"])?, self.named(&["param3"])?);
        let is_disabled = |words: &str| {
            let words = words.to_lowercase();
            ["disabled", "deaktiviert", "d\u{e9}sactiv", "disabilitato", "disattivato", "deshabilitado"]
                .iter()
                .any(|word| words.contains(word))
        };
        if is_disabled(&old) == is_disabled(&new) {
            return None;
        }
        let note = Some(format!("start type {old}, now {new}"));
        Some(Found { note, ..Found::new(self.named(&["param1"])?, ChangeKind::Configuration) })
    }

    fn service(&self) -> Option<Found> {
        let path = self.named(&["ImagePath", "ServiceFileName"]);
        let file = path.as_deref().map(|path| path.trim_matches('"').rsplit('.').next().unwrap_or_default());
        let is_driver = file.is_some_and(|ending| ending.eq_ignore_ascii_case("sys"));
        let note = path.map(|path| format!("service installed, image {path}"));
        Some(Found { needs_restart: is_driver, note, ..Found::new(self.named(&["ServiceName"])?, ChangeKind::Install) })
    }

    fn driver(&self) -> Option<Found> {
        if self.named(&["InstallStatus"]).as_deref().and_then(number).is_some_and(|status| status != 0) {
            return None;
        }
        let component = self.named(&["DriverDescription", "DriverName"])?;
        let needs_restart = self.named(&["RebootOption"]).is_some_and(|flag| flag.eq_ignore_ascii_case("true"));
        let note = self.named(&["DriverProvider"]).map(|provider| format!("driver of {provider}"));
        Some(Found {
            version: self.named(&["DriverVersion"]),
            needs_restart,
            note,
            ..Found::new(component, ChangeKind::Install)
        })
    }

    fn group_policy(&self) -> Found {
        let note = match self.named(&["CSEExtensionName"]) {
            Some(extension) => Some(format!("the list of policy objects changed: {extension}")),
            None => {
                self.named(&["NumberOfGroupPolicyObjects"]).map(|n| format!("new settings from {n} policy objects"))
            }
        };
        Found { note, ..Found::new("Group Policy", ChangeKind::Configuration) }
    }

    fn iis(&self) -> Found {
        let note = self.named(&["EditedProperty", "ConfigPath", "PropertyName"]);
        Found { note, ..Found::new("IIS configuration", ChangeKind::Configuration) }
    }

    fn listener(&self) -> Found {
        let note = self.named(&["listenerName"]);
        Found { note, ..Found::new("Remote desktop listener", ChangeKind::Configuration) }
    }

    fn boot(&self) -> Found {
        let build = self.named(&["BuildVersion"]).zip(self.named(&["QfeVersion"]));
        let note = build.map(|(build, revision)| format!("build {build}.{revision}"));
        Found { note, ..Found::new(RESTART, ChangeKind::Restart) }
    }
}

/// Returns the first KB number in a text, as `KB5016623`.
fn kb(text: &str) -> Option<String> {
    text.match_indices("KB").find_map(|(at, _)| {
        let rest = text.get(at + 2..)?;
        let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        (end >= 5).then(|| format!("KB{}", &rest[..end]))
    })
}

/// Whether a title is that of an app of the Store: its id of twelve characters, beginning with 9, and a dash.
fn is_store_app(title: &str) -> bool {
    let Some((id, _)) = title.split_once('-') else { return false };
    id.len() == 12 && id.starts_with('9') && id.chars().all(|c| c.is_ascii_digit() || c.is_ascii_uppercase())
}

/// Whether an update brings antivirus definitions: by the KB number that all of Defender's share, or by its words.
fn is_definition(title: &str) -> bool {
    const WORDS: [&str; 4] = ["KB2267602", "Security Intelligence Update", "Definition Update", "KB4052623"];
    WORDS.iter().any(|words| title.contains(words))
}

/// Takes out what a better witness of the same host also states within ten minutes: restarts known from
/// the event log's start only, and installations whose record names no version. The order is kept.
///
/// Ten minutes: a boot logs both within seconds and an installer within its own run; the margin is for
/// slow machines and is no estimate.
pub fn without_twins(mut changes: Vec<ChangeRecord>) -> Vec<ChangeRecord> {
    const APART_MOST: i64 = 600 * TICKS_PER_SECOND;
    let mut better = std::collections::BTreeMap::<(Name, Name), Vec<i64>>::new();
    for change in changes.iter().filter(|change| change.witness == Witness::Observed && !knows_less(change)) {
        if let HostScope::Hosts(hosts) = &change.scope {
            for host in hosts {
                better.entry((change.component.clone(), host.clone())).or_default().push(change.at.0);
            }
        }
    }
    for times in better.values_mut() {
        times.sort_unstable();
    }
    changes.retain(|change| {
        let HostScope::Hosts(hosts) = &change.scope else { return true };
        let Some(host) = hosts.first().filter(|_| knows_less(change)) else { return true };
        let Some(times) = better.get(&(change.component.clone(), host.clone())) else { return true };
        let from = times.partition_point(|&at| at < change.at.0 - APART_MOST);
        times.get(from).is_none_or(|&at| at > change.at.0 + APART_MOST)
    });
    changes
}

fn knows_less(change: &ChangeRecord) -> bool {
    matches!(change.note.as_deref(), Some(NOTE_LOG_START | NOTE_NO_VERSION | NOTE_BOOT_SESSION))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Position, SourceId};
    use crate::normalize::windows::Catalog;
    use crate::read::Datum;

    fn change(provider: &str, event_id: u32, data: &[(&str, &str)]) -> Option<ChangeRecord> {
        let data = data
            .iter()
            .map(|(name, value)| Datum {
                name: (!name.is_empty()).then(|| Name::from(*name)),
                value: Some((*value).into()),
            })
            .collect();
        let record = WindowsRecord {
            provider: Some(provider.into()),
            event_id,
            time: Some(Timestamp(0)),
            computer: Some("ts01.corp.example".into()),
            data,
            ..WindowsRecord::default()
        };
        let provenance = Provenance { source: SourceId(0), position: Position::Record(1) };
        Catalog::embedded().understand(&record, provenance, &mut Names::new()).changes.pop()
    }

    fn msi(event_id: u32, status: &str) -> Option<ChangeRecord> {
        let data =
            [("", "Whatever Suite"), ("", "1.2.3"), ("", "1033"), ("", status), ("", "Some Vendor"), ("", "(NULL)")];
        change("MsiInstaller", event_id, &data)
    }

    #[test]
    fn an_unheard_of_product_is_a_change_with_version_and_host() {
        let found = msi(1033, "0").unwrap();
        assert_eq!((&*found.component, found.version.as_deref()), ("Whatever Suite", Some("1.2.3")));
        assert_eq!((found.kind, found.needs_restart), (ChangeKind::Install, false));
        assert_eq!(found.scope, HostScope::Hosts(vec!["TS01".into()]));
        assert_eq!(msi(1034, "0").unwrap().kind, ChangeKind::Remove);
    }

    #[test]
    fn a_failed_installation_changes_nothing_and_a_pending_one_waits_for_the_restart() {
        assert_eq!(msi(1033, "1603"), None);
        for status in ["3010", "1641"] {
            assert!(msi(1033, status).unwrap().needs_restart, "{status}");
        }
    }

    #[test]
    fn an_update_has_its_kb_number_and_definitions_are_routine() {
        let title = "2021-11 Cumulative Update for Windows Server 2022 (KB5016623)";
        let provider = "Microsoft-Windows-WindowsUpdateClient";
        let found = change(provider, 19, &[("updateTitle", title)]).unwrap();
        assert_eq!((&*found.component, found.version.as_deref(), found.note), (title, Some("KB5016623"), None));
        let definition = "Security Intelligence Update for an antivirus - KB2267602 (Version 1.366.878.0)";
        assert_eq!(change(provider, 19, &[("updateTitle", definition)]).unwrap().note.as_deref(), Some(NOTE_ROUTINE));
        assert_eq!(change(provider, 19, &[("updateTitle", "9NBLGGH4NNS1-SOME.APP")]), None);
    }

    #[test]
    fn a_package_counts_when_it_is_in_its_state() {
        let provider = "Microsoft-Windows-Servicing";
        let package = |event_id, state| {
            change(
                provider,
                event_id,
                &[("PackageIdentifier", "KB5016623"), ("IntendedPackageState", state), ("ErrorCode", "0x0")],
            )
        };
        assert_eq!(package(2, "5112").unwrap().kind, ChangeKind::Update);
        assert_eq!(package(2, "5000").unwrap().kind, ChangeKind::Remove);
        assert_eq!(package(2, "5064"), None);
        assert!(package(4, "5112").unwrap().needs_restart);
    }

    /// Component, version, kind and whether a restart is needed, by what one record says.
    type Row<'a> = (&'a str, u32, &'a [(&'a str, &'a str)], &'a str, Option<&'a str>, ChangeKind, bool);

    fn hold(rows: &[Row<'_>]) {
        for (provider, id, data, component, version, kind, needs_restart) in rows {
            let found = change(provider, *id, data).unwrap_or_else(|| panic!("{provider} {id}"));
            assert_eq!(
                (&*found.component, found.version.as_deref(), found.kind, found.needs_restart),
                (*component, *version, *kind, *needs_restart),
                "{provider} {id}"
            );
        }
    }

    #[test]
    fn updates_features_and_drivers_have_their_way_from_a_record_to_a_change() {
        use ChangeKind::{Install, Remove, Update};
        const SERVICING: &str = "Microsoft-Windows-Servicing";
        let package = "Microsoft-Windows-Foundation-Package~31bf3856ad364e35~amd64~~10.0.20348.1";
        let (name, version) = ("SMB1Protocol", Some("10.0.20348.1"));
        let feature = [("UpdateName", name), ("PackageIdentifier", package)];
        let title = "Update for Windows (KB5016623)";
        let removed = [("", "Product: Suite -- Removal completed successfully.")];
        let driver = [("DriverName", "abc.inf"), ("DriverVersion", "7.1"), ("InstallStatus", "0x0")];
        let updates = "Microsoft-Windows-WindowsUpdateClient";
        hold(&[
            (updates, 23, &[("updateTitle", title)], title, Some("KB5016623"), Remove, false),
            (SERVICING, 9, &feature, name, version, Install, false),
            (SERVICING, 13, &feature, name, version, Install, true),
            (SERVICING, 10, &feature, name, version, Remove, false),
            (SERVICING, 14, &feature, name, version, Remove, true),
            (SERVICING, 15, &feature, name, version, Remove, false),
            ("Microsoft-Windows-UserPnp", 20001, &driver, "abc.inf", Some("7.1"), Install, false),
            ("MsiInstaller", 1022, &[("", "Suite"), ("", "Patch 4")], "Suite", None, Update, false),
            ("MsiInstaller", 11724, &removed, "Suite", None, Remove, false),
        ]);
        let failed = [("DriverName", "abc.inf"), ("DriverVersion", "7.1"), ("InstallStatus", "0xE0000217")];
        assert_eq!(change("Microsoft-Windows-UserPnp", 20001, &failed), None);
    }

    #[test]
    fn services_and_settings_have_their_way_from_a_record_to_a_change() {
        use ChangeKind::{Configuration, Install};
        const SERVICES: &str = "Service Control Manager";
        let start = |old, new| [("param1", "Spooler"), ("param2", old), ("param3", new), ("param4", "Spooler")];
        let service = [("ServiceName", "abc"), ("ServiceFileName", "c:\\abc.exe")];
        let policy = [("NumberOfGroupPolicyObjects", "4")];
        let connections = "Microsoft-Windows-TerminalServices-RemoteConnectionManager";
        let settings = Configuration;
        hold(&[
            ("Microsoft-Windows-Security-Auditing", 4697, &service, "abc", None, Install, false),
            (SERVICES, 7040, &start("auto start", "disabled"), "Spooler", None, settings, false),
            (SERVICES, 7040, &start("Deaktiviert", "Automatisch"), "Spooler", None, settings, false),
            ("Microsoft-Windows-GroupPolicy", 1502, &policy, "Group Policy", None, settings, false),
            ("Microsoft-Windows-IIS-Configuration", 29, &[], "IIS configuration", None, settings, false),
            (connections, 1157, &[("listenerName", "RDP-Tcp")], "Remote desktop listener", None, settings, false),
        ]);
        assert_eq!(change(SERVICES, 7040, &start("demand start", "auto start")), None);
    }

    #[test]
    fn a_policy_of_the_computer_counts_when_its_list_changed() {
        let found = |changed: &str, sid: &str| {
            let datum = |name: &str, value: &str| Datum { name: Some(name.into()), value: Some(value.into()) };
            let record = WindowsRecord {
                provider: Some("Microsoft-Windows-GroupPolicy".into()),
                event_id: 4016,
                time: Some(Timestamp(0)),
                computer: Some("ts01".into()),
                user_sid: Some(sid.into()),
                data: vec![datum("CSEExtensionName", "Registry"), datum("IsGPOListChanged", changed)],
                ..WindowsRecord::default()
            };
            let provenance = Provenance { source: SourceId(0), position: Position::Record(1) };
            Catalog::embedded().understand(&record, provenance, &mut Names::new()).changes.pop()
        };
        assert_eq!(found("true", "S-1-5-18").unwrap().kind, ChangeKind::Configuration);
        assert_eq!((found("false", "S-1-5-18"), found("true", "S-1-5-21-7")), (None, None));
    }

    #[test]
    fn a_driver_comes_into_force_with_the_restart() {
        let service =
            |path| change("Service Control Manager", 7045, &[("ServiceName", "abc"), ("ImagePath", path)]).unwrap();
        assert!(service("\\SystemRoot\\system32\\drivers\\abc.sys").needs_restart);
        assert!(!service("C:\\Program Files\\abc\\abc.exe").needs_restart);
    }

    #[test]
    fn the_poorer_twin_goes_and_a_lonely_one_stays() {
        let boot = change("Microsoft-Windows-Kernel-General", 12, &[("BuildVersion", "20348"), ("QfeVersion", "859")])
            .unwrap();
        assert_eq!((&*boot.component, boot.kind), (RESTART, ChangeKind::Restart));
        let log_start = change("EventLog", 6005, &[]).unwrap();
        assert_eq!(without_twins(vec![log_start.clone(), boot.clone()]), std::slice::from_ref(&boot));
        let later = ChangeRecord { at: Timestamp(3_600 * TICKS_PER_SECOND), ..log_start.clone() };
        assert_eq!(without_twins(vec![boot.clone(), later.clone()]), [boot, later]);
        assert_eq!(without_twins(vec![log_start.clone()]), [log_start]);
    }
}
