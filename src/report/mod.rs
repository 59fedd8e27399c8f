//! Numbers about a design, as values that print themselves and serialize.

mod design;

pub use design::DesignReport;
