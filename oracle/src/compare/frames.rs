//! Which frames of the model, or places in swap, stand for which real ones, from look to
//! look.
//!
//! Within a look, pages that share a frame in the model do so in the kernel, and no others.
//! From one look to the next, a frame of the model that is still there is the same real
//! one: a kernel that copies where it should move or take over shows by that alone. What
//! it does with frames that are free is its own affair: the model numbers each of its
//! frames anew, so a real one may stand for many, one after the other.

use super::{Field, Findings, Kind};
use mm_reference::addr::PAGE_SIZE;
use mm_reference::op::ProcessId;
use mm_reference::snapshot::{Frame, PageEntry};
use rustc_hash::FxHashMap;

/// Frames and places in swap of the model and the real ones they stand for.
#[derive(Debug)]
pub(super) struct Frames {
    pub(super) frames: Pairs,
    pub(super) places: Pairs,
}

impl Default for Frames {
    fn default() -> Self {
        Frames { frames: Pairs::of(Field::Frame), places: Pairs::of(Field::SwapEntry) }
    }
}

impl Frames {
    /// The next look begins.
    pub(super) fn look(&mut self) {
        self.frames.look();
        self.places.look();
    }

    /// What comes next has nothing to do with the looks so far.
    pub(super) fn forget(&mut self) {
        *self = Frames::default();
    }
}

/// Pairs of frames, or of places in swap, over all processes. The zero page is a frame
/// like any other: all its entries have the same one.
#[derive(Debug)]
pub(super) struct Pairs {
    /// What is paired.
    field: Field,
    /// The number of the look, from 1 on.
    look: u64,
    /// By slot of the model's frame, see [`PageEntry::SLOT_BITS`].
    slots: Vec<Met>,
    /// By the model's other frames.
    others: FxHashMap<Frame, Met>,
    /// The frame of the model that a real one was met with last.
    by_real: FxHashMap<Frame, Frame>,
    /// How many of these are kept before the old ones go.
    most: usize,
}

/// The most frames of the model that are found by their slots.
const SLOTS: Frame = 1 << 16;
/// So many pairs are kept, old ones included.
const KEPT: usize = 1024;

/// With which real frame one of the model was met, and where first in that look.
#[derive(Clone, Copy, Debug, Default)]
struct Met {
    model: Frame,
    real: Frame,
    look: u64,
    process: ProcessId,
    address: u64,
    /// Whether the real one was not met with another one since.
    mutual: bool,
}

impl Pairs {
    fn of(field: Field) -> Pairs {
        Pairs {
            field,
            look: 0,
            slots: Vec::new(),
            others: FxHashMap::default(),
            by_real: FxHashMap::default(),
            most: KEPT,
        }
    }

    fn look(&mut self) {
        let last = self.look;
        self.look += 1;
        if self.by_real.len() <= self.most {
            return;
        }
        let Pairs { slots, others, by_real, .. } = self;
        by_real.retain(|real, model| {
            let Some(met) = place(slots, others, *model) else { return false };
            let current = met.model == *model && met.real == *real;
            if current && met.look < last {
                met.mutual = false;
            }
            current && met.look >= last
        });
        others.retain(|_, met| met.look >= last);
        self.most = KEPT.max(2 * self.by_real.len());
    }

    /// What is known of a frame of the model, or of an earlier one in its slot.
    #[inline]
    fn of_model(&mut self, model: Frame) -> &mut Met {
        let slot = slot(model);
        if slot >= SLOTS {
            return self.others.entry(model).or_default();
        }
        let slot = slot as usize;
        if self.slots.len() <= slot {
            self.slots.resize(slot + 1, Met::default());
        }
        &mut self.slots[slot]
    }

    /// Notes that a page has these frames; reports where that contradicts what
    /// was noted before.
    #[inline]
    pub(super) fn pair(
        &mut self,
        model: Frame,
        real: Frame,
        address: u64,
        findings: &mut Findings<'_>,
    ) {
        let (look, process) = (self.look, findings.process);
        let met = self.of_model(model);
        if met.mutual && met.model == model && met.real == real {
            if met.look != look {
                (met.look, met.process, met.address) = (look, process, address);
            }
            return;
        }
        if met.model != model || met.look != look {
            let before =
                std::mem::replace(met, Met { model, real, look, process, address, mutual: false });
            if before.model == model && before.look > 0 && before.real != real {
                self.moved(address, findings);
            }
        }
        let before = *self.of_model(model);
        let user = self.user_of(real, model);
        if user == model && before.real == real {
            self.of_model(model).mutual = true;
            return;
        }
        self.contradict((model, before), (real, user), address, findings);
    }

    /// The frame of the model that a real one was first met with in this look,
    /// which is `model` if there was none.
    fn user_of(&mut self, real: Frame, model: Frame) -> Frame {
        let look = self.look;
        let Some(last) = self.by_real.insert(real, model) else { return model };
        let met = self.of_model(last);
        if last == model || met.model != last || met.real != real {
            return model;
        }
        if met.look != look {
            met.mutual = false;
            return model;
        }
        self.by_real.insert(real, last);
        last
    }

    fn what(&self) -> &'static str {
        if self.field == Field::Frame {
            "frame"
        } else {
            "place"
        }
    }

    #[cold]
    fn moved(&self, address: u64, findings: &mut Findings<'_>) {
        let what = self.what();
        let (expected, actual) = (format!("the {what} it had before"), format!("another {what}"));
        findings.add_page(page(address), self.field, Kind::Moved, expected, actual);
    }

    #[cold]
    fn contradict(
        &mut self,
        (model, before): (Frame, Met),
        (real, user): (Frame, Frame),
        address: u64,
        findings: &mut Findings<'_>,
    ) {
        let (field, what) = (self.field, self.what());
        let name = |met: Met| format!("the {what} of {} {:08x}", met.process, met.address);
        let mut add = |kind, expected: String, actual: String| {
            findings.add_page(page(address), field, kind, expected, actual);
        };
        let expected = match model {
            PageEntry::ZERO_FRAME => "the zero page".to_owned(),
            _ => String::new(),
        };
        if user != model {
            let other = format!("another {what}");
            let expected = if expected.is_empty() { other } else { expected };
            add(Kind::Shared, expected, name(*self.of_model(user)));
        } else if before.real != real {
            let expected = if expected.is_empty() { name(before) } else { expected };
            add(Kind::Unshared, expected, format!("another {what}"));
        }
    }
}

fn slot(model: Frame) -> Frame {
    model & ((1 << PageEntry::SLOT_BITS) - 1)
}

/// Where a frame of the model is noted, if anything is.
fn place<'p>(
    slots: &'p mut [Met],
    others: &'p mut FxHashMap<Frame, Met>,
    model: Frame,
) -> Option<&'p mut Met> {
    match slot(model) {
        slot if slot >= SLOTS => others.get_mut(&model),
        slot => slots.get_mut(slot as usize),
    }
}

fn page(address: u64) -> (u64, u64) {
    (address, address + PAGE_SIZE)
}
