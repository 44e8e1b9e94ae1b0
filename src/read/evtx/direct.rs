//! Reads elements that a record holds itself, without template, as forwarded and re-exported logs
//! have them: from the tokens straight into the table.
//!
//! What stands there in practice is elements, attributes and text. Anything else (a template inside,
//! a hole, damage) is left to the walk over the tree, which gives the same for what is read here.

use std::ops::Range;

use super::Budget;
use super::batch::{Batch, Row};
use super::dictionary::{Code, Dictionary};
use super::event::{self, SystemTexts};
use super::fragment::{self, Cursor, Grammar, NameTable, token};
use super::projection::{SYSTEM_FIELDS, datum_name};
use crate::model::Name;
use crate::read::selection::Fields;

/// Elements inside of each other; Windows writes fewer than ten.
const MAX_DEPTH: usize = 32;

/// What reading needs beside the bytes.
pub(super) struct Direct<'c, 'w> {
    /// The bytes of the fragment that are left.
    pub(super) cursor: Cursor<'c>,
    /// The names of the chunk.
    pub(super) names: &'w mut NameTable<'c>,
    /// Where names of data get their numbers.
    pub(super) dictionary: &'w mut Dictionary,
    /// Where data go.
    pub(super) batch: &'w mut Batch,
    /// What the record may still cost.
    pub(super) budget: &'w mut Budget,
    /// Texts one behind the other; what is not needed any more is cut off at the end.
    pub(super) gathered: String,
}

/// An element whose start has been read.
struct Start {
    name: Name,
    /// Each with where its value is among the gathered texts.
    attributes: Vec<(Name, Range<usize>)>,
    is_empty: bool,
}

/// What stands next in an element.
enum Next {
    Element(Start),
    /// Text, which was appended to the gathered texts.
    Text,
    End,
}

/// What an element of the data holds.
enum Content {
    /// Other elements, which were read.
    Elements,
    /// Text alone: where it is among the gathered texts.
    Text(Range<usize>),
}

impl Direct<'_, '_> {
    /// Reads the beginning of a record, up to the end of its `System`, and returns that.
    pub(super) fn system(&mut self) -> Option<Row> {
        let event = self.root()?;
        let Next::Element(system) = self.next_element()? else { return None };
        if &*event.name != "Event" || event.is_empty || &*system.name != "System" || system.is_empty {
            return None;
        }
        let mut found: [Option<Range<usize>>; SYSTEM_FIELDS.len()] = Default::default();
        let mut seen: Vec<Name> = Vec::new();
        while let Next::Element(start) = self.next_element()? {
            let text = self.text_alone(&start)?;
            // Of two of one name the first counts.
            if !seen.contains(&start.name) {
                for (found, (name, attribute)) in found.iter_mut().zip(SYSTEM_FIELDS) {
                    if *start.name == *name {
                        *found = match attribute {
                            None => Some(text.clone()),
                            Some(attribute) => start.attribute(attribute),
                        };
                    }
                }
                seen.push(start.name);
            }
        }
        let texts: SystemTexts<'_> = std::array::from_fn(|field| Some(&self.gathered[found[field].clone()?]));
        let row = event::has_event_id(&texts).then(|| event::row(&texts, self.dictionary));
        self.gathered.clear();
        row
    }

    /// Reads the rest of a record behind its `System`.
    pub(super) fn rest(&mut self, fields: &Fields) -> Option<()> {
        let mut message = None;
        while let Next::Element(start) = self.next_element()? {
            match &*start.name {
                "EventData" | "UserData" => self.data(&start, fields)?,
                "RenderingInfo" if start.is_empty => {}
                "RenderingInfo" => {
                    while let Next::Element(part) = self.next_element()? {
                        let text = self.text_alone(&part)?;
                        if &*part.name == "Message" && message.is_none() {
                            message = Some(self.gathered[text].to_owned());
                        }
                    }
                }
                _ => return None,
            }
        }
        if let Some(message) = message {
            self.batch.push_message(&message);
        }
        Some(())
    }

    /// Reads a fragment that is one element, `EventData` or `UserData` or a part of them.
    pub(super) fn value(&mut self, is_part: bool, fields: &Fields) -> Option<()> {
        let root = self.root()?;
        let is_data = matches!(&*root.name, "EventData" | "UserData");
        match (is_part, is_data) {
            (false, true) => self.data(&root, fields)?,
            (true, false) => self.leaf(&root, fields, 0)?,
            _ => return None,
        }
        matches!(self.cursor.rest(), [] | [0, ..]).then_some(())
    }

    /// Reads the elements of `EventData`, or the text that stands there instead.
    fn data(&mut self, data: &Start, fields: &Fields) -> Option<()> {
        if let Content::Text(text) = self.content(data, fields, 0)?
            && !self.gathered[text.clone()].trim().is_empty()
            && fields.want(None)
        {
            self.batch.push_text(Code::NONE, &self.gathered[text]);
        }
        Some(())
    }

    /// Reads an element of the data; without elements in it, it is a value.
    fn leaf(&mut self, start: &Start, fields: &Fields, depth: usize) -> Option<()> {
        if depth > MAX_DEPTH {
            return None;
        }
        let Content::Text(text) = self.content(start, fields, depth)? else { return Some(()) };
        let name_attribute = start.attribute("Name").map(|name| Name::from(&self.gathered[name]));
        let name = datum_name(&start.name, name_attribute.as_ref());
        if fields.want(name.as_deref()) {
            let name = name.map_or(Code::NONE, |name| self.dictionary.of_text(&name));
            self.batch.push_text(name, &self.gathered[text]);
        }
        Some(())
    }

    /// Reads the content of an element of the data, with the elements in it.
    fn content(&mut self, start: &Start, fields: &Fields, depth: usize) -> Option<Content> {
        let (from, mut has_elements) = (self.gathered.len(), false);
        loop {
            match self.next_in(start)? {
                Next::Element(inner) => {
                    has_elements = true;
                    let kept = self.gathered.len() - inner.n_bytes();
                    self.leaf(&inner, fields, depth + 1)?;
                    self.gathered.truncate(kept);
                }
                Next::Text => {}
                Next::End if has_elements => return Some(Content::Elements),
                Next::End => return Some(Content::Text(from..self.gathered.len())),
            }
        }
    }

    /// Reads an element that holds text alone, up to its end.
    fn text_alone(&mut self, start: &Start) -> Option<Range<usize>> {
        let from = self.gathered.len();
        loop {
            match self.next_in(start)? {
                Next::Text => {}
                Next::End => return Some(from..self.gathered.len()),
                Next::Element(_) => return None,
            }
        }
    }

    /// Returns what stands next in an element; at once its end for one without content.
    fn next_in(&mut self, start: &Start) -> Option<Next> {
        if start.is_empty { Some(Next::End) } else { self.next() }
    }

    /// Reads the start of the element that is the whole fragment.
    fn root(&mut self) -> Option<Start> {
        if let [token::FRAGMENT_HEADER, ..] = self.cursor.rest() {
            self.cursor.skip(4, "").ok()?;
        }
        match self.next()? {
            Next::Element(start) => Some(start),
            _ => None,
        }
    }

    /// Returns the next element or the end; blank text between is passed over.
    fn next_element(&mut self) -> Option<Next> {
        let from = self.gathered.len();
        loop {
            match self.next()? {
                Next::Text if self.gathered[from..].trim().is_empty() => self.gathered.truncate(from),
                Next::Text => return None,
                next => return Some(next),
            }
        }
    }

    fn next(&mut self) -> Option<Next> {
        let token = *self.cursor.rest().first()?;
        self.cursor.skip(1, "").ok()?;
        match token {
            token::END_ELEMENT => Some(Next::End),
            token::ELEMENT | token::ELEMENT_WITH_ATTRIBUTES => {
                self.start(token == token::ELEMENT_WITH_ATTRIBUTES).map(Next::Element)
            }
            _ => self.text(token).map(|()| Next::Text),
        }
    }

    fn start(&mut self, has_attributes: bool) -> Option<Start> {
        let (name, _) = fragment::element_head(has_attributes, &mut self.cursor, Grammar::Content, self.names).ok()?;
        let mut attributes: Vec<(Name, Range<usize>)> = Vec::new();
        loop {
            let token = *self.cursor.rest().first()?;
            self.cursor.skip(1, "").ok()?;
            match token {
                token::ATTRIBUTE | token::LAST_ATTRIBUTE => {
                    let at = self.gathered.len();
                    attributes.push((self.cursor.name(self.names).ok()?, at..at));
                }
                token::CLOSE_START => return Some(Start { name, attributes, is_empty: false }),
                token::CLOSE_EMPTY => return Some(Start { name, attributes, is_empty: true }),
                _ => {
                    self.text(token)?;
                    attributes.last_mut()?.1.end = self.gathered.len();
                }
            }
        }
    }

    /// Appends what a token begins to the gathered texts, if it is text.
    fn text(&mut self, token: u8) -> Option<()> {
        let from = self.gathered.len();
        fragment::append_text(token, &mut self.cursor, self.names, &mut self.gathered).ok()?;
        self.budget.spend(self.gathered.len() - from + size_of::<Name>()).ok()
    }
}

impl Start {
    fn attribute(&self, name: &str) -> Option<Range<usize>> {
        self.attributes.iter().find(|(own, _)| **own == *name).map(|(_, value)| value.clone())
    }

    /// Bytes that its attributes take of the gathered texts.
    fn n_bytes(&self) -> usize {
        self.attributes.iter().map(|(_, value)| value.len()).sum()
    }
}
