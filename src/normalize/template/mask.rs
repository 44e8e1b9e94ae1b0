//! Turns a message into words of which the variable ones are masked.
//!
//! A word is what stands between blanks; a value in quotes or brackets behind `=` is one word with its key.
//! What a word holds is judged part by part, at the punctuation inside it, and the punctuation stays:
//! `src: /10.1.2.3:50010` becomes `src: <*>`. Only the message itself is looked at, never those before it, so the
//! same message always gives the same shape.

use super::words::Words;

/// What stands for a variable part.
pub(super) const WILDCARD: &str = "<*>";
/// Words beyond this one are one variable: a longer message is a dump, no sentence.
const WORDS_MAX: usize = 128;

/// Units that belong to the number before them.
const UNITS: &[&str] = &[
    "b", "kb", "mb", "gb", "tb", "kib", "mib", "gib", "tib", "byte", "bytes", "ns", "us", "ms", "s", "sec", "secs",
    "second", "seconds", "min", "mins", "minute", "minutes", "hour", "hours", "day", "days", "msec", "msecs", "%",
];
const WEEKDAYS: &[&str] = &["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
const MONTHS: &[&str] = &["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/// Writes the masked words of `message` into `shape`, one blank between; a run of variables is one.
pub(super) fn shape_of(message: &str, shape: &mut String) {
    shape.clear();
    let mut words = Words::of(message).peekable();
    let mut masked = String::new();
    let (mut after_number, mut n_words) = (false, 0);
    while let Some(word) = words.next() {
        n_words += 1;
        if n_words > WORDS_MAX {
            push(shape, WILDCARD);
            return;
        }
        if after_number && is_unit(word) {
            shape.push_str(word.trim_start_matches(|c: char| c.is_ascii_alphabetic() || c == '%'));
            after_number = false;
            continue;
        }
        masked.clear();
        if is_date_word(word, words.peek().copied()) {
            masked.push_str(WILDCARD);
        } else {
            mask_word(word, &mut masked);
        }
        after_number = masked.ends_with(WILDCARD) && is_number(word);
        push(shape, &masked);
    }
}

/// Adds a word; a variable behind a variable is the same one going on.
fn push(shape: &mut String, word: &str) {
    if continues(shape, word) {
        // `<*>, <*>` is a list.
        let end = shape.trim_end_matches(',').len();
        shape.truncate(end);
        shape.push_str(word.strip_prefix(WILDCARD).unwrap_or_default());
        return;
    }
    if !shape.is_empty() {
        shape.push(' ');
    }
    shape.push_str(word);
}

/// Whether `word` is a variable, perhaps with a comma behind, that follows one.
pub(super) fn continues(before: &str, word: &str) -> bool {
    let is_item = word.strip_prefix(WILDCARD).is_some_and(|tail| tail.bytes().all(|b| matches!(b, b',' | b'.' | b':')));
    is_item && is_bare(before.trim_end_matches(','))
}

/// Whether `word` is a value in brackets that explains the variable before it: `host (address)`.
pub(super) fn explains(before: &str, word: &str) -> bool {
    matches!(word, "(<*>)" | "[<*>]" | "()" | "[]") && is_bare(before)
}

/// Whether the last word is a wildcard and nothing else.
fn is_bare(before: &str) -> bool {
    before.strip_suffix(WILDCARD).is_some_and(|lead| lead.is_empty() || lead.ends_with(' '))
}

/// Signs and digits alone.
fn is_number(word: &str) -> bool {
    word.bytes().any(|b| b.is_ascii_digit()) && word.bytes().all(|b| !b.is_ascii_alphabetic())
}

fn is_unit(word: &str) -> bool {
    let bare = word.trim_end_matches([',', '.', ';', ')', ']', ':']);
    UNITS.iter().any(|unit| unit.eq_ignore_ascii_case(bare))
}

/// A weekday before a month or a number, a month before a number.
fn is_date_word(word: &str, next: Option<&str>) -> bool {
    let is_one_of = |word: &str, names: &[&str]| {
        let word = word.trim_end_matches(',');
        word.len() == 3 && names.iter().any(|name| name.eq_ignore_ascii_case(word))
    };
    next.is_some_and(|next| {
        (is_one_of(word, WEEKDAYS) && (is_one_of(next, MONTHS) || is_number(next)))
            || (is_one_of(word, MONTHS) && is_number(next))
    })
}

/// Punctuation that opens or closes around a word.
pub(super) fn is_fence(c: char) -> bool {
    matches!(
        c,
        '(' | ')' | '[' | ']' | '{' | '}' | '<' | '>' | '"' | '\'' | '`' | ',' | ';' | '!' | '?' | ':' | '.' | '='
    )
}

fn mask_word(word: &str, out: &mut String) {
    let core = word.trim_start_matches(is_fence);
    let lead = &word[..word.len() - core.len()];
    // A value may end in a bracket or a quote of its own.
    let core = if core.contains('=') {
        core.trim_end_matches([',', ';', '.', ':', '!', '?'])
    } else {
        core.trim_end_matches(is_fence)
    };
    let tail = &word[lead.len() + core.len()..];
    // `<1` is a quantity: less than one.
    out.push_str(if is_number(core) { lead.trim_end_matches(['<', '>']) } else { lead });
    if is_object(word) {
        out.push_str(WILDCARD);
        return;
    }
    if let Some(at) = core.find("://")
        && !core[..at].contains('=')
    {
        mask_parts(&core[..at], out);
        out.push_str("://");
        out.push_str(WILDCARD);
    } else if is_path(core) || is_address(core) || is_endpoint(core) {
        out.push_str(WILDCARD);
    } else {
        mask_parts(core, out);
    }
    out.push_str(tail);
}

fn is_name_byte(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b == b'_'
}

/// `Name{…}`: the text form of an object.
fn is_object(word: &str) -> bool {
    let at = word.find('{').unwrap_or(0);
    at > 0 && word[..at].bytes().all(|b| is_name_byte(b) || b == b'.') && word.contains('}') && !word.contains("{}")
}

/// `/var/log`, `C:\Windows\x`, `a/b/c`; not `read/write`.
fn is_path(core: &str) -> bool {
    // The query of a request belongs to its path.
    let core = core.split_once('?').map_or(core, |(path, _)| path);
    if core.contains(['=', '(', '[']) {
        return false;
    }
    let count = |sign: u8| core.bytes().filter(|&b| b == sign).count();
    (core.starts_with('/') && core.len() > 1) || count(b'/') >= 2 || count(b'\\') >= 2
}

/// `name@host.example`.
fn is_address(core: &str) -> bool {
    let is_plain = |text: &str| {
        !text.is_empty() && text.bytes().all(|b| is_name_byte(b) || matches!(b, b'.' | b'-' | b'+' | b'$'))
    };
    core.split_once('@').is_some_and(|(name, host)| is_plain(name) && is_plain(host))
}

/// `host.example:443`.
fn is_endpoint(core: &str) -> bool {
    core.rsplit_once(':').is_some_and(|(host, port)| {
        let is_port = !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit());
        is_port && host.contains('.') && host.bytes().all(|b| is_name_byte(b) || matches!(b, b'.' | b'-'))
    })
}

/// Characters that hold a part together: names, numbers, dates, ids.
fn holds(b: u8) -> bool {
    is_name_byte(b) || matches!(b, b'-' | b'.' | b'$' | b'%' | b'#' | b'+' | b'~') || b >= 0x80
}

fn mask_parts(core: &str, out: &mut String) {
    let bytes = core.as_bytes();
    let start = out.len();
    let mut at = 0;
    while at < bytes.len() {
        let len = bytes[at..].iter().take_while(|&&b| holds(b)).count();
        if len > 0 {
            let part = &core[at..at + len];
            if is_variable(part) {
                variable(out, start);
            } else {
                out.push_str(part);
            }
            at += len;
            continue;
        }
        let is_behind_name = at > 0 && is_name_byte(bytes[at - 1]);
        match bytes[at] {
            // A value behind `key=` reaches to the next comma or bracket, or to the end. `user=` without a
            // value is the same sentence as `user=root`.
            b'=' if is_behind_name && !matches!(bytes.get(at + 1), Some(b'=' | b'>')) => {
                out.push('=');
                at += 1;
                at += value_len(&core[at..]);
                out.push_str(WILDCARD);
            }
            // A path inside brackets or behind a colon.
            b'/' if !is_behind_name && bytes.get(at + 1).is_some_and(|&b| holds(b)) => {
                at += bytes[at..].iter().take_while(|&&b| holds(b) || b == b'/').count();
                variable(out, start);
            }
            _ => {
                let n = core[at..].chars().next().map_or(1, char::len_utf8);
                out.push_str(&core[at..at + n]);
                at += n;
            }
        }
    }
}

/// The length of a value: up to a comma or a closing bracket, what is in brackets or quotes taken whole.
fn value_len(text: &str) -> usize {
    let (mut depth, mut quoted) = (0_usize, false);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'"' => quoted = !quoted,
            _ if quoted => {}
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' if depth > 0 => depth -= 1,
            b')' | b']' | b'}' | b',' | b';' | b'&' if depth == 0 => return at,
            _ => {}
        }
    }
    text.len()
}

/// Writes a variable; `<*>:` and the like before it are taken back: addresses with ports and lists are one.
fn variable(out: &mut String, start: usize) {
    let bare = out[start..].trim_end_matches([':', ',', '/', '@', '|', '*', ';']);
    if bare.ends_with(WILDCARD) {
        out.truncate(start + bare.len() - WILDCARD.len());
    }
    out.push_str(WILDCARD);
}

/// Whether one part of a word is a value rather than a word of the program.
fn is_variable(part: &str) -> bool {
    let bytes = part.as_bytes();
    let n_digits = bytes.iter().filter(|b| b.is_ascii_digit()).count();
    let is_hex = bytes.iter().all(u8::is_ascii_hexdigit);
    if n_digits == 0 {
        return (bytes.len() >= 8 && is_hex) || ["true", "false"].iter().any(|word| word.eq_ignore_ascii_case(part));
    }
    // One digit inside a name belongs to the name: `log4j`, `jk2_init`.
    let is_inside = n_digits == 1
        && bytes.first().is_some_and(u8::is_ascii_alphabetic)
        && bytes.last().is_some_and(u8::is_ascii_alphabetic)
        && bytes.iter().all(|&b| is_name_byte(b));
    is_hex || !is_inside
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(message: &str) -> String {
        let mut shape = String::new();
        shape_of(message, &mut shape);
        shape
    }

    #[test]
    fn one_sample_a_mask() {
        for (message, masked) in [
            ("took 15 of -3.5", "took <*> of <*>"),
            ("at 0x7fed80 and deadbeef0 and cafebabe", "at <*> and <*> and <*>"),
            ("id 6f9619ff-8b86-d011-b42d-00cf4fc964ff done", "id <*> done"),
            ("from /10.1.2.3:50010 to 10.1.2.4:80", "from <*> to <*>"),
            ("mac 00:1a:2b:3c:4d:5e up", "mac <*> up"),
            ("open /var/log/x.log and C:\\Windows\\x.dll now", "open <*> and <*> now"),
            ("chdir(/p/gb2/x) failed", "chdir(<*>) failed"),
            ("read/write of I/O", "read/write of I/O"),
            ("get https://rds01.corp.example/a?b=c now", "get https://<*> now"),
            ("rds01.corp.example:443 and gw.corp.example:443", "<*> and <*>"),
            ("GET /v2/servers?host=a&b=c HTTP", "GET <*> HTTP"),
            ("mail user001@corp.example sent", "mail <*> sent"),
            ("within 20 ms, or 3 KB.", "within <*>, or <*>."),
            ("sent 1934 bytes (1.8 KB) in <1 sec", "sent <*> (<*>) in <*>"),
            ("since Fri Jun 17 07:07:00 2005 on", "since <*> on"),
            ("block blk_-38865 of rdd_2_3", "block <*> of <*>"),
            ("log4j and jk2_init() of node3", "log4j and jk2_init() of <*>"),
            ("uid=0 user= tty=ssh, x", "uid=<*> user=<*> tty=<*>, x"),
            ("lock=7, tag=\"View Lock\", ws=Source{1 a}", "lock=<*>, tag=<*>, ws=<*>"),
            ("token Token{a64 Record{de9 u0}} gone", "token <*> gone"),
            ("a == b, x=>y", "a == b, x=>y"),
            ("tasks 1, 2, 3 and 4", "tasks <*> and <*>"),
            ("opted in: False", "opted in: <*>"),
            ("from 10.0.0.1 (10.0.0.1) at", "from <*> (<*>) at"),
            ("words stay, every one!", "words stay, every one!"),
            ("", ""),
        ] {
            assert_eq!(shape(message), masked, "{message}");
        }
    }

    #[test]
    fn a_message_of_many_words_is_cut_to_a_variable() {
        let shape = shape(&"word ".repeat(10_000));
        assert!(shape.len() < 1000 && shape.ends_with("word <*>"), "{}", shape.len());
    }
}
