//! The state that a fresh subject is in.

use super::anon_vma::AnonVmas;
use super::exec::{make_stack, ExecSeed};
use super::folio::{Folio, FolioFlags, FolioId, Folios};
use super::page_table::{Pte, PteBits};
use super::vma::{Backing, FileId, VmFlags, Vma};
use super::{Capabilities, Current, Limits, Mm, Process, System};
use crate::addr::{align_down, pages, MAP_WINDOW, PAGE_SHIFT, PAGE_SIZE};
use crate::op::{Layout, ProcessId, Start};
use crate::profile::Profile;
use crate::snapshot::{Perms, SmapsEntry};
use smallvec::SmallVec;
use std::sync::Arc;

/// What the first look at a fresh subject says: where its parts are. All else
/// of its state follows from how it starts.
#[derive(Clone, Debug)]
pub struct Seed {
    /// Where the bases of addresses are.
    pub layout: Layout,
    /// The memory that all processes and the controller share, code included.
    pub arena: ArenaSeed,
    /// What `execve` left on the stack, where that is mapped at the start.
    pub exec: Option<ExecSeed>,
    /// Whether the kernel chooses addresses at random (`PF_RANDOMIZE`): where it moves the stack,
    /// and where nothing can keep it from that.
    pub randomised: bool,
    /// `start_stack`: the stack pointer when the program was started. What is
    /// mapped there is the stack; at the start nothing is.
    pub start_stack: u64,
    /// `brk` at the start, which is also `start_brk`.
    pub start_brk: u64,
    /// `mmap_base`
    pub mmap_base: u64,
    /// `end_code - start_code`, page-rounded.
    pub text_size: u64,
    /// `end_data - start_data`
    pub data_segment: u64,
    /// Permissions of the vsyscall page, where there is one.
    pub vsyscall: Option<Perms>,
    /// Mappings of the kernel that could not be removed, as first seen.
    pub leftovers: Vec<SmapsEntry>,
    /// The resource limits.
    pub limits: Limits,
    /// `PR_SET_THP_DISABLE` as the subject set it.
    pub thp_disable: u64,
    /// VmPeak of the first look, in pages.
    pub hiwater_vm: u64,
    /// VmHWM of the first look, in pages.
    pub hiwater_rss: u64,
}

impl Seed {
    /// A subject as it starts on a kernel with the usual layout and without
    /// randomisation: for predictions where no kernel is at hand. A test in
    /// `oracle/tests/seed.rs` holds it against a real one.
    pub fn standard() -> Seed {
        let (heap, mmap, stack) = (0x3000_0000, 0x7fff_f7ff_f000, MAP_WINDOW - PAGE_SIZE);
        Seed {
            layout: Layout { heap, mmap, stack },
            arena: ArenaSeed {
                start: 0x40_0000,
                end: 0x41_3000,
                dev: (0, 1),
                inode: 1,
                name: "/memfd:arena (deleted)".into(),
                mappers: 1,
            },
            exec: None,
            randomised: false,
            start_stack: stack - PAGE_SIZE,
            start_brk: heap,
            mmap_base: mmap,
            text_size: 0x2000,
            data_segment: 0,
            vsyscall: Some(Perms(*b"--xp")),
            leftovers: Vec::new(),
            limits: Limits::default(),
            thp_disable: 1,
            hiwater_vm: 0,
            hiwater_rss: 0,
        }
    }

    /// The same for a program that begins like this. Only an `execve` places things
    /// at random; the usual distances lie in the middle of what can come, and the
    /// area of mappings is at the same place within 1 GiB as otherwise.
    pub fn standard_for(start: Start) -> Seed {
        let Start::Exec(exec) = start else { return Seed::standard() };
        let seed = Seed::standard();
        let end = MAP_WINDOW - exec.shift.unwrap_or(USUAL_SHIFT);
        let tables_end = align_down(end - exec.name_depth() - 0x123, 16);
        let tables_start = tables_end - 0x1e0;
        let mmap_base = seed.mmap_base - MMAP_BELOW;
        let layout = Layout { mmap: mmap_base, stack: end, ..seed.layout };
        let exec_seed = ExecSeed { exec, end, tables_start, tables_end, bytes: Vec::new() };
        let limit = exec.stack_limit();
        Seed {
            limits: Limits { stack: (limit, seed.limits.stack.1), ..seed.limits },
            layout,
            mmap_base,
            start_stack: tables_start,
            exec: Some(exec_seed),
            randomised: true,
            ..seed
        }
    }
}

/// How far a stack is moved where nothing else is said.
const USUAL_SHIFT: u64 = 0x1_5a5a_5000;
/// How much lower the area of mappings begins where a stack may be moved.
const MMAP_BELOW: u64 = 16 << 30;

/// The shared memory of all processes and the controller.
#[derive(Clone, Debug)]
pub struct ArenaSeed {
    /// First byte.
    pub start: u64,
    /// One past the last byte.
    pub end: u64,
    /// Device of the file.
    pub dev: (u32, u32),
    /// Inode number of the file.
    pub inode: u64,
    /// Name as maps prints it.
    pub name: Arc<str>,
    /// How many mappings outside the program all its pages have.
    pub mappers: u32,
}

/// A file of the system's file table.
#[derive(Clone, Debug)]
pub struct File {
    /// Device.
    pub dev: (u32, u32),
    /// Inode number.
    pub inode: u64,
    /// Name as maps prints it.
    pub name: Arc<str>,
    /// Its pages, by page offset.
    pub(crate) pages: Vec<FolioId>,
}

/// What no operation changes.
#[derive(Debug, Default)]
pub(crate) struct Fixture {
    pub files: Vec<File>,
    pub specials: Vec<SmapsEntry>,
    pub vsyscall: Option<Perms>,
}

const READ_WRITE: VmFlags = VmFlags::READ.union(VmFlags::WRITE);
const MAY_ALL: VmFlags = VmFlags::MAYREAD.union(VmFlags::MAYWRITE).union(VmFlags::MAYEXEC);

impl System {
    /// A fresh subject on this kernel.
    pub fn new(profile: Arc<Profile>, seed: &Seed) -> System {
        let mut folios = Folios::default();
        let mut anon_vmas = AnonVmas::default();
        let mut mm = Mm {
            mmap_base: seed.mmap_base,
            randomised: seed.randomised,
            start_brk: seed.start_brk,
            brk: seed.start_brk,
            data_segment: seed.data_segment,
            start_stack: seed.start_stack,
            text_size: seed.text_size,
            thp_disable: seed.thp_disable,
            // whatever it did until now
            held_back: u64::MAX,
            ..Mm::default()
        };
        let (mut limits, mut fired, mut allocations) =
            (seed.limits, Default::default(), Default::default());
        let mut capabilities = Capabilities::from(profile.privilege);
        let flags = READ_WRITE | MAY_ALL | VmFlags::GROWSDOWN | VmFlags::ACCOUNT;
        let (mut warned, mut stray_charge) = (false, 0);
        if let Some(exec) = &seed.exec {
            let mut cur = Current {
                committed_elsewhere: 0,
                profile: &profile,
                mm: &mut mm,
                limits: &mut limits,
                capabilities: &mut capabilities,
                anon_vmas: &mut anon_vmas,
                folios: &mut folios,
                fired: &mut fired,
                allocations: &mut allocations,
                stray_charge: &mut stray_charge,
            };
            warned = make_stack(&mut cur, exec, flags);
        }
        let arena = add_arena(&mut mm, &mut folios, &seed.arena);
        for (number, entry) in seed.leftovers.iter().enumerate() {
            let mut vma = Vma::anonymous(entry.line.start, entry.line.end, entry.flags.parse());
            vma.backing = Backing::Special(number as u8);
            vma.pgoff = 0;
            add(&mut mm, vma);
        }
        if profile.config.soft_dirty {
            // `setup_arg_pages` gives the stack its final flags, without this one
            let fresh = |vma: &&Vma| vma.end <= mm.start_stack || vma.start > mm.start_stack;
            let starts: Vec<u64> = mm.vmas.iter().filter(fresh).map(|vma| vma.start).collect();
            for start in starts {
                mm.vmas.update(start, |vma| vma.flags.insert(VmFlags::SOFTDIRTY));
            }
        }
        mm.hiwater_vm = seed.hiwater_vm.max(mm.total_vm);
        mm.hiwater_rss = seed.hiwater_rss.max(mm.rss.total());
        let fixture = Fixture {
            files: vec![arena],
            specials: seed.leftovers.clone(),
            vsyscall: seed.vsyscall,
        };
        let mut processes = [const { None }; crate::op::MAX_PROCESSES];
        processes[0] = Some(Box::new(Process { mm, limits, capabilities }));
        System {
            profile,
            layout: seed.layout,
            processes,
            forked: 0,
            anon_vmas,
            folios,
            fixture: Arc::new(fixture),
            fired,
            shown: Default::default(),
            allocations,
            warned,
            stray_charge,
        }
    }

    /// Whether the first process is alone and in the state of a fresh one, the
    /// high-water marks aside: whether the subject can run another program.
    pub fn is_pristine(&self, fresh: &System) -> Result<(), &'static str> {
        if self.live().ne([ProcessId(0)]) {
            return Err("there are other processes");
        }
        let (Some(now), Some(then)) = (self.process(ProcessId(0)), fresh.process(ProcessId(0)))
        else {
            return Err("there is no first process");
        };
        if now.limits != then.limits {
            return Err("the limits differ");
        }
        if now.capabilities != then.capabilities {
            return Err("the capabilities differ");
        }
        let (now, then) = (&now.mm, &then.mm);
        if !now.vmas.iter().map(shape).eq(then.vmas.iter().map(shape)) {
            return Err("the mappings differ");
        }
        if settings(now) != settings(then) {
            return Err("the settings or counts differ");
        }
        if !now.tables.same_shape(&then.tables) {
            return Err("the page tables differ");
        }
        let state = |system: &System, pte| match pte {
            Pte::Page(id, bits) => {
                let folio = system.folios.get(id);
                // whether the code is exclusive cannot be seen: it is never written; nor
                // how often it was used: its entries are never cleared of that
                let flags = folio.flags - (FolioFlags::EXCLUSIVE | USED);
                (bits, Some((folio.kind, flags, folio.mapcount, folio.mlocks)))
            }
            _ => (PteBits::empty(), None),
        };
        let mut same = true;
        now.tables.zip(&then.tables, |now, then| {
            let both = !now.is_none() && !then.is_none();
            same &= both && state(self, now) == state(fresh, then);
        });
        if !same {
            return Err("the pages differ");
        }
        Ok(())
    }

    /// Takes over what outlives a program: the high-water marks of the first
    /// process, which nothing lowers while the subject lives, how much its own pages
    /// were used, which frames were, and what is charged for good. The other system is
    /// as [`System::is_pristine`] says.
    pub fn carry_from(&mut self, other: &System) {
        self.stray_charge = other.stray_charge;
        let Some(old) = other.process(ProcessId(0)) else { return };
        if let Some(process) = self.processes[0].as_deref() {
            let folios = &mut self.folios;
            process.mm.tables.zip(&old.mm.tables, |now, old| {
                if let (Pte::Page(id, _), Pte::Page(old, _)) = (now, old) {
                    let flags = &mut folios.get_mut(id).flags;
                    *flags = (*flags - USED) | (other.folios.get(old).flags & USED);
                }
            });
        }
        self.folios.carry_from(&other.folios);
        let (vm, rss) = (old.mm.hiwater_vm, old.mm.hiwater_rss);
        let (vm, rss) = (vm.max(old.mm.total_vm), rss.max(old.mm.rss.total()));
        if let Some(process) = self.processes[0].as_deref_mut() {
            process.mm.held_back = old.mm.held_back;
            process.mm.hiwater_vm = process.mm.hiwater_vm.max(vm);
            process.mm.hiwater_rss = process.mm.hiwater_rss.max(rss);
        }
    }
}

impl System {
    /// The high-water marks of the first process, in pages: mapped, resident.
    pub fn high_water(&self) -> (u64, u64) {
        self.processes[0].as_deref().map_or((0, 0), |p| (p.mm.hiwater_vm, p.mm.hiwater_rss))
    }

    /// The same state with other high-water marks.
    pub fn with_high_water(mut self, (mapped, resident): (u64, u64)) -> System {
        if let Some(process) = self.processes[0].as_deref_mut() {
            (process.mm.hiwater_vm, process.mm.hiwater_rss) = (mapped, resident);
        }
        self
    }
}

/// How much a page was used.
const USED: FolioFlags = FolioFlags::REFERENCED.union(FolioFlags::ACTIVE);

/// What must be equal of two mappings whose anon_vmas are numbered differently.
fn shape(vma: &Vma) -> impl PartialEq + '_ {
    let anon = (vma.anon_vma.is_some(), vma.chain.len());
    (vma.start, vma.end, vma.flags, vma.pgoff, vma.backing, anon, &vma.name)
}

/// What must be equal of two address spaces, by value.
fn settings(mm: &Mm) -> impl PartialEq {
    let counts = (mm.total_vm, mm.data_vm, mm.exec_vm, mm.stack_vm, mm.locked_vm, mm.rss);
    (counts, mm.brk, mm.def_flags, mm.mdwe, mm.thp_disable, mm.merge_any)
}

fn add(mm: &mut Mm, vma: Vma) {
    mm.stat_account(vma.flags, vma.pages() as i64);
    mm.vmas.insert(vma);
}

fn add_arena(mm: &mut Mm, folios: &mut Folios, arena: &ArenaSeed) -> File {
    let flags = READ_WRITE | VmFlags::EXEC | MAY_ALL | VmFlags::SHARED | VmFlags::MAYSHARE;
    let mut vma = Vma::anonymous(arena.start, arena.end, flags);
    vma.backing = Backing::File(FileId(0));
    vma.pgoff = 0;
    let count = pages(arena.end - arena.start);
    let map = |page: u64| {
        let id = folios.add(Folio::shmem(arena.mappers + 1));
        let bits = PteBits::WRITE | PteBits::DIRTY | PteBits::YOUNG;
        mm.tables.set(arena.start + (page << PAGE_SHIFT), Pte::Page(id, bits));
        id
    };
    let pages = (0..count).map(map).collect();
    mm.rss.shmem += count;
    add(mm, vma);
    File { dev: arena.dev, inode: arena.inode, name: arena.name.clone(), pages }
}

impl Seed {
    /// How the subject began.
    pub fn start(&self) -> Start {
        self.exec.as_ref().map_or(Start::Plain, |exec| Start::Exec(exec.exec))
    }

    /// The ranges that belong to the subject and that programs leave alone,
    /// ascending.
    pub fn kept_ranges(&self) -> SmallVec<[(u64, u64); 8]> {
        let own = (self.arena.start, self.arena.end);
        let kernels = self.leftovers.iter().map(|entry| (entry.line.start, entry.line.end));
        let mut ranges: SmallVec<[_; 8]> = [own].into_iter().chain(kernels).collect();
        ranges.sort_unstable();
        ranges
    }
}
