//! The encoders alone: fitted state to bits, on and around every boundary.

use std::path::Path;

use difflut::import::{Checkpoint, Golden, Library, Sidecar, import};

/// Cases that hold an encoder and no network.
pub(crate) const CASES: &[&str] = &[
    "difflut-encoder-binary",
    "difflut-encoder-distributive_thermometer",
    "difflut-encoder-gaussian_thermometer",
    "difflut-encoder-gray",
    "difflut-encoder-logarithmic",
    "difflut-encoder-onehot",
    "difflut-encoder-sign_magnitude",
    "difflut-encoder-thermometer",
];

fn config(folder: &Path) -> serde_json::Value {
    serde_json::from_str(&std::fs::read_to_string(folder.join("config.json")).unwrap()).unwrap()
}

/// The sets of fitted values of a case, and a sidecar for each.
pub(crate) fn sidecars(folder: &Path) -> Vec<(String, String)> {
    let config = config(folder);
    let kind = config["encoder"].as_str().unwrap();
    let sidecar = |(set, facts): (&String, &serde_json::Value)| {
        let bits = facts["num_bits"].as_u64().unwrap();
        let base = facts["extra"].get("base").map_or(String::new(), |base| format!("base: {base}, "));
        let text = format!(
            "input_format: {{bits: 8}}\nencoder: {{kind: {kind}, num_bits: {bits}, {base}set: {set}, file: encoder.safetensors}}\n"
        );
        (set.clone(), text)
    };
    config["sets"].as_object().unwrap().iter().map(sidecar).collect()
}

#[test]
fn every_encoder_case_gives_the_librarys_bits() {
    let Some(cases) = crate::cases_folder("every_encoder_case_gives_the_librarys_bits") else { return };
    let mut seen = 0;
    for case in CASES {
        let folder = cases.join(case);
        if !folder.is_dir() {
            continue;
        }
        seen += 1;
        let config = config(&folder);
        let checkpoint = Checkpoint::open(&folder.join("encoder_state_dict.pth")).unwrap();
        for (set, text) in sidecars(&folder) {
            let path = folder.join("sidecar.yaml");
            let sidecar = Sidecar::parse(&path, &text).unwrap();
            let golden = Golden::open(&folder.join("golden.npz"), Some(&set)).unwrap();
            let imported = import(&checkpoint, Some(Library::Difflut), sidecar, &path, Some(&golden)).unwrap();
            let report = golden.compare(&imported).unwrap();
            assert_eq!(report.difference, None, "{case}, {set}");
            assert_eq!(report.compared, [format!("bits_{set}")], "{case}");
            assert_eq!(report.samples as u64, config["sets"][&set]["rows"].as_u64().unwrap(), "{case}, {set}");
        }
    }
    assert!(seen >= 3, "only {seen} encoder cases");
}
