//! `difflut export`: writes the files, then checks them.

use std::time::Duration;

use crate::cli::CliError;
use crate::cli::report::{self, Place, ReportInput, Written, optimization};
use crate::emit::{self, EmittedFile, Target};
use crate::files::write_folder;
use crate::verify::render_svg;

use super::output::{artefacts, print_files, print_latency, print_model, print_passes};
use super::plan::plan;
use super::prove::check;
use super::work::prepare;
use super::{ExportArgs, streaming};

/// `difflut export`: writes the files, then checks them.
pub(in crate::cli) fn run(arguments: &ExportArgs) -> Result<(), CliError> {
    let plan = plan(arguments, arguments.checks.chosen()?, Some("verilog"))?;
    let families = arguments.report_options.families()?;
    if arguments.report.is_none() && !families.is_empty() {
        return Err(CliError::Usage("--synth measures for the report; add `--report DIR`".to_owned()));
    }
    if arguments.is_streaming() {
        return streaming::run(arguments, plan, &families);
    }
    let work = prepare(arguments, &plan)?;
    one_writer_each(&work.emitted)?;
    let files = work.emitted.iter().flat_map(|(_, files)| files);
    write_folder(&work.folder, files.map(|file| (file.name.as_str(), file.contents.as_slice())))?;

    print_model(&work.model);
    work.lossy.iter().for_each(|change| say!("{change}"));
    let width = print_files(&work.folder, &work.emitted);
    if work.emitted.iter().any(|(target, _)| target.name() == "dot") {
        let name = emit::identifier(&work.words.design.name);
        match render_svg(&work.folder, &name, Duration::from_secs(arguments.checks.time_limit))? {
            Some(file) => say!("  {file:<width$}  the drawing, laid out by graphviz"),
            None => say!("no {name}.svg: graphviz is not installed (Debian: `apt-get install graphviz`)"),
        }
    }
    if arguments.verbose {
        print_passes(&work.bits.as_ref().unwrap_or(&work.words).passes);
    }
    say!("\n{}", work.report);
    if let Some(sizes) = work.sizes {
        say!("{sizes}");
    }
    print_latency(arguments, &work);
    let mut written = None;
    if let Some(path) = &arguments.report {
        let hardware = work.bits.as_ref().unwrap_or(&work.words);
        let input = ReportInput {
            model: &work.model,
            optimization: optimization(&arguments.optimize, arguments.passes.as_deref(), work.sizes),
            emit_options: &arguments.options,
            samples: &work.samples,
            families: &families,
            limit: arguments.checks.limit(),
            targets: artefacts(&work.emitted, |target| work.latency(target, &arguments.options)),
            changes: work.lossy.iter().map(|change| serde_json::json!(change)).collect(),
        };
        let place = Place::new(path);
        written = Some(report::write(&arguments.report_options, &place, input, &hardware.design, &hardware.passes)?);
    }
    check(arguments, plan, &work)?;
    written.map_or(Ok(()), Written::end)
}

/// No file is written by two targets, of which one would be lost.
fn one_writer_each(emitted: &[(&'static dyn Target, Vec<EmittedFile>)]) -> Result<(), CliError> {
    for (number, (target, files)) in emitted.iter().enumerate() {
        for (other, others) in &emitted[..number] {
            if let Some(file) = files.iter().find(|file| others.iter().any(|known| known.name == file.name)) {
                return Err(CliError::Usage(format!(
                    "the targets `{}` and `{}` both write `{}`; export them one at a time into two folders (--out)",
                    other.name(),
                    target.name(),
                    file.name
                )));
            }
        }
    }
    Ok(())
}
