//! The x86-64 parts: entry, system calls, fork, signals.

use core::arch::{asm, global_asm};
use core::ptr::{addr_of, addr_of_mut};

use crate::access::Access;
use crate::protocol::*;
use crate::ARENA;

/// Numbers of the system calls that the subject makes on its own.
#[allow(dead_code)] // some are those of the bench
pub mod nr {
    pub const OPEN: u64 = 2;
    pub const CLOSE: u64 = 3;
    pub const LSEEK: u64 = 8;
    pub const MMAP: u64 = 9;
    pub const MUNMAP: u64 = 11;
    pub const RT_SIGACTION: u64 = 13;
    pub const IOCTL: u64 = 16;
    pub const READ: u64 = 0;
    pub const PREAD64: u64 = 17;
    pub const PWRITE64: u64 = 18;
    pub const MADVISE: u64 = 28;
    pub const DUP2: u64 = 33;
    pub const GETPID: u64 = 39;
    pub const WAIT4: u64 = 61;
    pub const GETPPID: u64 = 110;
    pub const SIGALTSTACK: u64 = 131;
    pub const PRCTL: u64 = 157;
    pub const FUTEX: u64 = 202;
    pub const EXIT_GROUP: u64 = 231;
    pub const CLOSE_RANGE: u64 = 436;
}

/// Signals that an access can raise.
const ACCESS_SIGNALS: [u64; 5] = [4, 5, 7, 8, 11];
const SIG_IGN: u64 = 1;
const SA_SIGINFO: u64 = 4;
const SA_RESTORER: u64 = 0x0400_0000;
const SA_ONSTACK: u64 = 0x0800_0000;
const SA_NODEFER: u64 = 0x4000_0000;
const SIGNAL_SET_SIZE: u64 = 8;

const SIGSEGV: i32 = 11;
const SEGV_PKUERR: i32 = 4;

// Offsets into the kernel's `siginfo`.
const SI_CODE: usize = 8;
const SI_ADDR: usize = 16;
const SI_PKEY: usize = 32;

// Offsets into the kernel's `ucontext`.
const UC_ERROR: usize = 192;
const UC_TRAP: usize = 200;

type Routine = unsafe extern "C" fn(*mut Access);

extern "C" {
    /// Forks; the new process continues in `forked_process(index)` on `stack`.
    pub fn subject_clone(flags: u64, stack: u64, index: usize) -> i64;
    /// Runs `routine(access)`. Answers 0, or 1 when a signal cut it short.
    pub fn subject_guarded(recovery: *mut u64, routine: Routine, access: *mut Access) -> u32;
    fn subject_recover();
    fn subject_restorer();
}

global_asm!(
    ".globl _start, subject_clone, subject_guarded, subject_recover, subject_restorer",
    // the arena first: even the stack is in it. The text is written to the front of
    // its file, and goes on there: the arena replaces the executable's mapping
    "_start:",
    "xor ebp, ebp",
    "mov eax, 18",
    "mov edi, {fd}",
    "mov esi, offset subject_text_start",
    "mov edx, offset subject_text_end",
    "sub edx, esi",
    "mov ebx, edx",
    "xor r10d, r10d",
    "syscall",
    "cmp rax, rbx",
    "jne 2f",
    "mov eax, 9",
    "mov edi, {arena}",
    "mov esi, {size}",
    "mov edx, 7",     // PROT_READ | PROT_WRITE | PROT_EXEC
    "mov r10d, 0x11", // MAP_SHARED | MAP_FIXED
    "mov r8d, {fd}",
    "xor r9d, r9d",
    "syscall",
    "cmp rax, {arena}",
    "jne 2f",
    "mov esp, {stack}",
    "call first_process",
    "2:",
    "mov eax, 231",
    "mov edi, 100",
    "syscall",
    "ud2",
    // rdi = flags, rsi = stack, rdx = index
    "subject_clone:",
    "push r12",
    "mov r12, rdx",
    "mov eax, 56",
    "xor edx, edx",
    "xor r10d, r10d",
    "xor r8d, r8d",
    "syscall",
    "test rax, rax",
    "jz 2f",
    "pop r12",
    "ret",
    "2:",
    "xor ebp, ebp",
    "mov rdi, r12",
    "call forked_process",
    "ud2",
    // rdi = recovery, rsi = routine, rdx = access
    "subject_guarded:",
    "push rbx",
    "push rbp",
    "push r12",
    "push r13",
    "push r14",
    "push r15",
    "push rdi",
    "mov [rdi], rsp",
    "mov rdi, rdx",
    "call rsi",
    "xor eax, eax",
    "jmp 2f",
    // the handler jumps here, with `recovery` in rsp
    "subject_recover:",
    "cld",
    "mov eax, 1",
    "2:",
    "pop rdi",
    "mov qword ptr [rdi], 0",
    "pop r15",
    "pop r14",
    "pop r13",
    "pop r12",
    "pop rbp",
    "pop rbx",
    "ret",
    "subject_restorer:",
    "mov eax, 15",
    "syscall",
    "ud2",
    arena = const ARENA_START,
    size = const ARENA_SIZE,
    fd = const ARENA_FD,
    stack = const stack_top(0),
);

/// A raw system call.
///
/// # Safety
/// It may do anything.
#[inline(always)]
pub unsafe fn syscall(number: u64, args: [u64; 6]) -> i64 {
    let result;
    // SAFETY: as the caller promises
    unsafe {
        asm!(
            "syscall",
            inlateout("rax") number => result,
            in("rdi") args[0], in("rsi") args[1], in("rdx") args[2],
            in("r10") args[3], in("r8") args[4], in("r9") args[5],
            lateout("rcx") _, lateout("r11") _,
        );
    }
    result
}

/// Writes to a byte without changing it.
///
/// # Safety
/// The byte must be writable.
pub unsafe fn touch(byte: *mut u8) {
    // SAFETY: as the caller promises
    unsafe { asm!("lock or byte ptr [{}], 0", in(reg) byte) };
}

/// Copies bytes.
///
/// # Safety
/// Both ranges must be accessible.
#[cfg(bare)]
pub unsafe fn copy(to: u64, from: u64, len: u64) {
    // SAFETY: as the caller promises
    unsafe {
        asm!("rep movsb", inout("rdi") to => _, inout("rsi") from => _, inout("rcx") len => _);
    }
}

/// Waits until every branch so far is decided.
#[inline(always)]
pub fn wait_for_certainty() {
    // SAFETY: orders what is around it, and touches nothing
    unsafe { asm!("lfence", options(nostack, preserves_flags)) };
}

/// Calls a function without arguments.
///
/// # Safety
/// There must be one, or the call be guarded.
pub unsafe fn call(address: u64) {
    // SAFETY: as the caller promises
    // the target is reached by a return whose predicted target is a dead end: a
    // guessed target would be marked as accessed
    unsafe {
        asm!(
            "call 3f",
            "jmp 4f",
            "3:",
            "call 2f",
            "5:",
            "pause",
            "lfence",
            "jmp 5b",
            "2:",
            "mov [rsp], {}",
            "ret",
            "4:",
            in(reg) address,
            clobber_abi("C"),
        )
    };
}

/// The kernel's `struct sigaction`.
#[repr(C)]
struct SigAction {
    handler: u64,
    flags: u64,
    restorer: u64,
    mask: u64,
}

unsafe fn set_action(signal: u64, handler: u64, flags: u64) {
    let restorer = subject_restorer as *const () as u64;
    let action = SigAction { handler, flags, restorer, mask: 0 };
    let args = [signal, addr_of!(action) as u64, 0, SIGNAL_SET_SIZE, 0, 0];
    // SAFETY: the kernel copies the structure
    unsafe { syscall(nr::RT_SIGACTION, args) };
}

/// Ignores a signal; for SIGCHLD this also means that children leave no zombies.
///
/// # Safety
/// None beyond that of changing the process's signal handling.
pub unsafe fn ignore_signal(signal: u64) {
    // SAFETY: no handler is involved
    unsafe { set_action(signal, SIG_IGN, SA_RESTORER) };
}

/// Routes the signals of memory accesses to [`on_signal`].
///
/// # Safety
/// None beyond that of changing the process's signal handling.
pub unsafe fn install_handlers() {
    for signal in ACCESS_SIGNALS {
        let handler = on_signal as *const () as u64;
        let flags = SA_SIGINFO | SA_RESTORER | SA_ONSTACK | SA_NODEFER;
        // SAFETY: the handler lives for ever and has a stack of its own
        unsafe { set_action(signal, handler, flags) };
    }
}

/// Sets the stack for signal handlers.
///
/// # Safety
/// The memory must be used for nothing else.
pub unsafe fn set_signal_stack(base: u64, size: u64) {
    let stack = [base, 0, size];
    // SAFETY: the kernel copies the structure
    unsafe { syscall(nr::SIGALTSTACK, [stack.as_ptr() as u64, 0, 0, 0, 0, 0]) };
}

/// Notes what happened and continues behind the access that caused it. Never
/// returns from the signal: no signal is blocked meanwhile, which is all that the
/// kernel would undo that matters here, and asking it to takes as long as the signal.
unsafe extern "C" fn on_signal(number: i32, info: *const u8, context: *const u8) {
    // SAFETY: the kernel passes valid structures, and the arena belongs to the
    // process that runs
    unsafe {
        let recovery = addr_of!((*ARENA).recovery).read_volatile();
        if recovery == 0 {
            // not an access of a program: the subject itself is broken
            syscall(nr::EXIT_GROUP, [104, 0, 0, 0, 0, 0]);
        }
        let code = info.add(SI_CODE).cast::<i32>().read();
        let error = context.add(UC_ERROR).cast::<u16>().read();
        let trap = context.add(UC_TRAP).cast::<u8>().read();
        let key = match (number, code) {
            (SIGSEGV, SEGV_PKUERR) => info.add(SI_PKEY).read(),
            _ => 0,
        };
        addr_of_mut!((*ARENA).signal).write_volatile(RawResult {
            kind: SIGNAL,
            number,
            code,
            trap: u32::from(error) | u32::from(trap) << 16 | u32::from(key) << 24,
            value: info.add(SI_ADDR).cast::<u64>().read(),
        });
        asm!(
            "mov rsp, {}",
            "jmp {}",
            in(reg) recovery,
            sym subject_recover,
            options(noreturn),
        );
    }
}
