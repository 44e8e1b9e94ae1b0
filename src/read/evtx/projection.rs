//! What a template tells of a record without looking at one: which substitution holds which field.
//!
//! Most definitions are plain: `System` with one text or one substitution a field, and data of one
//! substitution each. For those a record costs its substitution array. What is not plain (a value
//! of several parts, a name that is a substitution, elements beside text) has no projection, and
//! the tree is walked for each record; so it is when a record puts into a substitution what the
//! projection does not expect.

use std::sync::Arc;

use super::fragment::{Element, Node};
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

/// A source, and the substitution without whose value the element that holds it is left out.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Field {
    /// Where the value comes from.
    pub(super) source: Source,
    /// The substitution that must have a value.
    pub(super) dependency: Option<u16>,
}

/// The fields of `System`, in the order of [`SYSTEM_FIELDS`].
pub(super) type SystemFields = [Field; SYSTEM_FIELDS.len()];

/// A field of `System`: its element and its attribute, if it is one.
pub(super) type SystemField = (&'static str, Option<&'static str>);

/// Every field of `System` that is read.
pub(super) const SYSTEM_FIELDS: [SystemField; 17] = [
    ("Provider", Some("Name")),
    ("Provider", Some("EventSourceName")),
    ("EventID", None),
    ("EventID", Some("Qualifiers")),
    ("Version", None),
    ("Level", None),
    ("Task", None),
    ("Opcode", None),
    ("Keywords", None),
    ("TimeCreated", Some("SystemTime")),
    ("EventRecordID", None),
    ("Correlation", Some("ActivityID")),
    ("Execution", Some("ProcessID")),
    ("Execution", Some("ThreadID")),
    ("Channel", None),
    ("Computer", None),
    ("Security", Some("UserID")),
];

/// Positions in [`SYSTEM_FIELDS`].
pub(super) mod field {
    pub(in super::super) const PROVIDER: usize = 0;
    pub(in super::super) const SOURCE_NAME: usize = 1;
    pub(in super::super) const EVENT_ID: usize = 2;
    pub(in super::super) const QUALIFIERS: usize = 3;
    pub(in super::super) const VERSION: usize = 4;
    pub(in super::super) const LEVEL: usize = 5;
    pub(in super::super) const TASK: usize = 6;
    pub(in super::super) const OPCODE: usize = 7;
    pub(in super::super) const KEYWORDS: usize = 8;
    pub(in super::super) const TIME: usize = 9;
    pub(in super::super) const RECORD_ID: usize = 10;
    pub(in super::super) const ACTIVITY_ID: usize = 11;
    pub(in super::super) const PROCESS_ID: usize = 12;
    pub(in super::super) const THREAD_ID: usize = 13;
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
        name: Option<Name>,
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
    /// What there is otherwise.
    pub(super) shape: Shape,
}

/// What a template is, seen from the element that it makes.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Shape {
    /// `Event`: a whole record.
    Event {
        /// Its `System`.
        system: Box<SystemFields>,
        /// What stands beside it.
        leaves: Vec<Leaf>,
    },
    /// `EventData` or `UserData`: what stands in it.
    Data(Vec<Leaf>),
    /// Something that stands in `EventData` or `UserData`.
    Part(Vec<Leaf>),
}

impl Projection {
    /// Returns the projection of a definition that is plain.
    pub(super) fn of(nodes: &[Node]) -> Option<Self> {
        let [Node::Element(root)] = nodes else { return None };
        let mut leaves = Vec::new();
        let shape = match &*root.name {
            "Event" => {
                let system = event(root, &mut leaves)?;
                Shape::Event { system: Box::new(system), leaves }
            }
            "EventData" | "UserData" => {
                data(root, &mut Vec::new(), &mut leaves)?;
                Shape::Data(leaves)
            }
            _ => {
                part(root, &mut Vec::new(), &mut leaves)?;
                Shape::Part(leaves)
            }
        };
        Some(Self { dependency: root.dependency, shape })
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

fn event(root: &Element, leaves: &mut Vec<Leaf>) -> Option<SystemFields> {
    let mut system = None;
    for child in &root.children {
        match child {
            Node::Element(element) => match &*element.name {
                "System" if system.is_none() && element.dependency.is_none() => system = Some(system_fields(element)?),
                "EventData" | "UserData" => data(element, &mut Vec::from_iter(element.dependency), leaves)?,
                _ => return None,
            },
            Node::Substitution(index) => leaves.push(Leaf::NestedData(*index)),
            Node::Text(text) if text.trim().is_empty() => {}
            Node::Text(_) | Node::Instance(_) => return None,
        }
    }
    system
}

fn system_fields(system: &Element) -> Option<SystemFields> {
    let mut fields = [const { Field { source: Source::Absent, dependency: None } }; SYSTEM_FIELDS.len()];
    let mut seen = Vec::new();
    for child in &system.children {
        let Node::Element(element) = child else { return None };
        if seen.contains(&&element.name) {
            return None;
        }
        seen.push(&element.name);
        for (field, (name, attribute)) in fields.iter_mut().zip(SYSTEM_FIELDS) {
            if *element.name != *name {
                continue;
            }
            let parts = match attribute {
                None => Some(&element.children),
                Some(wanted) => element.attributes.iter().find(|(own, _)| **own == *wanted).map(|(_, parts)| parts),
            };
            let source = parts.map_or(Some(Source::Absent), |parts| single(parts))?;
            *field = Field { source, dependency: element.dependency };
        }
    }
    Some(fields)
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

/// Adds what stands in `EventData`, `UserData` or an element of theirs.
fn data(element: &Element, dependencies: &mut Vec<u16>, leaves: &mut Vec<Leaf>) -> Option<()> {
    for child in &element.children {
        match child {
            Node::Element(element) => part(element, dependencies, leaves)?,
            Node::Substitution(index) => {
                let dependencies = dependencies.as_slice().into();
                leaves.push(Leaf::NestedPart { index: *index, dependencies });
            }
            Node::Text(text) if text.trim().is_empty() => {}
            _ => return None,
        }
    }
    Some(())
}

fn part(element: &Element, dependencies: &mut Vec<u16>, leaves: &mut Vec<Leaf>) -> Option<()> {
    let n_outer = dependencies.len();
    dependencies.extend(element.dependency);
    if element.children.iter().any(|child| matches!(child, Node::Element(_))) {
        data(element, dependencies, leaves)?;
    } else {
        let name_attribute = match element.attributes.iter().find(|(name, _)| &**name == "Name") {
            None => None,
            Some((_, parts)) => match parts.as_slice() {
                [Node::Text(text)] => Some(text),
                _ if has_name_attribute(&element.name) => return None,
                _ => None,
            },
        };
        leaves.push(Leaf::Value {
            name: datum_name(&element.name, name_attribute),
            source: single(&element.children)?,
            dependencies: dependencies.as_slice().into(),
        });
    }
    dependencies.truncate(n_outer);
    Some(())
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
        let leaf = |name: Option<&str>, source, dependencies: &[u16]| Leaf::Value {
            name: name.map(Into::into),
            source,
            dependencies: dependencies.into(),
        };
        let expected = vec![
            leaf(Some("User"), Source::Substitution(0), &[]),
            leaf(Some("Reason"), Source::Substitution(1), &[2]),
            leaf(None, Source::Substitution(3), &[]),
            leaf(Some("Inner"), Source::Absent, &[]),
        ];
        let shape = Shape::Data(expected);
        assert_eq!(Projection::of(&[Node::Element(root)]), Some(Projection { dependency: None, shape }));
    }

    #[test]
    fn what_is_not_plain_has_no_projection() {
        let two_parts = element("Data", vec![Node::Text("a".into()), Node::Substitution(0)]);
        assert_eq!(Projection::of(&[Node::Element(element("EventData", vec![Node::Element(two_parts)]))]), None);
        // An event without System is none.
        assert_eq!(Projection::of(&[Node::Element(element("Event", Vec::new()))]), None);
        let system = || Node::Element(element("System", Vec::new()));
        assert!(Projection::of(&[Node::Element(element("Event", vec![system()]))]).is_some());
        assert_eq!(Projection::of(&[Node::Element(element("Event", vec![system(), system()]))]), None);
    }
}
