//! Odds ratios of one table and of many.
//!
//! Many tables: Mantel and Haenszel (1959); variance of its logarithm by Robins, Breslow and
//! Greenland (1986), which holds for few large tables and for many small ones.

/// A table of two groups and two outcomes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Table {
    /// First group, event.
    pub a: usize,
    /// First group, no event.
    pub b: usize,
    /// Second group, event.
    pub c: usize,
    /// Second group, no event.
    pub d: usize,
}

/// An odds ratio with its 95 % interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OddsRatio {
    /// The ratio.
    pub value: f64,
    /// Lower bound.
    pub lower: f64,
    /// Upper bound.
    pub upper: f64,
}

/// The 97.5 % point of the normal distribution.
pub(super) const Z: f64 = 1.959_963_984_540_054;

/// The odds ratio of one table, half a count added to each cell (Haldane, Anscombe), so that it is finite.
pub fn odds_ratio(table: Table) -> OddsRatio {
    let [a, b, c, d] = [table.a, table.b, table.c, table.d].map(|count| count as f64 + 0.5);
    around((a * d / (b * c)).ln(), (1.0 / a + 1.0 / b + 1.0 / c + 1.0 / d).sqrt())
}

fn around(log_value: f64, error: f64) -> OddsRatio {
    OddsRatio { value: log_value.exp(), lower: (log_value - Z * error).exp(), upper: (log_value + Z * error).exp() }
}

/// The common odds ratio over strata; `None` if no stratum can tell.
pub fn mantel_haenszel(strata: &[Table]) -> Option<OddsRatio> {
    let (mut r, mut s, mut pr, mut ps_qr, mut qs) = (0.0, 0.0, 0.0, 0.0, 0.0);
    for table in strata {
        let [a, b, c, d] = [table.a, table.b, table.c, table.d].map(|count| count as f64);
        let n = a + b + c + d;
        if n <= 0.0 {
            continue;
        }
        let (p, q) = ((a + d) / n, (b + c) / n);
        let (ri, si) = (a * d / n, b * c / n);
        r += ri;
        s += si;
        pr += p * ri;
        ps_qr += p * si + q * ri;
        qs += q * si;
    }
    if r <= 0.0 || s <= 0.0 {
        // Empty cells in every stratum: pool and add half a count, rather than say nothing.
        let pooled = strata.iter().fold(Table::default(), |sum, table| Table {
            a: sum.a + table.a,
            b: sum.b + table.b,
            c: sum.c + table.c,
            d: sum.d + table.d,
        });
        let tells = pooled.a + pooled.b > 0 && pooled.c + pooled.d > 0 && pooled.a + pooled.c > 0;
        return tells.then(|| odds_ratio(pooled));
    }
    let variance = pr / (2.0 * r * r) + ps_qr / (2.0 * r * s) + qs / (2.0 * s * s);
    Some(around((r / s).ln(), variance.sqrt()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// python: `from statsmodels.stats.contingency_tables import StratifiedTable as S`;
    /// `t = S([[[8, 12], [3, 40]], [[5, 9], [6, 31]]]); t.oddsratio_pooled, t.oddsratio_pooled_confint()`
    #[test]
    fn the_common_odds_ratio_agrees_with_statsmodels() {
        let strata = [Table { a: 8, b: 12, c: 3, d: 40 }, Table { a: 5, b: 9, c: 6, d: 31 }];
        let pooled = mantel_haenszel(&strata).unwrap();
        assert!((pooled.value - 4.979_954_180_985_109).abs() < 1e-9, "{pooled:?}");
        assert!((pooled.lower - 1.854_692_124_846_047_7).abs() < 1e-6, "{pooled:?}");
        assert!((pooled.upper - 13.371_461_124_185_04).abs() < 1e-4, "{pooled:?}");
    }

    #[test]
    fn strata_that_cannot_tell_are_said_so() {
        assert!(mantel_haenszel(&[Table { a: 0, b: 5, c: 0, d: 9 }]).is_none());
        assert!(mantel_haenszel(&[]).is_none());
        let all_or_nothing = mantel_haenszel(&[Table { a: 9, b: 0, c: 0, d: 30 }]).unwrap();
        assert!(all_or_nothing.lower > 10.0 && all_or_nothing.upper.is_finite());
    }
}
