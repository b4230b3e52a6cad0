//! What is read of a process, page by page.

use super::limits::{CONTENT_PAGES, WHOLE_PAGES, WINDOW_PAGES};
use crate::addr::{pages, PAGE_SIZE};
use crate::model::folio::{Folios, PageContent};
use crate::model::page_table::Pte;
use crate::model::vma::Backing;
use crate::model::Mm;
use crate::snapshot::{ProcessPlan, Ranges, Views};

pub(super) fn fill(mm: &Mm, folios: &Folios, plan: &mut ProcessPlan) {
    let ProcessPlan { windows, empty, contents, flagged, views, away } = plan;
    windows.0.clear();
    empty.0.clear();
    contents.0.clear();
    flagged.clear();
    *views = Views::default();
    away.0.clear();
    let mut left = WINDOW_PAGES;
    for vma in mm.vmas.iter() {
        if let Backing::Special(_) = vma.backing {
            continue;
        }
        if vma.pages() <= WHOLE_PAGES {
            window(windows, &mut left, vma.start, vma.end);
            continue;
        }
        let mut at = vma.start;
        for (start, end) in mm.tables.spans(vma.start, vma.end) {
            push(empty, at, start);
            window(windows, &mut left, start, end);
            at = end;
        }
        push(empty, at, vma.end);
    }
    let mut left = CONTENT_PAGES;
    for &(start, end) in &windows.0 {
        mm.tables.for_each(start, end, |address, pte| {
            let Pte::Page(id, _) = pte else { return };
            let folio = folios.get(id);
            if left > 0 && folio.is_anon() && folio.content != PageContent::Unknown {
                left -= 1;
                match contents.0.last_mut() {
                    Some((_, end)) if *end == address => *end += PAGE_SIZE,
                    _ => contents.0.push((address, address + PAGE_SIZE)),
                }
            }
        });
    }
}

/// A window, as far as the budget goes.
fn window(windows: &mut Ranges, left: &mut u64, start: u64, end: u64) {
    let count = pages(end - start).min(*left);
    *left -= count;
    push(windows, start, start + count * PAGE_SIZE);
}

fn push(ranges: &mut Ranges, start: u64, end: u64) {
    if start < end {
        ranges.0.push((start, end));
    }
}
