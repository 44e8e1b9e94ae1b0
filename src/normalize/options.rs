//! What a user can set about the reading of logs.

use std::sync::Arc;

use super::clock::ZoneRule;
use super::format::Formats;
use super::signature::Signatures;
use crate::error::Error;
use crate::model::{Name, Timestamp};

/// Settings of this stage.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Zones of text logs that state none: a pattern of paths (`None` for all others) and a zone's name.
    /// Of several patterns that fit, the last holds.
    pub timezones: Vec<(Option<String>, String)>,
    /// Hosts of files whose content and path tell none: a pattern of paths, and the host. Of several patterns that fit,
    /// the last holds.
    pub hosts: Vec<(String, Name)>,
    /// Whether EVTX records in the slack behind the last one are read, too.
    pub recover: bool,
    /// Events and samples before this instant are counted and left out; changes are kept.
    pub since: Option<Timestamp>,
    /// Events and samples from this instant on are counted and left out; changes are kept.
    pub until: Option<Timestamp>,
    /// The formats of text logs: the user's own, then ours.
    pub formats: Formats,
    /// Signatures to use instead of the built-in ones alone.
    pub signatures: Option<Arc<Signatures>>,
}

impl Options {
    /// Checks that every zone is one that we know.
    ///
    /// # Errors
    ///
    /// [`Error::Setting`] names the first that is not.
    pub fn check(&self) -> Result<(), Error> {
        match self.timezones.iter().find(|(_, zone)| ZoneRule::named(zone).is_none()) {
            Some((_, zone)) => Err(Error::Setting {
                what: "--timezone".to_owned(),
                detail: format!("`{zone}` is no zone of the zone table, no Windows zone and no offset"),
            }),
            None => Ok(()),
        }
    }

    /// Reads `[GLOB=]ZONE`.
    pub fn timezone(argument: &str) -> (Option<String>, String) {
        match argument.rsplit_once('=') {
            Some((glob, zone)) => (Some(glob.to_owned()), zone.to_owned()),
            None => (None, argument.to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_zone_is_refused() {
        let with = |argument: &str| Options { timezones: vec![Options::timezone(argument)], ..Options::default() };
        assert!(with("Europe/Zurich").check().is_ok());
        assert!(with("*/RDS01/*=W. Europe Standard Time").check().is_ok());
        assert!(with("*.log=Europe/Atlantis").check().is_err());
    }
}
