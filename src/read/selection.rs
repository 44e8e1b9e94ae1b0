//! Which Windows events are wanted, so that the others are counted without being decoded.

use std::collections::{BTreeMap, BTreeSet};

/// A set of (provider, event id) pairs; providers compare without regard to case.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    wanted: BTreeMap<String, Ids>,
    everything: bool,
}

#[derive(Clone, Debug)]
enum Ids {
    All,
    These(BTreeSet<u32>),
}

impl Selection {
    /// Returns the selection that wants every event.
    pub fn everything() -> Self {
        Self { everything: true, ..Self::default() }
    }

    /// Returns the selection that wants none yet.
    pub fn none() -> Self {
        Self::default()
    }

    /// Adds one event id of a provider.
    pub fn add(&mut self, provider: &str, event_id: u32) {
        let ids = self.wanted.entry(provider.to_lowercase()).or_insert_with(|| Ids::These(BTreeSet::new()));
        if let Ids::These(ids) = ids {
            ids.insert(event_id);
        }
    }

    /// Adds all events of a provider.
    pub fn add_provider(&mut self, provider: &str) {
        self.wanted.insert(provider.to_lowercase(), Ids::All);
    }

    /// Whether every event is wanted.
    pub fn is_everything(&self) -> bool {
        self.everything
    }

    /// Whether this event is wanted.
    pub fn wants(&self, provider: &str, event_id: u32) -> bool {
        if self.everything {
            return true;
        }
        let found = match self.wanted.get(provider) {
            Some(ids) => Some(ids),
            None => self.wanted.get(provider.to_lowercase().as_str()),
        };
        match found {
            Some(Ids::All) => true,
            Some(Ids::These(ids)) => ids.contains(&event_id),
            None => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn providers_compare_without_case_and_ids_exactly() {
        let mut selection = Selection::none();
        selection.add("Microsoft-Windows-SMBClient", 30803);
        assert!(selection.wants("microsoft-windows-smbclient", 30803));
        assert!(selection.wants("Microsoft-Windows-SmbClient", 30803));
        assert!(!selection.wants("Microsoft-Windows-SMBClient", 30804));
        assert!(!selection.wants("Other", 30803));
    }
}
