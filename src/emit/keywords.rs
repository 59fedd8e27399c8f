//! Words that no emitted name may be.

/// Verilog-2005, SystemVerilog and VHDL-2008, C11, C++20 and its alternative tokens, then names
/// that a C library, a simulator or a file system has taken. Lower case, compared without case:
/// VHDL and Windows do not tell `Reg` from `reg`.
#[rustfmt::skip] // one word per line would be a page per language
static RESERVED: &[&str] = &[
    // Verilog-2005
    "always", "and", "assign", "automatic", "begin", "buf", "bufif0", "bufif1", "case", "casex", "casez", "cell",
    "cmos", "config", "deassign", "default", "defparam", "design", "disable", "edge", "else", "end", "endcase",
    "endconfig", "endfunction", "endgenerate", "endmodule", "endprimitive", "endspecify", "endtable", "endtask",
    "event", "for", "force", "forever", "fork", "function", "generate", "genvar", "highz0", "highz1", "if", "ifnone",
    "incdir", "include", "initial", "inout", "input", "instance", "integer", "join", "large", "liblist", "library",
    "localparam", "macromodule", "medium", "module", "nand", "negedge", "nmos", "nor", "noshowcancelled", "not",
    "notif0", "notif1", "or", "output", "parameter", "pmos", "posedge", "primitive", "pull0", "pull1", "pulldown",
    "pullup", "pulsestyle_ondetect", "pulsestyle_onevent", "rcmos", "real", "realtime", "reg", "release", "repeat",
    "rnmos", "rpmos", "rtran", "rtranif0", "rtranif1", "scalared", "showcancelled", "signed", "small", "specify",
    "specparam", "strong0", "strong1", "supply0", "supply1", "table", "task", "time", "tran", "tranif0", "tranif1",
    "tri", "tri0", "tri1", "triand", "trior", "trireg", "unsigned", "use", "uwire", "vectored", "wait", "wand",
    "weak0", "weak1", "while", "wire", "wor", "xnor", "xor",
    // SystemVerilog
    "accept_on", "alias", "always_comb", "always_ff", "always_latch", "assert", "assume", "before", "bind", "bins",
    "binsof", "bit", "break", "byte", "chandle", "checker", "class", "clocking", "const", "constraint", "context",
    "continue", "cover", "covergroup", "coverpoint", "cross", "dist", "do", "endchecker", "endclass", "endclocking",
    "endgroup", "endinterface", "endpackage", "endprogram", "endproperty", "endsequence", "enum", "eventually",
    "expect", "export", "extends", "extern", "final", "first_match", "foreach", "forkjoin", "global", "iff",
    "ignore_bins", "illegal_bins", "implements", "implies", "import", "inside", "int", "interconnect", "interface",
    "intersect", "join_any", "join_none", "let", "local", "logic", "longint", "matches", "modport", "nettype", "new",
    "nexttime", "null", "package", "packed", "priority", "program", "property", "protected", "pure", "rand", "randc",
    "randcase", "randsequence", "ref", "reject_on", "restrict", "return", "s_always", "s_eventually", "s_nexttime",
    "s_until", "s_until_with", "sequence", "shortint", "shortreal", "soft", "solve", "static", "string", "strong",
    "struct", "super", "sync_accept_on", "sync_reject_on", "tagged", "this", "throughout", "timeprecision",
    "timeunit", "type", "typedef", "union", "unique", "unique0", "until", "until_with", "untyped", "var", "virtual",
    "void", "wait_order", "weak", "wildcard", "with", "within",
    // VHDL
    "abs", "access", "after", "all", "architecture", "array", "assume_guarantee", "attribute", "block", "body",
    "buffer", "bus", "component", "configuration", "constant", "disconnect", "downto", "elsif", "entity", "exit",
    "fairness", "file", "generic", "group", "guarded", "impure", "in", "inertial", "is", "label", "linkage",
    "literal", "loop", "map", "mod", "next", "of", "on", "open", "others", "out", "parameter", "port", "postponed",
    "procedure", "process", "range", "record", "register", "reject", "rem", "report", "restrict_guarantee", "rol",
    "ror", "select", "severity", "shared", "signal", "sla", "sll", "sra", "srl", "strong", "subtype", "then", "to",
    "transport", "unaffected", "units", "until", "variable", "view", "vmode", "vprop", "vunit", "when",
    // C and C++
    "alignas", "alignof", "and_eq", "asm", "auto", "bitand", "bitor", "bool", "catch", "char", "char8_t", "char16_t",
    "char32_t", "co_await", "co_return", "co_yield", "compl", "concept", "const_cast", "consteval", "constexpr",
    "constinit", "decltype", "delete", "double", "dynamic_cast", "explicit", "false", "float", "friend", "goto",
    "inline", "long", "mutable", "namespace", "noexcept", "not_eq", "nullptr", "operator", "or_eq", "private",
    "public", "reinterpret_cast", "requires", "restrict", "short", "sizeof", "static_assert", "static_cast",
    "switch", "template", "thread_local", "throw", "true", "try", "typeid", "typename", "typeof", "using",
    "volatile", "wchar_t", "xor_eq",
    // Taken by libraries: a top function of this name would collide
    "abort", "atexit", "atof", "atoi", "clock", "cos", "div", "errno", "exp", "fabs", "fclose", "floor", "fopen",
    "fprintf", "fputs", "free", "fscanf", "getenv", "index", "labs", "ldiv", "log", "main", "malloc", "printf",
    "putchar", "puts", "qsort", "random", "read", "remove", "rename", "sin", "sqrt", "srand", "std", "stderr",
    "stdin", "stdout", "strlen", "system", "tan", "unix", "linux", "work", "write", "ieee",
    // Files that Windows does not create
    "aux", "com1", "com2", "com3", "com4", "con", "lpt1", "lpt2", "lpt3", "nul", "prn",
];

/// Whether `name` is a word with a meaning, whatever its case.
pub(super) fn is_reserved(name: &str) -> bool {
    RESERVED.iter().any(|word| word.eq_ignore_ascii_case(name))
}
