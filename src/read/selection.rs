//! Which Windows events are wanted, and which of their data, so that the rest is counted without
//! being decoded.

use std::collections::{BTreeMap, BTreeSet};

/// What is wanted: (provider, event id) pairs; providers compare without regard to case.
#[derive(Clone, Debug)]
pub struct Selection {
    wanted: BTreeMap<String, Provider>,
    /// What holds for all events that no entry names.
    others: Option<Fields>,
}

/// What is wanted of one provider.
#[derive(Clone, Debug, Default)]
struct Provider {
    /// What holds for all events that no id names.
    others: Option<Fields>,
    ids: BTreeMap<u32, Fields>,
}

/// Which data values of a wanted event are read; `System` always is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fields {
    /// All of them.
    All,
    /// Those of these names, compared without regard to case.
    Named {
        /// The names in lower case.
        names: BTreeSet<String>,
        /// Whether values without a name are read, too: all of them, for their places count.
        unnamed: bool,
    },
}

impl Fields {
    /// Returns the choice of no data at all.
    pub fn none() -> Self {
        Self::Named { names: BTreeSet::new(), unnamed: false }
    }

    /// Returns the choice of data by name.
    pub fn named<'n>(names: impl IntoIterator<Item = &'n str>, unnamed: bool) -> Self {
        Self::Named { names: names.into_iter().map(str::to_lowercase).collect(), unnamed }
    }

    /// Whether values of this name are read; `None` is for those without one.
    pub fn want(&self, name: Option<&str>) -> bool {
        match (self, name) {
            (Self::All, _) => true,
            (Self::Named { unnamed, .. }, None) => *unnamed,
            (Self::Named { names, .. }, Some(name)) => names.contains(&name.to_lowercase()),
        }
    }

    /// Whether no value at all is read.
    pub fn is_none(&self) -> bool {
        matches!(self, Self::Named { names, unnamed: false } if names.is_empty())
    }

    /// Adds what another choice reads.
    fn extend(&mut self, other: &Self) {
        match (&mut *self, other) {
            (Self::Named { names, unnamed }, Self::Named { names: more, unnamed: or }) => {
                names.extend(more.iter().cloned());
                *unnamed |= or;
            }
            _ => *self = Self::All,
        }
    }
}

impl Selection {
    /// Returns the selection that wants every event and all of its data.
    pub fn everything() -> Self {
        Self { wanted: BTreeMap::new(), others: Some(Fields::All) }
    }

    /// Returns the selection that wants the `System` part of every event, and none of its data.
    pub fn system_only() -> Self {
        Self { wanted: BTreeMap::new(), others: Some(Fields::none()) }
    }

    /// Returns the selection that wants none yet.
    pub fn none() -> Self {
        Self { wanted: BTreeMap::new(), others: None }
    }

    /// Adds one event id of a provider, with all of its data.
    pub fn add(&mut self, provider: &str, event_id: u32) {
        self.add_fields(provider, event_id, &Fields::All);
    }

    /// Adds one event id of a provider, with some of its data.
    pub fn add_fields(&mut self, provider: &str, event_id: u32, fields: &Fields) {
        let ids = &mut self.wanted.entry(provider.to_lowercase()).or_default().ids;
        ids.entry(event_id).or_insert_with(Fields::none).extend(fields);
    }

    /// Adds all events of a provider, with all of their data.
    pub fn add_provider(&mut self, provider: &str) {
        self.wanted.entry(provider.to_lowercase()).or_default().others = Some(Fields::All);
    }

    /// Returns what is read of an event; `None` if it is not wanted.
    pub fn fields(&self, provider: &str, event_id: u32) -> Option<&Fields> {
        let found = match self.wanted.get(provider) {
            Some(provider) => Some(provider),
            None => self.wanted.get(provider.to_lowercase().as_str()),
        };
        let own = found.and_then(|provider| provider.ids.get(&event_id).or(provider.others.as_ref()));
        own.or(self.others.as_ref())
    }

    /// Whether this event is wanted.
    pub fn wants(&self, provider: &str, event_id: u32) -> bool {
        self.fields(provider, event_id).is_some()
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
        assert!(Selection::everything().wants("Other", 1));
    }

    #[test]
    fn fields_that_several_ask_for_add_up() {
        let mut selection = Selection::none();
        selection.add_fields("P", 1, &Fields::named(["User"], false));
        selection.add_fields("p", 1, &Fields::named(["SessionID"], true));
        let fields = selection.fields("P", 1).unwrap();
        assert!(fields.want(Some("USER")) && fields.want(Some("sessionid")) && fields.want(None));
        assert!(!fields.want(Some("Address")) && !fields.is_none());
        selection.add("P", 1);
        assert_eq!(selection.fields("P", 1), Some(&Fields::All));
        assert!(Selection::system_only().fields("Other", 1).unwrap().is_none());
    }
}
