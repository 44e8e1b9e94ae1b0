//! Finds where the message of a log line begins: behind stamp, host, level, thread and component.
//!
//! A layout is a row of parts. All layouts are tried on the first lines of a log, the one that fits most lines is that
//! of the log (an earlier one that fits two thirds as many is taken before it: they stand from the most to the least particular), and a
//! line that it does not fit is a message as a whole.

use crate::normalize::clock::{DateOrder, stamp};

/// Lines that vote on the layout.
pub const LINES_OF_VOTE: usize = 200;

/// One part of a header; each but the last ones takes the blanks behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    /// `<134>`, if it is there.
    Priority,
    /// A date, a time, or both.
    Stamp,
    /// A stamp in brackets.
    BracketedStamp,
    /// A word without blanks.
    Word,
    /// A word without blanks and brackets, no level.
    Name,
    /// A name of a program; Windows marks those of the other word size: `browser.exe *64`.
    Program,
    /// Digits alone.
    Number,
    /// `INFO`, `warn`, `D`.
    Level,
    /// A level in brackets.
    BracketedLevel,
    /// Text in brackets, brackets inside paired.
    Bracketed,
    /// A component that ends in `: `; `app[17]:`, `app(module)[17]:`, `Some App[17]:` and `app[17] (caller):` among
    /// them. Most lines of the log must have it; the others go without.
    Component,
    /// A dotted name.
    Logger,
    /// This sign, and the blanks behind it.
    Sign(char),
    /// Everything up to `|`.
    Cell,
}

use Part::{
    Bracketed, BracketedLevel, BracketedStamp, Cell, Component, Level, Logger, Name, Number, Priority, Program, Sign,
    Word,
};

/// The layouts, from the most to the least particular.
const LAYOUTS: &[&[Part]] = &[
    // Event logs of clusters: label, epoch, date, node, then the node's own header.
    &[Word, Number, Part::Stamp, Word, Part::Stamp, Word, Word, Word, Level],
    &[Word, Number, Part::Stamp, Word, Part::Stamp, Word, Component],
    &[Number, Word, Word, Word, Number, Number],
    // Python services: file, stamp, process, level, logger, request.
    &[Name, Part::Stamp, Number, Level, Logger, Bracketed],
    &[Part::Stamp, Number, Level, Logger, Bracketed],
    // Web servers.
    &[BracketedStamp, BracketedLevel],
    // log4j and its kin.
    &[Part::Stamp, Sign('-'), Level, Bracketed, Sign('-')],
    &[Part::Stamp, Level, Bracketed, Component],
    &[Part::Stamp, Bracketed, Level, Logger, Sign('-')],
    &[Part::Stamp, Number, Number, Level, Component],
    &[Part::Stamp, Number, Level, Component],
    &[Part::Stamp, Level, Component],
    // Installers: `2016-09-28 04:30:30, Info   CBS   text`.
    &[Part::Stamp, Sign(','), Level, Name],
    // Cells parted by bars.
    &[Part::Stamp, Sign('|'), Cell, Cell],
    // Clients: `[10.30 16:49:06] program - text`.
    &[BracketedStamp, Program, Sign('-')],
    // Syslog.
    &[Priority, Part::Stamp, Name, Component],
    // A stamp and a level, or a stamp.
    &[Part::Stamp, Bracketed, Level],
    &[Part::Stamp, Level],
    &[Part::Stamp, BracketedLevel],
    &[Part::Stamp],
    &[BracketedStamp],
];

/// The header of the lines of one log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout(Option<&'static [Part]>);

impl Layout {
    /// Lets the first lines of a log vote.
    pub fn of<'a>(lines: impl IntoIterator<Item = &'a str>) -> Self {
        let mut votes = vec![0_usize; LAYOUTS.len()];
        let mut n_lines = 0;
        for line in lines.into_iter().filter(|line| !line.trim().is_empty()).take(LINES_OF_VOTE) {
            n_lines += 1;
            for (vote, layout) in votes.iter_mut().zip(LAYOUTS) {
                *vote += usize::from(behind(line, layout, false).is_some());
            }
        }
        let most = votes.iter().copied().max().unwrap_or(0);
        // Lines that continue the one before carry no header; a log of which half has none has no layout.
        let winner = votes.iter().position(|&vote| vote * 3 >= most * 2).filter(|_| most * 2 >= n_lines && most > 0);
        Self(winner.map(|index| LAYOUTS[index]))
    }

    /// The message of a line of this log.
    pub fn message<'a>(&self, line: &'a str) -> &'a str {
        self.0.and_then(|layout| behind(line, layout, true)).unwrap_or(line).trim()
    }
}

/// What stands behind the header, if the line has this layout; a component may be `optional`.
fn behind<'a>(line: &'a str, layout: &[Part], optional: bool) -> Option<&'a str> {
    let mut rest = line.trim_start();
    for &part in layout {
        rest = match take(part, rest) {
            None if optional && part == Component => rest,
            taken => taken?,
        };
    }
    Some(rest)
}

fn take(part: Part, text: &str) -> Option<&str> {
    let behind = match part {
        Priority => {
            let inner = text.strip_prefix('<').and_then(|inner| inner.split_once('>'));
            match inner {
                Some((number, behind)) if is_number(number) && number.len() <= 3 => behind,
                _ => return Some(text),
            }
        }
        Part::Stamp => &text[stamp_len(text)?..],
        BracketedStamp => {
            let inner = text.strip_prefix('[')?;
            inner[stamp_len(inner)?..].strip_prefix(']')?
        }
        Word => &text[word(text)?.len()..],
        Name => &text[name(text)?.len()..],
        Program => {
            let behind = &text[name(text)?.len()..];
            let mark = behind.trim_start().strip_prefix('*').and_then(word).filter(|mark| is_number(mark));
            mark.map_or(behind, |mark| &behind[behind.len() - behind.trim_start().len() + 1 + mark.len()..])
        }
        Number => {
            let number = word(text)?;
            if !is_number(number) {
                return None;
            }
            &text[number.len()..]
        }
        Level => {
            let level = word(text)?;
            if !is_level(level) {
                return None;
            }
            &text[level.len()..]
        }
        BracketedLevel => {
            let (level, behind) = text.strip_prefix('[')?.split_once(']')?;
            if !is_level(level.rsplit(':').next()?) {
                return None;
            }
            behind
        }
        Bracketed => bracketed(text)?,
        Component => component(text)?,
        Logger => {
            let logger = word(text)?;
            if !logger.starts_with(|c: char| c.is_ascii_alphabetic()) || logger.contains(['[', '=', '(']) {
                return None;
            }
            &text[logger.len()..]
        }
        Sign(sign) => text.strip_prefix(sign)?,
        Cell => {
            let (cell, behind) = text.split_once('|')?;
            if cell.len() > 64 {
                return None;
            }
            behind
        }
    };
    Some(behind.trim_start_matches([' ', '\t']))
}

/// The characters up to the next blank; at least one.
fn word(text: &str) -> Option<&str> {
    let end = text.find([' ', '\t']).unwrap_or(text.len());
    (end > 0).then(|| &text[..end])
}

/// A word that is a name and no level.
fn name(text: &str) -> Option<&str> {
    word(text).filter(|name| !is_level(name) && !name.contains(['[', ']', '|']) && !name.ends_with(':'))
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

fn is_level(text: &str) -> bool {
    const LEVELS: &[&str] = &[
        "trace",
        "debug",
        "info",
        "notice",
        "warn",
        "warning",
        "error",
        "err",
        "severe",
        "critical",
        "crit",
        "fatal",
        "failure",
        "alert",
        "emerg",
        "verbose",
        "information",
        "fine",
        "finer",
        "finest",
        "config",
        "audit",
    ];
    matches!(text, "V" | "D" | "I" | "W" | "E" | "F" | "A")
        || LEVELS.iter().any(|level| level.eq_ignore_ascii_case(text.trim_end_matches(':')))
}

/// What stands behind text in brackets; brackets inside it are paired.
fn bracketed(text: &str) -> Option<&str> {
    if !text.starts_with('[') {
        return None;
    }
    let mut depth = 0_usize;
    for (at, byte) in text.bytes().enumerate().take(512) {
        match byte {
            b'[' => depth += 1,
            b']' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return Some(&text[at + 1..]);
        }
    }
    None
}

/// Blanks in the name of a component with the number of its process.
const COMPONENT_BLANKS_MAX: usize = 3;

/// What stands behind `name: `.
fn component(text: &str) -> Option<&str> {
    let end = text.find(": ").or_else(|| text.ends_with(':').then(|| text.len() - 1))?;
    let name = text[..end].trim_end();
    if end > 128 || name.is_empty() {
        return None;
    }
    // `app[17] (caller)`: on whose behalf.
    let own = name.strip_suffix(')').and_then(|name| name.split_once(" (")).map_or(name, |(own, _)| own);
    let process = own.strip_suffix(']').and_then(|own| own.rsplit_once('[')).filter(|(_, number)| is_number(number));
    let is_plain = match process {
        Some((app, _)) => app.matches(' ').count() <= COMPONENT_BLANKS_MAX,
        None => !name.contains(' '),
    };
    is_plain.then(|| &text[end + 1..])
}

/// The length of the stamp at the beginning: one that the clock knows, or words of digits and the signs of dates.
fn stamp_len(text: &str) -> Option<usize> {
    let ends_well =
        |len: usize| text[len..].chars().next().is_none_or(|c| !c.is_alphanumeric() && !matches!(c, '-' | '.' | ':'));
    if let Some((_, len)) = stamp(text, DateOrder::DayFirst).or_else(|| stamp(text, DateOrder::MonthFirst))
        && ends_well(len)
    {
        return Some(len);
    }
    let first = digital(text)?;
    let behind = &text[first..];
    let second = behind.strip_prefix(' ').and_then(digital).filter(|len| behind[1..=*len].contains(':'));
    Some(second.map_or(first, |len| first + 1 + len))
}

/// The length of a word of digits with at least one sign of a date or a time between them.
fn digital(text: &str) -> Option<usize> {
    let len = text
        .bytes()
        .take_while(|b| b.is_ascii_digit() || matches!(b, b'-' | b':' | b'.' | b'/' | b'T' | b'+' | b'Z'))
        .count();
    let word = &text[..len];
    let n_signs = word.bytes().filter(|b| matches!(b, b'-' | b':' | b'.' | b'/')).count();
    (word.starts_with(|c: char| c.is_ascii_digit()) && (1..=7).contains(&n_signs) && (5..=40).contains(&len))
        .then_some(len)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_of_every_layout() {
        for (line, message) in [
            ("[Sun Dec 04 04:47:44 2005] [notice] child 7 ready", "child 7 ready"),
            ("081109 203615 148 INFO dfs.Node$Part: block 7 done", "block 7 done"),
            ("2015-10-18 18:01:47,978 INFO [main] org.a.Master: made it", "made it"),
            ("Jun 14 15:16:01 rds01 sshd(pam_unix)[19939]: check pass; user unknown", "check pass; user unknown"),
            ("<134>Jun 14 15:16:01 rds01 app: up", "up"),
            ("api.log.1 2017-05-16 00:00:00.008 25746 INFO a.b.c [req-1 x y - - -] served", "served"),
            ("17/06/09 20:10:40 INFO executor.Backend: Registered", "Registered"),
            (
                "2015-07-29 17:41:44,747 - INFO  [Peer[myid=1]/0:0:2181:Fast@774] - Notification time out: 3200",
                "Notification time out: 3200",
            ),
            (
                "- 1117838570 2005.06.03 R02-M1 2005-06-03-15.42.50.363779 R02-M1 RAS KERNEL INFO cache parity error",
                "cache parity error",
            ),
            (
                "134681 node-246 unix.hw state_change.unavailable 1077804742 1 Component State Change",
                "Component State Change",
            ),
            (
                "- 1131566461 2005.11.09 dn228 Nov 9 12:01:01 dn228/dn228 crond(pam_unix)[2915]: session closed",
                "session closed",
            ),
            ("2016-09-28 04:30:30, Info                  CBS    Loaded Servicing Stack", "Loaded Servicing Stack"),
            ("03-17 16:13:38.811  1702  2395 D WindowManager: printing", "printing"),
            ("20171223-22:15:29:606|Step_LSC|30002312|onStandStepChanged 3579", "onStandStepChanged 3579"),
            ("[10.30 16:49:06] chrome.exe - proxy.corp.example:5070 open", "proxy.corp.example:5070 open"),
            ("[10.30 16:49:07] chrome.exe *64 - gw.corp.example:443 open", "gw.corp.example:443 open"),
            ("Jul  1 09:00:55 host-10-105 kernel[0]: Wake reason", "Wake reason"),
            ("Jul  1 09:00:55 host-10-105 Some Mail App[2177]: no route", "no route"),
            ("Jul  1 09:00:55 host-10-105 corp.launch[1] (corp.helper[77]): left with 1", "left with 1"),
            ("2022-08-22 08:15:01 service is up", "service is up"),
            ("no header at all", "no header at all"),
        ] {
            assert_eq!(Layout::of([line]).message(line), message, "{line}");
        }
    }

    /// Logs of layouts that are in wide use, each with lines that are odd for it, and the messages.
    #[test]
    fn odd_lines_do_not_lose_their_header() {
        for (lines, messages) in [
            (
                "- 1117838570 2005.06.03 R1-N0 2005-06-03-15.42.50.363779 R1-N0 RAS KERNEL INFO 3 cache errors\n\
                 APPREAD 1117869872 2005.06.04 R1-N2 2005-06-04-00.24.32.432192 R1-N2 RAS APP FATAL no message: 7\n\
                 - 1117955341 2005.06.05 NULL 2005-06-05-00.09.01.903373 NULL RAS MASTER FAILURE unit is gone",
                "3 cache errors\nno message: 7\nunit is gone",
            ),
            (
                "134681 node-246 unix.hw state.off 1077804742 1 the port is off\n\
                 134690 node-24 action error 1077804796 1 halt (command 17)\n\
                 134691 gige7 link - 1077804797 0 warning: slow",
                "the port is off\nhalt (command 17)\nwarning: slow",
            ),
            (
                "- 1131566461 2005.11.09 dn228 Nov 9 12:01:01 dn228/dn228 crond(pam_unix)[2915]: session closed\n\
                 - 1131566470 2005.11.19 dn7 Nov 19 12:01:10 dn7/dn7 kernel: [disk:3] is slow: 7 s\n\
                 R_KERN 1131566471 2005.11.19 dn7 Nov 19 12:01:11 dn7/dn7 scan.x[24583]: [scan.c:14]: no change",
                "session closed\n[disk:3] is slow: 7 s\n[scan.c:14]: no change",
            ),
            (
                "2016-09-28 04:30:30, Info                  CBS    Loaded stack v6.1 with: wcp.dll\n\
                 2016-09-28 04:30:31, Info                  CSI    00000001@2016/9/27:20:30:31.455 Begun\n\
                 2016-09-28 04:30:32, Warning               CBS    no manifest",
                "Loaded stack v6.1 with: wcp.dll\n00000001@2016/9/27:20:30:31.455 Begun\nno manifest",
            ),
            (
                "03-17 16:13:38.811  1702  2395 D WindowManager: printing: true\n\
                 03-17 16:13:38.819  1702 18671 I Ticker  : one=7 two:8\n\
                 12-31 23:59:59.999    17     7 W [x]y.z: ",
                "printing: true\none=7 two:8\n",
            ),
            (
                "20171223-22:15:29:606|Step_LSC|30002312|onStep 3579\n\
                 20171224-0:20:0:6|Step_Util|30002312|total = 15##69 | 7\n\
                 20171224-0:20:0:16|A B|30002312|",
                "onStep 3579\ntotal = 15##69 | 7\n",
            ),
            (
                "[10.30 16:49:06] mail.exe - gw.corp.example:5070 closed, 0 bytes\n\
                 [10.30 16:49:07] browser.exe *64 - gw.corp.example:443 error : none - at all\n\
                 [12.01 06:49:07] a-b.exe *32 - open",
                "gw.corp.example:5070 closed, 0 bytes\ngw.corp.example:443 error : none - at all\nopen",
            ),
            (
                "Jul  1 09:00:55 host-10-105 kernel[0]: Bridge<0>(0x0)::told - packet 1\n\
                 Jul 11 09:00:56 host-10-105 Some Mail App[2177]: no route: 10.0.0.1\n\
                 Jul 11 09:00:57 host.corp.example corp.launch[1] (corp.helper[77]): left with 1\n\
                 Jul 11 09:00:58 host-10-105 --- last message repeated 3 times ---",
                "Bridge<0>(0x0)::told - packet 1\nno route: 10.0.0.1\nleft with 1\n--- last message repeated 3 times ---",
            ),
        ] {
            let layout = Layout::of(lines.lines());
            let found: Vec<&str> = lines.lines().map(|line| layout.message(line)).collect();
            assert_eq!(found.join("\n"), messages);
        }
    }

    #[test]
    fn one_layout_holds_for_the_whole_log() {
        let lines = ["2022-08-22 08:15:01 INFO a: one", "2022-08-22 08:15:02 WARN b: two", "   at c: three"];
        let layout = Layout::of(lines);
        assert_eq!(lines.map(|line| layout.message(line)), ["one", "two", "at c: three"]);
    }
}
