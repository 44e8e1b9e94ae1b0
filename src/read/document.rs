//! Reads a small file that is one document.

use super::encoding::Decoded;
use super::record::{Body, Record};
use super::source::{Reading, SourceName};
use crate::diagnostic::Code;
use crate::model::Position;

/// The longest document: 16 MiB.
pub(super) const DOCUMENT_BYTES_MAX: usize = 16 << 20;

/// Reads the whole text as one record; a longer one than the bound counts as damaged.
pub(super) fn records(mut text: Decoded<'_>, name: &SourceName, sink: &mut dyn FnMut(Record<'_>)) -> Reading {
    let mut reading = Reading::default();
    let mut document = String::new();
    while document.len() <= DOCUMENT_BYTES_MAX && text.fill(&mut document) {}
    reading.complain_undecodable(name, text.n_undecodable());
    let position = Position::Line(1);
    if document.len() > DOCUMENT_BYTES_MAX {
        (reading.n_records, reading.n_damaged) = (1, 1);
        reading.complain(Code::RecordTooLong, name, Some(position), "a document longer than 16 MiB; left out");
    } else if !document.trim().is_empty() {
        reading.n_records = 1;
        sink(Record { position, body: Body::Document(document) });
    }
    reading
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::SourceId;
    use crate::read::Encoding;

    fn read(text: &str) -> (Vec<Record<'static>>, Reading) {
        let name = SourceName { id: SourceId(0), path: "x.yaml".to_owned() };
        let mut bytes = text.as_bytes();
        let mut all = Vec::new();
        let reading =
            records(Decoded::new(&mut bytes, Encoding::Utf8), &name, &mut |record| all.push(record.into_owned()));
        (all, reading)
    }

    #[test]
    fn a_document_is_one_record_up_to_its_bound() {
        assert_eq!(read("a: 1\n").0[0].body, Body::Document("a: 1\n".to_owned()));
        assert_eq!(read(" \n").1.n_records, 0);
        let (all, reading) = read(&"a: 1\n".repeat(DOCUMENT_BYTES_MAX / 5 + 1));
        assert!(all.is_empty());
        assert_eq!((reading.n_records, reading.n_damaged, reading.diagnostics.len()), (1, 1, 1));
    }
}
