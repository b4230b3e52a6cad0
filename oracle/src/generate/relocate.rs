//! Layouts in which relocating matters: a few pages that are touched or not,
//! moved beside others, in a space that is full of neighbours.
//!
//! ```text
//!   | a | a | . | b | . | . | c | d | . |    slots of one to three pages
//! ```

use super::aim::Range;
use super::calls::Maker;
use super::source::{Choose, Source};
use super::weights::Kind;
use mm_reference::addr::PAGE_SIZE;
use mm_reference::model::Vma;
use mm_reference::op::consts::*;
use mm_reference::op::Call;
use mm_reference::profile::Rule;

/// Pages of the ground that everything happens on.
const GROUND: u64 = 24;

/// A call of the kinds that make and move these layouts; other kinds are left
/// to the ordinary makers.
pub(super) fn call(
    maker: &Maker<'_>,
    src: &mut (impl Source + ?Sized),
    kind: Kind,
) -> Option<Call> {
    if src.chance(1, 8) {
        return None;
    }
    Some(match kind {
        Kind::Mmap => {
            let (addr, len) = maker.args(place(maker, src));
            let prot = src.pick(&[PROT_READ | PROT_WRITE, PROT_READ | PROT_WRITE, PROT_READ]);
            let flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED;
            Call::Mmap { addr, len, prot, flags, fd: -1, offset: 0 }
        }
        Kind::Mremap => mremap(maker, src)?,
        Kind::Store => {
            let (addr, len) = maker.args(mapped(maker, src)?);
            Call::Store { addr, len, value: src.pick(&[1, 2, 3]) }
        }
        Kind::Mprotect => {
            let (addr, len) = maker.args(mapped(maker, src)?);
            let prot = src.pick(&[PROT_READ | PROT_WRITE, PROT_READ | PROT_WRITE, PROT_READ]);
            Call::Mprotect { addr, len, prot }
        }
        _ => return None,
    })
}

/// Some pages of the ground.
fn place(maker: &Maker<'_>, src: &mut (impl Source + ?Sized)) -> Range {
    let ground = maker.aim.view.layout.mmap - 2 * GROUND * PAGE_SIZE;
    Range::new(ground + src.below(GROUND) * PAGE_SIZE, src.between(1, 3))
}

/// A mapping that lies there, or a part of it.
fn mapped(maker: &Maker<'_>, src: &mut (impl Source + ?Sized)) -> Option<Range> {
    let wanted = place(maker, src);
    let free = |vma: &&Vma| maker.aim.fence.is_free(vma) && vma.pages() <= GROUND;
    let vma = maker.aim.mm.vmas.find(wanted.start).filter(free)?;
    if src.chance(1, 3) && vma.pages() > 1 {
        let from = src.below(vma.pages());
        return Some(Range::new(vma.start + from * PAGE_SIZE, src.between(1, vma.pages() - from)));
    }
    Some(Range::new(vma.start, vma.pages()))
}

fn mremap(maker: &Maker<'_>, src: &mut (impl Source + ?Sized)) -> Option<Call> {
    let range = mapped(maker, src)?;
    let mut flags = MREMAP_MAYMOVE | MREMAP_FIXED;
    // a kernel that does not know the flag refuses it
    let relocates = maker.aim.view.system.is_none_or(|s| s.profile().has(Rule::RelocateAnon));
    if if relocates { src.chance(2, 3) } else { src.chance(1, 16) } {
        flags |= MREMAP_RELOCATE_ANON;
    }
    if src.chance(1, 8) {
        flags |= MREMAP_DONTUNMAP;
    }
    let len = range.len();
    let grown = if src.chance(1, 6) { PAGE_SIZE } else { 0 };
    let new_len = if flags & MREMAP_DONTUNMAP != 0 { len } else { len + grown };
    let new = maker.say(place(maker, src).start);
    Some(Call::Mremap { old: maker.say(range.start), old_len: len, new_len, flags, new })
}
