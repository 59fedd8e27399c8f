//! The C header on an 8-bit AVR: by avr-gcc, in simavr.

use super::Program;
use super::firmware::Firmware;
use super::firmware_size::Memory;

/// An ATmega1284P, the largest of the family that pointers of 16 bits are enough for.
pub(super) static AVR: Firmware = Firmware {
    name: "avr",
    description: "compiles the C header for an ATmega1284P by avr-gcc and runs it in simavr",
    programs: &PROGRAMS,
    library: ("crtatmega1284p.o", "avr-libc"),
    device: Memory { name: "an ATmega1284P", flash: 128 << 10, ram: 16 << 10, reach: 64 << 10 },
    architecture: &["-mmcu=atmega1284p"],
    start: &[],
    memories: |flash, ram, stack| {
        let variables = ram.saturating_sub(stack);
        [("TEXT", flash), ("DATA", variables)]
            .into_iter()
            .map(|(region, bytes)| format!("-Wl,--defsym=__{region}_REGION_LENGTH__={bytes:#x}"))
            .collect()
    },
    emulator: &["-m", "atmega1284p", "-f", "16000000"],
    avr: true,
};

static PROGRAMS: [Program; 2] = [
    Program { name: "avr-gcc", package: "gcc-avr", version_argument: "--version" },
    Program { name: "simavr", package: "simavr", version_argument: "--help" },
];
