//! Frames that change from look to look, and who changed them.

use crate::compare::{Difference, Kind};
use crate::observe::migrations;

/// Tells what a program did from what the kernel did on its own: it moves pages to other
/// frames when it needs large free areas, whoever they belong to.
#[derive(Debug)]
pub(super) struct Moves {
    /// How many the kernel had counted when this was last looked at.
    migrations: Option<u64>,
}

impl Moves {
    pub(super) fn new() -> Moves {
        Moves { migrations: migrations() }
    }

    /// Takes out the moves that may be the kernel's own: all of them where it has counted
    /// some since the last time.
    pub(super) fn leave_out(&mut self, differences: &mut Vec<Difference>) {
        if differences.iter().any(|difference| difference.kind == Kind::Moved) {
            self.judge(migrations(), differences);
        }
    }

    fn judge(&mut self, migrations: Option<u64>, differences: &mut Vec<Difference>) {
        if migrations != std::mem::replace(&mut self.migrations, migrations) {
            differences.retain(|difference| difference.kind != Kind::Moved);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::{Field, Place};
    use mm_reference::op::ProcessId;

    #[test]
    fn moves_are_the_programs_unless_the_kernel_has_migrated_pages() {
        let difference = |kind| Difference {
            process: ProcessId(0),
            place: Place::Pages(0x1000, 0x2000),
            field: Field::Frame,
            kind,
            expected: String::new(),
            actual: String::new(),
        };
        let left = |before, now| {
            let mut moves = Moves { migrations: before };
            let mut differences = vec![difference(Kind::Moved), difference(Kind::Shared)];
            moves.judge(now, &mut differences);
            assert_eq!(moves.migrations, now);
            differences.len()
        };
        assert_eq!(left(Some(7), Some(7)), 2);
        assert_eq!(left(Some(7), Some(8)), 1);
        assert_eq!(left(None, None), 2, "a kernel that migrates nothing");
    }
}
