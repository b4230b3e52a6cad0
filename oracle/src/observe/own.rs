//! What a process of the subject says of itself: which requests make a look, and
//! how the answers are read. The worker's own look is in [`super::ProcFiles`].

use super::pagemap::{ranges_read, reads, span, window_of};
use super::{Decoders, ObserveError, Want};
use crate::protocol::{self, files, RawOp, RawResult};
use crate::stages::{lap, Stage};
use mm_reference::addr::{pages, PAGE_SHIFT, PAGE_SIZE};
use mm_reference::op::{Contents, ProcessId};
use mm_reference::snapshot::{PageEntry, ProcessPlan, ProcessSnapshot, Ranges, Views, Window};
use std::io;

const WORD: u64 = size_of::<u64>() as u64;
/// Bytes that maps and smaps may need for one mapping.
const TEXT_PER_MAPPING: u64 = 1600;
/// Bytes that the rest may need in any case.
const TEXT_AT_LEAST: u64 = 16 << 10;

/// A process that looks at itself, as far as it can.
#[derive(Clone, Copy, Debug)]
pub struct OwnLook<'a> {
    /// What to look at.
    pub plan: &'a ProcessPlan,
    /// Which parts.
    pub want: Want,
    /// Whether the kernel's log is read as well.
    pub log: bool,
    /// Bytes of smaps without vsyscall's entry, which is the last and costs as much
    /// as any other; `None` if all of it is read. Maps has to be read as well.
    pub smaps: Option<u64>,
}

/// A text of smaps that is not as long as was expected, so that it was not read whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cut {
    /// How much was read.
    pub bytes: u64,
    /// The end of the last mapping whose entry is there for certain.
    pub end: u64,
}

impl OwnLook<'_> {
    /// Bytes of the output that the answers may need; `mappings` is how many
    /// there are.
    pub fn bytes(&self, mappings: usize) -> u64 {
        let windows: u64 = ranges_read(&self.plan.windows).map(|(s, e)| pages(e - s)).sum();
        let read = self.contents().flat_map(|ranges| &ranges.0);
        let contents: u64 = read.map(|(s, e)| pages(e - s)).sum();
        TEXT_AT_LEAST + TEXT_PER_MAPPING * mappings as u64 + WORD * (windows + 2 * contents)
    }

    /// The pages whose contents are read: those that are there, and after all else the others.
    fn contents(&self) -> impl Iterator<Item = &Ranges> {
        let both = [&self.plan.contents, &self.plan.away];
        both.into_iter().filter(|_| self.want.contents)
    }

    /// The requests, in the order of their answers.
    pub fn requests(&self, into: &mut Vec<RawOp>) {
        let request = |kind, nr, from, to| RawOp { kind, nr, args: [from, to, 0, 0, 0, 0] };
        let whole = |file| request(protocol::READ, file, 0, 0);
        into.clear();
        if self.want.maps {
            into.push(whole(files::MAPS));
        }
        if self.want.smaps {
            into.push(request(protocol::READ, files::SMAPS, 0, self.smaps.unwrap_or(0)));
        }
        if self.want.pagemap {
            into.extend(ranges_read(&self.plan.windows).map(|(start, end)| {
                let (offset, length) = (start >> PAGE_SHIFT, pages(end - start));
                request(protocol::READ, files::PAGEMAP, offset * WORD, length * WORD)
            }));
            let empty = self.plan.empty.0.iter();
            into.extend(empty.map(|&(start, end)| request(protocol::SCAN, 0, start, end)));
        }
        if self.want.status {
            into.push(whole(files::STATUS));
        }
        if self.plan.views.contains(Views::STATM) {
            into.push(whole(files::STATM));
        }
        if self.plan.views.contains(Views::ROLLUP) {
            into.push(whole(files::ROLLUP));
        }
        for ranges in self.contents() {
            let digest = |&(start, end): &_| request(protocol::DIGEST, 0, start, end);
            into.extend(ranges.0.iter().map(digest));
        }
        if self.log {
            into.push(whole(files::LOG));
        }
    }

    /// Reads the answers: what the process looks like, and what of the kernel's
    /// log is new. `mappings` is how many there should be. If smaps is not as long as
    /// expected only those of its entries are there that were read whole.
    ///
    /// # Errors
    /// When an answer is missing or is no text of its kind.
    pub fn read<'o>(
        &self,
        decoders: &mut Decoders,
        answers: &mut Reader<'o, '_>,
        mappings: usize,
        into: &mut ProcessSnapshot,
    ) -> Result<(&'o [u8], Option<Cut>), ObserveError> {
        into.process = ProcessId(0);
        super::clear_rest(into);
        let mut cut = None;
        match self.want.maps {
            true => decoders.maps.decode(answers.text("maps")?, &mut into.maps)?,
            false => into.maps.clear(),
        }
        match (self.want.smaps, self.smaps) {
            (true, None) => decoders.smaps.decode(answers.text("smaps")?, &mut into.smaps)?,
            (true, Some(length)) => {
                // with more mappings than expected it may have been cut between two entries
                let as_many = into.maps.len() == mappings;
                let text = answers.text("smaps")?;
                let whole = as_many
                    && text.len() as u64 == length
                    && decoders.smaps.decode_without_vsyscall(text, mappings, &mut into.smaps);
                if !whole {
                    let end = decoders.smaps.decode_front(text, &mut into.smaps)?;
                    cut = Some(Cut { bytes: text.len() as u64, end });
                }
            }
            (false, _) => into.smaps.clear(),
        }
        decoders.spare.extend(into.pagemap.drain(..).map(|window| window.entries));
        if self.want.pagemap {
            self.read_pagemap(decoders, answers, &mut into.pagemap)?;
        }
        if self.want.status {
            into.status = super::decode_status(answers.text("status")?)?;
        }
        if self.plan.views.contains(Views::STATM) {
            into.statm = Some(super::decode_statm(answers.text("statm")?)?);
        }
        if self.plan.views.contains(Views::ROLLUP) {
            into.rollup = Some(super::decode_rollup(answers.text("smaps_rollup")?)?);
        }
        let sides = [&mut into.contents, &mut into.away];
        for (ranges, into) in self.contents().zip(sides) {
            answers.contents(ranges, into)?;
        }
        lap(Stage::Decode);
        let log = if self.log { answers.log()? } else { &[] };
        Ok((log, cut))
    }

    fn read_pagemap(
        &self,
        decoders: &mut Decoders,
        answers: &mut Reader<'_, '_>,
        into: &mut Vec<Window>,
    ) -> Result<(), ObserveError> {
        for together in reads(&self.plan.windows) {
            let (first, _) = span(together);
            let bytes = answers.text("pagemap")?;
            for &(start, end) in together {
                let (from, to) = (pages(start - first) * WORD, pages(end - first) * WORD);
                let bytes = bytes.get(from as usize..to as usize).ok_or(ObserveError::Gone)?;
                into.push(window_of(start, bytes, decoders.spare.pop()));
            }
        }
        for _ in &self.plan.empty.0 {
            let found = answers.count("pagemap (scan)")?.min(protocol::SCAN_REGIONS as u64);
            let mut regions = [(0, 0); protocol::SCAN_REGIONS];
            for region in regions.iter_mut().take(found as usize) {
                *region = protocol::scan_shown((answers.word()?, answers.word()?));
                answers.word()?; // the categories
            }
            for &(start, end) in regions.iter().take(found as usize) {
                let mut window = window_of(start, &[], decoders.spare.pop());
                for _ in 0..pages(end.saturating_sub(start)) {
                    window.entries.push(PageEntry(answers.word()?));
                }
                into.push(window);
            }
        }
        Ok(())
    }
}

/// Goes through results and output of a queue in step.
pub struct Reader<'o, 'r> {
    output: &'o [u8],
    next: &'r mut dyn FnMut() -> RawResult,
}

impl<'o, 'r> Reader<'o, 'r> {
    /// Reads what is left of the output; `next` gives the results.
    pub fn new(output: &'o [u8], next: &'r mut dyn FnMut() -> RawResult) -> Reader<'o, 'r> {
        Reader { output, next }
    }

    /// What has not been read.
    pub fn rest(&self) -> &'o [u8] {
        self.output
    }

    /// The number that a request answered, unless it is an error.
    fn count(&mut self, file: &'static str) -> Result<u64, ObserveError> {
        let value = (self.next)().value;
        match value as i64 {
            0.. => Ok(value),
            error => Err(ObserveError::read(file, io::Error::from_raw_os_error(-error as i32))),
        }
    }

    fn take(&mut self, bytes: u64) -> Result<&'o [u8], ObserveError> {
        let bytes = usize::try_from(bytes).map_err(|_| ObserveError::Gone)?;
        let (taken, rest) = self.output.split_at_checked(bytes).ok_or(ObserveError::Gone)?;
        self.output = rest;
        Ok(taken)
    }

    /// What a file said; files that are looked at are never empty.
    fn text(&mut self, file: &'static str) -> Result<&'o [u8], ObserveError> {
        match self.count(file)? {
            0 => Err(ObserveError::Gone),
            length => self.take(length),
        }
    }

    /// What the pages of some ranges hold.
    fn contents(
        &mut self,
        ranges: &Ranges,
        into: &mut Vec<(u64, Contents)>,
    ) -> Result<(), ObserveError> {
        for &(start, end) in &ranges.0 {
            self.count("mem")?;
            for at in (start..end).step_by(PAGE_SIZE as usize) {
                let (kind, value) = (self.word()?, self.word()?);
                let contents = match kind as u32 {
                    protocol::UNIFORM => Contents::Uniform(value as u8),
                    protocol::MIXED => Contents::Mixed(value),
                    // a page that cannot be read is left out
                    _ => continue,
                };
                into.push((at, contents));
            }
        }
        Ok(())
    }

    /// What the log said, which mostly is nothing.
    pub fn log(&mut self) -> Result<&'o [u8], ObserveError> {
        let value = (self.next)().value;
        match value as i64 {
            // an error means that there is nothing new
            ..0 => Ok(&[]),
            _ => self.take(value),
        }
    }

    fn word(&mut self) -> Result<u64, ObserveError> {
        let bytes = self.take(WORD)?;
        bytes.try_into().map(u64::from_ne_bytes).map_err(|_| ObserveError::Gone)
    }
}
