//! Severity on the scale of OpenTelemetry.
//!
//! For Windows event logs we take the `WinEvtLog` column of the OpenTelemetry log data model,
//! appendix B: Critical is 18, although the same table maps ETW's CRITICAL to 21. `Level = 0`
//! (LogAlways) is not in that table; Windows shows it as Information, and so do we.

/// How grave a record is, by its own word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
#[repr(u8)]
pub enum Severity {
    /// 1: trace.
    Trace = 1,
    /// 5: debug or verbose.
    Debug = 5,
    /// 9: information; also records that state no level.
    #[default]
    Info = 9,
    /// 13: warning.
    Warn = 13,
    /// 17: error.
    Error = 17,
    /// 18: critical, in Windows event logs.
    Critical = 18,
    /// 21: fatal.
    Fatal = 21,
}

impl Severity {
    /// The number on OpenTelemetry's scale.
    pub fn number(self) -> u8 {
        self as u8
    }

    /// Reads `System/Level` of a Windows event.
    pub fn from_windows_level(level: u8) -> Self {
        match level {
            1 => Self::Critical,
            2 => Self::Error,
            3 => Self::Warn,
            5 => Self::Debug,
            _ => Self::Info,
        }
    }

    /// Reads the words that loggers use, in any case; `None` if it is none of them.
    pub fn from_word(word: &str) -> Option<Self> {
        // Asked once or twice a line: all words but one are numbers of eight bytes.
        let Some(word) = small_letters(word.as_bytes()) else {
            return word.eq_ignore_ascii_case("information").then_some(Self::Info);
        };
        let severity = match word {
            TRACE | TRC | VRB | VERBOSE | FINEST => Self::Trace,
            DEBUG | DBG | DBUG | FINE => Self::Debug,
            INFO | INF | NOTICE => Self::Info,
            WARN | WARNING | WRN => Self::Warn,
            ERROR | ERR | EROR | FAIL | SEVERE => Self::Error,
            CRITICAL | CRIT | CRT => Self::Critical,
            FATAL | FTL | EMERG | ALERT | PANIC => Self::Fatal,
            _ => return None,
        };
        Some(severity)
    }
}

/// A word of at most eight bytes as a number.
const fn number_of(word: &[u8]) -> u64 {
    let mut bytes = [0; 8];
    let mut at = 0;
    while at < word.len() {
        bytes[at] = word[at];
        at += 1;
    }
    u64::from_le_bytes(bytes)
}

/// The number of a word in small letters; `None` for longer ones. Bytes that are no letters become no letters.
#[inline]
fn small_letters(word: &[u8]) -> Option<u64> {
    if word.len() > 8 {
        return None;
    }
    Some(word.iter().rev().fold(0, |letters, byte| letters << 8 | u64::from(byte | 0x20)))
}

macro_rules! words {
    ($($name:ident = $word:literal),* $(,)?) => { $(const $name: u64 = number_of($word);)* };
}

words! {
    TRACE = b"trace",
    TRC = b"trc",
    VRB = b"vrb",
    VERBOSE = b"verbose",
    FINEST = b"finest",
    DEBUG = b"debug",
    DBG = b"dbg",
    DBUG = b"dbug",
    FINE = b"fine",
    INFO = b"info",
    INF = b"inf",
    NOTICE = b"notice",
    WARN = b"warn",
    WARNING = b"warning",
    WRN = b"wrn",
    ERROR = b"error",
    ERR = b"err",
    EROR = b"eror",
    FAIL = b"fail",
    SEVERE = b"severe",
    CRITICAL = b"critical",
    CRIT = b"crit",
    CRT = b"crt",
    FATAL = b"fatal",
    FTL = b"ftl",
    EMERG = b"emerg",
    ALERT = b"alert",
    PANIC = b"panic",
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_any_case_are_read_and_others_are_none() {
        for (word, severity) in [
            ("INFORMATION", Some(Severity::Info)),
            ("Err", Some(Severity::Error)),
            ("fail", Some(Severity::Error)),
            ("ftl", Some(Severity::Fatal)),
            ("", None),
            ("errors", None),
            ("informational", None),
            ("\u{e9}rror", None),
        ] {
            assert_eq!(Severity::from_word(word), severity, "{word}");
        }
    }
}
