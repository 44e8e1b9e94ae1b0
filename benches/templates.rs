//! How fast messages find their template: those of known shapes, those of new ones, and the search for variables.

use std::fmt::Write as _;

use causeline::model::SourceId;
use causeline::normalize::format::Formats;
use causeline::normalize::template::{Miner, mine};
use causeline::read::Source;
use causeline::stats::Random;
use criterion::{Criterion, PlottingBackend, Throughput};

/// Messages of a service that writes some thirty statements again and again.
fn messages(n: usize) -> Vec<String> {
    let mut random = Random::new(11);
    let verbs = ["opened", "closed", "lost", "found", "moved", "read"];
    let things = ["till", "drawer", "session", "profile", "printer"];
    (0..n)
        .map(|_| {
            let (thing, verb) = (things[random.below(5)], verbs[random.below(6)]);
            let (id, ms) = (random.below(100_000), random.below(900));
            format!("The {thing} {id} was {verb} for 10.0.{}.{} in {ms} ms, tag=a{id:x}", ms % 200, id % 250)
        })
        .collect()
}

/// Messages that share nothing but their length.
fn strange_messages(n: usize) -> Vec<String> {
    let letters = |n: usize| -> String { (0..4).map(|at| char::from(b'g' + (n >> (4 * at) & 15) as u8)).collect() };
    (0..n).map(|n| format!("The {} was {}", letters(n), letters(n * 7))).collect()
}

fn mined(messages: &[String]) -> Miner {
    let mut miner = Miner::new();
    for message in messages {
        miner.add(message);
    }
    miner
}

fn main() {
    let mut criterion = Criterion::default().plotting_backend(PlottingBackend::None).configure_from_args();
    let mut group = criterion.benchmark_group("templates");
    group.sample_size(10);
    for (name, messages) in [("known", messages(20_000)), ("new", strange_messages(20_000))] {
        group.throughput(Throughput::Elements(messages.len() as u64));
        group.bench_function(format!("add/{name}"), |bencher| bencher.iter(|| mined(&messages)));
        let miner = mined(&messages);
        group.bench_function(format!("settle/{name}"), |bencher| bencher.iter(|| miner.settle()));
    }
    let mut log = String::new();
    for message in messages(20_000) {
        let _ = writeln!(log, "2022-08-22 08:15:01,123 [7] INFO  Shop.Desk - {message}");
    }
    let sources = [Source::from_bytes(SourceId(0), "app.log", log.as_bytes())];
    group.throughput(Throughput::Bytes(log.len() as u64));
    group.bench_function("lines", |bencher| bencher.iter(|| mine(&sources, &Formats::default())));
    group.finish();
    criterion.final_summary();
}
