//! What a linked program takes of a device's memories.

/// The memories of a device, in bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Memory {
    /// The device, as the start of a sentence.
    pub(super) name: &'static str,
    /// Bytes of flash.
    pub(super) flash: u64,
    /// Bytes of RAM.
    pub(super) ram: u64,
    /// Bytes from the start of the flash that pointers to constant tables reach.
    pub(super) reach: u64,
}

/// What a program takes, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sizes {
    /// Of the flash: instructions, constants, and the first values of variables.
    pub(super) flash: u64,
    /// Of the RAM: variables, and the most that the stack can become.
    pub(super) ram: u64,
    /// Where the last table that is read by near pointers ends.
    pub(super) tables_end: u64,
}

/// The C library's own calls, and return addresses, beyond what the compiler says of the stack.
const STACK_OF_LIBRARY: u64 = 512;

/// The most stack that a program can take which calls every function at once: the third column of
/// what `-fstack-usage` writes, summed. There is no recursion in emitted code.
pub(super) fn stack_bound(usage: &str) -> u64 {
    let frames = usage.lines().filter_map(|line| line.split('\t').nth(1)?.trim().parse::<u64>().ok());
    frames.sum::<u64>() + STACK_OF_LIBRARY
}

impl Sizes {
    /// Reads a map of GNU ld: output sections begin in the first column.
    pub(super) fn read(map: &str, stack: u64) -> Self {
        let mut sizes = Self { flash: 0, ram: stack, tables_end: 0 };
        // What was thrown away and the memory regions come first.
        let map = map.split_once("\nLinker script and memory map").map_or(map, |(_, map)| map);
        let mut lines = map.lines().peekable();
        while let Some(line) = lines.next() {
            let Some(name) = line.split_whitespace().next() else { continue };
            if !name.starts_with('.') {
                continue;
            }
            let mut numbers: Vec<u64> = line.split_whitespace().skip(1).map_while(hexadecimal).collect();
            // A long name stands on a line of its own.
            if numbers.is_empty() && line.split_whitespace().count() == 1 {
                let next = lines.peek().copied().unwrap_or_default();
                numbers = next.split_whitespace().map_while(hexadecimal).collect();
            }
            let [address, size, ..] = numbers[..] else { continue };
            if line.starts_with(' ') {
                if name == ".progmem.data" && size > 0 {
                    sizes.tables_end = sizes.tables_end.max(address + size);
                }
                continue;
            }
            match name {
                ".init" | ".text" | ".rodata" | ".fini" => sizes.flash += size,
                ".data" | ".tdata" => {
                    sizes.flash += size;
                    sizes.ram += size;
                }
                ".bss" | ".tbss" | ".noinit" => sizes.ram += size,
                _ => {}
            }
        }
        sizes
    }

    /// Whether a device has room for it.
    ///
    /// # Errors
    /// A sentence with the numbers.
    pub(super) fn fit(&self, memory: &Memory) -> Result<(), String> {
        let Memory { name, flash, ram, reach } = *memory;
        if self.flash > flash || self.ram > ram {
            return Err(format!(
                "it takes {} bytes of flash and {} of RAM; {name} has {flash} and {ram}",
                self.flash, self.ram
            ));
        }
        if self.tables_end > reach {
            return Err(format!(
                "its tables end at byte {} of the flash; pointers of {name} reach {reach}",
                self.tables_end
            ));
        }
        Ok(())
    }
}

fn hexadecimal(word: &str) -> Option<u64> {
    u64::from_str_radix(word.strip_prefix("0x")?, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAP: &str =
        "\nDiscarded input sections\n\n .text          0x00000000        0x0 a.o\n\nLinker script and memory map\n
.text           0x00000000      0x200
 .progmem.data  0x0000008c       0x30 harness.o
 .progmemx.codes
                0x000000bc       0x40 codes.o

.data           0x00800100       0x10 load address 0x00000200
.bss            0x00800110       0x20
.debug_information
                0x00000000      0x999
";

    #[test]
    fn sections_count_for_the_memory_that_holds_them() {
        let sizes = Sizes::read(MAP, 100);
        assert_eq!(sizes, Sizes { flash: 0x210, ram: 0x30 + 100, tables_end: 0xbc });
        let memory = Memory { name: "a chip", flash: 0x210, ram: 148, reach: 0xbc };
        assert_eq!(sizes.fit(&memory), Ok(()));
        let smaller = Memory { ram: 147, ..memory };
        assert_eq!(
            sizes.fit(&smaller).unwrap_err(),
            "it takes 528 bytes of flash and 148 of RAM; a chip has 528 and 147"
        );
        let nearer = Memory { reach: 0xbb, ..memory };
        assert!(sizes.fit(&nearer).unwrap_err().contains("tables end at byte 188"));
    }

    #[test]
    fn the_stack_is_at_most_all_frames_together() {
        assert_eq!(stack_bound("a.c:1:2:put\t2\tstatic\na.c:3:4:main\t40\tstatic\n"), 42 + STACK_OF_LIBRARY);
    }
}
