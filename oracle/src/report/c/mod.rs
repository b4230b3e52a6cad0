//! A reproducer in C: libc calls and named constants, for a report to people
//! who do not have this tool.
//!
//! It exits with 1 when the kernel does what the finding says, with 0 when it
//! does what it should, with 2 when it does neither.

mod expr;

use expr::{address, call, capability_set, constructor, escaped, num, USED_CONSTANTS};
use mm_reference::op::{
    Addr, Base, Call, Contents, Exec, Layout, Outcome, ProcessId, Start, EXEC_NAME, MAX_ARGUMENT,
};
use mm_reference::profile::Privilege;
use mm_reference::text::{Expected, Line, Program};
use std::fmt::Write as _;

/// A line of `/proc/pid/maps`, as far as a reproducer looks at it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MapsRange {
    /// First byte.
    pub start: Addr,
    /// One past the last byte.
    pub end: Addr,
    /// As printed: `rw-p`.
    pub perms: String,
    /// The last column; empty for no name.
    pub name: String,
}

/// The difference that a reproducer looks for. All but the first kind are
/// looked at after the last operation, by the process itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Check {
    /// An operation has another outcome; later ones are left out.
    Outcome {
        /// Index of the operation.
        op_index: usize,
        /// What should come of it.
        expected: Outcome,
        /// What does.
        actual: Outcome,
    },
    /// The kernel does not survive it: there is nothing to look at, and whoever
    /// gets to the end has a kernel that does.
    Survival,
    /// The mapping that holds an address is another one.
    MapsLine {
        /// Whose.
        process: ProcessId,
        /// An address in the mapping.
        addr: Addr,
        /// What should be there.
        expected: Option<MapsRange>,
        /// What is.
        actual: Option<MapsRange>,
    },
    /// A counter of smaps.
    SmapsValue {
        /// Whose.
        process: ProcessId,
        /// An address in the mapping.
        vma_start: Addr,
        /// The field as printed, without the colon.
        field: String,
        /// What it should be, in kB.
        expected: u64,
        /// What it is.
        actual: u64,
    },
    /// The `VmFlags` of smaps, as far as they differ: which others a mapping has depends
    /// on the kernel's configuration.
    VmFlags {
        /// Whose.
        process: ProcessId,
        /// An address in the mapping.
        vma_start: Addr,
        /// As printed.
        expected: String,
        /// As printed.
        actual: String,
    },
    /// Bits of a page's entry in pagemap.
    Pagemap {
        /// Whose.
        process: ProcessId,
        /// An address in the page.
        page: Addr,
        /// The bits to look at.
        mask: u64,
        /// What they should be.
        expected: u64,
        /// What they are.
        actual: u64,
    },
    /// A line of status. The reproducer has a C library mapped, so that it
    /// compares how far the value went from where it was at the start.
    Status {
        /// Whose.
        process: ProcessId,
        /// The field as printed, without the colon.
        field: String,
        /// The value before the first operation, in kB.
        start: u64,
        /// What it should be at the end.
        expected: u64,
        /// What it is.
        actual: u64,
    },
    /// The bytes of a page.
    Contents {
        /// Whose.
        process: ProcessId,
        /// First byte of the page.
        page: Addr,
        /// What they should be.
        expected: Contents,
        /// What they are.
        actual: Contents,
    },
}

/// The reproducer: the program's operations, with the expected results that its
/// lines carry, and the difference to look for. `layout` is the one that the
/// outcomes' addresses belong to.
pub fn c_program(program: &Program, layout: &Layout, check: &Check) -> String {
    let lines = match check {
        Check::Outcome { op_index, .. } => {
            &program.lines[..program.lines.len().min(op_index.saturating_add(1))]
        }
        _ => &program.lines[..],
    };
    let uses = Uses::of(program, lines, check);
    let run = run_function(lines, layout, check, &uses);

    let mut out = header(program, lines);
    out.push_str("#define _GNU_SOURCE\n");
    for name in [
        "errno",
        "fcntl",
        "setjmp",
        "signal",
        "stdio",
        "stdlib",
        "string",
        "sys/mman",
        "sys/personality",
        "sys/prctl",
        "sys/resource",
        "sys/syscall",
        "ucontext",
        "unistd",
    ] {
        let _ = writeln!(out, "#include <{name}.h>");
    }
    if uses.capabilities.is_some() {
        out.push_str("#include <linux/capability.h>\n");
    }
    out.push('\n');
    for (name, value) in USED_CONSTANTS.iter().flat_map(|table| table.iter()) {
        if has_word(&run, name) {
            let _ = writeln!(out, "#ifndef {name}\n#define {name} {value:#x}\n#endif");
        }
    }
    if has_word(&run, "SYS_mseal") {
        out.push_str("#ifndef SYS_mseal\n#define SYS_mseal 462\n#endif\n");
    }
    const GIB: u64 = 1 << 30;
    let _ = writeln!(out, "#define MMAP_RESIDUE {:#x}UL", layout.mmap % GIB);
    if let Start::Exec(exec) = program.start {
        out.push_str(&exec_constants(&exec));
    }
    out.push('\n');

    let mut parts = vec![include_str!("core.c"), include_str!("proc.c")];
    if uses.capabilities.is_some() {
        parts.push(include_str!("capabilities.c"));
    }
    if uses.access {
        parts.push(include_str!("access.c"));
    }
    if uses.mincore {
        parts.push(include_str!("mincore.c"));
    }
    if uses.processes {
        parts.push(include_str!("processes.c"));
    }
    parts.push(include_str!("bases.c"));
    parts.push(match program.start {
        Start::Plain => include_str!("plain.c"),
        Start::Exec(_) => include_str!("exec.c"),
    });
    for part in parts {
        out.push_str(part);
        out.push('\n');
    }
    out.push_str(&run);
    out.push('\n');
    if uses.stack {
        out.push_str(match program.start {
            Start::Plain => include_str!("stack.c"),
            Start::Exec(_) => include_str!("own_stack.c"),
        });
        out.push('\n');
    }
    out.push_str(include_str!("main.c"));
    out.push_str(&ending(&uses));
    out
}

/// What of the supporting code a program needs.
struct Uses {
    access: bool,
    mincore: bool,
    processes: bool,
    stack: bool,
    /// What it may have at the start, if that matters.
    capabilities: Option<Privilege>,
}

impl Uses {
    fn of(program: &Program, lines: &[Line], check: &Check) -> Uses {
        let privilege = program.requires.privilege(Privilege::ALL);
        let any = |test: fn(&Call) -> bool| lines.iter().any(|line| test(&line.op.call));
        Uses {
            access: any(|c| {
                matches!(c, Call::Load { .. } | Call::Store { .. } | Call::Call { .. })
            }) || matches!(check, Check::Contents { .. }),
            mincore: any(|c| matches!(c, Call::Mincore { .. })),
            processes: any(|c| matches!(c, Call::Fork)),
            // what execve left is not disturbed
            stack: program.start.exec().is_some()
                || lines.iter().any(|line| {
                    expr::addresses(&line.op.call).iter().any(|a| a.base == Base::Stack)
                }),
            capabilities: (privilege != Privilege::ALL
                || any(|c| matches!(c, Call::Capset { .. })))
            .then_some(privilege),
        }
    }
}

/// What `exec.c` has to know.
fn exec_constants(exec: &Exec) -> String {
    format!(
        "#define EXEC_NAME \"{EXEC_NAME}\"\n#define EXEC_BYTES {:#x}UL\n\
         #define EXEC_DEPTH {:#x}UL\n#define EXEC_STACK {:#x}UL\n#define MAX_ARGUMENT {MAX_ARGUMENT:#x}UL\n",
        exec.arguments,
        exec.depth(),
        exec.stack_limit()
    )
}

fn has_word(text: &str, word: &str) -> bool {
    text.match_indices(word).any(|(at, _)| {
        let part = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric() || c == '_');
        !part(text[..at].chars().next_back()) && !part(text[at + word.len()..].chars().next())
    })
}

/// A comment that holds text.
fn comment(text: &str) -> String {
    text.replace("*/", "* /").replace("/*", "/ *")
}

fn header(program: &Program, lines: &[Line]) -> String {
    let mut out = String::from("/*\n");
    for line in &program.header {
        let _ = writeln!(out, " * {}", comment(line));
    }
    if !program.header.is_empty() {
        out.push_str(" *\n");
    }
    out.push_str(" * Build with: cc -Wall -Wextra reproducer.c\n");
    out.push_str(" * Exit status: 1 the difference shows, 0 it does not, 2 neither of both.\n *\n");
    out.push_str(&bases(lines));
    if !program.requires.0.is_empty() {
        let _ = writeln!(out, " *     requires: {}", program.requires);
    }
    if program.start != Start::Plain {
        let _ = writeln!(out, " *     start: {}", program.start);
    }
    for line in lines {
        let _ = writeln!(out, " *     {}", comment(&line.to_string()));
    }
    out.push_str(" */\n");
    out
}

/// `run`: every operation in order, each process performing its own.
fn run_function(lines: &[Line], layout: &Layout, check: &Check, uses: &Uses) -> String {
    let mut out = String::new();
    if let Check::Status { .. } = check {
        out.push_str("static long at_start;\n\n");
    }
    out.push_str("static void run(void)\n{\n");
    if let Check::Status { field, .. } = check {
        let _ = writeln!(out, "\tat_start = status_number({});", escaped(field));
    }
    let mut next_child = 1;
    for (index, line) in lines.iter().enumerate() {
        let _ = writeln!(out, "\t/* {} */", comment(&line.op.to_string()));
        let process = line.op.process.0;
        if line.op.call == Call::Exit {
            let _ = writeln!(out, "\tif (my_turn({process}, {index}))\n\t\tleave({index});");
            let _ = writeln!(out, "\twait_for_exit({index});");
            continue;
        }
        let indent = if uses.processes { "\t\t" } else { "\t" };
        if uses.processes {
            let _ = writeln!(out, "\tif (my_turn({process}, {index})) {{");
        }
        let _ = writeln!(out, "{indent}{};", call(&line.op.call, next_child));
        if line.op.call == Call::Fork && !matches!(line.expected, Some(Expected::Error(_))) {
            next_child += 1;
        }
        match check {
            Check::Outcome { op_index, expected, actual } if *op_index == index => {
                let (expected, actual) = Expected::told_apart(expected, actual, layout);
                let (expected, actual) = (constructor(&expected), constructor(&actual));
                let _ = writeln!(out, "{indent}decide({expected}, {actual});");
            }
            _ => {
                if let Some(expected) = &line.expected {
                    let expected = constructor(expected);
                    let _ = writeln!(out, "{indent}expect({index}, {expected});");
                }
            }
        }
        if uses.processes {
            let _ = writeln!(out, "\t\tpass_on({process}, {index});\n\t}}");
        }
    }
    final_check(&mut out, check, lines.len(), uses);
    out.push_str("}\n");
    out
}

/// What is looked at after the last operation, and the end of all processes.
fn final_check(out: &mut String, check: &Check, step: usize, uses: &Uses) {
    let (process, statements) = look(check);
    if !uses.processes {
        for statement in statements {
            let _ = writeln!(out, "\t{statement}");
        }
        return;
    }
    let _ = writeln!(out, "\tif (my_turn({process}, {step})) {{");
    for statement in statements {
        let _ = writeln!(out, "\t\t{statement}");
    }
    let _ = writeln!(out, "\t\tpass_on({process}, {step});\n\t}}");
    let _ = writeln!(out, "\twhile (common.turn != {})\n\t\tusleep(50);", step + 1);
    out.push_str("\tif (me != 0)\n\t\t_exit(0);\n");
}

/// Who looks at what.
fn look(check: &Check) -> (u8, Vec<String>) {
    match check {
        Check::Outcome { .. } => (0, Vec::new()),
        Check::Survival => (0, vec!["common.verdict = 0;".to_owned()]),
        Check::MapsLine { process, addr, expected, actual } => {
            let mut lines = vec!["static char should[256], was[256], found[256];".to_owned()];
            for (name, range) in [("should", expected), ("was", actual)] {
                lines.push(match range {
                    None => format!("snprintf({name}, sizeof({name}), \"no mapping\");"),
                    Some(r) => format!(
                        "mapping_text({name}, sizeof({name}), {}, {}, {}, {});",
                        address(r.start),
                        address(r.end),
                        escaped(&r.perms),
                        escaped(&r.name)
                    ),
                });
            }
            lines.push(format!("mapping_at(found, sizeof(found), {});", address(*addr)));
            lines.push("decide_text(should, was, found);".to_owned());
            (process.0, lines)
        }
        Check::SmapsValue { process, vma_start, field, expected, actual } => {
            let found = format!("smaps_number({}, {})", address(*vma_start), escaped(field));
            (process.0, vec![format!("decide_number({expected}, {actual}, {found});")])
        }
        Check::VmFlags { process, vma_start, expected, actual } => {
            let [expected, actual, only] = differing_flags(expected, actual).map(|f| escaped(&f));
            let at = address(*vma_start);
            (process.0, vec![format!("decide_flags({expected}, {actual}, {at}, {only});")])
        }
        Check::Pagemap { process, page, mask, expected, actual } => {
            let (expected, actual) = (num(expected & mask), num(actual & mask));
            let found = format!("pagemap({}) & {}", address(*page), num(*mask));
            (process.0, vec![format!("decide_number({expected}, {actual}, {found});")])
        }
        Check::Status { process, field, start, expected, actual } => {
            let moved = |value: &u64| (*value as i64).wrapping_sub(*start as i64);
            let (expected, actual) = (moved(expected), moved(actual));
            let found = format!("status_number({}) - at_start", escaped(field));
            (process.0, vec![format!("decide_number({expected}, {actual}, {found});")])
        }
        Check::Contents { process, page, expected, actual } => {
            let of = |c: &Contents| constructor(&Expected::Contents(*c));
            let lines = vec![
                "static unsigned char bytes[4096];".to_owned(),
                format!("page_bytes({}, bytes);", address(*page)),
                "got = contents((volatile char *)bytes, sizeof(bytes));".to_owned(),
                format!("decide({}, {});", of(expected), of(actual)),
            ];
            (process.0, lines)
        }
    }
}

/// Of two lists of flags what differs: the expected ones, the actual ones, and all of
/// them; where nothing but the order does, the ones at the first place where it does.
fn differing_flags(expected: &str, actual: &str) -> [String; 3] {
    let split = |flags| str::split_whitespace(flags).collect::<Vec<_>>();
    let (expected, actual) = (split(expected), split(actual));
    let mut only: Vec<&str> = expected.iter().filter(|f| !actual.contains(f)).copied().collect();
    only.extend(actual.iter().filter(|flag| !expected.contains(flag)));
    if only.is_empty() {
        let differs = expected.iter().zip(&actual).find(|(e, a)| e != a);
        only.extend(differs.into_iter().flat_map(|(e, a)| [*e, *a]));
    }
    let of = |flags: &[&str]| {
        flags.iter().filter(|flag| only.contains(flag)).copied().collect::<Vec<_>>().join(" ")
    };
    [of(&expected), of(&actual), only.join(" ")]
}

/// What the bases of a program's addresses are.
fn bases(lines: &[Line]) -> String {
    let used = |base| {
        lines.iter().any(|line| {
            let result = match &line.expected {
                Some(Expected::Address(address)) => Some(*address),
                Some(Expected::Signal { address, .. }) => *address,
                _ => None,
            };
            expr::addresses(&line.op.call).iter().chain(&result).any(|a| a.base == base)
        })
    };
    let mut out = String::new();
    for (base, meaning) in [
        (Base::Heap, "heap   is where the heap starts"),
        (Base::Mmap, "mmap   is the end of the free area below which the kernel puts mappings"),
        (Base::Stack, "stack  is where the stack ends"),
    ] {
        if used(base) {
            let _ = writeln!(out, " *     {meaning}");
        }
    }
    if !out.is_empty() {
        out.insert_str(0, " * Addresses count from these, which find_bases() finds:\n");
        out.push_str(" *\n");
    }
    out
}

fn ending(uses: &Uses) -> String {
    let mut out = String::new();
    if let Some(privilege) = uses.capabilities {
        let kept = capability_set(privilege.bits());
        let _ = writeln!(out, "\tkeep_capabilities({kept});");
    }
    if uses.processes {
        out.push_str(
            "\tif (mmap(&common, sizeof(common), PROT_READ | PROT_WRITE,\n\t\t MAP_SHARED | \
             MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED)\n\t\tdie(\"mmap\");\n",
        );
    }
    if uses.stack {
        out.push_str(
            "\tgetcontext(&during);\n\tduring.uc_stack.ss_sp = own_stack;\n\
             \tduring.uc_stack.ss_size = sizeof(own_stack);\n\tduring.uc_link = &before;\n\
             \tmakecontext(&during, run_elsewhere, 0);\n\tswapcontext(&before, &during);\n",
        );
    } else {
        out.push_str("\trun();\n");
    }
    out.push_str("\treturn common.verdict;\n}\n");
    out
}

#[cfg(test)]
mod tests;
