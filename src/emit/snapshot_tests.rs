//! What each target prints for one tiny design. "Unchanged" is all that a snapshot says; that
//! the text is right is shown by `hdl_tests/emit.rs`.

use crate::logic::TruthTable;
use crate::netlist::{ClassHead, Comparator, Design, DesignHead, InputBus, Netlist, Section};

use super::{
    COptions, CStyle, EmitError, EmitOptions, EmitRequest, EncoderOption, HdlOptions, Interface, LutStyle, OutputSet,
    Provenance, Registers, TestVectors, Vector, WordSize, target,
};

/// Three features of two bits, four tables in two layers, two classes; feature 2 is not read.
fn design() -> Design {
    let mut core = Netlist::new();
    let inputs: Vec<_> = (0..3).map(|_| core.add_input(Section::Encoder)).collect();
    let majority = TruthTable::from_fn(3, |row| row.count_ones() >= 2);
    let and = TruthTable::from_words(2, vec![0b1000]);
    let a = core.add_lut(&majority, &inputs, Section::Layer(0));
    let b = core.add_lut(&and, &[inputs[0], inputs[2]], Section::Layer(0));
    let c = core.add_lut(&TruthTable::inverter(), &[a], Section::Layer(1));
    let d = core.add_lut(&TruthTable::from_fn(3, |row| row == 5), &[b, a, inputs[1]], Section::Layer(1));
    for output in [a, d, c] {
        core.add_output(output);
    }
    let comparator = |feature, threshold| Comparator { feature, threshold };
    Design {
        name: "tiny net".to_owned(),
        input: InputBus { features: 3, bits: 2, signed: false },
        comparators: vec![comparator(0, 1), comparator(0, 3), comparator(1, 2)],
        core,
        head: DesignHead::Classes(ClassHead::new(vec![0..2, 2..3])),
        slices: false,
    }
}

/// All codes of three features of two bits.
fn samples() -> Vec<Vec<i64>> {
    (0..64).map(|row| vec![row & 3, row >> 2 & 3, row >> 4 & 3]).collect()
}

/// One table of six inputs per output.
fn flat(design: &Design) -> Netlist {
    let outputs = design.simulate(&samples());
    let mut flat = Netlist::new();
    let inputs: Vec<_> = (0..6).map(|_| flat.add_input(Section::Encoder)).collect();
    let score_bit = |class: usize, bit: usize| TruthTable::from_fn(6, |row| outputs.scores[row][class] >> bit & 1 == 1);
    let mut tables = vec![TruthTable::from_fn(6, |row| outputs.classes[row] == Some(1))];
    tables.extend([(0, 0), (0, 1), (1, 0), (1, 1)].map(|(class, bit)| score_bit(class, bit)));
    for table in &tables {
        let output = flat.add_lut(table, &inputs, Section::Head);
        flat.add_output(output);
    }
    flat
}

fn vectors(design: &Design) -> TestVectors {
    let codes: Vec<Vec<i64>> = samples().into_iter().step_by(13).collect();
    let outputs = design.simulate(&codes);
    let vector = |(sample, codes): (usize, Vec<i64>)| Vector {
        codes,
        bits: (0..3).map(|output| outputs.bits.get(output, sample)).collect(),
        scores: outputs.scores[sample].clone(),
        class: outputs.classes[sample].map(|class| class as u32),
    };
    TestVectors { vectors: codes.into_iter().enumerate().map(vector).collect() }
}

/// Everything that a target prints, one file after the other.
fn print(target_name: &str, options: &EmitOptions, vectors: &TestVectors) -> Result<String, EmitError> {
    let design = design();
    let provenance = Provenance {
        tool_version: "0.0.0".to_owned(),
        model_sha256: "0123456789abcdef".repeat(4),
        input_values: "value = code * 0.5 + 1".to_owned(),
        scale: 0.5,
        offset: 1.0,
        tau: Some("3".to_owned()),
    };
    let flat = flat(&design);
    let request = EmitRequest { design: &design, flat: &flat, provenance: &provenance, options, vectors };
    let files = target(target_name).unwrap().emit(&request)?;
    let text = |contents: &[u8]| String::from_utf8_lossy(contents).into_owned();
    Ok(files.iter().map(|file| format!("==== {}: {}\n{}", file.name, file.purpose, text(&file.contents))).collect())
}

fn hdl(pipeline: Option<Registers>, lut_style: LutStyle) -> EmitOptions {
    EmitOptions { hdl: HdlOptions { pipeline, lut_style, ..HdlOptions::default() }, ..EmitOptions::default() }
}

fn printed(target_name: &str, options: &EmitOptions) -> String {
    print(target_name, options, &vectors(&design())).unwrap()
}

#[test]
fn verilog_combinational() {
    insta::assert_snapshot!(printed("verilog", &EmitOptions::default()));
}

#[test]
fn verilog_pipelined_primitives() {
    insta::assert_snapshot!(printed("verilog", &hdl(Some(Registers::Levels(1)), LutStyle::Primitive)));
}

#[test]
fn verilog_stream() {
    let hdl = HdlOptions { interface: Interface::Axis, ..HdlOptions::default() };
    let text = printed("verilog", &EmitOptions { hdl, ..EmitOptions::default() });
    insta::assert_snapshot!(text.split("==== tiny_net_encoder.v").next().unwrap_or_default());
}

#[test]
fn vhdl_pipelined() {
    insta::assert_snapshot!(printed("vhdl", &hdl(Some(Registers::Levels(2)), LutStyle::Table)));
}

#[test]
fn hls() {
    insta::assert_snapshot!(printed("hls", &EmitOptions::default()));
}

#[test]
fn c() {
    insta::assert_snapshot!(printed("c", &EmitOptions::default()));
}

#[test]
fn c_words() {
    let c = COptions { c_style: CStyle::Straight, c_word: Some(WordSize::Bits16), c_batch: true };
    insta::assert_snapshot!(printed("c", &EmitOptions { c, ..EmitOptions::default() }));
}

#[test]
fn c_library() {
    insta::assert_snapshot!(printed("c-lib", &EmitOptions::default()));
}

#[test]
fn rust() {
    insta::assert_snapshot!(printed("rust", &EmitOptions::default()));
}

#[test]
fn dot() {
    insta::assert_snapshot!(printed("dot", &EmitOptions::default()));
}

#[test]
fn torch() {
    // The tensors are no text; hdl_tests run both files.
    let text = printed("torch", &EmitOptions::default());
    insta::assert_snapshot!(text.split("==== tiny_net_torch.safetensors").next().unwrap_or_default());
}

#[test]
fn blif() {
    insta::assert_snapshot!(printed("blif", &EmitOptions::default()));
}

#[test]
fn without_vectors_there_is_no_test_bench() {
    for (target, files) in [("verilog", 6), ("vhdl", 1), ("hls", 3)] {
        let text = print(target, &EmitOptions::default(), &TestVectors::default()).unwrap();
        assert_eq!(text.matches("==== ").count(), files, "{text}");
        assert!(!text.contains("_tb"), "{text}");
    }
}

#[test]
fn vectors_that_do_not_fit_are_refused_with_their_number() {
    let refuse = |change: fn(&mut Vector)| {
        let mut vectors = vectors(&design());
        change(&mut vectors.vectors[2]);
        print("verilog", &EmitOptions::default(), &vectors).unwrap_err().to_string()
    };
    let prefix = "target `verilog`: test vector 2 ";
    assert_eq!(refuse(|v| v.codes.truncate(2)), format!("{prefix}has 2 codes; the design has 3 features"));
    assert_eq!(refuse(|v| v.codes[1] = 4), format!("{prefix}has the code 4; allowed are 0 to 3"));
    assert_eq!(refuse(|v| v.scores.truncate(1)), format!("{prefix}expects 1 scores; the design has 2 classes"));
    assert_eq!(refuse(|v| v.scores[0] = 4), format!("{prefix}expects the score 4; scores have 2 bits"));
    assert_eq!(refuse(|v| v.class = Some(2)), format!("{prefix}expects the class 2; the largest is 1"));
}

#[test]
fn impossible_combinations_say_why() {
    let refuse = |change: &dyn Fn(&mut HdlOptions)| {
        let mut options = EmitOptions::default();
        change(&mut options.hdl);
        print("verilog", &options, &TestVectors::default()).unwrap_err().to_string()
    };
    let starts = |found: String, expected: &str| assert!(found.starts_with(expected), "{found}");
    starts(
        refuse(&|hdl| hdl.pipeline = Some(Registers::Levels(0))),
        "target `verilog`: option --pipeline is 0; allowed are ",
    );
    starts(refuse(&|hdl| hdl.pipeline = Some(Registers::Auto)), "target `verilog`: --pipeline auto needs the clock");
    starts(refuse(&|hdl| hdl.clock_mhz = Some(100.0)), "target `verilog`: --clock-mhz has no effect without ");
    starts(
        refuse(&|hdl| (hdl.interface, hdl.pipeline) = (Interface::Axis, Some(Registers::None))),
        "target `verilog`: --interface valid and axis need registers",
    );
    starts(
        refuse(&|hdl| (hdl.pipeline, hdl.clock_mhz) = (Some(Registers::Auto), Some(1900.0))),
        "target `verilog`: option --clock-mhz is 1900; allowed are clocks up to ",
    );
}

#[test]
fn latency_is_depth_over_levels_between_registers() {
    let design = design();
    // Comparators, two layers, the addition of two bits, comparison and selection.
    assert_eq!(design.depth(), 6);
    let latency = |pipeline| target("verilog").unwrap().latency(&design, &hdl(pipeline, LutStyle::Table));
    let levels = |every| Some(Registers::Levels(every));
    assert_eq!([None, levels(1), levels(2), levels(4), levels(9)].map(latency), [0, 6, 3, 2, 1]);
    // Encoder, two layers, scores, class.
    assert_eq!(latency(Some(Registers::Layers)), 5);
    let options = HdlOptions { pipeline: levels(1), outputs: OutputSet::Scores, ..HdlOptions::default() };
    assert_eq!(target("verilog").unwrap().latency(&design, &EmitOptions { hdl: options, ..EmitOptions::default() }), 4);
    let options = HdlOptions { pipeline: levels(1), encoder: EncoderOption::Off, ..HdlOptions::default() };
    assert_eq!(target("vhdl").unwrap().latency(&design, &EmitOptions { hdl: options, ..EmitOptions::default() }), 5);
    assert_eq!(target("c").unwrap().latency(&design, &EmitOptions::default()), 0);
}
