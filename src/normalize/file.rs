//! What is known of a source before its records are read: the date in its name, which host it may be from, and how it
//! writes its dates.

use super::clock::{DateOrder, date_in_name};
use super::format::LogFormat;
use super::order;
use crate::read::Record;

/// What is known of a source before its records are read, most of it from its path.
#[derive(Clone, Debug)]
pub struct FileFacts {
    /// `log.file.path`.
    pub path: String,
    /// The date in the file's own name, in days since 1970.
    pub date: Option<i64>,
    /// Names in the path that a host may have, the likeliest first: as they stand there.
    pub hosts: Vec<String>,
    /// How many of these do not come from the given path's own name.
    pub n_below_root: usize,
    /// How the source writes dates that leave day and month open, where all of its lines were asked.
    pub date_order: Option<DateOrder>,
}

impl FileFacts {
    /// Reads a path, with `/` between its parts and `!` before members of archives.
    pub fn new(path: &str) -> Self {
        let parts: Vec<&str> = path.split(['/', '\\', '!']).filter(|part| !part.is_empty()).collect();
        let file = parts.last().copied().unwrap_or("");
        let mut hosts = Vec::new();
        // `RDS01_Application.xml` first, then the folders from the file upwards; the given path itself last.
        let stem = file.split(['.', ' ']).next().unwrap_or(file);
        for piece in stem.split('_').chain(std::iter::once(stem)) {
            add_host(&mut hosts, piece);
        }
        let mut n_below_root = hosts.len();
        for (index, folder) in parts.iter().enumerate().rev().skip(1) {
            add_host(&mut hosts, folder.split('.').next().unwrap_or(folder));
            if index > 0 {
                n_below_root = hosts.len();
            }
        }
        Self { path: path.to_owned(), date: date_in_name(file), hosts, n_below_root, date_order: None }
    }

    /// How a source of that format writes its dates: by all of its lines, else by the first ones.
    pub fn order(&self, format: &dyn LogFormat, first: &[Record<'_>]) -> DateOrder {
        self.date_order.or_else(|| order::of_lines(format, first)).unwrap_or(DateOrder::MonthFirst)
    }
}

fn add_host(hosts: &mut Vec<String>, name: &str) {
    let name = name.trim();
    if may_be_host(name) && !hosts.iter().any(|known| known.eq_ignore_ascii_case(name)) {
        hosts.push(name.to_owned());
    }
}

/// Whether a name looks like that of a computer, and not like that of a file or folder.
///
/// Computers are numbered, logs are dated: letters first, at least one digit, at most 15 characters (the
/// limit of NetBIOS), and no run of six digits, which is a date.
fn may_be_host(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    let numbered_things = [
        "w3svc", "ftpsvc", "httperr", "u_ex", "profile-", "app-", "case", "day", "week", "log", "part", "v", "access",
        "error", "export", "kw", "file", "win32", "system32", "sample", "test", "run", "x64", "tmp", "c",
    ];
    let digits_after = |prefix: &str| {
        lower
            .strip_prefix(prefix)
            .is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_digit() || b == b'-' || b == b'_'))
    };
    let longest_run = lower.split(|c: char| !c.is_ascii_digit()).map(str::len).max().unwrap_or(0);
    (3..=15).contains(&name.len())
        && lower.as_bytes()[0].is_ascii_alphabetic()
        && lower.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        && (1..6).contains(&longest_run)
        && !numbered_things.iter().any(|thing| digits_after(thing))
}

/// What the files of one rotated set have in common: their folder, and their name without numbers, dates and what
/// they are packed with. `app.log`, `app.log.1` and `app-20260302_001.log.gz` are one set.
pub(super) fn rotated_set(path: &str) -> String {
    let at = path.rfind(['/', '!']).map_or(0, |at| at + 1);
    let (folder, name) = path.split_at(at);
    let mut name = name.to_ascii_lowercase();
    for ending in [".gz", ".bz2", ".xz", ".zst", ".old", ".bak"] {
        if let Some(bare) = name.strip_suffix(ending) {
            name.truncate(bare.len());
        }
    }
    name.retain(char::is_alphabetic);
    format!("{folder}{name}")
}

/// Whether `pattern` with `*` and `?` fits the whole of `text`, without regard to case.
pub fn glob_fits(pattern: &str, text: &str) -> bool {
    let pattern: Vec<char> = pattern.to_lowercase().chars().collect();
    let text: Vec<char> = text.to_lowercase().chars().collect();
    let (mut p, mut t) = (0, 0);
    let mut last_star: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some('*') => {
                last_star = Some((p, t));
                p += 1;
            }
            Some(c) if *c == '?' || *c == text[t] => {
                p += 1;
                t += 1;
            }
            _ => match last_star {
                Some((star, from)) => {
                    last_star = Some((star, from + 1));
                    p = star + 1;
                    t = from + 1;
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|c| *c == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_found_in_folders_and_file_names() {
        for (path, hosts) in [
            ("logs/RDS01/FSLogix/Logs/Profile/Profile-20220822.log", vec!["RDS01"]),
            ("logs/ZRH-TS01_perf.csv", vec!["ZRH-TS01"]),
            ("logs/windows/rds01_Application.xml", vec!["rds01"]),
            ("logs/login-service/W3SVC1/u_ex220418.log", vec![]),
            ("logs/HTTPERR/httperr1.log", vec![]),
            ("logs/app.log.1", vec![]),
            ("bundle-2022.zip!web2/app.log", vec!["web2", "bundle-2022"]),
        ] {
            assert_eq!(FileFacts::new(path).hosts, hosts, "{path}");
        }
        assert_eq!(FileFacts::new("a/Profile-20220822.log").date, Some(19_226));
    }

    #[test]
    fn files_of_one_rotated_set_have_one_name() {
        for set in [
            ["a/app.log", "a/app.log.1", "a/app-20260302_001.log", "a/app.log.3.gz", "a/App_2.log.bz2"],
            ["ERRORLOG", "ERRORLOG.1", "errorlog.22", "ERRORLOG.3.old", "ERRORLOG.bak"],
            ["u_ex260302.log", "u_ex260303.log", "u_ex26030223.log", "u_ex2603.log.zst", "u_ex.log"],
        ] {
            assert!(set.iter().all(|path| rotated_set(path) == rotated_set(set[0])), "{set:?}");
        }
        assert_ne!(rotated_set("a/app.log"), rotated_set("b/app.log"));
        assert_ne!(rotated_set("a/app.log"), rotated_set("a/api.log"));
    }

    #[test]
    fn globs_fit_whole_paths() {
        for (pattern, text, fits) in [
            ("*", "", true),
            ("*.log", "a/b/App.LOG", true),
            ("logs/RDS0?/*", "logs/RDS01/x/y", true),
            ("logs/*/x", "logs/a/b/y", false),
            ("a*b*c", "a-b-b-c", true),
            ("abc", "abcd", false),
        ] {
            assert_eq!(glob_fits(pattern, text), fits, "{pattern} {text}");
        }
    }
}
