//! How picolibc is told where the memories of a device are.

/// Its start code, and printing through the debugger (semihosting), which QEMU answers.
pub(super) const START: &[&str] = &["--specs=picolibc.specs", "--crt0=hosted", "--oslib=semihost"];

/// Linker flags for a flash and a RAM from these addresses, sizes in bytes.
pub(super) fn memories(flash_at: u64, flash: u64, ram_at: u64, ram: u64, stack: u64) -> Vec<String> {
    [("flash", flash_at), ("flash_size", flash), ("ram", ram_at), ("ram_size", ram), ("stack_size", stack)]
        .into_iter()
        .map(|(name, value)| format!("-Wl,--defsym=__{name}={value:#x}"))
        .collect()
}
