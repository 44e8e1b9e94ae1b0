//! How long a verdict takes: a generated month of five hosts with a latent fault and sixty changes.

#[path = "../tests/it/fleet.rs"]
mod fleet;

use causeline::correlate::{self, correlate};
use causeline::judge::{self, judge};
use criterion::{Criterion, criterion_group, criterion_main};
use fleet::{DAY, Fleet, Trouble};

fn verdict(criterion: &mut Criterion) {
    let mut fleet = Fleet::new(1);
    let at = vec![4.0 * DAY, 4.1 * DAY, 9.0 * DAY, 9.1 * DAY, 9.2 * DAY];
    fleet.innocents(59).change("Guilty", &at);
    fleet.trouble(
        Trouble::Latent { at, until: vec![f64::INFINITY; 5], q: 0.2, power: 2.0, days: 1.0 },
        "profile-locked",
    );
    let tables = fleet.tables();
    let correlation = correlate(&tables, &correlate::Options::default());
    let name = format!("judge/{} attempts, {} changes", tables.attempts.len(), tables.changes.len());
    criterion.bench_function(&name, |bencher| bencher.iter(|| judge(&correlation, &judge::Options::default())));
    criterion.bench_function("correlate", |bencher| {
        bencher.iter(|| correlate(&tables, &correlate::Options::default()));
    });
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(10);
    targets = verdict
}
criterion_main!(benches);
