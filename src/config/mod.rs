//! The only reader of the operator's file: text → spanned document → checked values.
//! Opens no socket and no database.
