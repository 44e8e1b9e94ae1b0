//! Changes reach hosts, and hosts restart.

use super::{OPERATOR, Step, World, full_name};
use crate::model::Timestamp;
use crate::simulate::script::{What, host_name};
use crate::simulate::windows::{disk, session, upkeep};

/// The version of the logon agent that crashes, in the case that has one.
pub(in crate::simulate) const AGENT_BAD: &str = "5.2.0.118";
/// The product name of the profile component.
pub(in crate::simulate) const PROFILES_NAME: &str = "Microsoft FSLogix Apps";
const PROFILES_MAKER: &str = "Microsoft Corporation";
const INSTALLER: &str = "C:\\Windows\\system32\\msiexec.exe";
const UPDATER: &str = "C:\\Windows\\system32\\svchost.exe";
/// Filters that every start loads, beside those of the profile component.
const FILTERS: &[&str] = &["WdFilter", "storqosflt", "luafv", "FileInfo"];

impl World<'_> {
    pub(super) fn change(&mut self, at: Timestamp, number: usize, host: usize) {
        let Some(change) = self.script.changes.get(number) else { return };
        let restarts = change.restarts;
        let (mut process, mut reason) = (INSTALLER, "Application: Installation (Planned)");
        let mut took_s = 90.0;
        match change.what {
            What::Product { name, version, maker, package, service } => {
                took_s = self.install(at, host, name, version, maker, package, restarts);
                if !service.is_empty() {
                    self.log(host, at, 6.0, &upkeep::SERVICE_STATE, upkeep::service_data(service, "stopped"));
                    let running = upkeep::service_data(service, "running");
                    self.log(host, at, took_s - 3.0, &upkeep::SERVICE_STATE, running);
                }
            }
            What::Profiles { version } => {
                let package = "C:\\Windows\\Temp\\FSLogix\\x64\\Release\\FSLogixApps.msi";
                took_s = self.install(at, host, PROFILES_NAME, version, PROFILES_MAKER, package, true);
                for (service, image) in [
                    ("FSLogix Apps Services", "\"C:\\Program Files\\FSLogix\\Apps\\frxsvc.exe\""),
                    ("FSLogix Cloud Caching Service", "\"C:\\Program Files\\FSLogix\\Apps\\frxccds.exe\""),
                ] {
                    let data = upkeep::service_installed_data(service, image, "user mode service");
                    self.log(host, at, took_s - 8.0, &upkeep::SERVICE_INSTALLED, data);
                    self.log(host, at, 5.0, &upkeep::SERVICE_STATE, upkeep::service_data(service, "stopped"));
                }
                // The binaries are in force from the restart on; until then the old driver runs.
                self.hosts[host].profile_version = version;
            }
            What::Update { title, patch } => {
                (process, reason) = (UPDATER, "Operating System: Service pack (Planned)");
                took_s = self.update(at, host, title);
                if patch != 0 {
                    self.hosts[host].patch = patch;
                }
            }
            What::Restart => (process, reason) = (UPDATER, "Other (Planned)"),
        }
        if restarts {
            let account = if process == INSTALLER { OPERATOR } else { "NT AUTHORITY\\SYSTEM" };
            let data = upkeep::restart_data(&host_name(host), process, reason, account);
            self.log(host, at, took_s + 20.0, &upkeep::RESTART_ASKED, data);
            self.queue(at.plus_seconds(took_s + 30.0), Step::Down(host));
        }
    }

    /// Logs an installation and returns the seconds it took.
    #[expect(clippy::too_many_arguments, reason = "the fields of one record")]
    fn install(
        &mut self,
        at: Timestamp,
        host: usize,
        name: &str,
        version: &str,
        maker: &str,
        package: &str,
        restarts: bool,
    ) -> f64 {
        let took_s = self.random.between(35.0, 140.0);
        let process = 2_000 + self.random.below(6_000) as u32;
        self.log(host, at, 0.0, &upkeep::INSTALL_BEGIN, upkeep::transaction_data(package, process));
        self.log(host, at, took_s, &upkeep::INSTALL_TEXT, upkeep::install_text_data(name));
        let status = if restarts { 3_010 } else { 0 };
        let data = upkeep::installed_data(name, version, status, maker);
        self.log(host, at, took_s + 0.1, &upkeep::INSTALLED, data);
        self.log(host, at, took_s + 0.3, &upkeep::INSTALL_END, upkeep::transaction_data(package, process));
        took_s
    }

    fn update(&mut self, at: Timestamp, host: usize, title: &str) -> f64 {
        let mut guid = [0; 16];
        guid[..8].copy_from_slice(&u64::from(crc32fast::hash(title.as_bytes())).to_le_bytes());
        let took_s = self.random.between(4.0, 240.0);
        self.log(host, at, 0.0, &upkeep::UPDATE_BEGIN, upkeep::update_data(title, guid, false));
        self.log(host, at, took_s, &upkeep::UPDATE_DONE, upkeep::update_data(title, guid, true));
        took_s
    }

    pub(super) fn go_down(&mut self, at: Timestamp, host: usize) {
        self.hosts[host].accepts = false;
        self.end_all(at, host);
        self.log(host, at, 6.0, &upkeep::PROFILES_STOPPED, Vec::new());
        self.log(host, at, 7.0, &upkeep::LOG_STOPPED, upkeep::plain_data());
        let stop = at.plus_seconds(9.0);
        self.log(host, stop, 0.0, &upkeep::SYSTEM_STOP, vec![crate::simulate::evtx::Value::Time(stop)]);
        let down_s = self.random.between(150.0, 360.0);
        self.queue(at.plus_seconds(down_s), Step::Up(host));
    }

    pub(super) fn come_up(&mut self, at: Timestamp, host: usize) {
        let (patch, version) = (self.hosts[host].patch, self.hosts[host].profile_version);
        self.hosts[host].accepts = true;
        self.hosts[host].up_since = at;
        self.hosts[host].next_session = 2;
        self.log(host, at, 0.0, &upkeep::SYSTEM_START, upkeep::start_data(at, patch));
        // A filter's date changes with its binary; it is a fingerprint, not a date.
        let made =
            |salt: &str| Timestamp::from_unix_seconds(1_500_000_000 + i64::from(crc32fast::hash(salt.as_bytes()) / 40));
        for (place, &name) in FILTERS.iter().enumerate() {
            self.log(host, at, 1.0 + 0.1 * place as f64, &upkeep::FILTER_LOADED, upkeep::filter_data(name, made(name)));
        }
        for (place, name) in ["frxdrvvt", "frxdrv", "frxccd"].into_iter().enumerate() {
            let data = upkeep::filter_data(name, made(&format!("{name} {version}")));
            self.log(host, at, 2.0 + 0.1 * place as f64, &upkeep::FILTER_LOADED, data);
        }
        self.log(host, at, 12.0, &upkeep::SYSTEM_VERSION, upkeep::plain_data());
        self.log(host, at, 12.1, &upkeep::LOG_STARTED, upkeep::plain_data());
        self.log(host, at, 12.2, &upkeep::UPTIME, upkeep::uptime_data(18));
        let plugin = vec![crate::simulate::evtx::Value::from("RDSAppXPlugin")];
        self.log(host, at, 15.0, &session::PLUGIN_READY, plugin);
        self.log(host, at, 18.0, &upkeep::PROFILES_STARTED, Vec::new());
        for service in ["FSLogix Apps Services", "FSLogix Cloud Caching Service", "Remote Desktop Services"] {
            self.log(host, at, 20.0, &upkeep::SERVICE_STATE, upkeep::service_data(service, "running"));
        }
        let text = format!("frxsvc loaded. Version: {version}. Computer: {}", full_name(host));
        self.log(host, at, 21.0, &disk::FSLOGIX_READY, vec![crate::simulate::evtx::Value::Text(text)]);
    }
}
