//! `execve` moves the arguments of a new program down from the top of the address
//! space, page tables and all (`setup_arg_pages`). Whatever their size and
//! wherever they end: they arrive, their pages are resident, and the kernel does not
//! complain.
//!
//! The distance is random, so many programs are started for each size.

use mm_oracle::observe::KernelLog;
use std::fs;
use std::io::{Read, Write};
use std::process::{Child, Command, Stdio};

const PAGE: usize = 4096;
/// The longest argument that `execve` takes (`MAX_ARG_STRLEN`), less its end.
const LONGEST: usize = 32 * PAGE - 1;
/// All arguments together may fill a quarter of the stack's limit of 8 MiB, the
/// pointers to them included.
const MOST: usize = (2 << 20) - 4 * PAGE;
/// How many programs are started for each size.
const ROUNDS: usize = 24;

/// Arguments of so many bytes, each with a text of its own.
fn arguments(bytes: usize) -> Vec<String> {
    let mut list = Vec::new();
    let mut left = bytes;
    while left > 0 {
        let len = left.min(LONGEST + 1) - 1;
        let tag = format!("{}-", list.len());
        let mut text = tag.repeat(len / tag.len() + 1);
        text.truncate(len);
        list.push(text);
        left -= len + 1;
    }
    list
}

/// A shell that says that it is there and waits for a line, with these arguments,
/// which it does not look at.
fn start(arguments: &[String]) -> std::io::Result<Child> {
    let mut child = Command::new("/bin/sh")
        .args(["-c", "echo; read line", "sh"])
        .args(arguments)
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    if let Some(out) = &mut child.stdout {
        out.read_exact(&mut [0])?;
    }
    Ok(child)
}

/// The stack's range and how many of its pages are resident.
fn stack(pid: u32) -> Option<((u64, u64), u64)> {
    let text = fs::read_to_string(format!("/proc/{pid}/smaps")).ok()?;
    let mut lines = text.lines().skip_while(|line| !line.ends_with("[stack]"));
    let (start, end) = lines.next()?.split_once(' ')?.0.split_once('-')?;
    let address = |text| u64::from_str_radix(text, 16).ok();
    let rss = lines.find_map(|line| line.strip_prefix("Rss:"))?;
    let kb: u64 = rss.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(((address(start)?, address(end)?), kb / 4))
}

#[test]
fn arguments_of_every_size_arrive() {
    let mut log = match KernelLog::open() {
        Ok(log) => Some(log),
        Err(error) => {
            println!("the kernel's log is not watched: {error}");
            None
        }
    };
    let sizes = [1, PAGE, 2 * PAGE, 31 * PAGE, 255 * PAGE, 500 * PAGE, 256 * PAGE + 1, MOST];
    let (mut places, mut started) = (std::collections::HashSet::new(), 0);
    for bytes in sizes {
        let arguments = arguments(bytes);
        for _ in 0..ROUNDS {
            let mut child = match start(&arguments) {
                Ok(child) => child,
                Err(error) => return println!("skipped: {bytes} bytes of arguments: {error}"),
            };
            let pid = child.id();
            let seen = fs::read(format!("/proc/{pid}/cmdline")).expect("a command line");
            let mut expected: Vec<u8> = b"/bin/sh\0-c\0echo; read line\0sh\0".to_vec();
            for argument in &arguments {
                expected.extend_from_slice(argument.as_bytes());
                expected.push(0);
            }
            assert!(seen == expected, "{bytes} bytes of arguments did not arrive");
            let ((low, high), resident) = stack(pid).expect("a stack");
            assert!(resident as usize >= bytes / PAGE, "{resident} pages for {bytes} bytes");
            assert!(resident <= (high - low) / PAGE as u64);
            places.insert(high % (2 << 20));
            started += 1;
            child.stdin.take().expect("a pipe").write_all(b"\n").expect("a line");
            assert!(child.wait().expect("a status").success());
        }
    }
    println!("{started} programs, whose stacks ended at {} places of a page table", places.len());
    if let Some(log) = &mut log {
        let complaints = log.new_complaints().expect("a log");
        assert!(complaints.is_empty(), "{complaints:#?}");
    }
}
