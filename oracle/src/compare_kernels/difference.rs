//! Two observations of one program held against each other.

use crate::compare::{
    compare_outcome, render, Capabilities, Comparer, Difference, Exemption, Field, Kind, Place,
    Signature,
};
use crate::guest::{GuestError, Observed};
use crate::observe::Want;
use mm_reference::op::{Op, Outcome};
use mm_reference::snapshot::{MapsLine, Name, ProcessSnapshot, Snapshot};

/// The first difference of two observations.
#[derive(Clone, Debug)]
pub struct Seen {
    /// The operation after which it shows.
    pub at: usize,
    /// What makes it the same as another.
    pub signature: Signature,
    /// All that differs at that moment: the first kernel's is what is expected.
    pub differences: Vec<Difference>,
    /// What can be seen of the states, as text: `-` the first kernel, `+` the second.
    pub state: String,
    /// The states themselves, where they are what differs.
    pub(super) states: Option<Box<(Snapshot, Snapshot)>>,
}

/// The mapping that is shared with mmdiff has this name.
const ARENA: &str = "/memfd:mmdiff";

/// What differs first, if anything does.
///
/// # Errors
/// When a guest sent a snapshot that is none.
pub(super) fn difference(
    ops: &[Op],
    a: &Observed,
    b: &Observed,
) -> Result<Option<Seen>, GuestError> {
    let [outcomes_a, outcomes_b] = [a, b].map(outcomes);
    let mut compared = 0;
    let mut looks = a.looks.iter().zip(&b.looks);
    loop {
        let look = looks.next();
        let until = look.map_or(ops.len(), |(look, _)| look.0).min(ops.len());
        for (index, op) in ops.iter().enumerate().take(until).skip(compared) {
            let pair = (outcomes_a.get(index), outcomes_b.get(index));
            let found = match pair {
                (Some(x), Some(y)) => compare_outcome(index, op.process, x, y),
                (None, None) => None,
                (x, y) => Some(gone(op, x.is_some(), (a, b), y.is_some())),
            };
            if let Some(found) = found {
                return Ok(seen(ops, index, vec![found], String::new(), None));
            }
        }
        compared = until;
        let Some(((_, look_a), (_, look_b))) = look else { break };
        let decode = |error| GuestError::Nonsense(format!("a snapshot: {error}"));
        let (mut x, mut y) = (look_a.decode().map_err(decode)?, look_b.decode().map_err(decode)?);
        x.processes.iter_mut().chain(&mut y.processes).for_each(leave_out_arena);
        let found = states(&x, &y);
        if !found.is_empty() {
            let state = render(&x, &y, &found);
            let states = Some(Box::new((x, y)));
            return Ok(seen(ops, compared.saturating_sub(1), found, state, states));
        }
    }
    Ok(None)
}

pub(super) fn outcomes(observed: &Observed) -> Vec<Outcome> {
    observed.outcomes.iter().map(|form| Outcome::from(form.clone())).collect()
}

/// One side could not go on.
fn gone(op: &Op, alive_a: bool, (a, b): (&Observed, &Observed), alive_b: bool) -> Difference {
    let say = |alive: bool, observed: &Observed| match (alive, &observed.lost) {
        (true, _) => "alive".to_owned(),
        (false, why) => why.clone().unwrap_or_else(|| "gone".to_owned()),
    };
    Difference {
        process: op.process,
        place: Place::Process,
        field: Field::Process,
        kind: if alive_b { Kind::Extra } else { Kind::Missing },
        expected: say(alive_a, a),
        actual: say(alive_b, b),
    }
}

fn seen(
    ops: &[Op],
    at: usize,
    differences: Vec<Difference>,
    state: String,
    states: Option<Box<(Snapshot, Snapshot)>>,
) -> Option<Seen> {
    let signature = Signature::new(&ops.get(at)?.call, differences.first()?);
    Some(Seen { at, signature, differences, state, states })
}

/// What two kernels are compared in.
pub(super) fn compared() -> Capabilities {
    let parts = Want { page_flags: false, ..Want::ALL };
    Capabilities { parts, kernel_log: false, ..Capabilities::full() }
}

/// What differs of two states. Nothing was predicted, so what is bounded by the
/// exact value may lie on either side of the other.
fn states(a: &Snapshot, b: &Snapshot) -> Vec<Difference> {
    let caps = compared();
    let mut found = Vec::new();
    Comparer::default().compare(a, b, &caps, &mut found);
    found.retain(|difference| {
        let Field::Status(field) = difference.field else { return true };
        let Some(exemption) = Exemption::of(field) else { return true };
        let of = |snapshot: &Snapshot| {
            let mut processes = snapshot.processes.iter();
            processes.find(|p| p.process == difference.process).map(|p| p.status.clone())
        };
        match (of(a), of(b)) {
            (Some(a), Some(b)) => !exemption.allows(&b, &a, &caps),
            _ => true,
        }
    });
    found
}

/// Takes out what belongs to mmdiff: its inode differs from boot to boot, and its
/// pages are not the program's doing.
fn leave_out_arena(process: &mut ProcessSnapshot) {
    let is_arena =
        |line: &MapsLine| matches!(&line.name, Name::Other(name) if name.starts_with(ARENA));
    let arena = process.maps.iter().find(|line| is_arena(line)).map(|line| line.start);
    process.maps.retain(|line| !is_arena(line));
    process.smaps.retain(|entry| !is_arena(&entry.line));
    process.pagemap.retain(|window| Some(window.start) != arena);
}
