use super::*;
use crate::campaign::{Differs, Limit, Record};
use crate::guest::{self, Event, GuestError, Link, Named, Request, Wreck};
use crate::profile::{Origin, Section};
use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::Mutex;

/// A guest that answers as it was told, in order.
struct Scripted {
    events: VecDeque<Result<Event, GuestError>>,
    asked: &'static Mutex<Vec<Request>>,
}

impl Link for Scripted {
    fn send(&mut self, request: &Request) -> Result<(), GuestError> {
        self.asked.lock().expect("not poisoned").push(request.clone());
        Ok(())
    }

    fn event(&mut self, _: Duration) -> Result<Event, GuestError> {
        self.events.pop_front().unwrap_or_else(|| Err(died("nothing more to say")))
    }

    fn console(&self) -> String {
        String::new()
    }
}

fn died(report: &str) -> GuestError {
    let wreck = Wreck { report: report.to_owned(), suspects: Vec::new() };
    GuestError::Died { how: "killed".to_owned(), wreck: Box::new(wreck) }
}

fn panic(report: &str, suspects: &[&str]) -> GuestError {
    let suspects = suspects.iter().map(|text| (*text).to_owned()).collect();
    GuestError::Panic(Box::new(Wreck { report: report.to_owned(), suspects }))
}

fn profile() -> Vec<Result<Event, GuestError>> {
    let origin = Origin {
        section: Section::Kernel,
        switch: "version".to_owned(),
        value: "6.17".to_owned(),
        origin: "uname: 6.17.13+deb13-cloud-amd64".to_owned(),
    };
    let compared = Observable::ALL.iter().map(|o| o.name().to_owned()).collect();
    vec![
        Ok(Event::Profile { origins: vec![origin], compared, not_compared: Vec::new() }),
        Ok(Event::Done),
    ]
}

fn program(name: &str, verdict: guest::Verdict, detail: &str) -> Result<Event, GuestError> {
    let (name, detail) = (name.to_owned(), detail.to_owned());
    Ok(Event::Program { name, verdict, detail, finding: None })
}

fn diverging(name: &str, detail: &str) -> Result<Event, GuestError> {
    let record = Record {
        signature: "mmap.maps-line.changed".to_owned(),
        report: "at length".to_owned(),
        c: "int d;\n".to_owned(),
        differences: Differs::of_report(detail),
        ..Record::default()
    };
    let (name, detail) = (name.to_owned(), detail.to_owned());
    let (verdict, finding) = (guest::Verdict::Diverge, Some(Box::new(record)));
    Ok(Event::Program { name, verdict, detail, finding })
}

fn progress(programs: u64, operations: u64) -> Result<Event, GuestError> {
    Ok(Event::Progress { programs, operations })
}

fn finding(signature: &str) -> Result<Event, GuestError> {
    Ok(Event::Finding(Box::new(Record {
        signature: signature.to_owned(),
        program: "fork() = p1\n".to_owned(),
        report: "p0 process status-VmRSS: expected 1 kB, actual 2 kB\n".to_owned(),
        c: "int main;\n".to_owned(),
        reliability: (9, 10),
        differences: vec![Differs { field: "status-VmRSS".to_owned(), ..Differs::default() }],
        ..Record::default()
    })))
}

fn summary(programs: u64) -> Result<Event, GuestError> {
    Ok(Event::Summary(serde_json::json!({
        "programs": programs,
        "operations": 20 * programs,
        "known": { "dontunmap-counts-locked-twice": 3, "fixed-address-read-as-error": 0 },
        "cannot_compare": { "would execute data": 2 },
        "lost": {},
        "failure": null,
    })))
}

fn done() -> Result<Event, GuestError> {
    Ok(Event::Done)
}

fn work(names: &[&str], time: u64) -> Work {
    let file = |name: &&str| Named { name: (*name).to_owned(), text: format!("# {name}\n") };
    Work {
        seed: 1,
        limit: Limit::Time(Duration::from_secs(time)),
        until_found: false,
        observe: "adaptive".to_owned(),
        corpus: names.iter().map(file).collect(),
    }
}

/// What one kernel comes to whose guests say these things, one after the other;
/// what they were asked, and the folder with the findings.
fn run_with(
    lives: Vec<Vec<Result<Event, GuestError>>>,
    work: &Work,
    told: &dyn Fn(Told, &AtomicBool),
) -> (Row, Vec<Request>, PathBuf) {
    run_on(Tested { name: "6.17", built: None }, lives, work, told)
}

fn run_on(
    tested: Tested<'_>,
    lives: Vec<Vec<Result<Event, GuestError>>>,
    work: &Work,
    told: &dyn Fn(Told, &AtomicBool),
) -> (Row, Vec<Request>, PathBuf) {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    let out = std::env::temp_dir().join(format!("mmdiff-matrix-{}-{number}", std::process::id()));
    let asked: &'static Mutex<Vec<Request>> = Box::leak(Box::default());
    let lives = Mutex::new(VecDeque::from(lives));
    let stop = AtomicBool::new(false);
    let boot = || {
        let events = lives.lock().expect("not poisoned").pop_front();
        let events = events.ok_or_else(|| GuestError::Failed("no more guests".to_owned()))?;
        Ok(Box::new(Scripted { events: events.into(), asked }) as Box<dyn Link>)
    };
    let row = run(tested, &boot, work, &out, &stop, &|what| told(what, &stop));
    let asked = asked.lock().expect("not poisoned").clone();
    (row, asked, out.join(tested.name))
}

fn nothing(_: Told, _: &AtomicBool) {}

fn known_count(row: &Row, name: &str) -> u64 {
    row.known.iter().find(|known| known.name == name).map_or(0, |known| known.count)
}

#[test]
fn a_kernel_runs_the_corpus_and_fresh_programs() {
    let mut events = profile();
    events.extend([
        program("a.mm", guest::Verdict::Agree, ""),
        program("b.mm", guest::Verdict::Known, "dontunmap-counts-locked-twice"),
        program("c.mm", guest::Verdict::Skipped, "requires rule=mseal"),
        diverging("d.mm", "p0 1000-2000 maps-line: expected a, actual b"),
        program("e.mm", guest::Verdict::Otherwise, "line 1: the file expects 0, the model 1"),
        done(),
        progress(10, 200),
        finding("mmap.status-VmRSS.more"),
        finding("mmap.status-VmRSS.more"),
        Ok(Event::Known { id: "dontunmap-counts-locked-twice".to_owned(), count: 2 }),
        summary(30),
        done(),
    ]);
    let work = work(&["a.mm", "b.mm", "c.mm", "d.mm", "e.mm"], 60);
    let (row, asked, folder) = run_with(vec![events], &work, &nothing);
    assert_eq!(row.end, End::Complete);
    assert_eq!(row.release.as_deref(), Some("6.17.13+deb13-cloud-amd64"));
    assert_eq!(row.corpus_counts(), (3, 1, 1));
    assert_eq!(
        row.corpus[2].verdict,
        Verdict::Skipped { reason: "requires rule=mseal".to_owned() }
    );
    assert_eq!((row.programs, row.operations), (30, 600));
    assert_eq!(row.not_predicted["would execute data"], 2);
    assert_eq!(known_count(&row, "dontunmap-counts-locked-twice"), 4, "one in the corpus");
    let signatures: Vec<&str> = row.findings.iter().map(|f| f.signature.as_str()).collect();
    assert_eq!(signatures, ["corpus/d.mm", "mmap.status-VmRSS.more"]);
    assert_eq!(row.findings[0].fields, ["maps-line"]);
    for file in ["program.mm", "report.txt", "repro.c", "finding.json"] {
        assert!(folder.join("mmap.status-VmRSS.more").join(file).is_file(), "{file}");
    }
    for (file, text) in
        [("program.mm", "# d.mm\n"), ("repro.c", "int d;\n"), ("report.txt", "at length")]
    {
        let kept = std::fs::read_to_string(folder.join("corpus/d.mm").join(file));
        assert_eq!(kept.expect(file), text);
    }
    assert!(folder.join("corpus/d.mm/finding.json").is_file());
    let lines = "line 1: the file expects 0, the model 1".to_owned();
    assert_eq!(row.corpus[4].verdict, Verdict::Otherwise { lines }, "no finding of the kernel");
    assert_eq!(asked.last(), Some(&Request::PowerOff));
    std::fs::remove_dir_all(folder).expect("removed");
}

#[test]
fn a_probe_against_the_version_is_said_and_of_a_built_kernel_a_finding() {
    let build = crate::kernels::Build::default();
    for built in [false, true] {
        let mut events = profile();
        if let Some(Ok(Event::Profile { origins, .. })) = events.first_mut() {
            origins.push(Origin {
                section: Section::Rule,
                switch: "guard-regions".to_owned(),
                value: "off".to_owned(),
                origin: "probe, against the version: MADV_GUARD_INSTALL on a page".to_owned(),
            });
        }
        let tested = Tested { name: "mine", built: built.then_some(&build) };
        let (row, _, folder) = run_on(tested, vec![events], &work(&[], 0), &nothing);
        let said: Vec<_> = row.contradictions.iter().map(ToString::to_string).collect();
        let line = "probe against the version: guard-regions is off (MADV_GUARD_INSTALL on a page)";
        assert_eq!(said, [line]);
        let found: Vec<_> = row.findings.iter().map(|found| found.signature.as_str()).collect();
        match built {
            true => {
                assert_eq!(found, ["probe.guard-regions.missing"]);
                assert!(row.findings[0].report.starts_with(line));
                std::fs::remove_dir_all(folder).expect("the finding was kept");
            }
            false => assert!(found.is_empty()),
        }
        let matrix = Matrix { seed: 1, rows: vec![row], interrupted: false };
        assert!(matrix.to_string().contains(&format!("mine: {line}\n")));
    }
}

#[test]
fn a_panic_loses_nothing_and_its_culprit_is_found() {
    let mut first = profile();
    first.extend([
        progress(500, 9000),
        finding("brk.outcome.less"),
        Err(panic("BUG: bad page state 0x7\nmore", &["fork()\n", "munmap(0x1000, 0x1000)\n"])),
    ]);
    // the suspects are tried together, the one that does it alone, and then the rest
    let again = || Err(panic("BUG: bad page state 0x9", &[]));
    let (guilty, alone) = (vec![again()], vec![again()]);
    let innocent = vec![program("1", guest::Verdict::Agree, ""), done()];
    let mut last = profile();
    last.extend([progress(5, 90), summary(20), done()]);
    let lives = vec![first, guilty, alone, innocent, last];
    let (row, asked, folder) = run_with(lives, &work(&[], 3600), &nothing);
    assert_eq!(row.end, End::Complete);
    assert_eq!((row.programs, row.boots), (520, 2));
    let found: Vec<(&str, &str)> =
        row.findings.iter().map(|f| (f.signature.as_str(), f.program.as_str())).collect();
    let expected =
        [("brk.outcome.less", "fork() = p1\n"), ("kernel.down.BUG-bad-page-state", "fork()\n")];
    assert_eq!(found, expected);
    assert!(folder.join("kernel.down.BUG-bad-page-state/report.txt").is_file());
    let campaigns: Vec<_> = asked
        .iter()
        .filter_map(|request| match request {
            Request::Fuzz(campaign) => Some((campaign.seed, campaign.seconds)),
            _ => None,
        })
        .collect();
    assert_eq!(campaigns.len(), 2);
    assert_ne!(campaigns[0].0, campaigns[1].0, "it would run into the same again");
    assert!(campaigns[1].1 > Some(3500), "the rest of the time");
    std::fs::remove_dir_all(folder).expect("removed");
}

#[test]
fn a_program_of_the_corpus_that_brings_the_kernel_down_is_passed_over() {
    let mut first = profile();
    first.extend([
        program("a.mm", guest::Verdict::Agree, ""),
        Err(panic("BUG: bad page state 0x7", &["# b.mm\n"])),
    ]);
    let again = || vec![Err(panic("BUG: bad page state 0x7", &[]))];
    let mut last = profile();
    last.extend([program("c.mm", guest::Verdict::Agree, ""), done()]);
    let lives = vec![first, again(), again(), last];
    let (row, asked, folder) = run_with(lives, &work(&["a.mm", "b.mm", "c.mm"], 0), &nothing);
    assert_eq!(row.end, End::Complete);
    assert_eq!(row.corpus_counts(), (2, 1, 0));
    assert!(
        matches!(&row.corpus[1].verdict, Verdict::Diverge { fields, .. } if *fields == ["kernel-log"])
    );
    assert!(asked.contains(&only_c()), "{asked:?}");
    std::fs::remove_dir_all(folder).expect("removed");
}

fn only_c() -> Request {
    Request::Corpus { files: vec![Named { name: "c.mm".into(), text: "# c.mm\n".into() }] }
}

#[test]
fn a_guest_that_somebody_killed_is_no_finding() {
    let mut first = profile();
    first.extend([
        program("a.mm", guest::Verdict::Agree, ""),
        program("b.mm", guest::Verdict::Agree, ""),
        Err(died("[ 2.0] all is well")),
    ]);
    let mut last = profile();
    last.extend([program("c.mm", guest::Verdict::Agree, ""), done(), summary(3), done()]);
    let (row, asked, _) =
        run_with(vec![first, last], &work(&["a.mm", "b.mm", "c.mm"], 9), &nothing);
    assert_eq!(row.end, End::Complete);
    assert_eq!((row.corpus_counts(), row.programs, row.boots), ((3, 0, 0), 3, 2));
    assert!(row.findings.is_empty(), "{:?}", row.findings);
    assert!(asked.contains(&only_c()), "{asked:?}");
}

#[test]
fn what_is_stopped_keeps_what_it_has() {
    let mut events = profile();
    events.extend([
        program("a.mm", guest::Verdict::Agree, ""),
        done(),
        progress(7, 70),
        progress(8, 80),
        progress(9, 90),
    ]);
    let stop_at_7 = |told: Told, stop: &AtomicBool| {
        stop.fetch_or(told == Told::Progress { programs: 7 }, Ordering::Relaxed);
    };
    let (row, ..) = run_with(vec![events], &work(&["a.mm"], 60), &stop_at_7);
    assert_eq!(row.end, End::Interrupted);
    assert_eq!((row.programs, row.operations), (7, 70));
    assert!(row.time < Duration::from_secs(60));

    let at_once = |told: Told, stop: &AtomicBool| {
        stop.fetch_or(matches!(told, Told::Booted { .. }), Ordering::Relaxed);
    };
    let mut events = profile();
    events.push(program("a.mm", guest::Verdict::Agree, ""));
    let (row, ..) = run_with(vec![events], &work(&["a.mm", "b.mm"], 60), &at_once);
    assert_eq!(row.end, End::Interrupted);
    assert_eq!(row.corpus[1].verdict, Verdict::NotRun);
}

#[test]
fn a_kernel_that_cannot_be_run_says_why() {
    let (row, ..) = run_with(Vec::new(), &work(&["a.mm"], 60), &nothing);
    assert_eq!(row.end, End::Failed("the guest could not: no more guests".to_owned()));
    assert_eq!(row.corpus[0].verdict, Verdict::NotRun);

    let lives = (0..20).map(|_| {
        let mut events = profile();
        events.push(Err(panic("BUG: always the same", &[])));
        events
    });
    let (row, _, folder) = run_with(lives.collect(), &work(&[], 60), &nothing);
    assert!(matches!(&row.end, End::Failed(why) if why.starts_with("12 guests were lost")));
    assert_eq!(row.findings.len(), 1, "one signature, one finding");
    std::fs::remove_dir_all(folder).expect("removed");
}

#[test]
fn kernels_run_side_by_side_and_stay_in_order() {
    let running = AtomicUsize::new(0);
    let most = AtomicUsize::new(0);
    let names: Vec<String> = (0..6).map(|n| n.to_string()).collect();
    let stop = AtomicBool::new(false);
    let job = |name: &str| {
        let now = running.fetch_add(1, Ordering::SeqCst) + 1;
        most.fetch_max(now, Ordering::SeqCst);
        std::thread::sleep(Duration::from_millis(30));
        running.fetch_sub(1, Ordering::SeqCst);
        stop.fetch_or(name == "4", Ordering::SeqCst);
        Row { end: End::Complete, ..Row::waiting(name) }
    };
    let matrix = schedule(&names, 2, 9, &stop, &job);
    assert_eq!(most.into_inner(), 2);
    assert!(matrix.interrupted);
    let ends: Vec<(&str, &End)> = matrix.rows.iter().map(|r| (r.kernel.as_str(), &r.end)).collect();
    assert_eq!(
        ends[..5].iter().map(|(name, _)| *name).collect::<Vec<_>>(),
        ["0", "1", "2", "3", "4"]
    );
    assert!(ends[..5].iter().all(|(_, end)| **end == End::Complete));
}
