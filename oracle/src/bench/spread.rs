//! Many measurements of one thing.

use serde::Serialize;

/// The middle of many measurements, and how far most of them lie apart.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Spread {
    /// Half of them are below.
    pub median: f64,
    /// A tenth of them is below.
    pub low: f64,
    /// A tenth of them is above.
    pub high: f64,
}

impl Spread {
    /// Of these values, in any order.
    pub fn of(mut values: Vec<f64>) -> Spread {
        values.sort_by(f64::total_cmp);
        let at = |tenths: usize| {
            let last = values.len().saturating_sub(1);
            values.get(last * tenths / 10).copied().unwrap_or_default()
        };
        Spread { median: at(5), low: at(1), high: at(9) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outliers_do_not_show() {
        let mut values: Vec<f64> = (0..=10).rev().map(f64::from).collect();
        values[0] = 1e9;
        let spread = Spread::of(values);
        assert_eq!((spread.low, spread.median, spread.high), (1.0, 5.0, 9.0));
    }

    #[test]
    fn nothing_has_no_spread() {
        assert_eq!(Spread::of(Vec::new()).median, 0.0);
    }
}
