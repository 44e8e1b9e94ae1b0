//! Mines the lines of files, header by header.

use super::header::{LINES_OF_VOTE, Layout};
use super::{GroupId, Miner, Settled};
use crate::model::Position;
use crate::normalize::format::{Formats, message_of};
use crate::read::{Body, Container, Encoding, How, Object, Selection, Source};

/// The lines of one file and the groups of their messages.
#[derive(Clone, Debug)]
pub struct File {
    /// `log.file.path`.
    pub path: String,
    /// Number and group of each line that is not blank, in order.
    pub lines: Vec<(u64, GroupId)>,
    /// How many lines there are, blank ones included.
    pub n_lines: u64,
}

/// What the lines of some files came to.
#[derive(Clone, Debug, Default)]
pub struct Mined {
    /// The files, in their order, without those that are no text.
    pub files: Vec<File>,
    /// The templates of all of them.
    pub settled: Settled,
    /// Messages that came when the miner was full.
    pub n_crowded: u64,
}

/// Takes every line of these sources for a message behind a header; whatever they are, line breaks part them.
///
/// Where a format of the user takes the lines, it tells which part of them is the message; of JSON lines it is the
/// value under one of its usual names.
pub fn mine(sources: &[Source], formats: &Formats) -> Mined {
    let mut miner = Miner::new();
    let mut files = Vec::new();
    for source in sources.iter().filter(|source| source.encoding != Encoding::Binary) {
        let is_json = source.container == Container::Json;
        let mut source = source.clone();
        source.container = Container::Lines;
        let layout = Layout::of(source.head.lines());
        let own = formats.takes_lines(&source.head.lines().filter(|line| !line.trim().is_empty()).take(LINES_OF_VOTE));
        let selection = Selection::none();
        let how = How { selection: &selection, starts_record: None, recover: false, digests: false };
        let mut lines = Vec::new();
        let reading = source.records(&how, &mut |record| {
            if let (Body::Text(line), Position::Line(number)) = (&record.body, record.position) {
                let object = if is_json && own.is_none() { Object::parse(line).ok() } else { None };
                let stated = own.and_then(|own| own.message_of(line)).or_else(|| message_of(object.as_ref()?));
                lines.push((number, miner.add(stated.unwrap_or_else(|| layout.message(line)))));
            }
        });
        files.push(File { path: source.name.path, lines, n_lines: reading.n_lines });
    }
    Mined { files, settled: miner.settle(), n_crowded: miner.n_crowded() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::SourceId;

    #[test]
    fn each_line_has_the_template_of_its_message() {
        let text = "2022-08-22 08:15:01,123 [7] INFO  Shop.Login - took 5 ms\n\n\
                    2022-08-22 08:15:02,123 [7] INFO  Shop.Login - took 17 ms\n\
                    2022-08-22 08:15:03,123 [7] WARN  Shop.Login - disk is full\n";
        let sources = [
            Source::from_bytes(SourceId(0), "app.log", text.as_bytes()),
            Source::from_bytes(SourceId(1), "x.bin", &[0, 1, 2, 3, 0, 1, 2, 3, 0xff, 0xfe, 9]),
        ];
        let mined = mine(&sources, &Formats::default());
        assert_eq!(mined.files.len(), 1);
        let found: Vec<_> = mined.files[0]
            .lines
            .iter()
            .map(|(number, group)| (*number, &*mined.settled.templates[mined.settled.template_of(*group)].text))
            .collect();
        assert_eq!(found, [(1, "took <*>"), (3, "took <*>"), (4, "disk is full")]);
    }

    #[test]
    fn the_message_of_a_json_line_is_the_value_that_holds_it() {
        let text = "{\"time\":\"2022-08-22T06:15:01Z\",\"level\":30,\"msg\":\"took 5 ms\",\"id\":1}\n\
                    {\"id\":2,\"msg\":\"took 17 ms\",\"level\":30,\"time\":\"2022-08-22T06:15:02Z\"}\n\
                    {\"@t\":\"2022-08-22T06:15:03Z\",\"@mt\":\"disk {Disk} is full\",\"@m\":\"disk D is full\"}\n";
        let mined = mine(&[Source::from_bytes(SourceId(0), "app.ndjson", text.as_bytes())], &Formats::default());
        let found: Vec<_> =
            mined.settled.templates.iter().map(|template| (&*template.text, template.n_messages)).collect();
        assert_eq!(found, [("took <*>", 2), ("disk {Disk} is full", 1)]);
    }
}
