//! The fields of `System` as what a [`WindowsRecord`] holds.
//!
//! The projection and the walk over the tree both find each field either as a value of the record or
//! as text; here, and only here, it becomes a number, a time or a name. A field that cannot be read as
//! what it should be is left out, like one that is not there: in a record without types (forwarded
//! and re-exported logs) every field is text, and a damaged one is no reason to lose the others.

use std::sync::Arc;

use super::Defect;
use super::projection::{SYSTEM_FIELDS, field};
use super::texts::Texts;
use super::values::{self, Slot, kind};
use crate::model::{Name, Timestamp};
use crate::read::WindowsRecord;

/// One field of `System`, as it was found.
#[derive(Clone, Copy, Debug)]
pub(super) enum Found<'a> {
    /// The record does not have it.
    Nothing,
    /// A text.
    Text(&'a Name),
    /// A value of the record.
    Value(Slot),
}

/// Every field of `System`, in the order of [`SYSTEM_FIELDS`].
pub(super) type System<'a> = [Found<'a>; SYSTEM_FIELDS.len()];

/// Reads the fields of one chunk's records.
pub(super) struct Reader<'c, 't> {
    /// The chunk that the values are in.
    pub(super) chunk: &'c [u8],
    /// Makes texts of values.
    pub(super) texts: &'t mut Texts,
}

impl Reader<'_, '_> {
    /// Returns a text; `None` for null and for the empty text.
    pub(super) fn name(&mut self, found: Found<'_>) -> Result<Option<Name>, Defect> {
        let name = match found {
            Found::Nothing => None,
            Found::Text(text) => Some(Arc::clone(text)),
            Found::Value(slot) => self.texts.of_slot(slot, self.chunk)?,
        };
        Ok(name.filter(|name| !name.is_empty()))
    }

    /// Returns a whole number.
    fn number(&self, found: Found<'_>) -> Option<u64> {
        match found {
            Found::Nothing => None,
            Found::Text(text) => values::parse_number(text),
            Found::Value(slot) => values::number(slot.kind, slot.bytes(self.chunk)),
        }
    }

    fn narrow<N: TryFrom<u64>>(&self, found: Found<'_>) -> Option<N> {
        self.number(found).and_then(|number| N::try_from(number).ok())
    }

    /// Returns an instant.
    fn time(&mut self, found: Found<'_>) -> Result<Option<Timestamp>, Defect> {
        if let Found::Value(slot) = found
            && slot.kind == kind::FILETIME
        {
            let bytes = slot.bytes(self.chunk).try_into().ok();
            return Ok(bytes.map(u64::from_le_bytes).and_then(Timestamp::from_filetime));
        }
        let text = self.name(found)?;
        Ok(text.and_then(|text| text.parse().ok()).map(Timestamp::from_jiff))
    }

    /// The provider's name, or the source name of classic events.
    pub(super) fn provider(&mut self, system: &System<'_>) -> Result<Option<Name>, Defect> {
        match self.name(system[field::PROVIDER])? {
            Some(name) => Ok(Some(name)),
            None => self.name(system[field::SOURCE_NAME]),
        }
    }

    /// The event id: the low 16 bits, since exports merge the qualifiers into the high ones.
    pub(super) fn event_id(&self, system: &System<'_>) -> Option<u32> {
        self.number(system[field::EVENT_ID]).map(|number| (number & 0xffff) as u32)
    }

    /// The time of the event, never that of the record's header.
    pub(super) fn event_time(&mut self, system: &System<'_>) -> Result<Option<Timestamp>, Defect> {
        self.time(system[field::TIME])
    }

    /// Fills a record with all fields of `System`.
    ///
    /// # Errors
    /// An event without a readable id is none.
    pub(super) fn record(&mut self, system: &System<'_>) -> Result<WindowsRecord, Defect> {
        let event_id = self.event_id(system).ok_or(Defect("an event has no id"))?;
        Ok(WindowsRecord {
            provider: self.provider(system)?,
            event_id,
            qualifiers: self.narrow(system[field::QUALIFIERS]),
            version: self.narrow(system[field::VERSION]),
            level: self.narrow(system[field::LEVEL]),
            task: self.narrow(system[field::TASK]),
            opcode: self.narrow(system[field::OPCODE]),
            keywords: self.number(system[field::KEYWORDS]),
            time: self.event_time(system)?,
            record_id: self.number(system[field::RECORD_ID]),
            activity_id: self.name(system[field::ACTIVITY_ID])?.map(|name| guid(&name)),
            process_id: self.narrow(system[field::PROCESS_ID]),
            thread_id: self.narrow(system[field::THREAD_ID]),
            channel: self.name(system[field::CHANNEL])?,
            computer: self.name(system[field::COMPUTER])?,
            user_sid: self.name(system[field::USER_SID])?,
            data: Vec::new(),
            message: None,
        })
    }
}

/// A GUID upper case in braces; texts may come without either.
fn guid(text: &Name) -> Name {
    let is_upper = !text.bytes().any(|byte| byte.is_ascii_lowercase());
    match (is_upper, text.starts_with('{')) {
        (true, true) => Arc::clone(text),
        (false, true) => Arc::from(text.to_ascii_uppercase()),
        (_, false) => Arc::from(format!("{{{}}}", text.to_ascii_uppercase())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn system<'a>() -> System<'a> {
        [const { Found::Nothing }; SYSTEM_FIELDS.len()]
    }

    #[test]
    fn a_record_without_types_reads_like_one_with() {
        let mut fields = system();
        let texts = [
            (field::SOURCE_NAME, "Winlogon"),
            (field::EVENT_ID, "2147489648"),
            (field::KEYWORDS, "0x8080000000000000"),
            (field::TIME, "2022-08-22T06:01:33.1234567Z"),
            (field::ACTIVITY_ID, "54849625-5478-4994-a5ba-3e3b0328c30d"),
            (field::LEVEL, "300"),
        ]
        .map(|(field, text)| (field, Name::from(text)));
        for (field, text) in &texts {
            fields[*field] = Found::Text(text);
        }
        let mut texts = Texts::default();
        let record = Reader { chunk: &[], texts: &mut texts }.record(&fields).unwrap();
        assert_eq!(record.provider.as_deref(), Some("Winlogon"));
        assert_eq!(record.event_id, 6000);
        assert_eq!(record.keywords, Some(0x8080_0000_0000_0000));
        assert_eq!(record.time.unwrap().to_string(), "2022-08-22T06:01:33.1234567Z");
        assert_eq!(record.activity_id.as_deref(), Some("{54849625-5478-4994-A5BA-3E3B0328C30D}"));
        assert_eq!(record.level, None);
    }

    #[test]
    fn an_event_without_id_is_none() {
        let mut texts = Texts::default();
        assert!(Reader { chunk: &[], texts: &mut texts }.record(&system()).is_err());
    }
}
