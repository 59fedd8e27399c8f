//! The C header on Cortex-M: by arm-none-eabi-gcc with picolibc, in QEMU.

use super::Program;
use super::firmware::Firmware;
use super::firmware_size::Memory;
use super::picolibc::{START, memories};

/// A Cortex-M4 with the memories of Arm's MPS2 board.
pub(super) static ARM: Firmware = Firmware {
    name: "arm",
    description: "compiles the C header for a Cortex-M4 by arm-none-eabi-gcc and runs it in QEMU",
    programs: &PROGRAMS,
    library: LIBRARY,
    device: Memory { name: "the MPS2 board", flash: 4 << 20, ram: 4 << 20, reach: u64::MAX },
    architecture: &["-mcpu=cortex-m4", "-mthumb"],
    start: START,
    memories: |flash, ram, stack| memories(0, flash, 0x2000_0000, ram, stack),
    emulator: &[
        "-M",
        "mps2-an386",
        "-nographic",
        "-monitor",
        "none",
        "-serial",
        "null",
        "-semihosting-config",
        "enable=on,target=native",
        "-kernel",
    ],
    avr: false,
};

/// The smallest of the family: a Cortex-M0 with the memories of a micro:bit.
pub(super) static ARM_M0: Firmware = Firmware {
    name: "arm-m0",
    description: "compiles the C header for the Cortex-M0 of a micro:bit and runs it in QEMU",
    programs: &PROGRAMS,
    library: LIBRARY,
    device: Memory { name: "a micro:bit", flash: 256 << 10, ram: 16 << 10, reach: u64::MAX },
    architecture: &["-mcpu=cortex-m0", "-mthumb"],
    start: START,
    memories: |flash, ram, stack| memories(0, flash, 0x2000_0000, ram, stack),
    emulator: &[
        "-M",
        "microbit",
        "-nographic",
        "-monitor",
        "none",
        "-serial",
        "null",
        "-semihosting-config",
        "enable=on,target=native",
        "-kernel",
    ],
    avr: false,
};

const LIBRARY: (&str, &str) = ("picolibc.specs", "picolibc-arm-none-eabi");

static PROGRAMS: [Program; 2] = [
    Program { name: "arm-none-eabi-gcc", package: "gcc-arm-none-eabi", version_argument: "--version" },
    Program { name: "qemu-system-arm", package: "qemu-system-arm", version_argument: "--version" },
];
