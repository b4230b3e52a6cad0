//! The model alone: what an operation costs, by kind and by number of mappings.

use super::programs::Sample;
use super::{BenchError, Spread};
use mm_reference::addr::PAGE_SIZE;
use mm_reference::model::System;
use mm_reference::op::consts::*;
use mm_reference::op::{Addr, Call, Op, Outcome, ProcessId};
use serde::Serialize;
use std::time::{Duration, Instant};

/// The numbers of mappings.
const SIZES: [usize; 5] = [20, 100, 1_000, 10_000, 60_000];
/// Pages of every mapping.
const PAGES: u64 = 4;
const LENGTH: u64 = PAGES * PAGE_SIZE;
/// Where mappings are moved and back.
const ELSEWHERE: u64 = 0x1000_0000_0000;
/// How many mappings one round works on.
const ROUND: usize = 64;
const READ_WRITE: u64 = PROT_READ | PROT_WRITE;

/// What the model alone can do.
#[derive(Clone, Debug, Serialize)]
pub struct ModelReport {
    /// Operations per second of the mix on the smallest space.
    pub operations_per_second: f64,
    /// Operations per second of the programs that were measured.
    pub programs_operations_per_second: f64,
    /// How many mappings there are, per column of the rows.
    pub mappings: Vec<usize>,
    /// Nanoseconds per operation.
    pub rows: Vec<Row>,
}

/// The cost of one kind of operation.
#[derive(Clone, Debug, Serialize)]
pub struct Row {
    /// Which kind.
    pub operation: &'static str,
    /// Nanoseconds per operation, by number of mappings.
    pub ns: Vec<f64>,
}

/// Operations on a number of mappings that leave them as they were, in groups
/// that are measured apart.
type Groups = Vec<(&'static str, Vec<Op>)>;

const MIX: &str = "mix";

pub(super) fn measure(
    fresh: &System,
    samples: &[Sample],
    time: Duration,
) -> Result<ModelReport, BenchError> {
    let mut rows: Vec<Row> = Vec::new();
    for size in SIZES {
        let mut space = Space::new(fresh, size)?;
        for groups in [space.pairs(), space.moves(), vec![(MIX, space.mix())]] {
            for (operation, ns) in space.measure(&groups, time)? {
                match rows.iter_mut().find(|row| row.operation == operation) {
                    Some(row) => row.ns.push(ns),
                    None => rows.push(Row { operation, ns: vec![ns] }),
                }
            }
        }
    }
    let mix = rows.iter().find(|row| row.operation == MIX).map_or(f64::NAN, |row| row.ns[0]);
    Ok(ModelReport {
        operations_per_second: 1e9 / mix,
        programs_operations_per_second: 1e9 / on_programs(fresh, samples, time),
        mappings: SIZES.to_vec(),
        rows,
    })
}

/// Nanoseconds per operation of generated programs.
fn on_programs(fresh: &System, samples: &[Sample], time: Duration) -> f64 {
    let mut all = Vec::new();
    let began = Instant::now();
    while all.len() < 3 || began.elapsed() < time {
        let mut spent = Duration::ZERO;
        let mut count = 0;
        for sample in samples {
            let mut system = fresh.clone();
            let started = Instant::now();
            count += sample.ops.iter().filter(|op| system.apply(op).is_ok()).count();
            spent += started.elapsed();
        }
        all.push(spent.as_nanos() as f64 / count as f64);
    }
    Spread::of(all).median
}

/// A number of mappings side by side below the place where the kernel puts new
/// ones, so that a hole among them is where the next one goes.
struct Space {
    system: System,
    /// Those that operations work on, descending: writable, unlike their
    /// neighbours, and with one page present.
    mappings: Vec<u64>,
}

impl Space {
    fn new(fresh: &System, size: usize) -> Result<Space, BenchError> {
        let mut system = fresh.clone();
        let there = system.process(ProcessId(0)).map_or(0, |p| p.mm.vmas.len());
        let top = system.layout().mmap;
        let mut mappings = Vec::new();
        for number in 0..size.saturating_sub(there) {
            let start = top - (number as u64 + 1) * LENGTH;
            let writable = number % 2 == 0;
            let prot = if writable { READ_WRITE } else { PROT_READ };
            perform(&mut system, &map(start, prot, MAP_FIXED))?;
            if writable {
                perform(&mut system, &store(start))?;
                mappings.push(start);
            }
        }
        Ok(Space { system, mappings })
    }

    /// Mappings all over the space, descending.
    fn some(&self) -> impl Iterator<Item = u64> + '_ {
        let step = (self.mappings.len() / ROUND).max(1);
        self.mappings.iter().copied().step_by(step).take(ROUND)
    }

    fn each(&self, op: impl Fn(u64) -> Op) -> Vec<Op> {
        self.some().map(op).collect()
    }

    /// Removing and making mappings, splitting and merging.
    fn pairs(&self) -> Groups {
        let page = |start: u64| start + PAGE_SIZE;
        vec![
            ("munmap", self.each(unmap)),
            ("mmap", self.each(|_| map(0, READ_WRITE, 0))),
            ("store", self.each(store)),
            ("mprotect (split)", self.each(|start| protect(page(start), PROT_NONE))),
            ("mprotect (merge)", self.each(|start| protect(page(start), READ_WRITE))),
            ("madvise (split)", self.each(|start| advise(page(start), MADV_DONTFORK))),
            ("madvise (merge)", self.each(|start| advise(page(start), MADV_DOFORK))),
            ("madvise (discard)", self.each(|start| advise(start, MADV_DONTNEED))),
        ]
    }

    fn moves(&self) -> Groups {
        let away = |start| ELSEWHERE + 2 * (start & 0xffff_ffff);
        let there = self.each(|start| move_to(start, away(start)));
        let back = self.each(|start| move_to(away(start), start));
        let both = there.into_iter().chain(back).collect();
        vec![("mremap (move)", both)]
    }

    /// Everything above in turn.
    fn mix(&self) -> Vec<Op> {
        let of = |start: u64| {
            let away = ELSEWHERE + 2 * (start & 0xffff_ffff);
            [
                unmap(start),
                map(0, READ_WRITE, 0),
                store(start),
                protect(start + PAGE_SIZE, PROT_NONE),
                protect(start + PAGE_SIZE, READ_WRITE),
                advise(start, MADV_DONTNEED),
                move_to(start, away),
                move_to(away, start),
            ]
        };
        self.some().flat_map(of).collect()
    }

    /// Runs all groups in turn, again and again; answers what an operation of
    /// each takes.
    fn measure(
        &mut self,
        groups: &Groups,
        time: Duration,
    ) -> Result<Vec<(&'static str, f64)>, BenchError> {
        const LEAST: usize = 5;
        let mut all = vec![Vec::new(); groups.len()];
        let began = Instant::now();
        while all[0].len() < LEAST || began.elapsed() < time {
            for ((_, ops), all) in groups.iter().zip(&mut all) {
                let started = Instant::now();
                for op in ops {
                    perform(&mut self.system, op)?;
                }
                all.push(started.elapsed().as_nanos() as f64 / ops.len() as f64);
            }
        }
        let names = groups.iter().map(|(name, _)| *name);
        Ok(names.zip(all.into_iter().map(|all| Spread::of(all).median)).collect())
    }
}

fn perform(system: &mut System, op: &Op) -> Result<(), BenchError> {
    match system.apply(op) {
        Ok(answer) => match answer.outcome {
            Outcome::Error(_) => Err(BenchError::Model(answer.why.unwrap_or("an operation fails"))),
            _ => Ok(()),
        },
        Err(reason) => Err(BenchError::Model(reason.0)),
    }
}

fn map(start: u64, prot: u64, more: u64) -> Op {
    let flags = MAP_PRIVATE | MAP_ANONYMOUS | more;
    let addr = Addr::absolute(start);
    Op::first(Call::Mmap { addr, len: LENGTH, prot, flags, fd: -1, offset: 0 })
}

fn unmap(start: u64) -> Op {
    Op::first(Call::Munmap { addr: Addr::absolute(start), len: LENGTH })
}

fn store(start: u64) -> Op {
    Op::first(Call::Store { addr: Addr::absolute(start), len: 8, value: 1 })
}

fn protect(page: u64, prot: u64) -> Op {
    Op::first(Call::Mprotect { addr: Addr::absolute(page), len: PAGE_SIZE, prot })
}

fn advise(page: u64, advice: i32) -> Op {
    Op::first(Call::Madvise { addr: Addr::absolute(page), len: PAGE_SIZE, advice })
}

fn move_to(start: u64, new: u64) -> Op {
    Op::first(Call::Mremap {
        old: Addr::absolute(start),
        old_len: LENGTH,
        new_len: LENGTH,
        flags: MREMAP_MAYMOVE | MREMAP_FIXED,
        new: Addr::absolute(new),
    })
}
