//! The one UTC axis: where an instant stands, into which bins time is cut, and where the ticks are.
//!
//! A latent fault shows weeks before its incident. On an even scale the two days that matter would be
//! a thumb's width, so the axis may have parts of different scale, each linear, with a visible
//! break between them. Rates are per unit of time, so heights compare across the break.
//!
//! Bins stand on the clock and begin anew at the changes that matter and at each onset: a bin that began before its
//! cause would paint failures before it.

pub(crate) use super::layout::Part;
use super::text;
use super::theme::{BREAK, PLOT_LEFT, PLOT_RIGHT, SMALL};
use crate::model::time::{TICKS_PER_DAY, TICKS_PER_SECOND};
use crate::model::{TimeRange, Timestamp};

/// The least width of a bin, in pixels.
const BIN_PIXELS: f64 = 4.0;
/// The part of the width that the incident gets if the axis has a break.
const FOCUS_PART: f64 = 0.60;
/// A break costs the reader something; it must enlarge the focus at least this many times.
const WORTH_IT: f64 = 2.5;
/// Lengths of bins, in seconds. Half days are missing: they would show day and night by turns, a comb and no load.
const BINS_S: &[i64] = &[60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 10_800, 21_600, 86_400, 172_800, 604_800];
/// Distances of ticks, in seconds.
const TICKS_S: &[i64] = &[
    300, 900, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200, 86_400, 172_800, 604_800, 1_209_600, 2_419_200, 7_257_600,
    14_515_200, 31_449_600,
];

/// One bin.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Bin {
    /// Its time.
    pub(crate) span: TimeRange,
    /// The length that its part's bins have, in seconds.
    pub(crate) nominal_s: f64,
    /// Whether it is shorter than that.
    pub(crate) is_partial: bool,
}

/// One tick.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Tick {
    /// Its place in pixels.
    pub(crate) x: i32,
    /// The upper line of its label: a time or a day; empty where it would not fit.
    pub(crate) label: String,
    /// The lower line: the day of a time, or empty.
    pub(crate) day: String,
}

/// The axis.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Axis {
    /// Its parts in order.
    pub(crate) parts: Vec<Part>,
    /// Its bins in order.
    pub(crate) bins: Vec<Bin>,
    /// The unit of time of all rates, in seconds: the shortest of the bins' lengths.
    pub(crate) unit_s: f64,
}

impl Axis {
    /// Lays out the window. `focus` is what the reader looks at; `anchors` are instants at which bins begin anew.
    pub(crate) fn new(window: TimeRange, focus: Option<TimeRange>, anchors: &[Timestamp]) -> Self {
        let parts = parts(window, focus);
        let mut bins = Vec::new();
        for part in &parts {
            cut(part, anchors, &mut bins);
        }
        let unit_s = parts.iter().map(|part| part.bin_s).min().unwrap_or(3_600) as f64;
        Self { parts, bins, unit_s }
    }

    /// Where an instant stands, in pixels; instants outside the window stand at its edges.
    pub(crate) fn x(&self, at: Timestamp) -> f64 {
        let Some(part) = self.parts.iter().find(|part| at < part.span.end).or(self.parts.last()) else {
            return f64::from(PLOT_LEFT);
        };
        let share = at.seconds_since(part.span.start) / part.span.seconds().max(1.0);
        part.left + share.clamp(0.0, 1.0) * (part.right - part.left)
    }

    /// The pixels from begin to end of a span.
    pub(crate) fn pixels(&self, span: &TimeRange) -> (f64, f64) {
        // The end of a span is the first instant after it, which may stand behind the break.
        let end = self.parts.iter().find(|part| part.span.start < span.end && span.end <= part.span.end);
        let right = match end {
            Some(part) => {
                let share = span.end.seconds_since(part.span.start) / part.span.seconds().max(1.0);
                part.left + share * (part.right - part.left)
            }
            None => self.x(span.end),
        };
        (self.x(span.start), right)
    }

    /// Whether an instant is shown.
    pub(crate) fn shows(&self, at: Timestamp) -> bool {
        self.parts.iter().any(|part| part.span.contains(at))
    }

    /// The bin that holds an instant.
    pub(crate) fn bin(&self, at: Timestamp) -> Option<usize> {
        let idx = self.bins.partition_point(|bin| bin.span.start <= at).checked_sub(1)?;
        self.bins.get(idx).filter(|bin| bin.span.contains(at)).map(|_| idx)
    }

    /// Ticks of all parts; no label overlaps another.
    pub(crate) fn ticks(&self) -> Vec<Tick> {
        let mut ticks: Vec<Tick> = Vec::new();
        let mut free_from = [f64::MIN; 2];
        for part in &self.parts {
            let step_s = tick_step_s(part);
            let by_day = step_s >= 86_400;
            let mut last_day = None;
            for (idx, at) in grid(part.span, step_s).enumerate() {
                let x = self.x(at);
                if idx == 0 && x - part.left < 40.0 {
                    make_room(&mut ticks, &mut free_from, x - 46.0);
                }
                let day_name =
                    at.to_jiff().strftime(if by_day && step_s > 86_400 { "%-d %b" } else { "%a %-d %b" }).to_string();
                let day = at.0.div_euclid(TICKS_PER_DAY);
                let upper = if by_day { day_name.clone() } else { at.to_jiff().strftime("%H:%M").to_string() };
                let lower = if by_day || last_day == Some(day) { String::new() } else { day_name };
                let mut tick = Tick { x: x.round() as i32, label: String::new(), day: String::new() };
                for (line, text, slot) in [(0, upper, &mut tick.label), (1, lower, &mut tick.day)] {
                    let half = f64::from(text::width(&text, SMALL, false)) / 2.0;
                    let fits = x - half > free_from[line] && x + half <= f64::from(PLOT_RIGHT) + 20.0;
                    if !text.is_empty() && fits {
                        free_from[line] = x + half + 8.0;
                        *slot = text;
                    }
                }
                if !tick.day.is_empty() {
                    last_day = Some(day);
                }
                ticks.push(tick);
            }
        }
        ticks
    }
}

/// Takes away labels that reach beyond `x`: the first tick of a part says where it begins, and goes before the last of the part before it.
fn make_room(ticks: &mut [Tick], free_from: &mut [f64; 2], x: f64) {
    for tick in ticks.iter_mut() {
        if f64::from(tick.x + text::width(&tick.label, SMALL, false) / 2) > x {
            tick.label.clear();
        }
    }
    for free in free_from {
        *free = free.min(x);
    }
}

/// Divides the width: even, or with more room for the focus.
fn parts(window: TimeRange, focus: Option<TimeRange>) -> Vec<Part> {
    let (left, right) = (f64::from(PLOT_LEFT), f64::from(PLOT_RIGHT));
    let mut spans = vec![(window, right - left)];
    if let Some(focus) = focus {
        let before = TimeRange { start: window.start, end: focus.start };
        let after = TimeRange { start: focus.end, end: window.end };
        let outside: Vec<TimeRange> = [before, after].into_iter().filter(|span| span.seconds() > 0.0).collect();
        let outside_s: f64 = outside.iter().map(TimeRange::seconds).sum();
        let width = right - left - f64::from(BREAK) * outside.len() as f64;
        if focus.seconds() * WORTH_IT < FOCUS_PART * window.seconds() && outside_s > 0.0 {
            let rest = |span: TimeRange| (span, width * (1.0 - FOCUS_PART) * span.seconds() / outside_s);
            spans.clear();
            spans.extend(Some(before).filter(|span| span.seconds() > 0.0).map(rest));
            spans.push((focus, width * FOCUS_PART));
            spans.extend(Some(after).filter(|span| span.seconds() > 0.0).map(rest));
        }
    }
    let mut x = left;
    spans
        .into_iter()
        .map(|(span, width)| {
            let part = Part { span, left: x, right: x + width, bin_s: bin_s(span, width) };
            x += width + f64::from(BREAK);
            part
        })
        .collect()
}

fn bin_s(span: TimeRange, width: f64) -> i64 {
    let wanted = span.seconds() / (width / BIN_PIXELS).max(1.0);
    let weeks = (wanted / 604_800.0).ceil() as i64 * 604_800;
    BINS_S.iter().copied().find(|bin_s| *bin_s as f64 >= wanted).unwrap_or(weeks)
}

/// Cuts a part into bins: on the grid of the clock, and anew at each anchor. A remainder of less than a quarter of a bin
/// joins its neighbor, as long as no anchor lies between them.
fn cut(part: &Part, anchors: &[Timestamp], bins: &mut Vec<Bin>) {
    let mut stops: Vec<Timestamp> =
        anchors.iter().copied().filter(|at| part.span.start < *at && *at < part.span.end).collect();
    stops.push(part.span.end);
    stops.sort_unstable();
    stops.dedup();
    let nominal_s = part.bin_s as f64;
    let step = part.bin_s * TICKS_PER_SECOND;
    let shift = week_shift(part.bin_s);
    let mut from = part.span.start;
    for stop in stops {
        while from < stop {
            let mut next = ((from.0 - shift).div_euclid(step) + 1) * step + shift;
            if next - from.0 < step / 4 {
                next += step;
            }
            let mut to = Timestamp(next).min(stop);
            if stop.0 - to.0 < step / 4 {
                to = stop;
            }
            let span = TimeRange { start: from, end: to };
            bins.push(Bin { span, nominal_s, is_partial: span.seconds() < nominal_s * 0.999 });
            from = to;
        }
    }
}

/// Grids of whole weeks stand on Mondays: by how much, in ticks, they are shifted.
fn week_shift(step_s: i64) -> i64 {
    const FIRST_MONDAY_S: i64 = 4 * 86_400;
    if step_s % 604_800 == 0 { FIRST_MONDAY_S * TICKS_PER_SECOND } else { 0 }
}

fn tick_step_s(part: &Part) -> i64 {
    let pixels_per_s = (part.right - part.left) / part.span.seconds().max(1.0);
    let label_pixels = |step_s: i64| match step_s {
        86_400 => f64::from(text::width("Wed 28 Sep", SMALL, false)) + 18.0,
        86_401.. => f64::from(text::width("28 Sep", SMALL, false)) + 18.0,
        _ => f64::from(text::width("00:00", SMALL, false)) + 18.0,
    };
    TICKS_S.iter().copied().find(|step_s| *step_s as f64 * pixels_per_s >= label_pixels(*step_s)).unwrap_or(31_449_600)
}

/// The instants of a grid inside a span.
fn grid(span: TimeRange, step_s: i64) -> impl Iterator<Item = Timestamp> {
    let shift = week_shift(step_s);
    let step = step_s * TICKS_PER_SECOND;
    let first = (span.start.0 - shift + step - 1).div_euclid(step) * step + shift;
    (0..).map(move |n| Timestamp(first + n * step)).take_while(move |at| *at < span.end)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture::at;

    fn window(start: &str, end: &str) -> TimeRange {
        TimeRange { start: at(start), end: at(end) }
    }

    #[test]
    fn bins_begin_at_their_anchors_and_leave_nothing_out() {
        let whole = window("2022-08-01T00:00:00Z", "2022-08-08T00:00:00Z");
        let anchors = [at("2022-08-03T14:02:00Z"), at("2022-08-04T05:40:00Z")];
        let axis = Axis::new(whole, None, &anchors);
        assert_eq!(axis.bins[0].span.start, whole.start);
        assert_eq!(axis.bins.last().unwrap().span.end, whole.end);
        assert!(axis.bins.windows(2).all(|pair| pair[0].span.end == pair[1].span.start));
        for anchor in anchors {
            assert!(axis.bins.iter().any(|bin| bin.span.start == anchor), "{anchor}");
        }
        assert!(axis.bins.iter().any(|bin| bin.is_partial));
    }

    #[test]
    fn a_short_incident_in_a_long_window_gets_the_larger_part() {
        let whole = window("2022-07-01T00:00:00Z", "2022-08-26T00:00:00Z");
        let focus = window("2022-08-20T00:00:00Z", "2022-08-25T00:00:00Z");
        let axis = Axis::new(whole, Some(focus), &[]);
        assert_eq!(axis.parts.len(), 3);
        let wide = &axis.parts[1];
        assert!(wide.right - wide.left > f64::from(PLOT_RIGHT - PLOT_LEFT) * 0.55);
        assert!(axis.parts.windows(2).all(|pair| pair[0].right < pair[1].left));
        assert!(axis.unit_s < axis.parts[0].bin_s as f64);
        // An end at the break stands before it, a begin behind it.
        let (_, right) = axis.pixels(&axis.parts[0].span);
        assert!(right < axis.x(focus.start));
        assert!(Axis::new(focus, Some(focus), &[]).parts.len() == 1);
    }

    #[test]
    fn labels_of_ticks_never_overlap() {
        for (start, end) in [
            ("2022-08-22T00:00:00Z", "2022-08-22T03:00:00Z"),
            ("2022-08-22T00:00:00Z", "2022-08-23T00:00:00Z"),
            ("2022-07-01T00:00:00Z", "2022-08-26T00:00:00Z"),
            ("2019-07-01T00:00:00Z", "2024-08-26T00:00:00Z"),
        ] {
            let ticks = Axis::new(window(start, end), None, &[]).ticks();
            assert!(ticks.iter().filter(|tick| !tick.label.is_empty()).count() >= 4, "{start}");
            let mut free_from = i32::MIN;
            for tick in ticks.iter().filter(|tick| !tick.label.is_empty()) {
                let half = text::width(&tick.label, SMALL, false) / 2;
                assert!(tick.x - half > free_from, "{start}: {tick:?}");
                free_from = tick.x + half;
            }
        }
    }

    proptest::proptest! {
        /// Whatever the window, the focus and the changes are: bins cover all of it once, none begins before a change and
        /// ends behind it, and none is longer than a bin and a half.
        #[test]
        fn no_bin_reaches_over_an_anchor(
            minutes in 20_i64..900_000,
            focus in (0.0..1.0, 0.0..1.0),
            anchors in proptest::collection::vec(0.0..1.0, 0..8),
        ) {
            let start = at("2022-08-01T03:17:00Z");
            let moment = |part: f64| start.plus_seconds((part * minutes as f64 * 60.0).round());
            let whole = TimeRange { start, end: moment(1.0) };
            let focus = TimeRange { start: moment(f64::min(focus.0, focus.1)), end: moment(f64::max(focus.0, focus.1)) };
            let anchors: Vec<Timestamp> = anchors.into_iter().map(moment).collect();
            let axis = Axis::new(whole, Some(focus).filter(|span| span.seconds() > 60.0), &anchors);
            assert_eq!(axis.bins.first().unwrap().span.start, whole.start);
            assert_eq!(axis.bins.last().unwrap().span.end, whole.end);
            assert!(axis.bins.windows(2).all(|pair| pair[0].span.end == pair[1].span.start));
            for bin in &axis.bins {
                assert!(bin.span.seconds() > 0.0 && bin.span.seconds() <= bin.nominal_s * 1.5, "{bin:?}");
                for anchor in &anchors {
                    assert!(!(bin.span.start < *anchor && *anchor < bin.span.end), "{bin:?} {anchor}");
                }
                assert_eq!(axis.bins[axis.bin(bin.span.start).unwrap()], *bin);
            }
        }
    }
}
