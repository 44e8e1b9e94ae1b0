//! What Windows events mean.

use crate::model::{ChangeRecord, Event, Names, Provenance};
use crate::read::{Selection, WindowsRecord};

/// What one Windows record came to.
#[derive(Debug, Default)]
pub struct Understood {
    /// The event.
    pub event: Option<Event>,
    /// The changes that it states.
    pub changes: Vec<ChangeRecord>,
}

/// The catalog.
#[derive(Debug)]
pub struct Catalog;

impl Catalog {
    /// The catalog that is built in.
    pub fn embedded() -> &'static Self {
        &Self
    }

    /// Understands one record.
    pub fn understand(&self, _record: &WindowsRecord, _provenance: Provenance, _names: &mut Names) -> Understood {
        Understood::default()
    }
}

/// Reads the JSON shapes of Windows events.
pub fn from_json(_value: &serde_json::Value) -> Option<(&'static str, WindowsRecord)> {
    None
}

/// The events that the catalog wants.
pub fn selection() -> Selection {
    Selection::everything()
}
