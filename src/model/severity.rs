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
        // Asked once or twice a line: small letters in place, and no memory.
        let mut small = [0; LONGEST_WORD];
        let small = small.get_mut(..word.len()).filter(|small| !small.is_empty())?;
        small.copy_from_slice(word.as_bytes());
        small.make_ascii_lowercase();
        let severity = match &*small {
            b"trace" | b"trc" | b"vrb" | b"verbose" | b"finest" => Self::Trace,
            b"debug" | b"dbg" | b"dbug" | b"fine" => Self::Debug,
            b"info" | b"information" | b"inf" | b"notice" => Self::Info,
            b"warn" | b"warning" | b"wrn" => Self::Warn,
            b"error" | b"err" | b"eror" | b"fail" | b"severe" => Self::Error,
            b"critical" | b"crit" | b"crt" => Self::Critical,
            b"fatal" | b"ftl" | b"emerg" | b"alert" | b"panic" => Self::Fatal,
            _ => return None,
        };
        Some(severity)
    }
}

/// `information`.
const LONGEST_WORD: usize = 11;

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
