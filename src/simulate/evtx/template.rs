//! The shapes of events as binary XML: elements, attributes, and where substitutions go.
//!
//! The tokens are those of MS-EVEN6 2.2.12; how names are kept once a chunk, see `chunk`.

use super::chunk::Chunk;

/// The `System` part takes the first seventeen substitutions, in the order Windows uses.
pub(super) const N_SYSTEM: u16 = 17;

const XMLNS: &str = "http://schemas.microsoft.com/win/2004/08/events/event";

/// How the data of an event is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::simulate) enum Shape {
    /// `EventData` with one named `Data` a value.
    Named(&'static [&'static str]),
    /// `EventData` of a classic event: unnamed strings, then bytes.
    Classic,
    /// `UserData` with one element of this name and namespace, one child a value.
    User(&'static str, &'static str, &'static [&'static str]),
}

/// How the provider is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::simulate) struct Provider {
    /// Its name.
    pub(in crate::simulate) name: &'static str,
    /// Its GUID in text form without braces; empty for sources that only the registry knows.
    pub(in crate::simulate) guid: &'static str,
    /// The name of the classic source behind it; empty for providers with a manifest alone.
    pub(in crate::simulate) source: &'static str,
}

/// What stands at a place in a template.
#[derive(Clone, Copy)]
enum Content<'a> {
    Text(&'a str),
    /// Number and type of a substitution without which the element or attribute vanishes.
    Optional(u16, u8),
    /// Number and type of a substitution.
    Normal(u16, u8),
    Empty,
}

const NO_DEPENDENCY: u16 = u16::MAX;
const FRAGMENT: [u8; 4] = [0x0f, 1, 1, 0];

/// Writes the definition of the record's outer template: `Event`, `System`, and the place of the data.
pub(super) fn write_outer(chunk: &mut Chunk, provider: &Provider, computer: &str, in_user_data: bool) {
    use Content::{Empty, Optional, Text};
    chunk.bytes(&FRAGMENT);
    let event = chunk.open("Event", NO_DEPENDENCY, &[("xmlns", Text(XMLNS))]);
    let system = chunk.open("System", NO_DEPENDENCY, &[]);
    if provider.source.is_empty() {
        chunk.leaf("Provider", NO_DEPENDENCY, &[("Name", Optional(14, 0x01)), ("Guid", Optional(15, 0x0f))], Empty);
    } else {
        let guid = format!("{{{}}}", provider.guid);
        let attributes =
            [("Name", Text(provider.name)), ("Guid", Text(&guid)), ("EventSourceName", Text(provider.source))];
        chunk.leaf("Provider", NO_DEPENDENCY, &attributes, Empty);
    }
    chunk.leaf("EventID", 3, &[("Qualifiers", Optional(4, 0x06))], Optional(3, 0x06));
    chunk.leaf("Version", 11, &[], Optional(11, 0x04));
    chunk.leaf("Level", 0, &[], Optional(0, 0x04));
    chunk.leaf("Task", 2, &[], Optional(2, 0x06));
    chunk.leaf("Opcode", 1, &[], Optional(1, 0x04));
    chunk.leaf("Keywords", 5, &[], Optional(5, 0x15));
    chunk.leaf("TimeCreated", NO_DEPENDENCY, &[("SystemTime", Optional(6, 0x11))], Empty);
    chunk.leaf("EventRecordID", 10, &[], Optional(10, 0x0a));
    let ids = [("ActivityID", Optional(7, 0x0f)), ("RelatedActivityID", Optional(13, 0x0f))];
    chunk.leaf("Correlation", NO_DEPENDENCY, &ids, Empty);
    let ids = [("ProcessID", Optional(8, 0x08)), ("ThreadID", Optional(9, 0x08))];
    chunk.leaf("Execution", NO_DEPENDENCY, &ids, Empty);
    chunk.leaf("Channel", 16, &[], Optional(16, 0x01));
    chunk.leaf("Computer", NO_DEPENDENCY, &[], Text(computer));
    chunk.leaf("Security", NO_DEPENDENCY, &[("UserID", Optional(12, 0x13))], Empty);
    chunk.close(&system);
    if in_user_data {
        chunk.leaf("UserData", NO_DEPENDENCY, &[], Optional(N_SYSTEM, 0x21));
    } else {
        chunk.content(Optional(N_SYSTEM, 0x21));
    }
    chunk.close(&event);
    chunk.bytes(&[0x00]);
}

/// Writes the definition of the template for the data of an event; `types` are those of its values.
pub(super) fn write_data(chunk: &mut Chunk, shape: Shape, types: &[u8]) {
    use Content::{Normal, Text};
    chunk.bytes(&FRAGMENT);
    let typed = |at: usize| Normal(at as u16, types.get(at).copied().filter(|&t| t != 0).unwrap_or(0x01));
    match shape {
        Shape::Named(names) => {
            let data = chunk.open("EventData", NO_DEPENDENCY, &[]);
            for (at, name) in names.iter().enumerate() {
                chunk.leaf("Data", NO_DEPENDENCY, &[("Name", Text(name))], typed(at));
            }
            chunk.close(&data);
        }
        Shape::Classic => {
            let data = chunk.open("EventData", NO_DEPENDENCY, &[]);
            chunk.leaf("Data", NO_DEPENDENCY, &[], Normal(0, 0x81));
            chunk.leaf("Binary", NO_DEPENDENCY, &[], Normal(1, 0x0e));
            chunk.close(&data);
        }
        Shape::User(element, namespace, names) => {
            let data = chunk.open(element, NO_DEPENDENCY, &[("xmlns", Text(namespace))]);
            for (at, name) in names.iter().enumerate() {
                chunk.leaf(name, NO_DEPENDENCY, &[], typed(at));
            }
            chunk.close(&data);
        }
    }
    chunk.bytes(&[0x00]);
}

/// Where an element's size has to be filled in once it is known.
#[must_use]
struct Opened(usize);

impl Chunk {
    fn open(&mut self, name: &str, dependency: u16, attributes: &[(&str, Content<'_>)]) -> Opened {
        let size_at = self.start_tag(name, dependency, attributes);
        self.bytes(&[0x02]);
        Opened(size_at)
    }

    fn close(&mut self, element: &Opened) {
        self.bytes(&[0x04]);
        self.patch_size(element.0);
    }

    fn leaf(&mut self, name: &str, dependency: u16, attributes: &[(&str, Content<'_>)], content: Content<'_>) {
        let size_at = self.start_tag(name, dependency, attributes);
        if matches!(content, Content::Empty) {
            self.bytes(&[0x03]);
        } else {
            self.bytes(&[0x02]);
            self.content(content);
            self.bytes(&[0x04]);
        }
        self.patch_size(size_at);
    }

    fn start_tag(&mut self, name: &str, dependency: u16, attributes: &[(&str, Content<'_>)]) -> usize {
        self.bytes(&[if attributes.is_empty() { 0x01 } else { 0x41 }]);
        self.bytes(&dependency.to_le_bytes());
        let size_at = self.reserve_size();
        self.name(name);
        if let Some(last) = attributes.len().checked_sub(1) {
            let list_at = self.reserve_size();
            for (at, (name, content)) in attributes.iter().enumerate() {
                self.bytes(&[if at == last { 0x06 } else { 0x46 }]);
                self.name(name);
                self.content(*content);
            }
            self.patch_size(list_at);
        }
        size_at
    }

    fn content(&mut self, content: Content<'_>) {
        match content {
            Content::Text(text) => {
                let units: Vec<u16> = text.encode_utf16().collect();
                self.bytes(&[0x05, 0x01]);
                self.bytes(&(units.len() as u16).to_le_bytes());
                self.bytes(&units.iter().copied().flat_map(u16::to_le_bytes).collect::<Vec<u8>>());
            }
            Content::Optional(number, kind) => {
                let [low, high] = number.to_le_bytes();
                self.bytes(&[0x0e, low, high, kind]);
            }
            Content::Normal(number, kind) => {
                let [low, high] = number.to_le_bytes();
                self.bytes(&[0x0d, low, high, kind]);
            }
            Content::Empty => {}
        }
    }
}
