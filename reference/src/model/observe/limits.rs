//! How far an observation goes.

/// Mappings up to this many pages are read as a whole, larger ones where they
/// have page tables.
pub const WHOLE_PAGES: u64 = 1024;
/// The most pages that one observation reads the pagemap of.
pub const WINDOW_PAGES: u64 = 8192;
/// The most pages that one observation reads the contents of.
pub const CONTENT_PAGES: u64 = 1024;
