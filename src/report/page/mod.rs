//! The report as one HTML page without scripts and without anything to load.

mod chart;
mod number;
mod view;

use askama::Template;

use super::{ModelFacts, Report, StreamedReport};

use chart::Mark;
use view::{Section, Tile};

/// The page.
#[derive(Template)]
#[template(path = "report/page.html")]
struct Page<'a> {
    difflut: &'a str,
    model: &'a ModelFacts,
    /// What it is a report on.
    kind: &'static str,
    tiles: Vec<Tile>,
    sections: Vec<Section>,
    /// What the model file says about itself, as indented JSON.
    records: Vec<(&'static str, String)>,
}

/// The report for people, well-formed XHTML in a file of HTML.
pub fn page(report: &Report) -> String {
    render("hardware report", &report.difflut, &report.model, view::tiles(report), view::sections(report))
}

/// The same for a streamed design.
pub fn streamed_page(report: &StreamedReport) -> String {
    let (tiles, sections) = (view::streamed::tiles(report), view::streamed::sections(report));
    render("hardware report, pixel by pixel", &report.difflut, &report.model, tiles, sections)
}

fn render(kind: &'static str, difflut: &str, model: &ModelFacts, tiles: Vec<Tile>, sections: Vec<Section>) -> String {
    let pretty = |value: &serde_json::Value| serde_json::to_string_pretty(value).unwrap_or_default();
    let records = [("Training record", &model.training), ("Configuration", &model.config)];
    let records = records.into_iter().filter_map(|(name, value)| Some((name, pretty(value.as_ref()?)))).collect();
    let page = Page { difflut, model, kind, tiles, sections, records };
    // A template over checked values cannot fail but for want of memory.
    page.render().unwrap_or_default() + "\n"
}
