//! Gives names to data that an export keeps in their order alone.
//!
//! The orders are data, see `field_order.toml`. An event that is not there keeps its values unnamed, as
//! classic events have them anyway.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde_json::Value;

use super::{Catalog, Sure};
use crate::model::Name;
use crate::read::{Datum, WindowsRecord};

/// More values than this no event has; the rest of a longer list is left out.
const N_VALUES_MAX: usize = 256;

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    order: Vec<Order>,
}

/// The fields of events in their order; no ids means all of the provider's that have no entry.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Order {
    provider: String,
    ids: Vec<u32>,
    fields: Vec<Field>,
    #[expect(dead_code, reason = "for whoever reads the file; a test holds that it is there")]
    sure: Sure,
}

#[derive(Clone, serde::Deserialize)]
#[serde(from = "String")]
struct Field {
    name: Name,
    is_hex: bool,
}

impl From<String> for Field {
    fn from(written: String) -> Self {
        match written.strip_suffix(":hex") {
            Some(name) => Self { name: name.into(), is_hex: true },
            None => Self { name: written.into(), is_hex: false },
        }
    }
}

type Orders = BTreeMap<(String, Option<u32>), Vec<Field>>;

static ORDERS: LazyLock<Orders> = LazyLock::new(|| {
    // The file is part of the program, and a test loads it.
    let file: File = toml::from_str(include_str!("field_order.toml")).expect("the order of fields is well formed");
    let mut orders = Orders::new();
    for order in file.order {
        let ids = if order.ids.is_empty() { vec![None] } else { order.ids.into_iter().map(Some).collect() };
        for id in ids {
            orders.insert((order.provider.clone(), id), order.fields.clone());
        }
    }
    orders
});

/// Adds values to the data of a record, under their names where provider and id tell them.
pub(super) fn fill(record: &mut WindowsRecord, values: &[Value]) {
    let provider = record.provider.as_deref().and_then(|name| Catalog::embedded().provider(name));
    let provider = provider.map(|provider| provider.name.clone()).unwrap_or_default();
    let order = [Some(record.event_id), None].into_iter().find_map(|id| ORDERS.get(&(provider.clone(), id)));
    let fields = order.map_or(&[][..], Vec::as_slice);
    for (index, value) in values.iter().take(N_VALUES_MAX).enumerate() {
        let field = fields.get(index);
        let text = typed(value, field.is_some_and(|field| field.is_hex));
        record.data.push(Datum { name: field.map(|field| Name::clone(&field.name)), value: text.map(Name::from) });
    }
}

/// The text that Windows itself would write for a value.
fn typed(value: &Value, is_hex: bool) -> Option<String> {
    let number = value.as_i64().or_else(|| value.as_u64().map(u64::cast_signed));
    match (value, number) {
        // Codes of 32 bits arrive with a sign: their upper half is none of theirs.
        (_, Some(number)) if is_hex && (i64::from(i32::MIN)..0).contains(&number) => {
            Some(format!("0x{:x}", number.cast_unsigned() & 0xFFFF_FFFF))
        }
        (_, Some(number)) if is_hex => Some(format!("0x{number:x}")),
        // Security identifiers are objects in some exports.
        (Value::Object(map), _) => map.get("Value").and_then(super::shape::scalar),
        _ => super::shape::scalar(value),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::json;

    use super::*;

    fn data(provider: &str, event_id: u32, values: &[Value]) -> Vec<(String, String)> {
        let mut record = WindowsRecord { provider: Some(provider.into()), event_id, ..WindowsRecord::default() };
        fill(&mut record, values);
        let text = |name: &Option<Name>| name.as_deref().unwrap_or("").to_owned();
        record.data.iter().map(|datum| (text(&datum.name), text(&datum.value))).collect()
    }

    fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
        expected.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn every_order_is_of_a_provider_that_the_catalog_knows_and_there_once() {
        let file: File = toml::from_str(include_str!("field_order.toml")).unwrap();
        let mut seen = BTreeSet::new();
        for order in file.order {
            let known = Catalog::embedded().provider(&order.provider);
            assert_eq!(known.map(|provider| provider.name.as_str()), Some(order.provider.as_str()));
            let ids = if order.ids.is_empty() { vec![u32::MAX] } else { order.ids };
            for id in ids {
                assert!(seen.insert((order.provider.clone(), id)), "{} {id}", order.provider);
            }
        }
    }

    #[test]
    fn positions_become_names_under_any_name_of_the_provider() {
        let lsm = "microsoft-windows-terminalservices-LOCALSESSIONMANAGER";
        let expected = pairs(&[("User", "CORP\\user001"), ("SessionID", "5"), ("Address", "10.1.2.3")]);
        assert_eq!(data(lsm, 21, &[json!("CORP\\user001"), json!(5), json!("10.1.2.3")]), expected);
    }

    #[test]
    fn codes_and_identifiers_are_written_as_windows_writes_them() {
        let mut values = vec![json!({"BinaryLength": 12, "Value": "S-1-0-0"}), json!("-"), json!("-"), json!(0)];
        values.extend([json!("S-1-0-0"), json!("user001"), json!("CORP"), json!(-1_073_741_715), json!("%%2313")]);
        values.push(json!(3_221_225_572_u64));
        let found = data("Microsoft-Windows-Security-Auditing", 4625, &values);
        assert_eq!(found[0], ("SubjectUserSid".into(), "S-1-0-0".into()));
        assert_eq!(found[7], ("Status".into(), "0xc000006d".into()));
        assert_eq!(found[9], ("SubStatus".into(), "0xc0000064".into()));
    }

    #[test]
    fn unknown_events_keep_their_order_without_names() {
        assert_eq!(data("MsiInstaller", 1033, &[json!("Reader"), json!("")]), pairs(&[("", "Reader"), ("", "")]));
        assert_eq!(data("Service Control Manager", 7036, &[json!("Spooler")]), pairs(&[("param1", "Spooler")]));
        assert_eq!(data("Nobody", 1, &vec![json!(1); 1_000]).len(), N_VALUES_MAX);
    }
}
