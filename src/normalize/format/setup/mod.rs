//! Logs of Windows itself that state what was installed: drivers, packages of Windows Installer, updates.
//!
//! Their stamps are the clock of the host, and the host they speak of is their own. A step that failed changes nothing.

mod cbs;
mod msi;
mod setupapi;
mod windows_update;

pub(super) use cbs::Cbs;
pub(super) use msi::MsiLog;
pub(super) use setupapi::SetupApi;
pub(super) use windows_update::WindowsUpdate;

use super::{Context, Entry, LineOutcome, LogFormat, Parser, Said, Sample};
use crate::model::{ChangeKind, ChangeRecord, HostScope, Timestamp, Trust, Witness};

/// What one log says was changed.
#[derive(Clone, Copy, Default)]
struct Observed<'t> {
    component: &'t str,
    version: Option<&'t str>,
    needs_restart: bool,
    note: Option<&'t str>,
}

impl Observed<'_> {
    fn outcome(self, (at, time_trust): (Timestamp, Trust), kind: ChangeKind, context: &mut Context<'_>) -> LineOutcome {
        let component = context.message(self.component);
        let change = ChangeRecord {
            at,
            time_trust,
            component,
            version: self.version.map(|version| context.message(version)),
            kind,
            scope: HostScope::Unstated,
            witness: Witness::Observed,
            needs_restart: self.needs_restart,
            note: self.note.map(|note| context.message(note)),
            provenance: context.provenance,
        };
        LineOutcome::Change(vec![change])
    }
}
