//! The fields of `System`, where they are text, as a row of the table.
//!
//! A field that cannot be read as what it should be is left out, like one that is not there: in a
//! record without types (forwarded and re-exported logs) every field is text, and a damaged one is no
//! reason to lose the others.

use super::batch::{Activity, Row};
use super::dictionary::{Code, Dictionary};
use super::projection::{SYSTEM_FIELDS, field};
use super::values;
use crate::model::Timestamp;

/// The text of every field of `System`, in the order of [`SYSTEM_FIELDS`].
pub(super) type SystemTexts<'t> = [Option<&'t str>; SYSTEM_FIELDS.len()];

/// Returns the event id: the low 16 bits, since exports merge the qualifiers into the high ones.
pub(super) fn event_id(number: u64) -> u32 {
    (number & 0xffff) as u32
}

/// Whether the texts hold an event id that can be read.
pub(super) fn has_event_id(texts: &SystemTexts<'_>) -> bool {
    texts[field::EVENT_ID].and_then(values::parse_number).is_some()
}

/// Returns the row of these texts; an event id that is not there is 0.
pub(super) fn row(texts: &SystemTexts<'_>, dictionary: &mut Dictionary) -> Row {
    let text = |field: usize| texts[field].filter(|text| !text.is_empty());
    let number = |field: usize| texts[field].and_then(values::parse_number);
    let mut code = |text: Option<&str>| text.map_or(Code::NONE, |text| dictionary.of_text(text));
    let mut row = Row {
        provider: code(text(field::PROVIDER).or_else(|| text(field::SOURCE_NAME))),
        event_id: number(field::EVENT_ID).map_or(0, event_id),
        time: text(field::TIME).and_then(|text| text.parse().ok()).map(Timestamp::from_jiff),
        activity_id: match text(field::ACTIVITY_ID) {
            None => Activity::None,
            Some(text) => Activity::Text(code(Some(&guid(text)))),
        },
        channel: code(text(field::CHANNEL)),
        computer: code(text(field::COMPUTER)),
        user_sid: code(text(field::USER_SID)),
        ..Row::EMPTY
    };
    for field in 0..field::N_NUMBERS {
        if let Some(number) = number(field) {
            row.set(field, number);
        }
    }
    row
}

/// A GUID upper case in braces; texts may come without either.
fn guid(text: &str) -> String {
    let bare = text.trim_start_matches('{').trim_end_matches('}');
    format!("{{{}}}", bare.to_ascii_uppercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_without_types_reads_like_one_with() {
        let mut texts: SystemTexts<'_> = Default::default();
        for (field, text) in [
            (field::SOURCE_NAME, "Winlogon"),
            (field::EVENT_ID, "2147489648"),
            (field::KEYWORDS, "0x8080000000000000"),
            (field::TIME, "2022-08-22T06:01:33.1234567Z"),
            (field::ACTIVITY_ID, "54849625-5478-4994-a5ba-3e3b0328c30d"),
            (field::LEVEL, "300"),
            (field::PROVIDER, ""),
        ] {
            texts[field] = Some(text);
        }
        let mut dictionary = Dictionary::default();
        let row = row(&texts, &mut dictionary);
        assert!(has_event_id(&texts));
        assert_eq!(dictionary.text(row.provider).map(|text| &**text), Some("Winlogon"));
        assert_eq!(row.event_id, 6000);
        assert_eq!(row.number(field::KEYWORDS), Some(0x8080_0000_0000_0000));
        assert_eq!((row.number(field::LEVEL), row.number(field::TASK)), (Some(300), None));
        assert_eq!(row.time.unwrap().to_string(), "2022-08-22T06:01:33.1234567Z");
        let Activity::Text(id) = row.activity_id else { panic!("{:?}", row.activity_id) };
        assert_eq!(dictionary.text(id).map(|text| &**text), Some("{54849625-5478-4994-A5BA-3E3B0328C30D}"));
    }
}
