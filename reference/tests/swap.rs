//! Swap: every wrong rule about it is told by a program of the corpus.

mod programs;
mod shown;

use mm_reference::defect::DEFECTS;
use programs::{corpus, programs};
use shown::tells;

#[test]
fn every_wrong_rule_has_a_program_that_tells_it() {
    let files = programs(&corpus().join("swap"));
    for &defect in DEFECTS.iter().filter(|defect| defect.area() == "swap") {
        let told = files.iter().any(|file| tells(file, defect));
        assert!(told, "no program tells {}", defect.name());
    }
}
