//! Mathematics without a domain: slices in, numbers out.
//!
//! Invariant: nothing here knows any other part of the crate; sums run in a fixed order.

pub mod change_time;
pub mod level;
pub mod odds;
pub mod quantile;
pub mod random;
pub mod rank;
pub mod rate;
pub mod segment;
pub mod special;
pub mod tail;

pub use change_time::{change_time, may_be_highest};
pub use level::change_points;
pub use odds::{OddsRatio, Table, mantel_haenszel, odds_ratio};
pub use quantile::{median_interval, quantile};
pub use random::Random;
pub use rank::{RankTest, holm, rank_test};
pub use rate::{RateRatio, Share, difference_in_differences, rate_ratio};
pub use segment::{Bin, Model, Segment, overdispersion, partition};
pub use special::{ln_gamma, log_mean_exp, log_sum_exp};
pub use tail::{beta_cdf, beta_quantile, binomial_tail, proportion_interval};
