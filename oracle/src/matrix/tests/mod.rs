mod formats;
mod jobs;
mod kunit;

use super::*;
use crate::compare::Observable;
use std::collections::BTreeMap;
use std::time::Duration;

/// Two kernels that were run, one of them with all that can happen, one that
/// could not be booted, and one that was waiting.
fn sample() -> Matrix {
    let names: Vec<String> = Observable::ALL.iter().map(|o| o.name().to_owned()).collect();
    let mut good = Row::waiting("6.1");
    good.release = Some("6.1.0-50-cloud-amd64".to_owned());
    good.set_observables(&names, vec![("VmHWM".to_owned(), "batched".to_owned())]);
    good.corpus = vec![case("brk/grow.mm", Verdict::Agree)];
    (good.programs, good.operations) = (1000, 23456);
    good.time = Duration::from_secs(60);
    good.known = registry(&[(0, Expectation::Silent), (0, Expectation::Absent)]);
    good.end = End::Complete;

    let mut bad = Row::waiting("6.17");
    bad.release = Some("6.17.13+deb13-cloud-amd64".to_owned());
    bad.set_observables(
        &names[..6],
        vec![
            ("kpageflags".to_owned(), "no # root".to_owned()),
            ("the kernel's log".to_owned(), "no # root".to_owned()),
        ],
    );
    let report = "p0 00001000-00002000 maps-line: expected a, actual b\nSubtest: odd\nok 1 odd";
    bad.corpus = vec![
        case("brk/grow.mm", Verdict::Known { entries: vec!["entry".to_owned()] }),
        case(
            "mmap/a#b.mm",
            Verdict::Diverge { fields: vec!["maps-line".to_owned()], report: report.to_owned() },
        ),
        case("mmap/file.mm", Verdict::Diverge { fields: vec![], report: "line 3: <2>".to_owned() }),
        case("seal/seal.mm", Verdict::Skipped { reason: "requires rule=mseal".to_owned() }),
        case("stack/grow.mm", Verdict::NotRun),
    ];
    (bad.programs, bad.operations) = (77, 1234);
    bad.time = Duration::from_millis(1500);
    bad.findings = vec![
        Found {
            signature: "brk.smaps-Rss.less".to_owned(),
            program: "brk(heap+0x1000) = heap+0x1000\n".to_owned(),
            report: "p0 smaps".to_owned(),
            fields: vec!["smaps-Rss".to_owned()],
            case: None,
            folder: Some("out/6.17/brk.smaps-Rss.less".into()),
        },
        Found {
            signature: "mmap/a#b.mm".to_owned(),
            program: String::new(),
            report: report.to_owned(),
            fields: vec!["maps-line".to_owned()],
            case: Some("mmap/a#b.mm".to_owned()),
            folder: None,
        },
    ];
    bad.known = registry(&[(5, Expectation::Fired), (2, Expectation::Unexpected)]);
    bad.not_predicted = BTreeMap::from([("would execute data".to_owned(), 4)]);
    bad.lost = BTreeMap::from([("killed".to_owned(), 1)]);
    bad.end = End::Interrupted;

    let mut failed = Row::waiting("7.3");
    failed.end = End::Failed("failed to boot: no image".to_owned());
    let rows = vec![good, bad, failed, Row::waiting("7.2")];
    Matrix { seed: 7, rows, interrupted: true }
}

fn registry(entries: &[(u64, Expectation)]) -> Vec<Known> {
    let named = entries.iter().zip(["counts-twice", "keeps-offset"]);
    let of = |(&(count, expectation), name): (&(u64, Expectation), &str)| Known {
        name: name.to_owned(),
        count,
        expectation,
    };
    named.map(of).collect()
}

fn case(name: &str, verdict: Verdict) -> Case {
    Case { name: name.to_owned(), verdict }
}
