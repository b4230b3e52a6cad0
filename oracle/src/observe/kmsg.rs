//! Watches the kernel's own log for complaints.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::OpenOptionsExt;

/// Why the log cannot be watched.
#[derive(Debug, thiserror::Error)]
pub enum KernelLogError {
    /// `/dev/kmsg` does not open: mostly a lack of privilege.
    #[error("open /dev/kmsg: {0}")]
    Open(#[source] io::Error),
    /// Reading failed.
    #[error("read /dev/kmsg: {0}")]
    Read(#[source] io::Error),
}

/// A complaint of the kernel, with the lines that followed it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Complaint {
    /// Sequence number of the record.
    pub sequence: u64,
    /// The line that makes it a complaint.
    pub headline: String,
    /// What the kernel printed after it, such as a call trace.
    pub details: Vec<String>,
}

/// What the kernel prints when it is not well. Lines of other kinds, however
/// alarming (a segfault of a process, the OOM killer), are ordinary events.
const TROUBLE: &[&str] = &[
    "WARNING:",
    "BUG:",
    "BUG at ",
    "Bad page",
    "Bad rss-counter",
    "KASAN:",
    "KCSAN:",
    "KMSAN:",
    "KFENCE:",
    "UBSAN:",
    "Oops:",
    "Kernel panic",
    "general protection fault, ",
    "unable to handle",
    "INFO: possible ",
    "INFO: suspicious RCU",
    "INFO: task ",
    "INFO: rcu",
    "inconsistent lock state",
    "possible circular locking dependency",
    "possible recursive locking",
    "bad unlock balance",
    "list_add corruption",
    "list_del corruption",
    "refcount_t:",
    "soft lockup",
];

/// Whether a line of the kernel's says that it is not well.
pub fn is_trouble(line: &str) -> bool {
    TROUBLE.iter().any(|sign| line.contains(sign))
}

const MOST_DETAILS: usize = 80;
const RECORD_SIZE: usize = 8192;

/// The log, from where it was opened on.
#[derive(Debug)]
pub struct KernelLog {
    file: File,
    record: Box<[u8; RECORD_SIZE]>,
}

impl KernelLog {
    /// Starts to watch; what has been said before does not count.
    pub fn open() -> Result<KernelLog, KernelLogError> {
        let mut file = OpenOptions::new()
            .read(true)
            .custom_flags(libc::O_NONBLOCK)
            .open("/dev/kmsg")
            .map_err(KernelLogError::Open)?;
        file.seek(SeekFrom::End(0)).map_err(KernelLogError::Open)?;
        Ok(KernelLog { file, record: Box::new([0; RECORD_SIZE]) })
    }

    /// Complaints since the last call. A quiet kernel costs one system call.
    pub fn new_complaints(&mut self) -> Result<Vec<Complaint>, KernelLogError> {
        let mut reader = Reader::default();
        self.new_records(|record| reader.record(record))?;
        Ok(reader.complaints)
    }

    /// What the kernel has said since the last call, a line for each record.
    pub fn new_lines(&mut self) -> Result<Vec<String>, KernelLogError> {
        let mut lines = Vec::new();
        self.new_records(|record| {
            let record = String::from_utf8_lossy(record);
            let text = record.split_once(';').and_then(|(_, body)| body.lines().next());
            lines.extend(text.map(str::to_owned));
        })?;
        Ok(lines)
    }

    fn new_records(&mut self, mut each: impl FnMut(&[u8])) -> Result<(), KernelLogError> {
        loop {
            match self.file.read(&mut self.record[..]) {
                Ok(0) => return Ok(()),
                Ok(length) => each(&self.record[..length]),
                Err(e) => match e.raw_os_error() {
                    Some(libc::EAGAIN) => return Ok(()),
                    // EPIPE: records were overwritten before they were read; go on behind them
                    Some(libc::EINTR | libc::EPIPE) => {}
                    _ => return Err(KernelLogError::Read(e)),
                },
            }
        }
    }
}

/// Complaints in records that were read one after the other: each begins with
/// a number, and continues in lines that begin with a blank.
pub fn complaints_in(log: &[u8]) -> Vec<Complaint> {
    let mut reader = Reader::default();
    let mut start = 0;
    for end in memchr::memchr_iter(b'\n', log).map(|at| at + 1) {
        if log.get(end) != Some(&b' ') {
            reader.record(&log[start..end]);
            start = end;
        }
    }
    reader.complaints
}

/// Turns records into complaints.
#[derive(Debug, Default)]
struct Reader {
    complaints: Vec<Complaint>,
    /// The last complaint is still being explained.
    open: bool,
}

impl Reader {
    /// Takes a record: `priority,sequence,time,flags;text`, then lines of
    /// further properties. Records that were written by processes are ignored.
    fn record(&mut self, record: &[u8]) {
        let record = String::from_utf8_lossy(record);
        let Some((head, body)) = record.split_once(';') else { return };
        let mut head = head.split(',').map(|number| number.parse::<u64>().ok());
        let (Some(Some(priority)), Some(Some(sequence))) = (head.next(), head.next()) else {
            return;
        };
        let from_kernel = priority >> 3 == 0;
        let text = body.lines().next().unwrap_or_default();
        if !from_kernel {
            return;
        }
        let trouble = is_trouble(text);
        match self.complaints.last_mut().filter(|_| self.open) {
            // a trace may itself speak of trouble, it is still the same one
            Some(last) if !trouble || last.details.is_empty() => {
                last.details.push(text.to_owned());
                self.open = !text.contains("---[ end trace") && last.details.len() < MOST_DETAILS;
            }
            _ if trouble => {
                let headline = text.to_owned();
                self.complaints.push(Complaint { sequence, headline, details: Vec::new() });
                self.open = true;
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complaints(records: &[&str]) -> Vec<Complaint> {
        let mut reader = Reader::default();
        records.iter().for_each(|r| reader.record(r.as_bytes()));
        reader.complaints
    }

    #[test]
    fn a_warning_keeps_its_trace_and_ends_with_it() {
        let found = complaints(&[
            "6,100,5000,-;eth0: link up\n",
            "4,101,5001,-;------------[ cut here ]------------\n",
            "4,102,5002,-;WARNING: mm/vma.c:42 at vma_merge+0x1/0x2, CPU#0: subject/77\n",
            "4,103,5003,-;Call Trace:\n SUBSYSTEM=x\n",
            "4,104,5004,-;---[ end trace 0000000000000000 ]---\n",
            "6,105,5005,-;eth0: link down\n",
            "1,106,5006,-;BUG: Bad rss-counter state mm:1 type:MM_ANONPAGES val:1\n",
        ]);
        assert_eq!(found.len(), 2);
        assert_eq!(found[0].sequence, 102);
        assert_eq!(found[0].details, ["Call Trace:", "---[ end trace 0000000000000000 ]---"]);
        assert!(found[1].headline.contains("rss-counter"));
        assert!(found[1].details.is_empty());
    }

    #[test]
    fn processes_and_ordinary_events_do_not_count() {
        assert!(complaints(&[
            "12,1,1,-;WARNING: written by a process\n",
            "6,2,2,-;subject[7]: segfault at 0 ip 0000000000400000 error 4\n",
            "4,3,3,-;subject invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0\n",
            "3,4,4,-;Memory cgroup out of memory: Killed process 7 (subject) total-vm:4kB\n",
            "malformed",
            "x,y;WARNING:\n",
        ])
        .is_empty());
    }

    #[test]
    fn the_real_log_can_be_followed_where_it_opens() {
        if let Ok(mut log) = KernelLog::open() {
            log.new_complaints().expect("reads up to the end");
        }
    }
}
