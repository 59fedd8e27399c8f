//! The training curve as a picture.

use plotters::prelude::*;

use super::{EpochReport, TrainError};

const SIZE: (u32, u32) = (900, 420);

/// An SVG picture of two charts over the epochs: the loss, and soft, hard and training accuracy
/// in percent. The same reports give the same text.
///
/// # Errors
/// [`TrainError::Curve`] with the plotting library's reason.
pub fn curve(reports: &[EpochReport]) -> Result<String, TrainError> {
    let mut text = String::new();
    draw(&mut text, reports).map_err(|error| TrainError::Curve { reason: error.to_string() })?;
    Ok(text)
}

fn draw(text: &mut String, reports: &[EpochReport]) -> Result<(), Box<dyn std::error::Error>> {
    let area = SVGBackend::with_string(text, SIZE).into_drawing_area();
    area.fill(&WHITE)?;
    let on = reports.last().map_or("train", |report| report.measured_on.name());
    let part = |name: &str| format!("{name}, {on}");
    let charts = [
        ("loss", vec![("loss".to_owned(), BLACK, series(reports, |report| report.loss))]),
        (
            "accuracy, %",
            vec![
                (part("soft"), BLUE, series(reports, |report| 100.0 * report.soft_accuracy)),
                (part("hard"), RED, series(reports, |report| 100.0 * report.hard_accuracy)),
                ("soft, train, running".into(), GREEN, series(reports, |report| 100.0 * report.train_accuracy)),
            ],
        ),
    ];
    for (area, (title, lines)) in area.split_evenly((1, 2)).into_iter().zip(charts) {
        let values = || lines.iter().flat_map(|(_, _, points)| points.iter().map(|(_, value)| *value));
        let (low, high) = values().fold((f64::MAX, f64::MIN), |(low, high), value| (low.min(value), high.max(value)));
        let (low, high) = if low <= high { (low, high) } else { (0.0, 1.0) };
        let margin = (0.05 * (high - low)).max(1e-6);
        let last = reports.last().map_or(1, |report| report.epoch).max(2);
        let mut chart = ChartBuilder::on(&area)
            .margin(12)
            .caption(title, ("sans-serif", 16))
            .x_label_area_size(30)
            .y_label_area_size(50)
            .build_cartesian_2d(1.0..last as f64, low - margin..high + margin)?;
        chart
            .configure_mesh()
            .light_line_style(TRANSPARENT)
            .x_label_formatter(&|epoch| format!("{epoch:.0}"))
            .x_desc("epoch")
            .draw()?;
        for (name, color, points) in lines {
            // A line of one point is not seen.
            chart.draw_series(points.iter().map(|&point| Circle::new(point, 2, color.filled())))?;
            chart
                .draw_series(LineSeries::new(points, color))?
                .label(name)
                .legend(move |(x, y)| PathElement::new([(x, y), (x + 16, y)], color));
        }
        chart.configure_series_labels().background_style(WHITE.mix(0.8)).draw()?;
    }
    area.present()?;
    Ok(())
}

/// Epoch and value.
fn series(reports: &[EpochReport], value: impl Fn(&EpochReport) -> f64) -> Vec<(f64, f64)> {
    reports.iter().map(|report| (report.epoch as f64, value(report))).collect()
}

#[cfg(test)]
mod tests {
    use super::super::Part;
    use super::*;

    #[test]
    fn the_picture_has_every_line_and_epoch() {
        let report = |epoch: usize| EpochReport {
            epoch,
            loss: 1.0 / epoch as f64,
            train_accuracy: 0.8,
            measured_on: Part::Validation,
            soft_accuracy: 0.9,
            hard_accuracy: 0.7,
            gap: 0.2,
            learning_rate: 0.01,
            output_tau: 1.0,
            seconds: 1.0,
            samples_per_second: 1.0,
        };
        let reports: Vec<EpochReport> = (1..=5).map(report).collect();
        let picture = curve(&reports).unwrap();
        assert!(picture.starts_with("<svg ") && picture.trim_end().ends_with("</svg>"));
        for text in ["loss", "accuracy, %", "soft, validation", "hard, validation", "soft, train, running", "epoch"] {
            assert!(picture.contains(text), "{text}");
        }
        assert_eq!(picture.matches("<circle").count(), 4 * 5);
        assert_eq!(picture, curve(&reports).unwrap());
        assert!(curve(&[]).unwrap().contains("</svg>") && curve(&reports[..1]).unwrap().contains("<circle"));
    }
}
