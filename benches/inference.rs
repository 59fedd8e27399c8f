//! Samples per second of the inference engine on the networks of docs/benchmarks.md.
//!
//!     cargo bench --no-default-features --bench inference -- --layers 6 --width 8000 --fan-in 2
//!
//! `RAYON_NUM_THREADS=1` measures one core. Networks are random: 784 features of one bit each,
//! ten classes. Figures are samples per second of processor time, so that other programs on the machine
//! disturb them little, and include group sums and argmax.
#![allow(missing_docs, reason = "a program")]
#![allow(clippy::expect_used, clippy::print_stdout, reason = "a benchmark of something broken may stop")]

use std::time::Instant;

use difflut::binarized::arbitrary::{NetworkShape, random_network};
use difflut::infer::Engine;
use difflut::logic::BitMatrix;

fn main() {
    let number = |name: &str, default: usize| {
        let mut arguments = std::env::args().skip_while(|argument| argument != name);
        arguments.nth(1).map_or(default, |text| text.parse().expect("a number"))
    };
    let (layers, width, fan_in) = (number("--layers", 6), number("--width", 8_000), number("--fan-in", 2));
    let samples = number("--samples", 65_536);
    let mut shape = NetworkShape::image(layers, width);
    shape.layers.iter_mut().for_each(|(inputs, _)| *inputs = fan_in);
    let network = random_network(1, &shape);
    let start = Instant::now();
    let engine = Engine::new(&network);
    println!(
        "{layers} x {width} tables of {fan_in} inputs: {} steps in {:.2} s, {} KiB of values",
        engine.steps(),
        start.elapsed().as_secs_f64(),
        engine.working_set() / 1024
    );
    let columns = network.encoder().width();
    let rows: Vec<bool> = (0..samples * columns).map(|i| (i.wrapping_mul(0x9e37_79b9) >> 13) & 1 == 1).collect();
    let bits = BitMatrix::from_rows(&rows, columns);
    let values: Vec<f32> =
        (0..samples * network.features()).map(|i| ((i.wrapping_mul(0x9e37_79b9) >> 13) & 255) as f32).collect();
    measure("packed bits", samples, || engine.predict_encoded(&bits, false).classes);
    measure("rows of bools", samples, || engine.predict_rows(&rows, false).classes);
    measure("rows of floats", samples, || engine.predict(&values, false).classes);
    let few = samples.min(512);
    measure("reference inference", few, || {
        let rows = values.chunks_exact(network.features()).take(few);
        rows.map(|row| network.predict(row).class.unwrap_or(0) as u32).collect()
    });
}

fn measure(what: &str, samples: usize, run: impl Fn() -> Vec<u32>) {
    let (start, wall, mut runs) = (cpu_seconds(), Instant::now(), 0);
    let spent = loop {
        assert_eq!(run().len(), samples, "a class for every sample");
        runs += 1;
        let spent = match (start, cpu_seconds()) {
            (Some(start), Some(now)) => now - start,
            _ => wall.elapsed().as_secs_f64(),
        };
        if spent > 1.0 {
            break spent;
        }
    };
    println!("{what:<22} {:>9.3} M samples/s", (runs * samples) as f64 / spent / 1e6);
}

/// Processor time of all threads of this process, in steps of 10 ms; `None` where the system does
/// not say.
fn cpu_seconds() -> Option<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    let fields: Vec<&str> = stat.rsplit(')').next()?.split_whitespace().collect();
    let ticks = |field: usize| fields.get(field)?.parse::<f64>().ok();
    Some((ticks(11)? + ticks(12)?) / 100.0)
}
