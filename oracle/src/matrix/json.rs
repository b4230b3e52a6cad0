//! The results for scripts.

use super::result::{Case, End, Found, Matrix, Row, Verdict};
use serde_json::{json, Value};

/// The results as JSON.
pub fn json(matrix: &Matrix) -> Value {
    json!({
        "mmdiff": env!("CARGO_PKG_VERSION"),
        "seed": matrix.seed,
        "interrupted": matrix.interrupted,
        "kernels": matrix.rows.iter().map(row).collect::<Vec<_>>(),
    })
}

fn row(row: &Row) -> Value {
    let observable = |(what, why): &(&str, Option<String>)| json!({ "observable": what, "compared": why.is_none(), "why": why });
    json!({
        "kernel": row.kernel,
        "release": row.release,
        "identity": row.identity,
        "end": match &row.end {
            End::Waiting => "not run",
            End::Complete => "complete",
            End::Interrupted => "interrupted",
            End::Failed(_) => "failed",
        },
        "failure": match &row.end {
            End::Failed(why) => Some(why),
            _ => None,
        },
        "observables": row.observables.iter().map(observable).collect::<Vec<_>>(),
        "not_compared": row.not_compared.iter()
            .map(|(what, why)| json!({ "what": what, "why": why })).collect::<Vec<_>>(),
        "contradictions": row.contradictions,
        "corpus": row.corpus.iter().map(case).collect::<Vec<_>>(),
        "programs": row.programs,
        "operations": row.operations,
        "seconds": row.time.as_secs_f64(),
        "findings": row.findings.iter().map(found).collect::<Vec<_>>(),
        "known": row.known,
        "not_predicted": row.not_predicted,
        "unconfirmed": row.unconfirmed,
        "lost": row.lost,
        "guests": row.boots,
    })
}

fn case(case: &Case) -> Value {
    let (verdict, entries, fields, why) = match &case.verdict {
        Verdict::Agree => ("agree", None, None, None),
        Verdict::Known { entries } => ("known", Some(entries), None, None),
        Verdict::Diverge { fields, report } => ("diverge", None, Some(fields), Some(report)),
        Verdict::Otherwise { lines } => ("otherwise", None, None, Some(lines)),
        Verdict::Skipped { reason } => ("skipped", None, None, Some(reason)),
        Verdict::NotRun => ("not run", None, None, None),
    };
    json!({ "program": case.name, "verdict": verdict, "known": entries, "fields": fields, "why": why })
}

fn found(found: &Found) -> Value {
    json!({
        "signature": found.signature,
        "program": found.program,
        "report": found.report,
        "fields": found.fields,
        "corpus": found.case,
        "folder": found.folder,
    })
}
