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
        let severity = match word.to_ascii_lowercase().as_str() {
            "trace" | "trc" | "vrb" | "verbose" | "finest" => Self::Trace,
            "debug" | "dbg" | "dbug" | "fine" => Self::Debug,
            "info" | "information" | "inf" | "notice" => Self::Info,
            "warn" | "warning" | "wrn" => Self::Warn,
            "error" | "err" | "eror" | "fail" | "severe" => Self::Error,
            "critical" | "crit" | "crt" => Self::Critical,
            "fatal" | "ftl" | "emerg" | "alert" | "panic" => Self::Fatal,
            _ => return None,
        };
        Some(severity)
    }
}
