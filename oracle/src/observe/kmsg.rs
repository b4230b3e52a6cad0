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
    "INFO: trying to register non-static key",
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
    "hard LOCKUP",
    // an entry of a page table that is none (`pgd_ERROR` and the like)
    ": bad pgd ",
    ": bad p4d ",
    ": bad pud ",
    ": bad pmd ",
    ": bad pte ",
    // `mm/swapfile.c`, half of them in older kernels only; `zap_nonpresent_ptes`
    "Bad swap file entry ",
    "Unused swap file entry ",
    "Bad swap offset entry ",
    "Unused swap offset entry ",
    "unrecognized swap entry ",
    "new suspected memory leaks",
    // SLAB, until 6.7
    "slab error in ",
];

/// Whether a line of the kernel's says that it is not well.
pub fn is_trouble(line: &str) -> bool {
    TROUBLE.iter().any(|sign| line.contains(sign)) || is_slab_report(line)
}

/// Whether a line begins a report of SLUB (`slab_bug`): `BUG`, the cache, in brackets how the
/// kernel is tainted, and what is wrong.
fn is_slab_report(line: &str) -> bool {
    line.match_indices("BUG ").any(|(at, sign)| {
        let is_word = !line[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_');
        let cache = line[at + sign.len()..].split_once(" (");
        is_word && cache.is_some_and(|(_, tainted)| tainted.contains("): "))
    })
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
    fn what_mm_says_when_it_is_not_well_counts() {
        for line in [
            "BUG kmalloc-64 (Not tainted): Right Redzone overwritten",
            "BUG vm_area_struct (Tainted: G    B   W          ): Object already free",
            "BUG <unknown> (Not tainted): Freelist Pointer check fails",
            "BUG: Bad rss-counter state mm:00000000d1b4ad5e type:MM_ANONPAGES val:2 Comm:x Pid:7",
            "BUG: non-zero pgtables_bytes on freeing mm: 4096",
            "BUG: Bad page state in process subject  pfn:1234f",
            "BUG: Bad page map in process subject  pte:8000000012345067 pmd:0123e067",
            "BUG: Bad page map: 12 messages suppressed",
            "BUG: KASAN: slab-use-after-free in vma_merge+0x1/0x2",
            "BUG: KFENCE: out-of-bounds read in vma_expand+0x1/0x2",
            "UBSAN: array-index-out-of-bounds in mm/mremap.c:1:2",
            "WARNING: possible circular locking dependency detected",
            "WARNING: bad unlock balance detected!",
            "WARNING: suspicious RCU usage",
            "INFO: trying to register non-static key.",
            "list_del corruption. prev->next should be ffff888001234567, but was dead000000000100.",
            "list_add corruption. next->prev should be prev (ffff888001234567), but was 0.",
            "mm/pgtable-generic.c:56: bad pmd ffff888001234567(00000000deadbeef)",
            "swap_free: Bad swap file entry 4000000000000f",
            "get_swap_device: Bad swap file entry 3ffffffffffff",
            "_swap_info_get: Unused swap offset entry 00000123",
            "swap_info_get: Bad swap offset entry 00ffffff",
            "mmap: unrecognized swap entry 0x7c00000000000000",
            "kmemleak: 3 new suspected memory leaks (see /sys/kernel/debug/kmemleak)",
            "slab error in kmem_cache_destroy(): cache `x': Can't free all objects",
            "watchdog: BUG: soft lockup - CPU#0 stuck for 22s! [subject:7]",
            "kernel BUG at mm/mmap.c:1!",
        ] {
            let record = format!("3,7,7,-;{line}\n");
            assert_eq!(complaints(&[&record]).len(), 1, "{line}");
            // as a console prints it
            assert!(is_trouble(&format!("[   12.345678] {line}")), "{line}");
        }
        for line in [
            "Kernel command line: slub_debug=FZP DEBUG (x): y",
            "x86/mm: CONFIG_DEBUG (none): off",
            "Adding 65532k swap on /dev/ram0.  Priority:-2 extents:1 across:65532k SS",
            "kmemleak: Kernel memory leak detector initialized (mem pool available: 15679)",
            "BUG reports (see below) are welcome",
        ] {
            assert!(!is_trouble(line), "{line}");
        }
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
