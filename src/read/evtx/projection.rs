//! What a template tells of a record without looking at one: which substitution holds which field.
//!
//! Most definitions are plain: `System` with one text or one substitution a field, and data of one
//! substitution each. For those a record costs its substitution array. What is not plain (a value
//! of several parts, a name that is a substitution, elements beside text) has no projection, and
//! the tree is walked for each record; so it is when a record puts into a substitution what the
//! projection does not expect.

use std::sync::Arc;

use super::batch::Row;
use super::dictionary::{Code, Dictionary};
use super::event::{self, SystemTexts};
use super::fragment::{Element, Node};
use super::plain::{PlainLeaf, plain};
use crate::model::Name;

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Source {
    /// Nowhere: the template does not have the field.
    Absent,
    /// The template itself.
    Text(Name),
    /// The substitution with this index.
    Substitution(u16),
}

/// What a record's `System` is made of.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct System {
    /// What the template itself says.
    pub(super) base: Row,
    /// The substitution of each field, in the order of [`SYSTEM_FIELDS`]; [`NO_SLOT`] for none.
    pub(super) slots: [u16; SYSTEM_FIELDS.len()],
    /// How many of the first substitutions hold all fields.
    pub(super) n_slots: u16,
    /// Whether the template itself says an event id.
    pub(super) states_event_id: bool,
    /// Substitutions without whose values fields of others are left out.
    pub(super) dependencies: Box<[u16]>,
}

/// The index of no substitution: more than fit into a record.
pub(super) const NO_SLOT: u16 = u16::MAX;

/// A field of `System`: its element and its attribute, if it is one.
pub(super) type SystemField = (&'static str, Option<&'static str>);

/// Every field of `System` that is read, those that are whole numbers first.
pub(super) const SYSTEM_FIELDS: [SystemField; 17] = [
    ("EventID", Some("Qualifiers")),
    ("Version", None),
    ("Level", None),
    ("Task", None),
    ("Opcode", None),
    ("Keywords", None),
    ("EventRecordID", None),
    ("Execution", Some("ProcessID")),
    ("Execution", Some("ThreadID")),
    ("Provider", Some("Name")),
    ("Provider", Some("EventSourceName")),
    ("EventID", None),
    ("TimeCreated", Some("SystemTime")),
    ("Correlation", Some("ActivityID")),
    ("Channel", None),
    ("Computer", None),
    ("Security", Some("UserID")),
];

/// Positions in [`SYSTEM_FIELDS`].
pub(super) mod field {
    pub(in super::super) const QUALIFIERS: usize = 0;
    pub(in super::super) const VERSION: usize = 1;
    pub(in super::super) const LEVEL: usize = 2;
    pub(in super::super) const TASK: usize = 3;
    pub(in super::super) const OPCODE: usize = 4;
    pub(in super::super) const KEYWORDS: usize = 5;
    pub(in super::super) const RECORD_ID: usize = 6;
    pub(in super::super) const PROCESS_ID: usize = 7;
    pub(in super::super) const THREAD_ID: usize = 8;
    /// How many of the first fields are whole numbers, and may be left out.
    pub(in super::super) const N_NUMBERS: usize = 9;
    pub(in super::super) const PROVIDER: usize = 9;
    pub(in super::super) const SOURCE_NAME: usize = 10;
    pub(in super::super) const EVENT_ID: usize = 11;
    pub(in super::super) const TIME: usize = 12;
    pub(in super::super) const ACTIVITY_ID: usize = 13;
    pub(in super::super) const CHANNEL: usize = 14;
    pub(in super::super) const COMPUTER: usize = 15;
    pub(in super::super) const USER_SID: usize = 16;
}

/// One data value, or the place of more.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Leaf {
    /// A leaf element.
    Value {
        /// Its name, as a datum has it.
        name: Code,
        /// Its value; a leaf without content holds the empty text.
        source: Source,
        /// The substitutions without whose values it is left out, outermost element first.
        dependencies: Box<[u16]>,
    },
    /// A substitution beside `System` that holds `EventData` or `UserData`.
    NestedData(u16),
    /// A substitution inside of those that holds elements.
    NestedPart {
        /// Which one.
        index: u16,
        /// The substitutions without whose values it is left out.
        dependencies: Box<[u16]>,
    },
}

/// What a plain template tells.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Projection {
    /// The substitution without whose value there is nothing at all.
    pub(super) dependency: Option<u16>,
    /// What element it makes.
    pub(super) shape: Shape,
    /// The data that stand in it, in their order.
    pub(super) leaves: Arc<[Leaf]>,
    /// The same, if all of them are plain.
    pub(super) plain: Option<Box<[PlainLeaf]>>,
    /// The first substitution that the data use.
    pub(super) first_leaf_slot: u16,
}

/// What a template is, seen from the element that it makes.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Shape {
    /// `Event`: a whole record, and its `System`.
    Event(Box<System>),
    /// `EventData` or `UserData`.
    Data,
    /// Something that stands in `EventData` or `UserData`.
    Part,
}

impl Projection {
    /// Returns the projection of a definition that is plain.
    pub(super) fn of(nodes: &[Node], dictionary: &mut Dictionary) -> Option<Self> {
        let [Node::Element(root)] = nodes else { return None };
        let mut leaves = Leaves { found: Vec::new(), dependencies: Vec::new(), dictionary };
        let mut shape = match &*root.name {
            "Event" => Shape::Event(Box::new(event(root, &mut leaves)?)),
            "EventData" | "UserData" => {
                leaves.data(root)?;
                Shape::Data
            }
            _ => {
                leaves.part(root)?;
                Shape::Part
            }
        };
        if let (Shape::Event(system), Some(index)) = (&mut shape, root.dependency) {
            system.depend_on(index);
        }
        let first_leaf_slot = leaves.found.iter().flat_map(Leaf::slots).min().unwrap_or(NO_SLOT);
        let plain = plain(&leaves.found);
        Some(Self { dependency: root.dependency, shape, leaves: leaves.found.into(), plain, first_leaf_slot })
    }
}

impl System {
    /// Adds a substitution without whose value nothing of it is there.
    fn depend_on(&mut self, index: u16) {
        self.dependencies = self.dependencies.iter().copied().chain([index]).collect();
    }
}

impl Leaf {
    /// Returns the substitutions that it uses.
    fn slots(&self) -> impl Iterator<Item = u16> {
        let (own, dependencies): (Option<u16>, &[u16]) = match self {
            Self::Value { source: Source::Substitution(index), dependencies, .. }
            | Self::NestedPart { index, dependencies } => (Some(*index), dependencies),
            Self::Value { dependencies, .. } => (None, dependencies),
            Self::NestedData(index) => (Some(*index), &[]),
        };
        own.into_iter().chain(dependencies.iter().copied())
    }
}

/// Whether the attribute `Name` of such an element names its value.
fn has_name_attribute(element: &str) -> bool {
    matches!(element, "Data" | "ComplexData")
}

/// Returns the name that the values of a leaf element have.
pub(super) fn datum_name(element: &str, name_attribute: Option<&Name>) -> Option<Name> {
    match (element, name_attribute) {
        (_, Some(name)) if has_name_attribute(element) && !name.is_empty() => Some(Arc::clone(name)),
        ("Data", _) => None,
        _ => Some(Arc::from(element)),
    }
}

fn event(root: &Element, leaves: &mut Leaves<'_>) -> Option<System> {
    let mut system = None;
    for child in &root.children {
        match child {
            Node::Element(element) => match &*element.name {
                "System" if system.is_none() && element.dependency.is_none() => {
                    system = Some(system_of(element, leaves.dictionary)?);
                }
                "EventData" | "UserData" => {
                    leaves.dependencies.extend(element.dependency);
                    leaves.data(element)?;
                    leaves.dependencies.clear();
                }
                _ => return None,
            },
            Node::Substitution(index) => leaves.found.push(Leaf::NestedData(*index)),
            Node::Text(text) if text.trim().is_empty() => {}
            Node::Text(_) | Node::Instance(_) => return None,
        }
    }
    system
}

fn system_of(system: &Element, dictionary: &mut Dictionary) -> Option<System> {
    let mut texts: SystemTexts<'_> = Default::default();
    let mut slots = [NO_SLOT; SYSTEM_FIELDS.len()];
    let mut dependencies = Vec::new();
    let mut seen = Vec::new();
    for child in &system.children {
        let Node::Element(element) = child else { return None };
        if seen.contains(&&element.name) {
            return None;
        }
        seen.push(&element.name);
        for (at, (name, attribute)) in SYSTEM_FIELDS.iter().enumerate() {
            if *element.name != **name {
                continue;
            }
            let parts = match attribute {
                None => Some(&element.children),
                Some(wanted) => element.attributes.iter().find(|(own, _)| **own == **wanted).map(|(_, parts)| parts),
            };
            let source = parts.map_or(Some(Source::Absent), |parts| single(parts))?;
            // A field that depends on its own value is not there without it anyway.
            let own = match source {
                Source::Absent => continue,
                Source::Text(_) => {
                    texts[at] = parts.and_then(|parts| parts.first()).and_then(Node::text);
                    None
                }
                Source::Substitution(index) => {
                    slots[at] = index;
                    Some(index)
                }
            };
            dependencies.extend(element.dependency.filter(|index| Some(*index) != own));
        }
    }
    let base = event::row(&texts, dictionary);
    let states_event_id = event::has_event_id(&texts);
    let used = slots.iter().copied().filter(|slot| *slot != NO_SLOT);
    let n_slots = used.map(|slot| slot.saturating_add(1)).max().unwrap_or(0);
    Some(System { base, slots, n_slots, states_event_id, dependencies: dependencies.into() })
}

/// The source of a value of at most one part.
fn single(parts: &[Node]) -> Option<Source> {
    match parts {
        [] => Some(Source::Absent),
        [Node::Text(text)] => Some(Source::Text(Arc::clone(text))),
        [Node::Substitution(index)] => Some(Source::Substitution(*index)),
        _ => None,
    }
}

/// The leaves found so far, and on what the elements around the next one depend.
struct Leaves<'d> {
    found: Vec<Leaf>,
    dependencies: Vec<u16>,
    dictionary: &'d mut Dictionary,
}

impl Leaves<'_> {
    /// Adds what stands in `EventData`, `UserData` or an element of theirs.
    fn data(&mut self, element: &Element) -> Option<()> {
        for child in &element.children {
            match child {
                Node::Element(element) => self.part(element)?,
                Node::Substitution(index) => {
                    let dependencies = self.dependencies.as_slice().into();
                    self.found.push(Leaf::NestedPart { index: *index, dependencies });
                }
                Node::Text(text) if text.trim().is_empty() => {}
                _ => return None,
            }
        }
        Some(())
    }

    fn part(&mut self, element: &Element) -> Option<()> {
        let n_outer = self.dependencies.len();
        self.dependencies.extend(element.dependency);
        if element.children.iter().any(|child| matches!(child, Node::Element(_))) {
            self.data(element)?;
        } else {
            let name_attribute = match element.attributes.iter().find(|(name, _)| &**name == "Name") {
                None => None,
                Some((_, parts)) => match parts.as_slice() {
                    [Node::Text(text)] => Some(text),
                    _ if has_name_attribute(&element.name) => return None,
                    _ => None,
                },
            };
            let name = datum_name(&element.name, name_attribute);
            let source = single(&element.children)?;
            self.found.push(Leaf::Value {
                name: name.map_or(Code::NONE, |name| self.dictionary.of_text(&name)),
                source,
                dependencies: self.dependencies.as_slice().into(),
            });
        }
        self.dependencies.truncate(n_outer);
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn element(name: &str, children: Vec<Node>) -> Element {
        Element { name: name.into(), dependency: None, attributes: Vec::new(), children }
    }

    fn data_named(name: &str, dependency: Option<u16>, child: Node) -> Node {
        let attributes = vec![("Name".into(), vec![Node::Text(name.into())])];
        Node::Element(Element { name: "Data".into(), dependency, attributes, children: vec![child] })
    }

    #[test]
    fn a_plain_definition_tells_where_each_value_is() {
        let root = element(
            "EventData",
            vec![
                data_named("User", None, Node::Substitution(0)),
                data_named("Reason", Some(2), Node::Substitution(1)),
                Node::Element(element("Data", vec![Node::Substitution(3)])),
                Node::Element(element("Group", vec![Node::Element(element("Inner", Vec::new()))])),
            ],
        );
        let mut dictionary = Dictionary::default();
        let mut leaf = |name: Option<&str>, source, dependencies: &[u16]| Leaf::Value {
            name: name.map_or(Code::NONE, |name| dictionary.of_text(name)),
            source,
            dependencies: dependencies.into(),
        };
        let leaves = [
            leaf(Some("User"), Source::Substitution(0), &[]),
            leaf(Some("Reason"), Source::Substitution(1), &[2]),
            leaf(None, Source::Substitution(3), &[]),
            leaf(Some("Inner"), Source::Absent, &[]),
        ];
        let projection = Projection::of(&[Node::Element(root)], &mut dictionary);
        let shape = Shape::Data;
        let expected = Projection { dependency: None, shape, leaves: leaves.into(), plain: None, first_leaf_slot: 0 };
        assert_eq!(projection, Some(expected));
    }

    #[test]
    fn what_is_not_plain_has_no_projection() {
        let projection = |nodes: &[Node]| Projection::of(nodes, &mut Dictionary::default());
        let two_parts = element("Data", vec![Node::Text("a".into()), Node::Substitution(0)]);
        assert_eq!(projection(&[Node::Element(element("EventData", vec![Node::Element(two_parts)]))]), None);
        // An event without System is none.
        assert_eq!(projection(&[Node::Element(element("Event", Vec::new()))]), None);
        let system = || Node::Element(element("System", Vec::new()));
        assert!(projection(&[Node::Element(element("Event", vec![system()]))]).is_some());
        assert_eq!(projection(&[Node::Element(element("Event", vec![system(), system()]))]), None);
    }
}
