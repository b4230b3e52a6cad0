//! Deliberately wrong variants of the model's rules.
//!
//! Each must be caught by comparing with a real kernel; one that survives shows
//! a blind spot of the generator or of the comparison. A rule asks
//! [`Profile::has_defect`](crate::profile::Profile::has_defect) at the place
//! where it would go wrong.

macro_rules! defects {
    ($($variant:ident = $name:literal, $area:literal, $text:literal;)+) => {
        /// One wrong rule. At most one is active in a profile.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[allow(missing_docs)] // the table below documents each
        pub enum Defect { $($variant),+ }

        /// The catalogue.
        pub const DEFECTS: &[Defect] = &[$(Defect::$variant),+];

        impl Defect {
            /// The name on the command line.
            pub const fn name(self) -> &'static str {
                match self { $(Defect::$variant => $name),+ }
            }

            /// The operation or observable that it concerns.
            pub const fn area(self) -> &'static str {
                match self { $(Defect::$variant => $area),+ }
            }

            /// What the wrong rule does.
            pub const fn text(self) -> &'static str {
                match self { $(Defect::$variant => $text),+ }
            }
        }
    };
}

defects! {
    MunmapLengthRoundsDown = "munmap-length-rounds-down", "munmap",
        "munmap rounds an unaligned length down instead of up";
}

impl Defect {
    /// The defect with this name.
    pub fn from_name(name: &str) -> Option<Defect> {
        DEFECTS.iter().copied().find(|d| d.name() == name)
    }
}
