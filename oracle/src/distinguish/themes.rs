//! Programs that dwell on what a rule is about.

use crate::generate::Theme;
use mm_reference::profile::{Rule, Switch};

/// The theme of the attempt with this number: what the rule is about by turns,
/// and every third time anything.
pub(super) fn of(switch: Switch, number: u64) -> Option<Theme> {
    if number % 3 == 2 {
        return None;
    }
    let themes = fitting(switch);
    themes.get((number / 3) as usize % themes.len()).copied()
}

fn fitting(switch: Switch) -> &'static [Theme] {
    let Switch::Rule(rule) = switch else { return &[Theme::Tables] };
    match rule {
        Rule::MmapGathersFirst => &[Theme::Limits],
        Rule::StrictHeapName
        | Rule::BrkHeapOnly
        | Rule::BrkShrinkNeedsMapping
        | Rule::BrkPosted => &[Theme::Heap],
        Rule::Mseal | Rule::SealPerMapping => &[Theme::Seal],
        Rule::Droppable => &[Theme::General, Theme::Reclaim],
        Rule::GuardRegions | Rule::PagemapGuardBit | Rule::MaybeGuard => &[Theme::Guard],
        Rule::SymmetricAnonMerge | Rule::LowerNeighbourFirst => &[Theme::Merge, Theme::Cow],
        Rule::DontunmapMergesOthers
        | Rule::MremapEarlyChecks
        | Rule::MremapMulti
        | Rule::MremapCountAtEntry => &[Theme::Remap, Theme::Merge],
        Rule::MremapRealign | Rule::MremapRealignPosted => &[Theme::Realign, Theme::Tables],
        Rule::CopyVmaForkCheck => &[Theme::Relocate],
        Rule::RelocateAnon => &[Theme::Relocate],
        Rule::GupNoStackGrowth => &[Theme::Stack, Theme::Lock],
        Rule::MprotectDropsAccount => &[Theme::Cow, Theme::Merge],
        Rule::PageoutKeepsYoung | Rule::SwapinByCache => &[Theme::Reclaim],
        Rule::SwapinForgetsLock | Rule::SwapinWritable => &[Theme::Reclaim, Theme::Lock],
        Rule::Mdwe
        | Rule::MdweNoInherit
        | Rule::MemoryMerge
        | Rule::ThpDisableFlags
        | Rule::KsmFlagsFirst => &[Theme::Exec],
        _ => &[Theme::General, Theme::Merge, Theme::Remap, Theme::Heap],
    }
}
