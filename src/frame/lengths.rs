//! How long sessions last, for begins and ends that no record shows.

use super::{EndKind, Session};
use crate::model::TimeRange;
use crate::stats::quantile;

/// How long a session lasts where none is seen from begin to end: half a working day.
const USUAL_S: f64 = 4.0 * 3_600.0;

/// How long sessions last that are seen from begin to logoff.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SessionLengths {
    /// Their mean, seconds. By Little's law the mean, and no other figure, keeps the expected number of open sessions
    /// right where it stands in for a begin or an end that no record shows.
    pub usual_s: f64,
    /// The length that 99 of 100 stay below, seconds.
    pub longest_s: f64,
}

impl SessionLengths {
    /// Learns them from the sessions of a log.
    pub fn of(sessions: &[Session]) -> Self {
        let closed = sessions.iter().filter(|session| session.end_kind == EndKind::Logoff);
        let lengths: Vec<f64> =
            closed.filter_map(|session| Some(session.ended_at?.seconds_since(session.started_at?))).collect();
        let usual_s = if lengths.is_empty() { USUAL_S } else { lengths.iter().sum::<f64>() / lengths.len() as f64 };
        Self { usual_s, longest_s: quantile(&lengths, 0.99).unwrap_or(2.0 * usual_s) }
    }

    /// From when to when a session counts as open. A begin that no record shows lies the usual length before the end. A
    /// session without logoff lasts to the restart, to the next owner of its number or to the end of the log, unless it
    /// would be longer than sessions are: then its logoff was lost or never came, and the one is no load, the other
    /// an effect of a fault, which must not pass for its cause.
    pub fn span(&self, session: &Session, window: TimeRange) -> TimeRange {
        let start = session.started_at.or(session.ended_at.map(|end| end.plus_seconds(-self.usual_s)));
        let start = start.unwrap_or(window.start);
        let until = session.ended_at.unwrap_or(window.end);
        let is_seen = session.end_kind == EndKind::Logoff && session.ended_at.is_some();
        let is_too_long = until.seconds_since(start) > self.longest_s;
        let end = if is_seen || !is_too_long { until } else { start.plus_seconds(self.usual_s) };
        TimeRange { start, end: end.max(start) }
    }
}

#[cfg(test)]
mod tests {
    use super::super::scene::at;
    use super::*;
    use crate::frame::Close;
    use crate::model::Name;

    fn session(start: Option<f64>, end: Option<f64>, end_kind: EndKind) -> Session {
        Session {
            host: Name::from("RDS01"),
            user: Name::from("anna"),
            session_id: None,
            started_at: start.map(at),
            ended_at: end.map(at),
            end_kind,
            close: Close::NotObservable,
            marks: Vec::new(),
            disconnects: Vec::new(),
            left_at: None,
            next: None,
            later: Vec::new(),
            records: Vec::new(),
        }
    }

    #[test]
    fn what_no_record_shows_lies_a_usual_session_away_and_nothing_lasts_longer_than_sessions_do() {
        let closed = session(Some(0.0), Some(3_600.0), EndKind::Logoff);
        let lengths = SessionLengths::of(std::slice::from_ref(&closed));
        let window = TimeRange { start: at(0.0), end: at(1e6) };
        let span = |start, end, kind| {
            let open = lengths.span(&session(start, end, kind), window);
            (open.start.seconds_since(at(0.0)), open.end.seconds_since(at(0.0)))
        };
        assert_eq!(span(Some(100.0), Some(9_000.0), EndKind::Logoff), (100.0, 9_000.0));
        assert_eq!(span(None, Some(9_000.0), EndKind::Logoff), (5_400.0, 9_000.0));
        // A restart weeks later is no record of the end; one within the hour is.
        assert_eq!(span(Some(100.0), Some(9e5), EndKind::Reboot), (100.0, 3_700.0));
        assert_eq!(span(Some(100.0), Some(2_000.0), EndKind::Reboot), (100.0, 2_000.0));
        assert_eq!(span(Some(1e6 - 60.0), None, EndKind::EdgeOfLog), (1e6 - 60.0, 1e6));
        assert_eq!(span(Some(100.0), Some(9e5), EndKind::Replaced), (100.0, 3_700.0));
    }
}
