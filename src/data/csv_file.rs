//! CSV files with a header row, one sample per line.

use std::path::Path;

use super::{DataError, Dataset, MAX_LABEL};

/// Reads a CSV file: a header row, then one sample per line. The column named `label` holds the
/// class, 0 to 65535; every other column is a feature, in the order of the file.
///
/// # Errors
/// [`DataError`] with the line, the column, what was found and what is allowed.
pub fn load_csv(path: &Path) -> Result<Dataset, DataError> {
    let unreadable = |error: csv::Error| DataError::Read { path: path.to_owned(), reason: error.to_string() };
    // `flexible` so that a short or long row gets this file's own message.
    let mut reader = csv::ReaderBuilder::new()
        .flexible(true)
        .trim(csv::Trim::All)
        .from_path(path)
        .map_err(|error| DataError::Read { path: path.to_owned(), reason: io_reason(error) })?;
    let header = reader.headers().map_err(unreadable)?.clone();
    let label_column = label_column(path, &header)?;
    let columns = header.len() - 1;

    let (mut features, mut labels) = (Vec::new(), Vec::new());
    for record in reader.records() {
        let record = record.map_err(unreadable)?;
        let line = record.position().map_or(0, csv::Position::line);
        let wrong = |problem: String| DataError::Row { path: path.to_owned(), line, problem };
        if record.len() != header.len() {
            return Err(wrong(format!("found {} fields, the header has {}", record.len(), header.len())));
        }
        for (column, field) in record.iter().enumerate() {
            let name = header.get(column).unwrap_or_default();
            if column == label_column {
                let label = field.parse().ok().filter(|&label: &u32| label <= MAX_LABEL);
                labels.push(label.ok_or_else(|| {
                    wrong(format!("column `{name}`: `{field}` is no class; allowed are the integers 0 to {MAX_LABEL}"))
                })?);
            } else {
                let value = field.parse().ok().filter(|value: &f32| value.is_finite());
                features.push(value.ok_or_else(|| {
                    wrong(format!("column `{name}`: `{field}` is no feature; allowed are finite numbers"))
                })?);
            }
        }
    }
    let Some(&largest) = labels.iter().max() else {
        return Err(DataError::Empty { path: path.to_owned() });
    };
    let name = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    Ok(Dataset { name, features, rows: labels.len(), columns, labels, classes: largest as usize + 1 })
}

/// The csv crate repeats the kind of an I/O error in front of it; the system's words are enough.
fn io_reason(error: csv::Error) -> String {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error.to_string(),
        other => format!("{other:?}"),
    }
}

fn label_column(path: &Path, header: &csv::StringRecord) -> Result<usize, DataError> {
    let wrong = |problem: String| DataError::Header { path: path.to_owned(), problem };
    let places: Vec<usize> = (0..header.len()).filter(|&column| header.get(column) == Some("label")).collect();
    match places.as_slice() {
        [_] if header.len() < 2 => Err(wrong("there is no feature column beside `label`".into())),
        [place] => Ok(*place),
        [] => {
            let found: Vec<&str> = header.iter().take(8).collect();
            Err(wrong(format!(
                "no column is named `label`; the first line must name the columns, it begins with {}",
                found.join(", ")
            )))
        }
        _ => Err(wrong(format!("{} columns are named `label`; expected one", places.len()))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(text: &str) -> Result<Dataset, DataError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("toy.csv");
        std::fs::write(&path, text).unwrap();
        load_csv(&path)
    }

    #[track_caller]
    fn refused(text: &str, expected: &str) {
        let message = load(text).unwrap_err().to_string();
        assert!(message.contains(expected), "{message}");
    }

    #[test]
    fn features_keep_their_order_around_the_label() {
        let data = load("a,label,b\n1,2,-0.5\n3e1, 0, 4\n").unwrap();
        assert_eq!((data.rows, data.columns, data.classes), (2, 2, 3));
        assert_eq!(data.features, [1.0, -0.5, 30.0, 4.0]);
        assert_eq!((data.labels.as_slice(), data.row(1)), ([2, 0].as_slice(), [30.0, 4.0].as_slice()));
        assert_eq!(data.name, "toy");
    }

    #[test]
    fn every_refusal_names_the_line() {
        refused("a,b\n1,2\n", "toy.csv`, line 1: no column is named `label`");
        refused("label\n1\n", "line 1: there is no feature column");
        refused("label,label\n1,1\n", "line 1: 2 columns are named `label`");
        refused("a,label\n1,2\n1\n", "line 3: found 1 fields, the header has 2");
        refused("a,label\nx,2\n", "line 2: column `a`: `x` is no feature; allowed are finite numbers");
        refused("a,label\nNaN,2\n", "line 2: column `a`: `NaN` is no feature");
        refused("a,label\n1,-1\n", "line 2: column `label`: `-1` is no class; allowed are the integers 0 to 65535");
        refused("a,label\n1,2.5\n", "`2.5` is no class");
        refused("a,label\n", "has a header and no samples");
        refused("", "no column is named `label`");
    }

    #[test]
    fn a_missing_file_is_named() {
        let message = load_csv(Path::new("no/such.csv")).unwrap_err().to_string();
        assert_eq!(message, "cannot read `no/such.csv`: No such file or directory (os error 2)");
    }
}
