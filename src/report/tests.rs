//! The report on a network small enough to count by hand.

use super::*;
use crate::binarized::{Encoder, Head, LutLayer};
use crate::config::InputFormat;
use crate::logic::TruthTable;
use crate::passes::{Pipeline, optimize};

fn table(rows: &str) -> TruthTable {
    TruthTable::from_fn(2, |row| rows.as_bytes()[row] == b'1')
}

/// Codes of two bits, `b = [x0 >= 1, x0 >= 2, x1 >= 1, x1 >= 3]`, then
///
///     n = [b0 & b2, 0, b0 whatever b1 is, b1 ^ b2, b2 | b3 that nothing reads]
///     m = [n0 & n3, n1 | n2, 1, !(n0 & n3)]
///
/// Class 0 counts m0 and m1, class 1 counts m2 and m3.
fn network(name: &str) -> BinarizedNetwork {
    let layer = |input_width, pins: &[[u32; 2]], rows: &[&str]| LutLayer {
        input_width,
        fan_in: 2,
        wiring: pins.concat(),
        tables: rows.iter().map(|rows| table(rows)).collect(),
    };
    let first = layer(4, &[[0, 2], [1, 3], [0, 1], [1, 2], [2, 3]], &["0001", "0000", "0101", "0110", "0111"]);
    let second = layer(5, &[[0, 3], [1, 2], [0, 1], [0, 3]], &["0001", "0111", "1111", "1110"]);
    let encoder = Encoder::from_thresholds(2, &[0.5, 1.5, 0.5, 2.5]);
    let head = Head::GroupSum { classes: 2, tau: 2.0 };
    BinarizedNetwork::new(name, InputFormat::unsigned(2), encoder, vec![first, second], head).unwrap()
}

fn source() -> ModelSource {
    ModelSource {
        sha256: "5ha".into(),
        kind: "binarized network, truth tables only".into(),
        recorded_accuracy: Some(0.75),
        config: None,
        training: Some(serde_json::json!({ "train_data": "toy", "train_samples": 1234 })),
    }
}

fn all_codes() -> ScoreSamples {
    ScoreSamples { codes: (0..16).map(|code| vec![code % 4, code / 4]).collect(), source: "every code".into() }
}

fn report_of(network: &BinarizedNetwork, image: Option<ImageShape>) -> Report {
    let mut design = lower(network);
    let passes = optimize(&mut design, &Pipeline::level("1").unwrap()).unwrap();
    Report::new(&ReportRequest {
        network,
        source: &source(),
        design: &design,
        optimization: "-O1",
        passes: &passes,
        pipelining: &Pipelining { pipeline: "every 2 levels".into(), latency: 3, registers: 17 },
        image,
        samples: &all_codes(),
    })
    .unwrap()
}

#[test]
fn every_figure_is_the_one_counted_by_hand() {
    let report = report_of(&network("toy"), None);
    // A threshold of two is the upper bit itself, the others are one table of two bits each.
    assert_eq!((report.before.encoder, &report.before.layers[..]), (3, &[5, 4][..]));
    assert_eq!(report.before.comparators, 4);
    // b0 & b2, b1 ^ b2; m0 is their conjunction, m3 its complement, m1 is b0, m2 is one.
    assert_eq!((report.after.encoder, &report.after.layers[..]), (2, &[2, 2][..]));
    let [encoder, first, second, _head] = &report.tables_before[..] else { panic!("{:?}", report.tables_before) };
    assert_eq!((encoder.part.as_str(), encoder.tables), ("encoder", 3));
    assert_eq!((first.tables, first.constant, first.wires, first.dead, first.ignored_inputs), (5, 1, 1, 1, 3));
    assert_eq!((second.tables, second.constant, second.wires, second.dead, second.ignored_inputs), (4, 1, 0, 0, 2));
    assert_eq!(first.by_inputs, [(2, 5)].into());
    let fan_out: Vec<_> = report
        .fan_out_before
        .iter()
        .map(|part| (part.part.as_str(), part.readers, part.unread, part.largest))
        .collect();
    assert_eq!(fan_out, [("encoder", 10, 0, 3), ("layer 0", 8, 1, 3), ("layer 1", 4, 0, 1)]);
    // Only the constant and the dead node read x1 >= 3.
    assert_eq!(report.thresholds.defined_by_feature, [2, 2]);
    assert_eq!(report.thresholds.used_by_feature, [2, 1]);
    assert_eq!((report.thresholds.defined, report.thresholds.used, report.thresholds.features_used), (4, 3, 2));
    let trained = &report.passes[0];
    assert_eq!((trained.pass.as_str(), trained.luts, &trained.layers[..]), ("trained", 9, &[5, 4][..]));
    assert_eq!((trained.pins, trained.depth, &trained.layer_levels[..]), (18, 2, &[1, 2][..]));
    let last = report.passes.last().unwrap();
    assert_eq!(last.layers.iter().sum::<usize>() + last.encoder, last.luts);
    // Of two bits the population count is one counter of one level, the argmax two levels.
    let timing = &report.timing;
    assert_eq!((timing.encoder_levels, timing.core_levels), (1, 2));
    assert_eq!(timing.levels, 1 + 2 + timing.popcount_levels + timing.argmax_levels);
    assert_eq!((timing.latency_cycles, timing.initiation_interval, timing.registers), (3, Some(1), 17));
}

#[test]
fn scores_are_those_of_the_reference_inference() {
    let network = network("toy");
    let scores = report_of(&network, None).scores.unwrap();
    assert_eq!((scores.samples, scores.classes.len()), (16, 2));
    let outcomes: Vec<_> = all_codes().codes.iter().map(|codes| network.predict_codes(codes)).collect();
    for (class, found) in scores.classes.iter().enumerate() {
        let mut expected: Vec<u32> = outcomes.iter().map(|outcome| outcome.scores[class]).collect();
        expected.sort_unstable();
        // Ranks 0, 0.75, 7.5, 14.25 and 15 of sixteen, rounded.
        assert_eq!(found.observed.unwrap(), [0, 1, 8, 14, 15].map(|rank| expected[rank]));
        assert_eq!(found.wins, outcomes.iter().filter(|outcome| outcome.class == Some(class)).count());
    }
    let possible: Vec<_> = scores.classes.iter().map(|class| (class.possible_min, class.possible_max)).collect();
    assert_eq!(possible, [(0, 2), (1, 2)]);
    assert_eq!(scores.ties, outcomes.iter().filter(|outcome| outcome.scores[0] == outcome.scores[1]).count());
}

#[test]
fn the_file_has_the_documented_fields() {
    insta::assert_snapshot!(report_of(&network("toy"), None).to_json());
}

#[test]
fn the_same_request_gives_the_same_bytes() {
    let (one, two) = (report_of(&network("toy"), None), report_of(&network("toy"), None));
    assert_eq!(one.to_json(), two.to_json());
    assert_eq!(page(&one), page(&two));
    assert!(!one.to_json().contains("times_ms"));
}

/// Parses the page, which is well-formed XML, and looks at every element.
#[track_caller]
fn check_page(text: &str) {
    let options = roxmltree::ParsingOptions { allow_dtd: true, ..roxmltree::ParsingOptions::default() };
    let document = roxmltree::Document::parse_with_options(text, options).unwrap_or_else(|error| panic!("{error}"));
    let mut ids = Vec::new();
    let mut links = Vec::new();
    for node in document.descendants().filter(roxmltree::Node::is_element) {
        let name = node.tag_name().name();
        let loads = ["script", "link", "img", "image", "iframe", "object", "embed", "use", "base", "form"];
        assert!(!loads.contains(&name), "<{name}> could load something");
        for attribute in node.attributes() {
            let (key, value) = (attribute.name(), attribute.value());
            assert!(!key.starts_with("on") && key != "src" && key != "style", "<{name} {key}>");
            assert!(!value.contains("NaN") && !value.contains("inf"), "<{name} {key}=\"{value}\">");
            match key {
                "id" => ids.push(value),
                "href" => links.push(value.strip_prefix('#').unwrap_or_else(|| panic!("{value} leads elsewhere"))),
                _ => {}
            }
        }
        if name == "style" {
            let style = node.text().unwrap_or_default();
            assert!(!style.contains("url(") && !style.contains("@import"), "the style sheet loads something");
        }
    }
    assert!(links.iter().all(|link| ids.contains(link)), "{links:?} without {ids:?}");
    // Nothing but the two namespaces that HTML and SVG have as their names.
    let addresses = text.matches("://").count();
    let names = text.matches("\"http://www.w3.org/1999/xhtml\"").count()
        + text.matches("\"http://www.w3.org/2000/svg\"").count();
    assert_eq!(addresses, names);
}

#[test]
fn the_page_is_well_formed_and_loads_nothing() {
    let text = page(&report_of(&network("toy"), None));
    check_page(&text);
    for words in ["Area by part", "layer 1", "75.00 %", "1,234 samples", "every code", "3 cycles", "class 1"] {
        assert!(text.contains(words), "no `{words}` in the page");
    }
}

#[test]
fn a_name_cannot_leave_its_place_in_the_page() {
    let text = page(&report_of(&network("</title><script>alert('x')</script> & \"quoted\""), None));
    check_page(&text);
}

#[test]
fn pages_of_every_shape_of_network_are_well_formed() {
    use crate::binarized::arbitrary::{NetworkShape, random_network};
    for (seed, features) in [(1, 3), (2, 64), (3, 70), (4, 192)] {
        let shape = NetworkShape { features, ..NetworkShape::small() };
        check_page(&page(&report_of_any(&random_network(seed, &shape))));
        let bits = NetworkShape { features, head: Head::Bits, layers: vec![], ..NetworkShape::small() };
        check_page(&page(&report_of_any(&random_network(seed, &bits))));
    }
    let shape = NetworkShape { features: 12, ..NetworkShape::small() };
    let network = random_network(5, &shape);
    let mut report = report_of_any(&network);
    report.thresholds.image = Some(Image::declared([4, 1, 3]));
    check_page(&page(&report));
}

fn report_of_any(network: &BinarizedNetwork) -> Report {
    let mut design = lower(network);
    let passes = optimize(&mut design, &Pipeline::level("2").unwrap()).unwrap();
    Report::new(&ReportRequest {
        network,
        source: &ModelSource::default(),
        design: &design,
        optimization: "-O2",
        passes: &passes,
        pipelining: &Pipelining::default(),
        image: None,
        samples: &ScoreSamples::default(),
    })
    .unwrap()
}

/// The report on a streamed network of two convolutions.
fn streamed_report(head: Head, optimization: &str) -> StreamedReport {
    use crate::binarized::arbitrary::{ImageShape as Shape, RandomStep, random_image_network};
    let shape = Shape {
        image: [1, 6, 5],
        input: InputFormat::unsigned(4),
        bits_per_feature: 2,
        feature_wise: true,
        steps: vec![RandomStep::convolution(3, 3, 3, 1, 1), RandomStep::convolution(2, 3, 2, 2, 0)],
        dense: vec![(3, 8)],
        head,
    };
    let network = random_image_network(7, &shape);
    let (parts, mut design) = crate::lower::lower_streamed(&network).unwrap();
    let pipeline = Pipeline::level(&optimization[2..]).unwrap();
    let passes: Vec<_> = design.designs_mut().map(|part| optimize(part, &pipeline).unwrap()).collect();
    let mut options = crate::emit::EmitOptions::default();
    options.hdl.convolution = crate::emit::Convolution::Streaming;
    options.hdl.interface = crate::emit::Interface::Valid;
    let facts = crate::emit::target("verilog").unwrap().streamed_facts(&design, &options).unwrap();
    StreamedReport::new(&StreamedRequest {
        network: &network,
        source: &source(),
        design: &design,
        parts: &streamed_parts(&parts, &design, &passes, &facts).unwrap(),
        not_streamed: None,
        optimization,
        timing: facts.timing,
        interface: "valid",
        pipeline: "layers",
        samples: &ScoreSamples { codes: vec![vec![3; 30], vec![9; 30]], source: "two".into() },
    })
}

#[test]
fn the_file_of_a_streamed_network_has_the_documented_fields() {
    insta::assert_snapshot!(streamed_report(Head::GroupSum { classes: 2, tau: 1.0 }, "-O1").to_json());
}

#[test]
fn the_parts_of_a_streamed_network_add_up() {
    let report = streamed_report(Head::GroupSum { classes: 2, tau: 1.0 }, "-O2");
    let names: Vec<&str> = report.parts.iter().map(|part| part.part.as_str()).collect();
    assert_eq!(names, ["encoder", "window 0", "kernel 0", "window 1", "kernel 1", "image", "dense"]);
    // Rows of five pixels: two rows and three pixels of each of two bits; a row and two of each of three.
    let lines = |part: usize| report.parts[part].memory_bits;
    assert!(lines(1) <= 2 * 13 && lines(3) <= 3 * 7, "{} {}", lines(1), lines(3));
    // The second convolution has three rows of two positions of two bits.
    assert_eq!(lines(5), 2 * 3 * 2);
    assert_eq!(report.timing.cycles_per_image, 30);
    assert_eq!(report.scores.as_ref().unwrap().samples, 2);
    for (index, estimate) in report.estimates.iter().enumerate() {
        assert_eq!(estimate.luts, report.sum(|part| part.estimates[index].luts));
        assert_eq!(estimate.flip_flops, report.sum(|part| part.estimates[index].flip_flops));
    }
    assert_eq!(report.estimates[1].flip_flops, report.sum(|part| part.registers + part.memory_bits));
    for part in report.parts.iter().filter(|part| part.part.starts_with("kernel") || part.part == "dense") {
        assert_eq!(part.luts_after, part.after.as_ref().unwrap().total);
        assert!(part.luts_after <= part.luts_before && part.passes.len() > 1);
    }
}

#[test]
fn pages_of_streamed_networks_are_well_formed() {
    for head in [Head::GroupSum { classes: 2, tau: 1.0 }, Head::Bits] {
        for level in ["-O0", "-O2"] {
            let report = streamed_report(head, level);
            let text = streamed_page(&report);
            check_page(&text);
            for words in ["Registers and line buffers", "kernel 1", "30", "window 0", "75.00 %"] {
                assert!(text.contains(words), "no `{words}` in the page");
            }
            assert_eq!(text, streamed_page(&streamed_report(head, level)));
        }
    }
}
