//! Every style with what it means and how much of the text it takes, and properties of all of them.

use proptest::prelude::*;

use super::*;
use crate::model::Timestamp;
use crate::model::time::TICKS_PER_SECOND;

/// The stamp as text: the wall clock, then what is known of zone, year, time and order.
fn shown(found: Option<(Stamp, usize)>) -> Option<(String, usize)> {
    let (stamp, len) = found?;
    let mut text = Timestamp(stamp.civil.0).to_string().trim_end_matches('Z').to_owned();
    if let Some(offset_s) = stamp.offset_s {
        text.extend([" ".to_owned(), format!("{:+}", offset_s / 60)]);
    }
    for (is, word) in [
        (!stamp.has_year, " no-year"),
        (!stamp.has_time, " no-time"),
        (!stamp.has_date, " no-date"),
        (stamp.has_shared_zone, " shared-zone"),
        (stamp.is_order_open(), " open"),
    ] {
        if is {
            text += word;
        }
    }
    Some((text, len))
}

/// Text before `|` is the stamp; what it means.
const STYLES: &[(&str, &str)] = &[
    // The year first.
    ("2022-08-22 08:15:01| [7] x", "2022-08-22T08:15:01"),
    ("2022-08-22 08:15:01,123| [7] x", "2022-08-22T08:15:01.123"),
    ("2022-08-22 08:15:01.1234| x", "2022-08-22T08:15:01.1234"),
    ("2022-08-22 08:15:01:123| x", "2022-08-22T08:15:01.123"),
    ("2022-08-22 08:15:01|:DEBUG:x", "2022-08-22T08:15:01"),
    ("2022-08-22 08:15:01|:12 x", "2022-08-22T08:15:01"),
    ("2022-08-22T08:15:01|", "2022-08-22T08:15:01"),
    ("2022-08-22T08:15:01Z|", "2022-08-22T08:15:01 +0"),
    ("2022-08-22T08:15:01.1234567Z| x", "2022-08-22T08:15:01.1234567 +0"),
    ("2022-08-22T08:15:01.123456789Z| x", "2022-08-22T08:15:01.1234567 +0"),
    ("2022-08-22T08:15:01+02:00|", "2022-08-22T08:15:01 +120"),
    ("2022-08-22T08:15:01+0200| x", "2022-08-22T08:15:01 +120"),
    ("2022-08-22T08:15:01+02| x", "2022-08-22T08:15:01 +120"),
    ("2022-08-22 08:15:01.123-07|", "2022-08-22T08:15:01.123 -420"),
    ("2022-08-22 08:15:01.5 -07:30| [INF]", "2022-08-22T08:15:01.5 -450"),
    ("2022-08-22 08:15:01 +0530| x", "2022-08-22T08:15:01 +330"),
    ("2022-08-22T08:15:01.123+02:00[Europe/Zurich]| x", "2022-08-22T08:15:01.123 +120"),
    ("2022-08-22T08:15:01+02:00|[main] x", "2022-08-22T08:15:01 +120"),
    ("2022-08-22 08:15:01 UTC| x", "2022-08-22T08:15:01 +0"),
    ("2022-08-22 08:15:01 GMT| x", "2022-08-22T08:15:01 +0"),
    ("2022-08-22 08:15:01 GMT+2| x", "2022-08-22T08:15:01 +120"),
    ("2022-08-22 08:15:01 UTC-0700| x", "2022-08-22T08:15:01 -420"),
    ("2022-08-22 08:15:01.837 CEST| [13]", "2022-08-22T08:15:01.837 +120"),
    ("2022-08-22 08:15:01 MESZ| x", "2022-08-22T08:15:01 +120"),
    ("2022-02-22 08:15:01 EST| x", "2022-02-22T08:15:01 -300"),
    ("2022-08-22 08:15:01 EDT| x", "2022-08-22T08:15:01 -240"),
    ("2022-08-22 08:15:01 CST| x", "2022-08-22T08:15:01 shared-zone"),
    ("2022-08-22 08:15:01 IST| x", "2022-08-22T08:15:01 shared-zone"),
    ("2022-08-22 08:15:01| INFO x", "2022-08-22T08:15:01"),
    ("2022-08-22 08:15:01| GMTX x", "2022-08-22T08:15:01"),
    ("2022-08-22 08:15:01| - 5 users", "2022-08-22T08:15:01"),
    ("2022-08-22 08:15:01| -12 degrees", "2022-08-22T08:15:01"),
    ("2022-08-22 08:15|", "2022-08-22T08:15:00"),
    ("2022-08-22 8:15:01|", "2022-08-22T08:15:01"),
    ("2022-8-2 08:15:01|", "2022-08-02T08:15:01"),
    ("2022-08-22|", "2022-08-22T00:00:00 no-time"),
    ("2022-08-22_08:15:01| x", "2022-08-22T08:15:01"),
    ("2022-08-22 - 08:15:01| x", "2022-08-22T08:15:01"),
    ("2022/08/22 08:15:01| x", "2022-08-22T08:15:01"),
    ("2022/08/22 08:15:01.1234567|\t5", "2022-08-22T08:15:01.1234567"),
    ("2022.08.22 08:15:01| x", "2022-08-22T08:15:01"),
    ("2022.08.22|", "2022-08-22T00:00:00 no-time"),
    ("2022:08:22-08:15:01| gw", "2022-08-22T08:15:01"),
    ("2022-08-22-08.15.01.123456| x", "2022-08-22T08:15:01.123456"),
    ("2012-025T10:22:40,672|:DEBUG", "2012-01-25T10:22:40.672"),
    ("2014-333 16:56:38| x", "2014-11-29T16:56:38"),
    ("2022-Aug-22 08:15:01.123456| x", "2022-08-22T08:15:01.123456"),
    ("2022 Aug 22 08:15:01| x", "2022-08-22T08:15:01"),
    ("2022-08-22 08:15:01 PM| x", "2022-08-22T20:15:01"),
    ("2022-12-31T23:59:60Z|", "2023-01-01T00:00:00 +0"),
    // Day or month first.
    ("22.08.2022 08:15|", "2022-08-22T08:15:00"),
    ("22.08.2022 08:15:01,123| x", "2022-08-22T08:15:01.123"),
    ("22.08.2022 08.15.01| x", "2022-08-22T08:15:01"),
    ("3.4.2022 8:15:01| x", "2022-04-03T08:15:01"),
    ("22.08.22 08:15:01| x", "2022-08-22T08:15:01"),
    ("8/22/2022 8:15:01 PM|", "2022-08-22T20:15:01"),
    ("8/22/2022 8:15:01\u{202f}PM| x", "2022-08-22T20:15:01"),
    ("8/22/2022 12:15:01 AM| x", "2022-08-22T00:15:01"),
    ("08/22/2022 08:15:01.250|", "2022-08-22T08:15:01.25"),
    ("22/08/2022 08:15:01| x", "2022-08-22T08:15:01"),
    ("03/04/2022 08:15:01| x", "2022-03-04T08:15:01 open"),
    ("04/04/2022 08:15:01| x", "2022-04-04T08:15:01 open"),
    ("08-22-2022 08:15:01| x", "2022-08-22T08:15:01"),
    ("22-08-2022 08:15:01| x", "2022-08-22T08:15:01"),
    ("03-04-2022 08:15:01| x", "2022-04-03T08:15:01 open"),
    ("17/06/09 20:10:40| INFO", "2017-06-09T20:10:40 open"),
    ("08/22/17,20:10:40|,x", "2017-08-22T20:10:40"),
    ("08-22 08:15:01.123|  1234", "1972-08-22T08:15:01.123 no-year"),
    // Months by name.
    ("22/Aug/2022:08:15:01 +0200|] x", "2022-08-22T08:15:01 +120"),
    ("25/Feb/2019:16:19:48.143|] x", "2019-02-25T16:19:48.143"),
    ("2/Aug/2022 08:15:01| x", "2022-08-02T08:15:01"),
    ("22-Aug-2022 08:15:01.123| INFO", "2022-08-22T08:15:01.123"),
    ("22-AUG-22 08.15.01.123456 PM| x", "2022-08-22T20:15:01.123456"),
    ("22 Aug 2022 08:15:01.123| x", "2022-08-22T08:15:01.123"),
    ("22 Aug 08:15:01.123| # x", "1972-08-22T08:15:01.123 no-year"),
    ("25 Apr 2024 05:54:43.948| #", "2024-04-25T05:54:43.948"),
    ("22Aug2022 8:15:01| x", "2022-08-22T08:15:01"),
    ("22. August 2022 08:15:01| x", "2022-08-22T08:15:01"),
    ("22 ao\u{fb}t 2022 08:15:01| x", "2022-08-22T08:15:01"),
    ("3 M\u{e4}rz 2022 08:15| x", "2022-03-03T08:15:00"),
    ("22. Aug. 2022|", "2022-08-22T00:00:00 no-time"),
    ("Aug 22 08:15:01| host sshd", "1972-08-22T08:15:01 no-year"),
    ("Aug  2 08:15:01| host sshd", "1972-08-02T08:15:01 no-year"),
    ("Feb 29 08:15:01| host", "1972-02-29T08:15:01 no-year"),
    ("Aug 22 08:15:01.123| x", "1972-08-22T08:15:01.123 no-year"),
    ("Aug 22 2022 08:15:01| x", "2022-08-22T08:15:01"),
    ("Aug 22 2022 08:15:01.123 UTC|: x", "2022-08-22T08:15:01.123 +0"),
    ("Aug 22, 2022 8:15:01 AM| x", "2022-08-22T08:15:01"),
    ("August 22, 2022 at 8:15:01 PM| x", "2022-08-22T20:15:01"),
    ("Aug 22 08:15:01 2022| x", "2022-08-22T08:15:01"),
    ("Aug-22 08:15:01.123| x", "1972-08-22T08:15:01.123 no-year"),
    ("Mon Aug 22 08:15:01 2022|", "2022-08-22T08:15:01"),
    ("Mon Aug 22 08:15:01.123456 2022|] x", "2022-08-22T08:15:01.123456"),
    ("Wed May 19 12:00:02 UTC 2021| line", "2021-05-19T12:00:02 +0"),
    ("Mon Aug 22 08:15:01 CEST 2022|", "2022-08-22T08:15:01 +120"),
    ("Mon Aug 22 08:15:01 CST 2022|", "2022-08-22T08:15:01 shared-zone"),
    ("Mon Aug 22 08:15:01 +0200 2022|", "2022-08-22T08:15:01 +120"),
    ("Mon Aug 22 08:15:01| x", "1972-08-22T08:15:01 no-year"),
    ("Mon, 22 Aug 2022 08:15:01 +0200|", "2022-08-22T08:15:01 +120"),
    ("Monday, 22-Aug-22 08:15:01 GMT|", "2022-08-22T08:15:01 +0"),
    ("Mo. 22. August 2022 08:15:01| x", "2022-08-22T08:15:01"),
    ("Mon 08/22/2022  8:15:01.12| x", "2022-08-22T08:15:01.12"),
    ("Sun 04/03/2022 08:15:01| x", "2022-04-03T08:15:01"),
    ("Mon 04/04/2022 08:15:01| x", "2022-04-04T08:15:01 open"),
    // Numbers.
    ("081109 203615| 148 INFO", "2008-11-09T20:36:15"),
    ("220822  8:15:01| [Note]", "2022-08-22T08:15:01"),
    ("20220822T081501Z|", "2022-08-22T08:15:01 +0"),
    ("20220822-08:15:01:123|,x", "2022-08-22T08:15:01.123"),
    ("20220822-8:7:20:123| x", "2022-08-22T08:07:20.123"),
    ("20220822 08:15:01| x", "2022-08-22T08:15:01"),
    ("20220822|", "2022-08-22T00:00:00 no-time"),
    ("20220822081501| x", "2022-08-22T08:15:01"),
    ("20220822081501123| x", "2022-08-22T08:15:01.123"),
    ("20220822081501.123456+120| x", "2022-08-22T08:15:01.123456 +120"),
    ("1661155201| x", "2022-08-22T08:00:01 +0"),
    ("1661155201.1234567|\tx", "2022-08-22T08:00:01.1234567 +0"),
    ("1661155201123| x", "2022-08-22T08:00:01.123 +0"),
    ("1661155201123456| x", "2022-08-22T08:00:01.123456 +0"),
    ("1661155201123456789| x", "2022-08-22T08:00:01.1234567 +0"),
    ("@4000000063033a8b075bca00| x", "2022-08-22T08:12:49.123456 +0"),
    // The same elements in other company.
    ("2022-08-22T08:15Z| x", "2022-08-22T08:15:00 +0"),
    ("22-08-22T08:15:01.123Z| x", "2022-08-22T08:15:01.123 +0 open"),
    ("2022/08/22 08:15| x", "2022-08-22T08:15:00"),
    ("2022/08/22 8:15:01 PM| x", "2022-08-22T20:15:01"),
    ("2022/08/22 08:15:01 +0200| x", "2022-08-22T08:15:01 +120"),
    ("2022-08-22 08:15:01.123456 +0200| x", "2022-08-22T08:15:01.123456 +120"),
    ("20220822_081501| x", "2022-08-22T08:15:01"),
    ("20220822 081501| x", "2022-08-22T08:15:01"),
    ("20220822T08:15:01| x", "2022-08-22T08:15:01"),
    ("20220822T081501.123| x", "2022-08-22T08:15:01.123"),
    ("2022.08.22-08:15:01| x", "2022-08-22T08:15:01"),
    ("2022-08-22 08.15.01.123| x", "2022-08-22T08:15:01.123"),
    ("2022-08-22-08:15:01.123| x", "2022-08-22T08:15:01.123"),
    ("08/22/2022 8:15:01:123 PM UTC| x", "2022-08-22T20:15:01.123 +0"),
    ("08/22/2022 8:15:01 PM UTC| x", "2022-08-22T20:15:01 +0"),
    ("8/22/22 8:15:01 AM| x", "2022-08-22T08:15:01"),
    ("22/Aug/22 08:15:01| x", "2022-08-22T08:15:01"),
    ("22-Aug-2022 08:15:01 +0200| x", "2022-08-22T08:15:01 +120"),
    ("22-Aug-2022 08:15:01.123 UTC| x", "2022-08-22T08:15:01.123 +0"),
    ("22-Aug 08:15:01| x", "1972-08-22T08:15:01 no-year"),
    ("Mon Aug 22 2022 08:15:01| x", "2022-08-22T08:15:01"),
    ("Mon 22 Aug 2022 08:15:01| x", "2022-08-22T08:15:01"),
    ("Mon 22 Aug 2022 08:15:01 AM UTC| x", "2022-08-22T08:15:01 +0"),
    ("Mon, Aug 22 2022 08:15:01| x", "2022-08-22T08:15:01"),
    ("Mon Aug 22 8:15:01 PM UTC 2022| x", "2022-08-22T20:15:01 +0"),
    ("2022-08-22T08:15:01.123 +02:00| x", "2022-08-22T08:15:01.123 +120"),
    ("2022-08-22 08:15:01.123| -> x", "2022-08-22T08:15:01.123"),
    ("I0822 08:15:01.123456| 1234 x.cc:1]", "1972-08-22T08:15:01.123456 no-year"),
    ("E20220822 08:15:01.123456| 1234 x", "2022-08-22T08:15:01.123456"),
];

#[test]
fn every_style_means_what_the_table_says_and_takes_no_more() {
    assert!(STYLES.len() >= 100, "{}", STYLES.len());
    let mut wrong = Vec::new();
    for (marked, wanted) in STYLES {
        let len = marked.find('|').expect("a mark shows where the stamp ends");
        let text = marked.replacen('|', "", 1);
        let found = shown(stamp(&text, DateOrder::Open));
        if found != Some(((*wanted).to_owned(), len)) {
            wrong.push(format!("{marked}: {found:?} is not {wanted} of {len} bytes"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_is_no_stamp_is_none() {
    for text in [
        "",
        "hello",
        "2022-13-01 00:00:00",
        "2022-02-29 00:00:00",
        "2022-08-22 25:00:00",
        "2022-08-22 13:15:01 PM",
        "12345",
        "1.2.3.4 - -",
        "99:99",
        "Mon",
        "Mon x",
        "08:15:01 x",
        "12:30",
        "9999999999 x",
        "1661155201a",
        "1661155201.2.3",
        "1661155201-7",
        "5512345678 calls",
        "478760 12:21:46.284771",
        "45123 12:21:46",
        "2022",
        "2022-234",
        "Marvin 22 08:15:01",
        "host Aug 22 08:15:01",
        "Aug 22",
        "22 users 08:15:01",
        "10ms 08:15:01",
        "31.04.2022 08:15",
        "I0822",
        "T0822 08:15:01",
        "@40000000",
        "@8000000063033a8b075bca00",
        "M\u{e4}",
        "\u{fc}",
    ] {
        assert_eq!(shown(stamp(text, DateOrder::Open)), None, "{text}");
    }
}

#[test]
fn a_fixed_order_comes_first_and_a_year_of_two_digits_in_front_next() {
    let days = |text: &str, order| shown(stamp(text, order)).map(|(text, _)| text[..10].to_owned());
    for (text, day_first, month_first) in [
        ("03/04/2022", "2022-04-03", "2022-03-04"),
        ("13/04/2022", "2022-04-13", ""),
        ("04/13/2022", "", "2022-04-13"),
        ("17/06/09", "2009-06-17", "2017-06-09"),
        ("03-04-22", "2022-04-03", "2022-03-04"),
    ] {
        assert_eq!(days(text, DateOrder::DayFirst).unwrap_or_default(), day_first, "{text}");
        assert_eq!(days(text, DateOrder::MonthFirst).unwrap_or_default(), month_first, "{text}");
    }
    let (found, _) = stamp("03/04/2022", DateOrder::DayFirst).unwrap();
    assert!(!found.is_order_open());
}

#[test]
fn a_weekday_without_year_is_kept() {
    let weekday = |text: &str| stamp(text, DateOrder::Open).unwrap().0.weekday;
    assert_eq!(weekday("Mon Aug 22 08:15:01 x"), Some(0));
    assert_eq!(weekday("Mon Aug 22 08:15:01 2022"), None);
    assert_eq!(weekday("Aug 22 08:15:01 x"), None);
    let (found, _) = stamp("Aug  2 08:15:01 host sshd", DateOrder::DayFirst).unwrap();
    assert_eq!(Timestamp(found.in_year(2022).civil.0).to_string(), "2022-08-02T08:15:01Z");
}

#[test]
fn a_form_without_day_is_read_only_where_most_lines_have_it() {
    for (lines, text, wanted) in [
        (vec!["08:15:01.5 a", "08:15:02 b", "c"], "08:15:03.123 x", Some(("1970-01-01T08:15:03.123 no-date", 12))),
        (vec!["29:47.191: a", "30:04.735: b"], "30:11.474: 0", Some(("1970-01-01T00:30:11.474 no-date", 9))),
        (vec!["22234 08:15:01 a", "22234 08:15:02 b"], "22235 08:15:01 x", Some(("2022-08-23T08:15:01", 14))),
        (vec!["2022-08-22 08:15:01 a", "08:15:01 b"], "08:15:03.123 x", None),
        (vec!["08:15:01 a", "b", "c"], "08:15:03 x", None),
        (vec![], "08:15:03 x", None),
        (vec!["08:15:01 a"], "08:15 x", None),
        (vec!["08:15:01 a"], "2022-08-22 08:15:01 x", Some(("2022-08-22T08:15:01", 19))),
    ] {
        let reader = StampReader::learning(lines.iter().copied());
        let wanted = wanted.map(|(text, len): (&str, usize)| (text.to_owned(), len));
        assert_eq!(shown(reader.read(text)), wanted, "{lines:?}: {text}");
    }
}

/// How a style is written by the calendar library, and what it keeps: ticks of its smallest unit.
const WRITTEN: &[(&str, i64)] = &[
    ("%Y-%m-%d %H:%M:%S,%3f", TICKS_PER_SECOND / 1_000),
    ("%Y-%m-%d %H:%M:%S:%3f", TICKS_PER_SECOND / 1_000),
    ("%Y-%m-%dT%H:%M:%S.%9f+00:00", 1),
    ("%Y/%m/%d %H:%M:%S.%7f", 1),
    ("%Y-%m-%d-%H.%M.%S.%6f", 10),
    ("%Y.%m.%d %H:%M:%S", TICKS_PER_SECOND),
    ("%Y-%jT%H:%M:%S", TICKS_PER_SECOND),
    ("%Y-%b-%d %H:%M:%S", TICKS_PER_SECOND),
    ("%Y%m%d-%H:%M:%S:%3f", TICKS_PER_SECOND / 1_000),
    ("%Y%m%d%H%M%S", TICKS_PER_SECOND),
    ("%y%m%d %H%M%S", TICKS_PER_SECOND),
    ("%d.%m.%Y %H:%M:%S", TICKS_PER_SECOND),
    ("%d/%b/%Y:%H:%M:%S +0000", TICKS_PER_SECOND),
    ("%d-%b-%Y %H:%M:%S.%3f", TICKS_PER_SECOND / 1_000),
    ("%d %B %Y %H:%M:%S", TICKS_PER_SECOND),
    ("%a %b %e %H:%M:%S %Y", TICKS_PER_SECOND),
    ("%a %b %d %H:%M:%S UTC %Y", TICKS_PER_SECOND),
    ("%A, %d-%b-%y %H:%M:%S GMT", TICKS_PER_SECOND),
    ("%b %e %Y %H:%M:%S", TICKS_PER_SECOND),
    ("%b %d, %Y %I:%M:%S %p", TICKS_PER_SECOND),
    ("%a %m/%d/%Y %H:%M:%S", TICKS_PER_SECOND),
];

proptest! {
    #[test]
    fn a_stamp_that_was_written_reads_back(seconds in 946_684_800i64..3_000_000_000, ticks in 0i64..10_000_000) {
        for (style, unit) in WRITTEN {
            let at = Timestamp((seconds * TICKS_PER_SECOND + ticks) / unit * unit);
            let text = at.to_jiff().strftime(style).to_string();
            // A weekday fits both readings of one date in seven; then nothing tells them apart.
            let order = if style.contains("%m/%d/%Y") { DateOrder::MonthFirst } else { DateOrder::Open };
            let found = stamp(&text, order);
            prop_assert_eq!(found.map(|(stamp, len)| (stamp.civil.0, len)), Some((at.0, text.len())), "{}", text);
        }
    }

    #[test]
    fn both_orders_read_back_and_each_reading_is_said(seconds in 946_684_800i64..4_000_000_000) {
        let at = Timestamp::from_unix_seconds(seconds);
        for (style, order) in [("%d/%m/%Y %H:%M:%S", DateOrder::DayFirst), ("%m/%d/%Y %I:%M:%S %p", DateOrder::MonthFirst)] {
            let text = at.to_jiff().strftime(style).to_string();
            prop_assert_eq!(stamp(&text, order).map(|(stamp, _)| stamp.civil.0), Some(at.0), "{}", text);
            let (open, _) = stamp(&text, DateOrder::Open).unwrap();
            prop_assert!(open.readings.allow(order));
            let day = at.to_jiff().strftime("%d").to_string().parse::<u32>().unwrap();
            prop_assert_eq!(open.is_order_open(), day <= 12, "{}", text);
        }
    }

    #[test]
    fn counts_of_seconds_read_back(seconds in 1_000_000_000i64..2_500_000_000, nanos in 0i64..1_000_000_000) {
        for (text, unit) in [
            (format!("{seconds}"), TICKS_PER_SECOND),
            (format!("{seconds}.{nanos:09}"), 1),
            (format!("{seconds}{:03}", nanos / 1_000_000), TICKS_PER_SECOND / 1_000),
            (format!("{seconds}{:06}", nanos / 1_000), 10),
            (format!("{seconds}{nanos:09}"), 1),
            (format!("@{:016x}{nanos:08x}", (1i64 << 62) + 10 + seconds), 1),
        ] {
            let wanted = (seconds * TICKS_PER_SECOND + nanos / 100) / unit * unit;
            let found = stamp(&text, DateOrder::Open).map(|(stamp, len)| (stamp.civil.0, stamp.offset_s, len));
            prop_assert_eq!(found, Some((wanted, Some(0), text.len())), "{}", text);
        }
    }

    #[test]
    fn iso_stamps_agree_with_the_calendar_library(seconds in -2_000_000_000i64..4_000_000_000, ticks in 0i64..10_000_000) {
        let at = Timestamp(seconds * TICKS_PER_SECOND + ticks);
        let text = at.to_string();
        let (found, len) = stamp(&text, DateOrder::DayFirst).unwrap();
        prop_assert_eq!((found.civil.0, len), (at.0, text.len()));
    }

    #[test]
    fn any_text_at_all_is_survived(text in "\\PC{0,40}") {
        survive(&text);
    }

    #[test]
    fn near_stamps_are_survived(text in "[0-9A-Za-z:/. ,+@\\[\\]-]{0,32}") {
        survive(&text);
    }

    #[test]
    fn damaged_stamps_are_survived(style in 0..STYLES.len(), at in 0usize..60, with in "\\PC{0,2}") {
        let mut text: Vec<char> = STYLES[style].0.replacen('|', "", 1).chars().collect();
        let at = at.min(text.len());
        text.splice(at..(at + 1).min(text.len()), with.chars());
        survive(&text.into_iter().collect::<String>());
    }
}

/// Reads a text in every way; what is taken lies within it and ends between characters.
fn survive(text: &str) {
    for order in [DateOrder::Open, DateOrder::DayFirst, DateOrder::MonthFirst, DateOrder::YearFirst] {
        if let Some((_, len)) = stamp(text, order) {
            assert!(text.is_char_boundary(len), "{text}");
        }
    }
    if let Some((_, len)) = day_ticks(text) {
        assert!(text.is_char_boundary(len), "{text}");
    }
    if let Some((_, len)) = StampReader::learning(std::iter::once(text)).read(text) {
        assert!(text.is_char_boundary(len), "{text}");
    }
    let _ = crate::normalize::clock::date_in_name(text);
}
