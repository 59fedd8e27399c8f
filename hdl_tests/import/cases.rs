//! Every case, from every file that it offers, bit for bit.

use std::path::{Path, PathBuf};

use difflut::import::{Checkpoint, Golden, Sidecar, import, read_sidecar};

/// A case and its sidecar: ours where the case's own configuration does not hold everything.
pub(crate) const CASES: &[(&str, Option<&str>)] = &[
    ("difflogic-digits-random", Some(include_str!("difflogic-digits-random.yaml"))),
    ("difflogic-digits-random", None),
    ("difflut-conv", None),
    ("difflut-conv", Some(include_str!("difflut-conv.yaml"))),
    ("difflut-dwn_stable", None),
    ("difflut-edge-linear_lut", None),
    ("difflut-hybrid", None),
    ("difflut-learnable", None),
    ("difflut-linear_lut", None),
    ("difflut-polylut", None),
    ("dwn-digits-learnable", None),
    ("dwn-digits-odd", None),
    ("dwn-digits-odd", Some(include_str!("dwn-digits-odd.yaml"))),
    ("torchlogix-conv", None),
    ("torchlogix-conv", Some(include_str!("torchlogix-conv.yaml"))),
    ("torchlogix-raw", None),
    ("torchlogix-warp4", None),
];

pub(crate) fn checkpoints(folder: &Path) -> Vec<PathBuf> {
    let is_checkpoint = |path: &PathBuf| {
        let name = path.file_name().unwrap().to_string_lossy();
        name.ends_with(".pth") || name.ends_with(".pt") || name == "model.safetensors"
    };
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).filter(is_checkpoint).collect();
    files.sort();
    files
}

#[test]
fn every_case_agrees_with_its_golden_file_in_all_layers_scores_and_class() {
    let Some(cases) = crate::cases_folder("every_case_agrees_with_its_golden_file_in_all_layers_scores_and_class")
    else {
        return;
    };
    for (case, sidecar) in CASES {
        let folder = cases.join(case);
        let golden = Golden::open(&folder.join("golden.npz"), None).unwrap();
        let files = checkpoints(&folder);
        assert!(files.len() >= 2, "{case} offers {files:?}");
        for file in files {
            let checkpoint = Checkpoint::open(&file).unwrap();
            let path = folder.join("config.json");
            let sidecar = match sidecar {
                Some(text) => Sidecar::parse(&path, text).unwrap(),
                None => read_sidecar(&path, Some(&checkpoint)).unwrap(),
            };
            // The library is told apart by the tensors, not taken from the sidecar.
            let stated = Sidecar { library: None, ..sidecar.clone() };
            let imported = import(&checkpoint, None, stated, &path, Some(&golden))
                .unwrap_or_else(|error| panic!("{}: {error}", file.display()));
            assert_eq!(Some(imported.library), sidecar.library, "{}", file.display());
            let report = golden.compare(&imported).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
            assert_eq!(report.difference, None, "{}", file.display());
            assert_eq!(report.missing, [""; 0], "{}", file.display());
            assert_eq!(report.samples, 360);
            for key in ["encoded", "layer0_out", "scores", "pred"] {
                assert!(report.compared.iter().any(|compared| compared == key), "{case}: {key} was not compared");
            }
            let written = imported.network.to_file().to_bytes().unwrap();
            let again = difflut::files::TensorFile::from_bytes(&file, written).unwrap();
            assert_eq!(difflut::binarized::BinarizedNetwork::from_file(&again).unwrap(), imported.network);
        }
    }
}

#[test]
fn every_case_folder_has_a_test() {
    let Some(cases) = crate::cases_folder("every_case_folder_has_a_test") else { return };
    for entry in std::fs::read_dir(cases).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let known = CASES.iter().any(|(case, _)| *case == name) || crate::encoders::CASES.contains(&name.as_str());
        assert!(known, "the case `{name}` has no line in hdl_tests/import");
    }
}

#[test]
fn a_changed_weight_is_found_at_its_layer_and_node() {
    let Some(cases) = crate::cases_folder("a_changed_weight_is_found_at_its_layer_and_node") else { return };
    let folder = cases.join("torchlogix-raw");
    let file = folder.join("model.safetensors");
    let mut bytes = std::fs::read(&file).unwrap();
    let header: serde_json::Value =
        serde_json::from_slice(&bytes[8..8 + u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize]).unwrap();
    let start = header["3.weight"]["data_offsets"][0].as_u64().unwrap() as usize;
    let data = 8 + u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    // Node 7 of module 3 becomes gate 15, the constant one.
    let place = data + start + (7 * 16 + 15) * 4;
    bytes[place..place + 4].copy_from_slice(&1e6f32.to_le_bytes());
    let checkpoint = Checkpoint::from_bytes(&file, bytes).unwrap();
    let golden = Golden::open(&folder.join("golden.npz"), None).unwrap();
    let path = folder.join("config.json");
    let sidecar = read_sidecar(&path, Some(&checkpoint)).unwrap();
    let imported = import(&checkpoint, None, sidecar, &path, Some(&golden)).unwrap();
    let difference = golden.compare(&imported).unwrap().difference.unwrap();
    assert_eq!((difference.place.as_str(), difference.unit, difference.index), ("3", "node", 7));
    let message = difference.to_string();
    assert!(message.contains("3, node 7: the network gives 1, `layer1_out` of the golden file 0"), "{message}");
}
