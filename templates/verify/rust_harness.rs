//! Reads vectors of decimal codes and prints the outputs of a Rust module, one line a vector. Made
//! by difflut for one check.
#![deny(warnings)]

#[path = "{{ name }}.rs"]
mod network;

use std::io::Read;

use network::{FEATURES, Feature, LANES, Workspace};

fn main() {
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text).expect("codes");
    let samples: Vec<[Feature; FEATURES]> = text
        .lines()
        .map(|line| {
            let codes: Vec<Feature> = line.split_whitespace().map(|code| code.parse().expect("a code")).collect();
            codes.try_into().expect("one code per feature")
        })
        .collect();
    let mut workspace = Workspace::default();
    let mut first = 0;
    // Batches of awkward sizes; single samples have to agree with them.
    for size in [1, LANES - 1, LANES, LANES + 1, 3 * LANES + 2].into_iter().cycle() {
        let batch = &samples[first..samples.len().min(first + size)];
{%- if classes %}
        let mut classes = vec![usize::MAX; batch.len()];
        let mut scores = vec![[u32::MAX; network::CLASSES]; batch.len()];
        network::predict_batch(batch, &mut classes, &mut workspace);
        network::scores_batch(batch, &mut scores, &mut workspace);
        for ((sample, class), scores) in batch.iter().zip(classes).zip(scores) {
            if network::predict(sample) != class || network::scores(sample) != scores {
                println!("BATCHES and single samples differ");
            }
            let scores: Vec<String> = scores.iter().map(u32::to_string).collect();
            println!("{class} {}", scores.join(" "));
        }
{%- else %}
        let mut bits = vec![[false; network::BITS]; batch.len()];
        network::bits_batch(batch, &mut bits, &mut workspace);
        for (sample, bits) in batch.iter().zip(bits) {
            if network::bits(sample) != bits {
                println!("BATCHES and single samples differ");
            }
            let bits: Vec<String> = bits.iter().map(|&bit| u8::from(bit).to_string()).collect();
            println!("{}", bits.join(" "));
        }
{%- endif %}
        first += batch.len();
        if first == samples.len() {
            break;
        }
    }
    println!("done {first}");
}
