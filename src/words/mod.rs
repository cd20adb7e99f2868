//! What people read: languages, plurals, and the one Liquid engine for pages and texts.
//! Does not know what a page is for.
