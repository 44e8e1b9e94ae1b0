//! Reads any record at all by walking its tree: the slow way, which needs no projection.
//!
//! Templates are filled in, fragments that are values take the place of their substitution, an array
//! repeats the element that holds it, an element whose dependency is null is left out. What comes
//! out is the tree that Windows would write as XML, and the fields are read from it by name.
//! Source: MS-EVEN6 3.1.4.7.5 (arrays), 2.2.12 (dependencies).

use std::sync::Arc;

use super::batch::Row;
use super::dictionary::Dictionary;
use super::event::{self, SystemTexts};
use super::fragment::{self, Cursor, Element, Grammar, NameTable, Node};
use super::projection::{SYSTEM_FIELDS, datum_name};
use super::template::{Shelf, Templates};
use super::values::{self, Slot, kind};
use super::{Budget, Defect};
use crate::model::Name;
use crate::read::Datum;

/// Templates and fragments inside of each other; Windows writes two.
const MAX_DEPTH: usize = 16;

/// What walking needs of the chunk.
pub(super) struct Walker<'c, 't> {
    /// The chunk.
    pub(super) chunk: &'c [u8],
    /// Its names.
    pub(super) names: &'t mut NameTable<'c>,
    /// Its template definitions.
    pub(super) templates: &'t mut Templates<'c>,
    /// The definitions and texts of all chunks.
    pub(super) shelf: Shelf<'t>,
    /// What the record may still cost.
    pub(super) budget: &'t mut Budget,
}

/// What a whole record says.
pub(super) struct Walked {
    /// Its `System`.
    pub(super) row: Row,
    /// Its data, in their order.
    pub(super) data: Vec<Datum>,
    /// Its rendered message.
    pub(super) message: Option<Name>,
}

/// An element without holes.
#[derive(Debug, PartialEq)]
struct Filled {
    name: Name,
    attributes: Vec<(Name, Option<Name>)>,
    children: Vec<Child>,
}

/// What stands in a filled element; a text that is `None` is null.
#[derive(Debug, PartialEq)]
enum Child {
    Element(Filled),
    Text(Option<Name>),
}

/// One item of an array in the place of the substitution that holds them all.
#[derive(Clone, Copy)]
struct Item<'c> {
    /// Which child of the element the substitution is.
    child: usize,
    kind: u8,
    bytes: &'c [u8],
}

impl<'c> Walker<'c, '_> {
    /// Reads the record whose binary XML spans these bytes of the chunk.
    pub(super) fn record(&mut self, span: std::ops::Range<usize>) -> Result<Walked, Defect> {
        let mut children = Vec::new();
        self.fragment(span, &mut children, 0)?;
        let event = children.iter().find_map(element_of).filter(|element| &*element.name == "Event");
        walked(event.ok_or(Defect("a record holds no event"))?, self.shelf.dictionary)
    }

    fn fragment(&mut self, span: std::ops::Range<usize>, out: &mut Vec<Child>, depth: usize) -> Result<(), Defect> {
        if depth > MAX_DEPTH {
            return Err(Defect("fragments are nested too deep"));
        }
        self.budget.spend(span.len())?;
        let nodes = fragment::parse(&mut Cursor::new(self.chunk, span)?, Grammar::Content, self.names)?;
        self.fill(&nodes, &[], None, out, depth)
    }

    /// Fills the holes of nodes that stand beside each other.
    fn fill(
        &mut self,
        nodes: &[Node],
        slots: &[Slot],
        item: Option<Item<'c>>,
        out: &mut Vec<Child>,
        depth: usize,
    ) -> Result<(), Defect> {
        for (child, node) in nodes.iter().enumerate() {
            match node {
                Node::Element(element) => self.fill_element(element, slots, out, depth)?,
                Node::Text(text) => {
                    self.budget.spend(text.len())?;
                    out.push(Child::Text(Some(Arc::clone(text))));
                }
                Node::Substitution(index) => {
                    let slot = slots.get(usize::from(*index)).copied().unwrap_or(Slot::ABSENT);
                    self.budget.spend(slot.len() + 1)?;
                    if let Some(item) = item.filter(|item| item.child == child) {
                        out.push(Child::Text(Some(written(item.kind, item.bytes)?)));
                    } else if slot.kind() == kind::FRAGMENT && slot.len() > 0 {
                        self.fragment(slot.span(), out, depth + 1)?;
                    } else {
                        let text =
                            if slot.is_null() { None } else { Some(written(slot.kind(), slot.bytes(self.chunk))?) };
                        out.push(Child::Text(text));
                    }
                }
                Node::Instance(instance) => {
                    if depth > MAX_DEPTH {
                        return Err(Defect("templates are nested too deep"));
                    }
                    let number = self.templates.at(instance.definition, instance.template_id, &mut self.shelf)?;
                    let nodes = Arc::clone(&self.shelf.library.get(number).nodes);
                    self.fill(&nodes, &instance.slots, None, out, depth + 1)?;
                }
            }
        }
        Ok(())
    }

    fn fill_element(
        &mut self,
        element: &Element,
        slots: &[Slot],
        out: &mut Vec<Child>,
        depth: usize,
    ) -> Result<(), Defect> {
        let slot_of = |index: u16| slots.get(usize::from(index)).copied();
        if element.dependency.and_then(slot_of).is_some_and(Slot::is_null) {
            return Ok(());
        }
        // The first array repeats the element; others are joined.
        for (child, node) in element.children.iter().enumerate() {
            if let Node::Substitution(index) = node
                && let Some(slot) = slot_of(*index)
                && let Some(items) = repeated(slot, self.chunk)?
            {
                for bytes in items {
                    let item = Item { child, kind: slot.kind() & !kind::ARRAY, bytes };
                    let filled = self.filled(element, slots, Some(item), depth)?;
                    out.push(Child::Element(filled));
                }
                return Ok(());
            }
        }
        let filled = self.filled(element, slots, None, depth)?;
        out.push(Child::Element(filled));
        Ok(())
    }

    fn filled(
        &mut self,
        element: &Element,
        slots: &[Slot],
        item: Option<Item<'c>>,
        depth: usize,
    ) -> Result<Filled, Defect> {
        self.budget.spend(size_of::<Filled>())?;
        let mut attributes = Vec::with_capacity(element.attributes.len());
        for (name, parts) in &element.attributes {
            let mut value = Vec::new();
            self.fill(parts, slots, None, &mut value, depth)?;
            attributes.push((Arc::clone(name), text_of(&value)));
        }
        let mut children = Vec::with_capacity(element.children.len());
        self.fill(&element.children, slots, item, &mut children, depth)?;
        Ok(Filled { name: Arc::clone(&element.name), attributes, children })
    }
}

fn walked(event: &Filled, dictionary: &mut Dictionary) -> Result<Walked, Defect> {
    let system = event.elements().find(|element| &*element.name == "System");
    let system = system.ok_or(Defect("an event has no System"))?;
    let texts: [Option<Name>; SYSTEM_FIELDS.len()] = SYSTEM_FIELDS.map(|(name, attribute)| {
        let element = system.elements().find(|element| *element.name == *name)?;
        match attribute {
            None => text_of(&element.children),
            Some(attribute) => element.attribute(attribute).cloned(),
        }
    });
    let texts: SystemTexts<'_> = std::array::from_fn(|field| texts[field].as_deref());
    if !event::has_event_id(&texts) {
        return Err(Defect("an event has no id"));
    }
    let mut walked = Walked { row: event::row(&texts, dictionary), data: Vec::new(), message: None };
    for element in event.elements() {
        match &*element.name {
            "EventData" | "UserData" => data(element, &mut walked.data),
            "RenderingInfo" => {
                let message = element.elements().find(|element| &*element.name == "Message");
                walked.message = message.and_then(|message| text_of(&message.children));
            }
            _ => {}
        }
    }
    Ok(walked)
}

fn data(data: &Filled, out: &mut Vec<Datum>) {
    if data.elements().next().is_none()
        && let Some(text) = text_of(&data.children)
        && !text.trim().is_empty()
    {
        out.push(Datum { name: None, value: Some(text) });
    }
    for element in data.elements() {
        leaves(element, out);
    }
}

fn leaves(element: &Filled, out: &mut Vec<Datum>) {
    if element.elements().next().is_some() {
        for child in element.elements() {
            leaves(child, out);
        }
        return;
    }
    let name = datum_name(&element.name, element.attribute("Name"));
    out.push(Datum { name, value: text_of(&element.children) });
}

/// The text of a value that is not null.
fn written(kind: u8, bytes: &[u8]) -> Result<Name, Defect> {
    let mut text = String::new();
    values::write(kind, bytes, &mut text)?;
    Ok(Arc::from(text))
}

impl Filled {
    fn elements(&self) -> impl Iterator<Item = &Filled> {
        self.children.iter().filter_map(element_of)
    }

    fn attribute(&self, name: &str) -> Option<&Name> {
        self.attributes.iter().find(|(own, _)| **own == *name).and_then(|(_, value)| value.as_ref())
    }
}

fn element_of(child: &Child) -> Option<&Filled> {
    match child {
        Child::Element(element) => Some(element),
        Child::Text(_) => None,
    }
}

/// Joins the texts that stand beside each other: null if all are, the empty text if there is none.
fn text_of(children: &[Child]) -> Option<Name> {
    let parts = || children.iter().filter(|child| matches!(child, Child::Text(_)));
    match (parts().next(), parts().nth(1)) {
        (None, _) => Some(Arc::from("")),
        (Some(Child::Text(text)), None) => text.clone(),
        _ => {
            let known: Vec<&str> = parts()
                .filter_map(|child| match child {
                    Child::Text(text) => text.as_deref(),
                    Child::Element(_) => None,
                })
                .collect();
            (!known.is_empty()).then(|| Arc::from(known.concat()))
        }
    }
}

/// Returns the items of an array value that repeat the element that holds it: two at least.
pub(super) fn repeated(slot: Slot, chunk: &[u8]) -> Result<Option<Vec<&[u8]>>, Defect> {
    if slot.kind() & kind::ARRAY == 0 {
        return Ok(None);
    }
    Ok(values::items(slot.kind(), slot.bytes(chunk))?.filter(|items| items.len() > 1))
}
