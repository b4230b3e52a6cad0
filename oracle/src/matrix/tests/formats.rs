use super::*;

#[test]
fn the_table_fits_and_has_a_column_for_each_kernel() {
    insta::assert_snapshot!(sample().to_string(), @r"
    interrupted: this is what was done until then
    kernel              6.1               6.17        7.3      7.2
    release        6.1.0-50            6.17.13          ?        ?
    results             yes                yes          ?        ?
    contents            yes                yes          ?        ?
    maps                yes                yes          ?        ?
    smaps               yes                yes          ?        ?
    pagemap             yes                yes          ?        ?
    frames              yes                yes          ?        ?
    kpageflags          yes               no a          ?        ?
    kpagecount          yes               no b          ?        ?
    status              yes               no c          ?        ?
    statm               yes               no d          ?        ?
    rollup              yes               no e          ?        ?
    numa                yes               no f          ?        ?
    log                 yes               no g          ?        ?
    counts              yes               no h          ?        ?
    corpus                1  1, 2 diverge (+2)          0        0
    programs           1000                 77          0        0
    operations        23456               1234          0        0
    known                 0                  7          0        0
    not predicted         0                  4          0        0
    findings              0     2, interrupted  0, failed  not run
    not compared:
      a: kpageflags: no # root
      b: kpagecount: cannot be seen there
      c: status: cannot be seen there
      d: statm: cannot be seen there
      e: rollup: cannot be seen there
      f: numa: cannot be seen there
      g: log: no # root
      h: counts: cannot be seen there
    known differences, how often they showed (0: could have, -: not of this kernel, !: but showed):
                    6.1  6.17
      counts-twice    0     5
      keeps-offset    -    !2
    error: keeps-offset showed 2 times on 6.17, which its entry does not name
    programs of the corpus that were skipped:
      seal/seal.mm: requires rule=mseal (6.17)
    programs that ended early, because the model does not predict:
      would execute data (6.17: 4)
    subjects lost:
      killed (6.17: 1)
    2 findings:
      6.17: brk.smaps-Rss.less  out/6.17/brk.smaps-Rss.less
          brk(heap+0x1000) = heap+0x1000
        p0 smaps
      6.17: mmap/a#b.mm  (not saved)
        p0 00001000-00002000 maps-line: expected a, actual b
        Subtest: odd
        ok 1 odd
    7.3 could not be run to the end: failed to boot: no image
    ");
}

#[test]
fn ktap_is_nested() {
    insta::assert_snapshot!(ktap(&sample()), @r"
    KTAP version 1
    1..4
        KTAP version 1
        # Subtest: 6.1
        1..3
            KTAP version 1
            # Subtest: brk/grow.mm
            1..14
            ok 1 results
            ok 2 contents
            ok 3 maps
            ok 4 smaps
            ok 5 pagemap
            ok 6 frames
            ok 7 kpageflags
            ok 8 kpagecount
            ok 9 status
            ok 10 statm
            ok 11 rollup
            ok 12 numa
            ok 13 log
            ok 14 counts
        ok 1 brk/grow.mm
            KTAP version 1
            # Subtest: fresh programs
            1..14
            ok 1 results
            ok 2 contents
            ok 3 maps
            ok 4 smaps
            ok 5 pagemap
            ok 6 frames
            ok 7 kpageflags
            ok 8 kpagecount
            ok 9 status
            ok 10 statm
            ok 11 rollup
            ok 12 numa
            ok 13 log
            ok 14 counts
        # 1000 programs, 23456 operations
        ok 2 fresh programs
            KTAP version 1
            # Subtest: known differences
            1..2
            ok 1 counts-twice # SKIP it did not show
            ok 2 keeps-offset # SKIP this kernel should not have it
        ok 3 known differences
    # Linux 6.1.0-50-cloud-amd64
    ok 1 6.1
        KTAP version 1
        # Subtest: 6.17
        1..7
            KTAP version 1
            # Subtest: brk/grow.mm
            1..14
            ok 1 results
            ok 2 contents
            ok 3 maps
            ok 4 smaps
            ok 5 pagemap
            ok 6 frames
            ok 7 kpageflags # SKIP no   root
            ok 8 kpagecount # SKIP cannot be seen there
            ok 9 status # SKIP cannot be seen there
            ok 10 statm # SKIP cannot be seen there
            ok 11 rollup # SKIP cannot be seen there
            ok 12 numa # SKIP cannot be seen there
            ok 13 log # SKIP no   root
            ok 14 counts # SKIP cannot be seen there
        # known differences: entry
        ok 1 brk/grow.mm
            KTAP version 1
            # Subtest: mmap/a b.mm
            1..14
            ok 1 results
            ok 2 contents
            not ok 3 maps
            ok 4 smaps
            ok 5 pagemap
            ok 6 frames
            ok 7 kpageflags # SKIP no   root
            ok 8 kpagecount # SKIP cannot be seen there
            ok 9 status # SKIP cannot be seen there
            ok 10 statm # SKIP cannot be seen there
            ok 11 rollup # SKIP cannot be seen there
            ok 12 numa # SKIP cannot be seen there
            ok 13 log # SKIP no   root
            ok 14 counts # SKIP cannot be seen there
        # p0 00001000-00002000 maps-line: expected a, actual b
        #  Subtest: odd
        # ok 1 odd
        not ok 2 mmap/a b.mm
        # line 3: <2>
        not ok 3 mmap/file.mm
        ok 4 seal/seal.mm # SKIP requires rule=mseal
        ok 5 stack/grow.mm # SKIP it was not run
            KTAP version 1
            # Subtest: fresh programs
            1..14
            ok 1 results
            ok 2 contents
            ok 3 maps
            not ok 4 smaps
            ok 5 pagemap
            ok 6 frames
            ok 7 kpageflags # SKIP no   root
            ok 8 kpagecount # SKIP cannot be seen there
            ok 9 status # SKIP cannot be seen there
            ok 10 statm # SKIP cannot be seen there
            ok 11 rollup # SKIP cannot be seen there
            ok 12 numa # SKIP cannot be seen there
            ok 13 log # SKIP no   root
            ok 14 counts # SKIP cannot be seen there
        # 77 programs, 1234 operations
        # brk.smaps-Rss.less
        #   brk(heap+0x1000) = heap+0x1000
        #   p0 smaps
        not ok 6 fresh programs
            KTAP version 1
            # Subtest: known differences
            1..2
            # showed 5 times
            ok 1 counts-twice
            # showed 2 times, on a kernel it does not name
            not ok 2 keeps-offset
        not ok 7 known differences
    # Linux 6.17.13+deb13-cloud-amd64
    not ok 2 6.17
        KTAP version 1
        # Subtest: 7.3
        1..1
        # failed to boot: no image
        not ok 1 runs to the end
    not ok 3 7.3
    ok 4 7.2 # SKIP it was not run
    ");
}

#[test]
fn ktap_follows_its_grammar() {
    let text = ktap(&sample());
    let lines: Vec<&str> = text.lines().collect();
    let mut rest = lines.as_slice();
    check_group(&mut rest, 0);
    assert!(rest.is_empty(), "{rest:?}");
}

/// Checks a version line, a plan and its tests, and takes them away.
fn check_group(lines: &mut &[&str], depth: usize) -> Option<String> {
    let indent = " ".repeat(4 * depth);
    let mut next = || {
        let (first, rest) = lines.split_first().expect("another line");
        *lines = rest;
        let line =
            first.strip_prefix(&indent).unwrap_or_else(|| panic!("{first:?} is not at {depth}"));
        assert!(!line.starts_with(' '), "{line:?}");
        line
    };
    assert_eq!(next(), "KTAP version 1");
    let name = (depth > 0).then(|| next().strip_prefix("# Subtest: ").expect("a name").to_owned());
    let count: usize = next().strip_prefix("1..").and_then(|n| n.parse().ok()).expect("a plan");
    assert!(count > 0, "a group of nothing");
    for number in 1..=count {
        let nested = lines.first().is_some_and(|line| line.trim_start() == "KTAP version 1");
        let inner = nested.then(|| check_group(lines, depth + 1)).flatten();
        let result = loop {
            let (line, rest) = lines.split_first().expect("a result");
            *lines = rest;
            let line = line.strip_prefix(&indent).expect("an indented line");
            if !line.starts_with("# ") {
                break line;
            }
            assert!(!line.starts_with("# Subtest:"), "{line}");
        };
        let said = result.strip_prefix("not ").unwrap_or(result);
        let name =
            said.strip_prefix(&format!("ok {number} ")).unwrap_or_else(|| panic!("{result}"));
        let name = name.split(" # SKIP ").next().unwrap_or_default();
        assert!(!name.contains('#'), "{name}");
        if let Some(inner) = inner {
            assert_eq!(inner, name, "a group is called like its result");
        }
    }
    name
}

#[test]
fn junit_can_be_read_again() {
    let text = junit(&sample()).expect("XML");
    crate::report::validate_junit(&text);
    let report = quick_junit::Report::deserialize_from_str(&text).expect("JUnit XML");
    let names: Vec<&str> = report.test_suites.iter().map(|s| s.name.as_str()).collect();
    assert_eq!(names, ["6.1", "6.17", "7.3", "7.2"]);
    let counts = |n: usize| {
        let suite = &report.test_suites[n];
        (suite.tests, suite.failures, suite.errors)
    };
    // a program, fresh programs, the registry
    assert_eq!(counts(0), (3, 0, 0));
    assert_eq!(counts(1), (7, 4, 0));
    assert_eq!(counts(2), (1, 0, 1));
    assert_eq!(counts(3), (1, 0, 0));
    // how many were skipped is known of each suite
    assert!(text.contains("<testsuite name=\"6.17\" tests=\"7\" skipped=\"2\""), "{text}");
    let area = report.test_suites[1].test_cases[0].classname.as_ref().map(|c| c.as_str());
    assert_eq!(area, Some("6.17.brk"));
}

#[test]
fn json_says_it_all() {
    let value = json(&sample());
    crate::schema::check("matrix", &value);
    assert_eq!(value["interrupted"], true);
    let row = &value["kernels"][1];
    assert_eq!(row["kernel"], "6.17");
    assert_eq!(row["end"], "interrupted");
    assert_eq!(row["observables"][6]["compared"], false);
    assert_eq!(row["observables"][6]["why"], "no # root");
    assert_eq!(row["corpus"][1]["verdict"], "diverge");
    assert_eq!(row["corpus"][3]["why"], "requires rule=mseal");
    assert_eq!(row["findings"][0]["signature"], "brk.smaps-Rss.less");
    assert_eq!(row["known"][0]["expectation"], "fired");
    assert_eq!(row["known"][1]["expectation"], "unexpected");
    assert_eq!(row["seconds"], 1.5);
    assert_eq!(value["kernels"][2]["failure"], "failed to boot: no image");
}

#[test]
fn what_shows_where_it_should_not_is_a_finding() {
    let mut matrix = Matrix { seed: 1, rows: vec![Row::waiting("6.1")], interrupted: false };
    assert!(!matrix.has_findings());
    matrix.rows[0].known = registry(&[(1, Expectation::Fired), (0, Expectation::Absent)]);
    assert!(!matrix.has_findings());
    matrix.rows[0].known[1] =
        Known { count: 1, ..registry(&[(1, Expectation::Unexpected)])[0].clone() };
    assert!(matrix.has_findings());
    assert!(matrix.to_string().contains("error: counts-twice showed once on 6.1"));
}
