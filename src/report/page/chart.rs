//! Pictures as lists of rectangles, lines and texts; a template prints them as SVG.
//!
//! Colours are classes, so that the style sheet of the page decides about light and dark.
//! Coordinates are in pixels of the picture's own box and printed with one decimal, so the same
//! numbers give the same bytes.

use std::fmt;

use super::number::thousands;

/// Height of a line of text.
const LINE: f64 = 16.0;
/// Width of an average letter of the labels.
const LETTER: f64 = 6.3;

/// A picture.
#[derive(Clone, Debug)]
pub(super) struct Chart {
    pub(super) width: Px,
    pub(super) height: Px,
    /// What it shows, for those who cannot see it.
    pub(super) title: String,
    pub(super) marks: Vec<Mark>,
}

/// A coordinate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Px(f64);

impl fmt::Display for Px {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // No "-0.0".
        write!(f, "{:.1}", self.0 + 0.0)
    }
}

/// One element of a picture.
#[derive(Clone, Debug)]
pub(super) enum Mark {
    /// A rectangle with a text that appears under the pointer.
    Bar { x: Px, y: Px, width: Px, height: Px, class: String, opacity: Px2, tip: String },
    /// A straight line.
    Line { x1: Px, y1: Px, x2: Px, y2: Px, class: &'static str },
    /// A text; `anchor` is `start`, `middle` or `end`.
    Text { x: Px, y: Px, class: &'static str, anchor: &'static str, text: String },
}

/// An opacity, printed with two decimals.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Px2(f64);

impl fmt::Display for Px2 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.2}", self.0)
    }
}

/// Values of one colour.
#[derive(Clone, Debug)]
pub(super) struct Series {
    pub(super) name: String,
    pub(super) class: String,
    /// One value per category.
    pub(super) values: Vec<usize>,
}

/// A row of a chart of ranges.
#[derive(Clone, Debug)]
pub(super) struct Range {
    pub(super) name: String,
    /// The outer range.
    pub(super) possible: (usize, usize),
    /// Smallest, 5 %, median, 95 % and largest value.
    pub(super) observed: Option<[u32; 5]>,
}

/// Values of a grid, some rows and columns per panel.
#[derive(Clone, Debug)]
pub(super) struct Grid {
    pub(super) panels: Vec<String>,
    pub(super) rows: usize,
    pub(super) columns: usize,
    /// Panel by panel, row by row.
    pub(super) values: Vec<usize>,
}

impl Chart {
    fn new(width: f64, title: &str) -> Self {
        Self { width: Px(width), height: Px(0.0), title: title.to_owned(), marks: Vec::new() }
    }

    fn bar(&mut self, [x, y, width, height]: [f64; 4], class: &str, opacity: f64, tip: String) {
        let [x, y, width, height] = [x, y, width, height].map(Px);
        self.marks.push(Mark::Bar { x, y, width, height, class: class.to_owned(), opacity: Px2(opacity), tip });
    }

    fn line(&mut self, [x1, y1, x2, y2]: [f64; 4], class: &'static str) {
        let [x1, y1, x2, y2] = [x1, y1, x2, y2].map(Px);
        self.marks.push(Mark::Line { x1, y1, x2, y2, class });
    }

    fn text(&mut self, x: f64, y: f64, anchor: &'static str, class: &'static str, text: impl Into<String>) {
        self.marks.push(Mark::Text { x: Px(x), y: Px(y), class, anchor, text: text.into() });
    }

    /// Swatches and names from `y` downwards; where they end.
    fn legend(&mut self, series: &[(&str, &str)], left: f64, y: f64) -> f64 {
        let (mut x, mut y) = (left, y);
        for (name, class) in series {
            let width = 18.0 + LETTER * name.chars().count() as f64 + 14.0;
            if x + width > self.width.0 && x > left {
                x = left;
                y += LINE;
            }
            self.bar([x, y + 3.0, 11.0, 11.0], class, 1.0, (*name).to_owned());
            self.text(x + 16.0, y + 12.5, "start", "label", *name);
            x += width;
        }
        y + LINE + 8.0
    }

    /// A vertical grid with numbers below, for values from 0 to `largest` between `left` and
    /// `right`; pixels per unit.
    fn value_axis(&mut self, largest: usize, [left, right, top, bottom]: [f64; 4], title: &str) -> f64 {
        let ticks = ticks(largest);
        let end = ticks.last().copied().unwrap_or(1).max(1);
        let scale = (right - left) / end as f64;
        for tick in ticks {
            let x = left + tick as f64 * scale;
            self.line([x, top, x, bottom], if tick == 0 { "axis" } else { "grid" });
            self.text(x, bottom + 14.0, "middle", "tick", thousands(tick));
        }
        self.text((left + right) / 2.0, bottom + 32.0, "middle", "axis-title", title);
        scale
    }
}

/// Round numbers from 0 to at least `largest`, about five of them.
fn ticks(largest: usize) -> Vec<usize> {
    let mut step = 1;
    while largest > 5 * step {
        // 1, 2, 5, 10, 20, 50, ...
        let digits: usize = 10usize.pow(step.ilog10());
        step = match step / digits {
            1 => 2 * digits,
            2 => 5 * digits,
            _ => 10 * digits,
        };
    }
    (0..=largest.div_ceil(step).max(1)).map(|tick| tick * step).collect()
}

/// Rows of bars that add up, one row per category.
pub(super) fn stacked_bars(title: &str, unit: &str, categories: &[String], series: &[Series]) -> Chart {
    let mut chart = Chart::new(720.0, title);
    let names: Vec<(&str, &str)> = series.iter().map(|s| (s.name.as_str(), s.class.as_str())).collect();
    let longest = categories.iter().map(|name| name.chars().count()).max().unwrap_or(0);
    let (left, right) = ((LETTER * longest as f64 + 12.0).clamp(40.0, 240.0), 660.0);
    let top = chart.legend(&names, left, 0.0);
    let row = if categories.len() > 12 { 17.0 } else { 26.0 };
    let bottom = top + row * categories.len() as f64;
    let total = |row: usize| series.iter().map(|s| s.values[row]).sum::<usize>();
    let largest = (0..categories.len()).map(total).max().unwrap_or(0);
    let scale = chart.value_axis(largest, [left, right, top, bottom], unit);
    for (index, name) in categories.iter().enumerate() {
        let y = top + row * index as f64 + 3.0;
        let middle = y + (row - 6.0) / 2.0 + 4.0;
        chart.text(left - 8.0, middle, "end", "label", name);
        let mut x = left;
        for s in series {
            let value = s.values[index];
            let width = value as f64 * scale;
            if value > 0 {
                let tip = format!("{name}, {}: {} {unit}", s.name, thousands(value));
                chart.bar([x, y, width, row - 6.0], &s.class, 1.0, tip);
            }
            x += width;
        }
        chart.text(x + 6.0, middle, "start", "value", thousands(total(index)));
    }
    chart.height = Px(bottom + 40.0);
    chart
}

/// Columns side by side, a group per category.
pub(super) fn columns(title: &str, [across, upwards]: [&str; 2], categories: &[String], series: &[Series]) -> Chart {
    let mut chart = Chart::new(720.0, title);
    let names: Vec<(&str, &str)> = series.iter().map(|s| (s.name.as_str(), s.class.as_str())).collect();
    let largest = series.iter().flat_map(|s| s.values.iter().copied()).max().unwrap_or(0);
    let ticks = ticks(largest);
    let end = ticks.last().copied().unwrap_or(1).max(1);
    let left = 34.0 + LETTER * thousands(end).len() as f64;
    let (right, height) = (708.0, 190.0);
    let top = chart.legend(&names, left, 0.0) + 24.0;
    let bottom = top + height;
    for tick in ticks {
        let y = bottom - tick as f64 / end as f64 * height;
        chart.line([left, y, right, y], if tick == 0 { "axis" } else { "grid" });
        chart.text(left - 6.0, y + 4.0, "end", "tick", thousands(tick));
    }
    let group = (right - left) / categories.len().max(1) as f64;
    let bar = (group * 0.8 / series.len().max(1) as f64).min(46.0);
    // Numbers on the columns only where they fit.
    let longest = series.iter().flat_map(|s| &s.values).map(|&v| thousands(v).len()).max().unwrap_or(0);
    let numbers = bar >= LETTER * longest as f64 * 0.9;
    let skip = (LETTER * categories.iter().map(|c| c.chars().count() + 1).max().unwrap_or(0) as f64 / group).ceil();
    let skip = (skip as usize).max(1);
    for (index, name) in categories.iter().enumerate() {
        let middle = left + group * (index as f64 + 0.5);
        let start = middle - bar * series.len() as f64 / 2.0;
        for (place, s) in series.iter().enumerate() {
            let value = s.values[index];
            let tall = value as f64 / end as f64 * height;
            let x = start + bar * place as f64;
            if value > 0 {
                let tip = format!("{across} {name}, {}: {} {upwards}", s.name, thousands(value));
                chart.bar([x + 0.5, bottom - tall, (bar - 1.0).max(0.5), tall], &s.class, 1.0, tip);
                if numbers {
                    chart.text(x + bar / 2.0, bottom - tall - 4.0, "middle", "value", thousands(value));
                }
            }
        }
        if index % skip == 0 {
            chart.text(middle, bottom + 15.0, "middle", "tick", name);
        }
    }
    chart.text((left + right) / 2.0, bottom + 34.0, "middle", "axis-title", across);
    chart.text(left - 6.0, top - 16.0, "start", "axis-title", upwards);
    chart.height = Px(bottom + 42.0);
    chart
}

/// A grid of squares, the darker the larger.
pub(super) fn heat_map(title: &str, what: &str, grid: &Grid) -> Chart {
    let panels = grid.panels.len().max(1);
    let (gap, width) = (24.0, 720.0);
    let room = (width - 30.0 - gap * (panels - 1) as f64) / panels as f64;
    let size = (room / grid.columns.max(1) as f64).min(280.0 / grid.rows.max(1) as f64).clamp(1.0, 30.0);
    let mut chart = Chart::new(width, title);
    let largest = grid.values.iter().copied().max().unwrap_or(0);
    let top = 20.0;
    for (panel, name) in grid.panels.iter().enumerate() {
        let left = 24.0 + panel as f64 * (size * grid.columns as f64 + gap);
        chart.text(left, 12.0, "start", "label", name);
        for row in 0..grid.rows {
            for column in 0..grid.columns {
                let Some(&value) = grid.values.get((panel * grid.rows + row) * grid.columns + column) else { continue };
                let (x, y) = (left + size * column as f64, top + size * row as f64);
                let tip = format!("row {row}, column {column}: {value} {what}");
                let share = value as f64 / largest.max(1) as f64;
                let class = if value == 0 { "empty" } else { "heat" };
                let opacity = if value == 0 { 1.0 } else { 0.12 + 0.88 * share };
                chart.bar([x, y, size - (size * 0.06).min(1.0), size - (size * 0.06).min(1.0)], class, opacity, tip);
                if size >= 22.0 {
                    let class = if share > 0.55 { "on-heat" } else { "tick" };
                    chart.text(x + size / 2.0, y + size / 2.0 + 4.0, "middle", class, thousands(value));
                }
            }
        }
        for (index, side) in [(0, grid.rows), (1, grid.columns)] {
            for at in [0, side.saturating_sub(1)] {
                let middle = size * (at as f64 + 0.5);
                match index {
                    0 if panel == 0 => chart.text(left - 5.0, top + middle + 4.0, "end", "tick", at.to_string()),
                    0 => {}
                    _ => {
                        let y = top + size * grid.rows as f64 + 13.0;
                        chart.text(left + middle, y, "middle", "tick", at.to_string());
                    }
                }
            }
        }
    }
    let bottom = top + size * grid.rows as f64 + 18.0;
    chart.text(24.0, bottom + 14.0, "start", "axis-title", format!("pixel row and column; colour: {what}"));
    let mut x = 24.0;
    let steps = largest.min(8);
    for step in 0..=steps {
        let value = (largest * step + steps / 2).checked_div(steps).unwrap_or(0);
        let share = value as f64 / largest.max(1) as f64;
        let (class, opacity) = if value == 0 { ("empty", 1.0) } else { ("heat", 0.12 + 0.88 * share) };
        chart.bar([x, bottom + 24.0, 30.0, 12.0], class, opacity, format!("{value} {what}"));
        chart.text(x + 15.0, bottom + 50.0, "middle", "tick", value.to_string());
        x += 31.0;
    }
    chart.height = Px(bottom + 58.0);
    chart
}

/// Ranges within ranges, one row each.
pub(super) fn ranges(title: &str, unit: &str, rows: &[Range]) -> Chart {
    let mut chart = Chart::new(720.0, title);
    let longest = rows.iter().map(|row| row.name.chars().count()).max().unwrap_or(0);
    let (left, right) = (LETTER * longest as f64 + 20.0, 700.0);
    let names = [("possible", "possible"), ("observed, smallest to largest", "observed"), ("5 % to 95 %", "middle")];
    let top = chart.legend(&names, left, 0.0);
    let height = if rows.len() > 20 { 14.0 } else { 22.0 };
    let bottom = top + height * rows.len() as f64;
    let largest = rows.iter().map(|row| row.possible.1).max().unwrap_or(0);
    let scale = chart.value_axis(largest, [left, right, top, bottom], unit);
    for (index, row) in rows.iter().enumerate() {
        let y = top + height * index as f64 + 2.0;
        let tall = height - 4.0;
        chart.text(left - 8.0, y + tall / 2.0 + 4.0, "end", "label", &row.name);
        let mut span = |from: f64, to: f64, inset: f64, class: &str, tip: String| {
            let width = ((to - from) * scale).max(1.0);
            chart.bar([left + from * scale, y + inset, width, tall - 2.0 * inset], class, 1.0, tip);
        };
        let (least, most) = row.possible;
        span(least as f64, most as f64, 0.0, "possible", format!("{}: {least} to {most} possible", row.name));
        if let Some([least, low, median, high, most]) = row.observed.map(|observed| observed.map(f64::from)) {
            let tip = format!("{}: {least} to {most} observed, median {median}", row.name);
            span(least, most, tall * 0.3, "observed", tip);
            span(low, high, tall * 0.15, "middle", format!("{}: 5 % to 95 %: {low} to {high}", row.name));
            chart.line([left + median * scale, y, left + median * scale, y + tall], "median");
        }
    }
    chart.height = Px(bottom + 40.0);
    chart
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_reach_the_largest_value() {
        assert_eq!(ticks(0), [0, 1]);
        assert_eq!(ticks(4), [0, 1, 2, 3, 4]);
        assert_eq!(ticks(1097), [0, 500, 1000, 1500]);
        assert_eq!(ticks(20), [0, 5, 10, 15, 20]);
    }

    #[test]
    fn bars_of_a_row_stand_end_to_end_and_are_as_long_as_their_values() {
        let series =
            |name: &str, values: &[usize]| Series { name: name.into(), class: name.into(), values: values.to_vec() };
        let rows = ["a".to_owned(), "b".to_owned()];
        let chart = stacked_bars("sizes", "LUTs", &rows, &[series("one", &[10, 0]), series("two", &[30, 20])]);
        let bars: Vec<(f64, f64)> = chart
            .marks
            .iter()
            .filter_map(|mark| match mark {
                Mark::Bar { x, width, tip, .. } if tip.contains("LUTs") => Some((x.0, width.0)),
                _ => None,
            })
            .collect();
        let [(x, ten), (next, thirty), (_, twenty)] = bars[..] else { panic!("{bars:?}") };
        assert!((x + ten - next).abs() < 1e-9);
        assert!((thirty - 3.0 * ten).abs() < 1e-9 && (twenty - 2.0 * ten).abs() < 1e-9);
    }
}
