//! The C header on microcontrollers: Cortex-M, RISC-V and AVR, in their emulators.

use std::path::Path;

use difflut::binarized::arbitrary::{NetworkShape, random_network};
use difflut::binarized::{BinarizedNetwork, Head};
use difflut::config::InputFormat;
use difflut::emit::{
    COptions, CStyle, EmitOptions, EmitRequest, Provenance, TestVectors, Vector, WordSize, identifier, target,
};
use difflut::lower::lower;
use difflut::verify::Verdict;

use crate::support::shapes::{classes, networks, vectors};
use crate::support::{check_with, run, run_silent, tool};

fn options(c_style: CStyle, c_word: Option<WordSize>, c_batch: bool) -> EmitOptions {
    EmitOptions { c: COptions { c_style, c_word, c_batch }, ..EmitOptions::default() }
}

fn straight(word: WordSize) -> EmitOptions {
    options(CStyle::Straight, Some(word), true)
}

#[test]
fn word_operations_of_every_shape_and_size_agree_in_gcc_and_clang() {
    let test = "word_operations_of_every_shape_and_size_agree_in_gcc_and_clang";
    let words = [WordSize::Bits8, WordSize::Bits16, WordSize::Bits32, WordSize::Bits64];
    for (number, (shape, network)) in networks().into_iter().enumerate() {
        let (design, vectors) = (lower(&network), vectors(&network, 41));
        let compiler = ["gcc", "clang"][number % 2];
        if tool(test, compiler) {
            let options = straight(words[number / 2 % 4]);
            let verdict = check_with(compiler, &options, &network, &design, &vectors, &vectors);
            assert_eq!(verdict, Verdict::Equal { vectors: 41 }, "{shape}, {compiler}, {options:?}");
        }
    }
}

fn network(head: Head) -> BinarizedNetwork {
    let shape = NetworkShape {
        features: 9,
        input: InputFormat::unsigned(8),
        bits_per_feature: 3,
        layers: vec![(4, 40), (3, 33)],
        head,
    };
    random_network(21, &shape)
}

/// Writes header and main program into `folder`. The program evaluates 20 vectors, prints PASS or
/// FAIL by `say` and ends by `end`; `prologue` is put before everything.
fn write_program(
    folder: &Path,
    options: &EmitOptions,
    network: &BinarizedNetwork,
    prologue: &str,
    end: &str,
) -> String {
    let design = lower(network);
    let vectors = vectors(network, 20);
    let provenance = Provenance {
        tool_version: "0.0.0".to_owned(),
        model_sha256: "0".repeat(64),
        input_values: "value = code * 1 + 0".to_owned(),
        scale: 1.0,
        offset: 0.0,
        tau: None,
    };
    let none = TestVectors::default();
    let request = EmitRequest { design: &design, flat: &design.core, provenance: &provenance, options, vectors: &none };
    for file in target("c").unwrap().emit(&request).unwrap() {
        std::fs::write(folder.join(&file.name), &file.contents).unwrap();
    }
    let name = identifier(&design.name);
    let upper = name.to_ascii_uppercase();
    let rows = |row: &dyn Fn(&Vector) -> String| {
        vectors.vectors.iter().map(|vector| format!("    {{{}}},\n", row(vector))).collect::<String>()
    };
    let codes = rows(&|vector| vector.codes.iter().map(|code| format!("{code},")).collect());
    let results = rows(&|vector| match vector.class {
        Some(class) => std::iter::once(class).chain(vector.scores.iter().copied()).map(|n| format!("{n},")).collect(),
        None => vector.bits.iter().map(|&bit| format!("{},", u8::from(bit))).collect(),
    });
    let (width, body) = match network.head() {
        Head::Bits => (
            format!("{upper}_BITS"),
            format!(
                "static uint8_t bits[{upper}_BITS];
                 {name}_bits(codes[v], bits);
                 for (i = 0; i < {upper}_BITS; i++) if (bits[i] != results[v][i]) wrong++;"
            ),
        ),
        Head::GroupSum { .. } => (
            format!("1 + {upper}_CLASSES"),
            format!(
                "static uint16_t scores[{upper}_CLASSES];
                 {name}_scores(codes[v], scores);
                 if ({name}_predict(codes[v]) != results[v][0]) wrong++;
                 for (i = 0; i < {upper}_CLASSES; i++) if (scores[i] != results[v][1 + i]) wrong++;"
            ),
        ),
    };
    let program = format!(
        "#include \"{name}.h\"
{prologue}
static const {name}_feature_t codes[20][{upper}_FEATURES] = {{\n{codes}}};
static const uint16_t results[20][{width}] = {{\n{results}}};
int main(void) {{
    unsigned v, i, wrong = 0;
    for (v = 0; v < 20; v++) {{
        {body}
    }}
    say(wrong == 0 ? \"PASS 20 vectors\" : \"FAIL\");
    {end}
    return wrong != 0;
}}
"
    );
    std::fs::write(folder.join("main.c"), program).unwrap();
    name
}

/// Both styles, each with scores and with plain bits.
fn programs() -> Vec<(EmitOptions, BinarizedNetwork)> {
    vec![
        (options(CStyle::Table, None, false), network(classes(3))),
        (options(CStyle::Straight, Some(WordSize::Bits32), true), network(classes(3))),
        (options(CStyle::Straight, Some(WordSize::Bits8), false), network(Head::Bits)),
    ]
}

const STRICT: &str = "-std=c99 -Wall -Wextra -Werror -Os";

#[test]
fn cortex_m_and_risc_v_agree_in_qemu() {
    let test = "cortex_m_and_risc_v_agree_in_qemu";
    let printf = "#include <stdio.h>\n#define say(text) puts(text)";
    for (compiler, emulator, architecture, memory) in [
        (
            "arm-none-eabi-gcc",
            "qemu-system-arm -M mps2-an386",
            "-mcpu=cortex-m4 -mthumb",
            "__flash=0,--defsym=__flash_size=0x400000,--defsym=__ram=0x20000000,--defsym=__ram_size=0x20000",
        ),
        (
            "arm-none-eabi-gcc",
            "qemu-system-arm -M microbit",
            "-mcpu=cortex-m0 -mthumb",
            "__flash=0,--defsym=__flash_size=0x40000,--defsym=__ram=0x20000000,--defsym=__ram_size=0x4000",
        ),
        (
            "riscv64-unknown-elf-gcc",
            "qemu-system-riscv32 -M virt -bios none",
            "-march=rv32imac -mabi=ilp32",
            "__flash=0x80000000,--defsym=__flash_size=0x200000,--defsym=__ram=0x80200000,--defsym=__ram_size=0x20000",
        ),
    ] {
        let (machine, arguments) = emulator.split_once(' ').unwrap();
        if ![compiler, machine].iter().all(|program| tool(test, program)) {
            continue;
        }
        for (options, network) in programs() {
            let folder = tempfile::tempdir().unwrap();
            write_program(folder.path(), &options, &network, printf, "");
            let picolibc = "--specs=picolibc.specs --crt0=hosted --oslib=semihost";
            let link = format!("-Wl,--defsym={memory}");
            run_silent(folder.path(), compiler, &format!("{STRICT} {architecture} {picolibc} {link} -o a.elf main.c"));
            let semihosting = "-nographic -monitor none -serial null -semihosting-config enable=on,target=native";
            let ran = run(folder.path(), machine, &format!("{arguments} {semihosting} -kernel a.elf"));
            assert!(ran.success && ran.output.contains("PASS 20 vectors"), "{emulator}, {options:?}: {}", ran.output);
        }
    }
}

#[test]
fn an_avr_agrees_in_simavr() {
    let test = "an_avr_agrees_in_simavr";
    if !["avr-gcc", "simavr"].iter().all(|program| tool(test, program)) {
        return;
    }
    let uart = "#include <avr/io.h>
#include <avr/interrupt.h>
#include <avr/sleep.h>
static void say(const char *text) {
    UCSR0B = 1 << TXEN0;
    for (; *text; text++) { while (!(UCSR0A & 1 << UDRE0)) {} UDR0 = (uint8_t)*text; }
    while (!(UCSR0A & 1 << UDRE0)) {}
    UDR0 = 10;
}";
    for (options, network) in programs() {
        let folder = tempfile::tempdir().unwrap();
        write_program(folder.path(), &options, &network, uart, "cli(); sleep_mode();");
        run_silent(folder.path(), "avr-gcc", &format!("{STRICT} -mmcu=atmega1284p -o a.elf main.c"));
        let ran = run(folder.path(), "simavr", "-m atmega1284p -f 16000000 a.elf");
        assert!(ran.output.contains("PASS 20 vectors"), "{options:?}: {}", ran.output);
    }
}

#[test]
fn options_of_the_c_header_that_contradict_each_other_say_why() {
    let design = lower(&network(classes(3)));
    let (provenance, none) = (
        Provenance {
            tool_version: String::new(),
            model_sha256: String::new(),
            input_values: String::new(),
            scale: 1.0,
            offset: 0.0,
            tau: None,
        },
        TestVectors::default(),
    );
    let refuse = |options: EmitOptions| {
        let request = EmitRequest {
            design: &design,
            flat: &design.core,
            provenance: &provenance,
            options: &options,
            vectors: &none,
        };
        target("c").unwrap().emit(&request).unwrap_err().to_string()
    };
    let batch = refuse(options(CStyle::Table, None, true));
    assert!(batch.starts_with("target `c`: --c-batch needs --c-style straight: "), "{batch}");
    let word = refuse(options(CStyle::Table, Some(WordSize::Bits8), false));
    assert!(word.starts_with("target `c`: --c-word needs --c-style straight: "), "{word}");
}
