//! Long programs become short ones that show the same.

use mm_oracle::bench::shrink_long;
use mm_oracle::observe::Capabilities;
use mm_oracle::profile::running_kernel;
use mm_oracle::run::Runner;
use mm_oracle::subject::Config;
use std::sync::Arc;

#[test]
fn a_hundred_operations_become_a_few() {
    let (profile, _) = running_kernel().expect("a profile of this kernel");
    let mut runner = Runner::new(Config::default(), Arc::new(profile), Capabilities::detect());
    let shrunk = shrink_long(&mut runner, 3).expect("programs that show what is wrong");
    assert_eq!(shrunk.len(), 3);
    for program in shrunk {
        assert_eq!(program.before, 100, "{program:?}");
        assert!(program.after <= 8, "{program:?}");
        assert!(program.minimal && program.same, "{program:?}");
    }
    assert_eq!(runner.profile().defect, None, "the wrong rule stays in the model");
}
