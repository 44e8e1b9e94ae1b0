//! The hosts cell of a change list: `all`, a list, or a range.

use crate::model::identity::canonical_host;
use crate::model::{HostScope, Name, Names};

/// Ranges longer than this are no range of hosts.
const MAX_RANGE: u32 = 500;

/// Reads a cell: `all`, `*`, `RDS01 RDS02`, `RDS01;RDS02`, `["RDS01"]`, `RDS01-RDS05`.
///
/// A pattern (`RDS*`) is kept as it is: only who knows all hosts can resolve it. Words that are no host
/// (`session hosts`, `farm`) leave the scope unstated.
pub fn scope_of(cell: &str, names: &mut Names) -> HostScope {
    let bare = cell.trim().trim_matches(['[', ']', '(', ')', '{', '}']).to_lowercase();
    let mut words = bare.split(|c: char| !c.is_alphanumeric() && c != '*').filter(|word| !word.is_empty());
    if bare == "*"
        || matches!(bare.as_str(), "prod" | "production" | "live" | "produktion" | "global")
        || words.next().is_some_and(|word| {
            matches!(word, "all" | "alle" | "tous" | "toutes" | "tutti" | "every" | "any" | "each" | "fleet")
        })
    {
        // `all except RDS03` names a set that this record alone does not tell.
        let excepts =
            ["except", "but", "ausser", "au\u{df}er", "sauf", "without"].iter().any(|word| bare.contains(word));
        return if excepts { HostScope::Unstated } else { HostScope::All };
    }
    let mut hosts: Vec<Name> = Vec::new();
    for token in cell.split([',', ';', '|', ' ', '\t', '\n', '\r', '/', '+', '&', '"', '\'', '[', ']']) {
        let token = token.trim();
        if token.is_empty() {
            continue;
        }
        for host in range(token) {
            let name = names.intern(&canonical_host(&host));
            let looks_like_host =
                name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'*' | b'?' | b':'));
            if looks_like_host && name.len() <= 63 && !is_word(&name) && !hosts.contains(&name) {
                hosts.push(name);
            }
        }
    }
    if hosts.is_empty() { HostScope::Unstated } else { HostScope::Hosts(hosts) }
}

fn is_word(name: &str) -> bool {
    matches!(
        name.to_lowercase().as_str(),
        "" | "-"
            | "and"
            | "und"
            | "et"
            | "hosts"
            | "host"
            | "servers"
            | "server"
            | "session"
            | "sessions"
            | "farm"
            | "the"
            | "n"
            | "a"
            | "none"
            | "unknown"
            | "production"
            | "prod"
            | "cluster"
            | "rds"
            | "terminal"
    )
}

/// `RDS01-RDS05`, `RDS01..RDS05`, `RDS01..05`: the hosts between; anything else is itself.
fn range(token: &str) -> Vec<String> {
    let single = vec![token.to_owned()];
    let parts = token.split_once("..").or_else(|| {
        // `ZRH-TS01` has a dash of its own: a range repeats the name before it.
        token.match_indices('-').map(|(at, _)| (&token[..at], &token[at + 1..])).find(|(from, to)| {
            let (prefix, digits) = split_number(from);
            !digits.is_empty() && !prefix.is_empty() && split_number(to).0.eq_ignore_ascii_case(prefix)
        })
    });
    let Some((from, to)) = parts else { return single };
    let (prefix, first) = split_number(from);
    let (to_prefix, last) = split_number(to);
    if !(to_prefix.is_empty() || to_prefix.eq_ignore_ascii_case(prefix)) {
        return single;
    }
    match (first.parse::<u32>(), last.parse::<u32>()) {
        (Ok(low), Ok(high)) if low <= high && high - low < MAX_RANGE => {
            (low..=high).map(|n| format!("{prefix}{n:0width$}", width = first.len())).collect()
        }
        _ => single,
    }
}

/// Splits the digits at the end off.
fn split_number(name: &str) -> (&str, &str) {
    let digits = name.bytes().rev().take_while(u8::is_ascii_digit).count();
    name.split_at(name.len() - digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_name_hosts_in_many_ways() {
        let mut names = Names::new();
        for (cell, wanted) in [
            ("all", "All"),
            ("*", "All"),
            ("ALL", "All"),
            ("all hosts", "All"),
            ("Alle Server", "All"),
            ("all except RDS03", "Unstated"),
            ("RDS01 rds02.corp.example", "RDS01 RDS02"),
            ("RDS01;RDS02", "RDS01 RDS02"),
            ("RDS01|RDS02", "RDS01 RDS02"),
            ("[\"RDS01\",\"RDS02\"]", "RDS01 RDS02"),
            ("RDS01, RDS02 and RDS04", "RDS01 RDS02 RDS04"),
            ("RDS08-RDS11", "RDS08 RDS09 RDS10 RDS11"),
            ("ZRH-TS01..03", "ZRH-TS01 ZRH-TS02 ZRH-TS03"),
            ("ZRH-TS01", "ZRH-TS01"),
            ("GVA-RDS-2", "GVA-RDS-2"),
            ("RDS*", "RDS*"),
            ("session hosts", "Unstated"),
            ("prod", "All"),
            ("all session hosts", "All"),
            ("", "Unstated"),
        ] {
            let got = match scope_of(cell, &mut names) {
                HostScope::Hosts(hosts) => hosts.join(" "),
                other => format!("{other:?}"),
            };
            assert_eq!(got, wanted, "{cell}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_cell_at_all_is_survived(cell in "\\PC{0,40}") {
            let _ = scope_of(&cell, &mut Names::new());
        }
    }
}
