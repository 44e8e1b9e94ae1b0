//! What error codes mean, in plain words: one table a kind of code.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use crate::normalize::windows::{Sure, number};

/// The tables, by the name of their file.
const TABLES: &[(&str, &str)] = &[
    ("fslogix-reason.toml", include_str!("codes/fslogix-reason.toml")),
    ("fslogix-status.toml", include_str!("codes/fslogix-status.toml")),
    ("gateway.toml", include_str!("codes/gateway.toml")),
    ("hresult.toml", include_str!("codes/hresult.toml")),
    ("http-sys.toml", include_str!("codes/http-sys.toml")),
    ("kerberos.toml", include_str!("codes/kerberos.toml")),
    ("nps-reason.toml", include_str!("codes/nps-reason.toml")),
    ("ntstatus.toml", include_str!("codes/ntstatus.toml")),
    ("rdp-client.toml", include_str!("codes/rdp-client.toml")),
    ("rdp-disconnect.toml", include_str!("codes/rdp-disconnect.toml")),
    ("sql-state.toml", include_str!("codes/sql-state.toml")),
    ("tls-alert.toml", include_str!("codes/tls-alert.toml")),
    ("win32.toml", include_str!("codes/win32.toml")),
    ("winsock.toml", include_str!("codes/winsock.toml")),
];

/// The upper half of an HRESULT whose lower half is a Win32 error.
const FACILITY_WIN32: u64 = 0x8007;

static EMBEDDED: LazyLock<Codes> = LazyLock::new(|| {
    // The files are part of the program, and a test loads them: a faulty one never leaves the workshop.
    Codes::parse(TABLES).expect("the built-in tables of codes are well formed")
});

/// The codes of one kind.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CodeTable {
    /// The kind, such as `ntstatus`; the name of its file.
    pub kind: String,
    /// The kind, in words.
    pub title: String,
    /// How the words are known to be right.
    pub sure: Sure,
    /// Public addresses where the codes can be read.
    pub references: Vec<String>,
    /// Which events hold codes of this kind as their error.
    #[serde(default)]
    of: Vec<Writer>,
    /// What each code means.
    codes: BTreeMap<String, String>,
}

/// A provider whose events hold codes of a kind.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Writer {
    provider: String,
    /// None means all that no other kind names.
    #[serde(default)]
    ids: Vec<u32>,
}

/// A code in plain words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CodeWords<'c> {
    /// The kind of the code, such as `ntstatus`.
    pub kind: &'c str,
    /// What it means.
    pub words: &'c str,
}

/// The tables of codes.
#[derive(Debug, Default)]
pub struct Codes {
    tables: Vec<CodeTable>,
    by_number: Vec<BTreeMap<u64, String>>,
    by_word: Vec<BTreeMap<String, String>>,
}

impl Codes {
    /// Returns the tables that are built in; they are read once.
    pub fn embedded() -> &'static Self {
        &EMBEDDED
    }

    fn parse(files: &[(&str, &str)]) -> Result<Self, String> {
        let mut codes = Self::default();
        for (file, text) in files {
            let table: CodeTable = toml::from_str(text).map_err(|error| format!("{file}: {error}"))?;
            let (mut numbers, mut words) = (BTreeMap::new(), BTreeMap::new());
            for (code, meaning) in &table.codes {
                let is_twice = match number(code) {
                    Some(number) => numbers.insert(number, meaning.clone()).is_some(),
                    None => words.insert(code.to_lowercase(), meaning.clone()).is_some(),
                };
                if is_twice {
                    return Err(format!("{file}: `{code}` is there twice"));
                }
            }
            codes.tables.push(table);
            codes.by_number.push(numbers);
            codes.by_word.push(words);
        }
        Ok(codes)
    }

    /// Returns the tables in the order of their kinds.
    pub fn tables(&self) -> &[CodeTable] {
        &self.tables
    }

    /// Returns what a code of that kind means. Codes compare as numbers where they are; an HRESULT that holds a
    /// Win32 error means what that one means, and an HRESULT in place of a Win32 error what it means itself.
    pub fn words(&self, kind: &str, code: &str) -> Option<CodeWords<'_>> {
        let place = self.tables.iter().position(|table| table.kind == kind)?;
        let kind = self.tables[place].kind.as_str();
        // Service Control Manager writes `%%1053`, Application Error `c0000005`.
        let written = code.strip_prefix("%%").unwrap_or(code);
        let is_bare = written.len() == 8 && written.starts_with(['c', 'C']);
        let bare = is_bare.then(|| u64::from_str_radix(written, 16).ok()).flatten();
        let words = match number(written).or(bare) {
            Some(number) => match self.by_number[place].get(&number) {
                None if ["hresult", "win32"].contains(&kind) && number >> 16 == FACILITY_WIN32 => {
                    return self.words("win32", &(number & 0xFFFF).to_string());
                }
                // What holds a Win32 error may hold a whole HRESULT, too.
                None if kind == "win32" && number >> 31 == 1 => return self.words("hresult", written),
                words => words,
            },
            None => self.by_word[place].get(&written.to_lowercase()),
        };
        words.map(|words| CodeWords { kind, words })
    }

    /// Returns what the error code of an event means: the kind of code follows from provider and id.
    pub fn of_event(&self, provider: &str, id: u32, code: &str) -> Option<CodeWords<'_>> {
        self.kind_of(provider, id).and_then(|kind| self.words(kind, code))
    }

    /// Returns what a code means that is of one of these kinds; with none of them known, of the kind that its own
    /// form tells: `0xC…` is an NTSTATUS, `0x8…` an HRESULT, from 10,000 on a Windows Sockets error, and what names
    /// the SQL Server error 18456 a state of it.
    ///
    /// `None` too where two of the kinds know it by different words.
    pub fn of_kinds(&self, kinds: &[&str], code: &str) -> Option<CodeWords<'_>> {
        let mut known = kinds.iter().filter_map(|kind| self.words(kind, code));
        if let Some(first) = known.next() {
            return known.all(|other| other.words == first.words).then_some(first);
        }
        let kind = match (number(code), code.starts_with("18456.")) {
            (Some(0xC000_0000..=0xCFFF_FFFF), _) => "ntstatus",
            (Some(0x8000_0000..=0x8FFF_FFFF), _) => "hresult",
            (Some(10_000..=11_999), _) => "winsock",
            (None, true) => "sql-state",
            _ => return None,
        };
        self.words(kind, code)
    }

    /// Returns the kind of the error codes that an event holds; one that names the id goes before one that
    /// names the provider alone.
    pub fn kind_of(&self, provider: &str, id: u32) -> Option<&str> {
        let writers = || self.tables.iter().flat_map(|table| table.of.iter().map(move |writer| (table, writer)));
        let own = || writers().filter(|(_, writer)| writer.provider.eq_ignore_ascii_case(provider));
        let particular = own().find(|(_, writer)| writer.ids.contains(&id));
        particular.or_else(|| own().find(|(_, writer)| writer.ids.is_empty())).map(|(table, _)| table.kind.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_load_and_are_named_after_their_kinds() {
        let codes = Codes::parse(TABLES).unwrap();
        for ((file, _), table) in TABLES.iter().zip(codes.tables()) {
            assert_eq!(*file, format!("{}.toml", table.kind));
            assert!(table.references.iter().all(|reference| reference.starts_with("https://")), "{file}");
            assert!(!table.references.is_empty() && table.codes.len() >= 3, "{file}");
            for (code, words) in &table.codes {
                assert!(!words.is_empty() && !words.ends_with('.'), "{file} {code}: no sentence, for use within one");
            }
        }
        assert!(codes.tables().is_sorted_by(|a, b| a.kind < b.kind));
    }

    #[test]
    fn no_two_kinds_claim_the_codes_of_the_same_events() {
        let mut claimed = std::collections::BTreeSet::new();
        for writer in Codes::embedded().tables().iter().flat_map(|table| &table.of) {
            let ids: Vec<Option<u32>> =
                if writer.ids.is_empty() { vec![None] } else { writer.ids.iter().copied().map(Some).collect() };
            for id in ids {
                assert!(claimed.insert((&writer.provider, id)), "{} {id:?}", writer.provider);
            }
        }
    }

    #[test]
    fn a_code_is_found_in_any_spelling_and_by_its_event() {
        let codes = Codes::embedded();
        let words = |kind: &str, code: &str| codes.words(kind, code).map(|found| found.words);
        assert_eq!(words("ntstatus", "0xc000006a"), Some("the password is wrong"));
        assert_eq!(words("ntstatus", "3221225578"), words("ntstatus", "0xC000006A"));
        assert_eq!(words("http-sys", "queuefull"), words("http-sys", "QueueFull"));
        assert!(words("http-sys", "QueueFull").is_some());
        assert_eq!(words("ntstatus", "c0000005"), words("ntstatus", "0xC0000005"));
        assert_eq!(words("win32", "%%1053"), words("win32", "1053"));
        assert!(words("ntstatus", "c0000005").is_some() && words("win32", "%%1053").is_some());
        assert_eq!(words("ntstatus", "0xC0FFEE"), None);
        assert_eq!(words("no-such-kind", "5"), None);

        let logon = "Microsoft-Windows-Security-Auditing";
        assert_eq!(codes.of_event(logon, 4771, "0x18").unwrap().kind, "kerberos");
        assert_eq!(codes.of_event(logon, 4625, "0xC0000234").unwrap().words, "the account is locked out");
        assert_eq!(codes.of_event(logon, 4625, "0x18"), None);
        assert_eq!(codes.of_event(logon, 4740, "0x18"), None);
    }

    #[test]
    fn a_code_without_its_event_is_told_by_its_kinds_or_its_form() {
        let codes = Codes::embedded();
        let words = |kinds: &[&str], code: &str| codes.of_kinds(kinds, code).map(|found| found.kind);
        assert_eq!(words(&["ntstatus", "kerberos"], "0x18"), Some("kerberos"));
        assert_eq!(words(&[], "0x18"), None);
        assert_eq!(words(&[], "0xC0000234"), Some("ntstatus"));
        assert_eq!(words(&["kerberos"], "3221225578"), Some("ntstatus"));
        assert_eq!(words(&[], "0x80070005"), Some("win32"));
        assert_eq!(words(&[], "10061"), Some("winsock"));
        assert_eq!(words(&[], "18456.8"), Some("sql-state"));
        assert_eq!(words(&[], "500"), None);
        // 5 is one thing for Win32 and another for a disconnect.
        assert_eq!(words(&["win32", "rdp-disconnect"], "5"), None);
        assert_eq!(words(&["http-sys"], "QueueFull"), Some("http-sys"));
    }

    #[test]
    fn an_hresult_with_a_win32_error_means_that_error() {
        let found = Codes::embedded().words("hresult", "0x80070005").unwrap();
        assert_eq!((found.kind, found.words), ("win32", "access is denied"));
        assert_eq!(Codes::embedded().words("hresult", "0x80080005").unwrap().kind, "hresult");
        assert_eq!(Codes::embedded().words("win32", "%%2147549471").unwrap().kind, "hresult");
        assert_eq!(Codes::embedded().words("win32", "%%2147942414").unwrap().kind, "win32");
        assert_eq!(Codes::embedded().words("win32", "0xFFFFFFFF"), None);
    }
}
