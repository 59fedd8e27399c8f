//! The commands of docs/import.md, run on reference cases under the names that the page uses.

use std::fs;
use std::path::Path;

use difflut::import::{Checkpoint, Sidecar, read_sidecar};

use crate::support::{program, root, tool};

/// A case of a library on the page.
struct Example {
    /// The library's heading.
    library: &'static str,
    case: &'static str,
    /// The case's files, and what the page calls them.
    files: &'static [(&'static str, &'static str)],
}

const EXAMPLES: &[Example] = &[
    Example {
        library: "DiffLUT",
        case: "difflut-linear_lut",
        files: &[("model.pth", "model.pth"), ("encoder.safetensors", "encoder.safetensors")],
    },
    Example {
        library: "difflogic",
        case: "difflogic-digits-random",
        files: &[("model_state_dict.pth", "model.pth"), ("model.safetensors", "wiring.safetensors")],
    },
    Example { library: "torchlogix", case: "torchlogix-raw", files: &[("final_model.pt", "model.pt")] },
    Example {
        library: "torch-dwn",
        case: "dwn-digits-odd",
        files: &[("model.pth", "model.pth"), ("encoder.safetensors", "encoder.safetensors")],
    },
];

/// What the snippet of the page would have written.
fn sidecar(folder: &Path, checkpoint: &Path) -> String {
    let config = folder.join("config.json");
    let sidecar = match folder.ends_with("difflogic-digits-random") {
        true => {
            let text = include_str!("difflogic-digits-random.yaml").replace("model.safetensors", "wiring.safetensors");
            Sidecar::parse(&config, &text).unwrap()
        }
        false => read_sidecar(&config, Some(&Checkpoint::open(checkpoint).unwrap())).unwrap(),
    };
    sidecar.to_yaml()
}

#[test]
fn the_commands_of_the_page_take_every_library_to_verified_files() {
    let test = "the_commands_of_the_page_take_every_library_to_verified_files";
    let Some(cases) = crate::cases_folder(test) else { return };
    if !["iverilog", "vvp", "gcc"].iter().all(|name| tool(test, name)) {
        return;
    }
    let page = fs::read_to_string(root().join("docs/import.md")).unwrap();
    for Example { library, case, files } in EXAMPLES {
        let (_, section) = page.split_once(&format!("\n### {library}\n")).unwrap();
        let (section, _) = section.split_once("\n### ").unwrap();
        let (_, console) = section.split_once("```console\n").unwrap();
        let (console, _) = console.split_once("```").unwrap();
        let (folder, case) = (tempfile::tempdir().unwrap(), cases.join(case));
        for (from, to) in *files {
            fs::copy(case.join(from), folder.path().join(to)).unwrap();
        }
        fs::copy(case.join("golden.npz"), folder.path().join("golden.npz")).unwrap();
        fs::write(folder.path().join("sidecar.yaml"), sidecar(&case, &case.join(files[0].0))).unwrap();
        let mut printed = String::new();
        let mut commands = 0;
        for line in console.lines() {
            if let Some(command) = line.strip_prefix("$ ") {
                let words: Vec<&str> = command.split(' ').collect();
                let ended = program(words[0], folder.path(), &words[1..]);
                printed = ended.stdout + &ended.stderr;
                assert_eq!(ended.code, 0, "{library}: {command}\n{printed}");
                commands += 1;
            } else if line != "..." {
                // Times differ from run to run.
                let shown = line.rsplit_once("  (").map_or(line, |(shown, _)| shown);
                assert!(printed.lines().any(|line| line.starts_with(shown)), "{library}: no `{shown}` in\n{printed}");
            }
        }
        assert!(commands >= 2, "{library} shows {commands} commands");
    }
}
