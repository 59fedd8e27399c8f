//! The report as one HTML page without scripts and without anything to load.

mod chart;
mod number;
mod view;

use askama::Template;

use super::Report;

use chart::Mark;
use view::{Section, Tile};

/// The page.
#[derive(Template)]
#[template(path = "report/page.html")]
struct Page<'a> {
    report: &'a Report,
    tiles: Vec<Tile>,
    sections: Vec<Section>,
    /// What the model file says about itself, as indented JSON.
    records: Vec<(&'static str, String)>,
}

/// The report for people, well-formed XHTML in a file of HTML.
pub fn page(report: &Report) -> String {
    let pretty = |value: &serde_json::Value| serde_json::to_string_pretty(value).unwrap_or_default();
    let records = [("Training record", &report.model.training), ("Configuration", &report.model.config)];
    let page = Page {
        report,
        tiles: view::tiles(report),
        sections: view::sections(report),
        records: records.into_iter().filter_map(|(name, value)| Some((name, pretty(value.as_ref()?)))).collect(),
    };
    // A template over checked values cannot fail but for want of memory.
    page.render().unwrap_or_default() + "\n"
}
