//! Swap: every wrong rule about it is told by a program of the corpus.

mod programs;
mod shown;

use mm_reference::defect::DEFECTS;
use mm_reference::profile::{Profile, Version};
use programs::{corpus, programs};
use shown::{read, shown};

#[test]
fn every_wrong_rule_has_a_program_that_tells_it() {
    let stock = Profile::stock(Version::new(6, 18));
    let files = programs(&corpus().join("swap"));
    for &defect in DEFECTS.iter().filter(|defect| defect.area() == "swap") {
        let tells = |program: &&std::path::PathBuf| {
            let program = read(program);
            let right = program.requires.impose(&stock);
            let wrong = Profile { defect: Some(defect), ..right.clone() };
            shown(&program, &right) != shown(&program, &wrong)
        };
        assert!(files.iter().any(|file| tells(&file)), "no program tells {}", defect.name());
    }
}
