//! The C header on a 32-bit RISC-V: by riscv64-unknown-elf-gcc with picolibc, in QEMU.

use super::Program;
use super::firmware::Firmware;
use super::firmware_size::Memory;
use super::picolibc::{START, memories};

/// Where the machine's memory begins; the first half of what is used stands for the flash.
const MEMORY: u64 = 0x8000_0000;
const FLASH: u64 = 32 << 20;

/// An RV32IMAC core on QEMU's `virt` machine.
pub(super) static RISCV: Firmware = Firmware {
    name: "riscv",
    description: "compiles the C header for RV32IMAC by riscv64-unknown-elf-gcc and runs it in QEMU",
    programs: &PROGRAMS,
    library: ("picolibc.specs", "picolibc-riscv64-unknown-elf"),
    device: Memory { name: "the `virt` machine", flash: FLASH, ram: 32 << 20, reach: u64::MAX },
    architecture: &["-march=rv32imac", "-mabi=ilp32"],
    start: START,
    memories: |flash, ram, stack| memories(MEMORY, flash, MEMORY + FLASH, ram, stack),
    emulator: &[
        "-M",
        "virt",
        "-bios",
        "none",
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

static PROGRAMS: [Program; 2] = [
    Program { name: "riscv64-unknown-elf-gcc", package: "gcc-riscv64-unknown-elf", version_argument: "--version" },
    Program { name: "qemu-system-riscv32", package: "qemu-system-misc", version_argument: "--version" },
];
