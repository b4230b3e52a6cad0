//! How the process that performs a program begins.

/// A way of beginning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum Start {
    /// With a fresh stack that nothing uses.
    #[default]
    Plain,
    /// By an `execve` with arguments, which stay where the kernel put them.
    Exec(Exec),
}

/// An `execve` with arguments and no environment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Exec {
    /// Bytes of the arguments, the ends of the strings included; the program's
    /// name comes in addition.
    pub arguments: u64,
    /// How far the kernel moves the stack down. It chooses that at random, so
    /// such a program is for the model alone.
    pub shift: Option<u64>,
}

/// What `execve` is asked to execute, as the kernel notes it at the very end of the
/// stack: a file without a name, by its descriptor.
pub const EXEC_PATH: &str = "/dev/fd/5";
/// The name that the program is given (`argv[0]`).
pub const EXEC_NAME: &str = "mm-subject";
/// The longest argument, its end included (`MAX_ARG_STRLEN`).
pub const MAX_ARGUMENT: u64 = 0x2_0000;
/// The most bytes of arguments: 6 MiB, less path, name and the pointers to them
/// (`bprm_stack_limits`).
pub const MAX_ARGUMENTS: u64 = (6 << 20) - 512;
/// The most under the usual limit on stacks, of which they may fill a quarter.
pub const USUAL_ARGUMENTS: u64 = (USUAL_STACK / 4) - 256;
/// The usual limit on stacks.
pub const USUAL_STACK: u64 = 8 << 20;
/// The farthest that a stack is moved (`randomize_stack_top`, `arch_align_stack`).
pub const MAX_SHIFT: u64 = (1 << 34) + (2 << 12);

/// The zero word above all strings.
const LAST_WORD: u64 = 8;
const PAGE: u64 = 4096;

impl Start {
    /// The `execve`, if it is one.
    pub fn exec(self) -> Option<Exec> {
        match self {
            Start::Plain => None,
            Start::Exec(exec) => Some(exec),
        }
    }

    /// What of it a kernel decides, so that it cannot be had at will.
    pub fn kernels_choice(self) -> Option<&'static str> {
        let shift = self.exec()?.shift;
        shift.map(|_| "the kernel chooses how far a stack is moved")
    }
}

impl Exec {
    /// With so many bytes of arguments, moved as far as the kernel likes.
    pub const fn with(arguments: u64) -> Exec {
        Exec { arguments, shift: None }
    }

    /// The lengths of the arguments, without their ends.
    pub fn lengths(&self) -> impl Iterator<Item = u64> {
        let total = self.arguments;
        (0..total).step_by(MAX_ARGUMENT as usize).map(move |at| MAX_ARGUMENT.min(total - at) - 1)
    }

    /// The limit on the stack under which it can be executed.
    pub fn stack_limit(&self) -> u64 {
        match self.arguments {
            0..=USUAL_ARGUMENTS => USUAL_STACK,
            _ => 4 * USUAL_STACK,
        }
    }

    /// Where the arguments begin, as a distance down from the end of the stack.
    pub fn depth(&self) -> u64 {
        self.arguments + self.end_depth()
    }

    /// Where they end.
    pub fn end_depth(&self) -> u64 {
        LAST_WORD + EXEC_PATH.len() as u64 + 1
    }

    /// Where all that `execve` copies begins: the program's name.
    pub fn name_depth(&self) -> u64 {
        self.depth() + EXEC_NAME.len() as u64 + 1
    }

    /// The byte of the arguments at this distance from the end of the stack: each
    /// page has a letter of its own.
    pub fn letter(depth: u64) -> u8 {
        b'a' + (depth.saturating_sub(1) / PAGE % 26) as u8
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_as_long_as_they_may_be() {
        let lengths = |bytes| Exec::with(bytes).lengths().collect::<Vec<_>>();
        assert_eq!(lengths(0), []);
        assert_eq!(lengths(1), [0]);
        assert_eq!(lengths(MAX_ARGUMENT), [MAX_ARGUMENT - 1]);
        assert_eq!(lengths(MAX_ARGUMENT + 5), [MAX_ARGUMENT - 1, 4]);
    }

    #[test]
    fn the_last_page_is_an_a() {
        assert_eq!([1, PAGE, PAGE + 1].map(Exec::letter), [b'a', b'a', b'b']);
    }
}
