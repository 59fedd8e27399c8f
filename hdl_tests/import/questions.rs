//! What import asks, assumes and refuses on real checkpoints.

use difflut::import::{Checkpoint, Golden, ImportError, Library, Sidecar, import, read_sidecar};

#[test]
fn without_a_sidecar_everything_unknown_is_asked_at_once() {
    let Some(cases) = crate::cases_folder("without_a_sidecar_everything_unknown_is_asked_at_once") else { return };
    let ask = |file: &str| {
        let path = cases.join(file);
        let checkpoint = Checkpoint::open(&path).unwrap();
        match import(&checkpoint, None, Sidecar::default(), &path, None).unwrap_err() {
            ImportError::Ask { questions, assumed, .. } => (questions.join("\n"), assumed),
            other => panic!("{file}: {other}"),
        }
    };
    let (questions, assumed) = ask("difflut-linear_lut/model.pth");
    for field in ["input_format:", "encoder:", "head: {classes"] {
        assert!(questions.contains(field), "{field} in {questions}");
    }
    assert!(assumed.contains("library: difflut"), "{assumed}");
    let (questions, assumed) = ask("difflut-conv/checkpoint.pt");
    // The configuration inside the checkpoint answers what it can.
    assert!(!questions.contains("head:") && !questions.contains("modules:"), "{questions}");
    assert!(assumed.contains("classes: 10") && assumed.contains("receptive_field: 3"), "{assumed}");
    let (questions, _) = ask("torchlogix-warp4/final_model.pt");
    assert!(questions.contains("parametrization: warp | light") && !questions.contains("encoder:"), "{questions}");
    let (questions, _) = ask("torchlogix-conv/final_model.pt");
    assert!(questions.contains("image:") && questions.contains("padding"), "{questions}");
}

#[test]
fn a_state_dict_without_wiring_says_so() {
    let Some(cases) = crate::cases_folder("a_state_dict_without_wiring_says_so") else { return };
    let path = cases.join("difflogic-digits-random/model_state_dict.pth");
    let checkpoint = Checkpoint::open(&path).unwrap();
    let error = import(&checkpoint, None, Sidecar::default(), &path, None).unwrap_err().to_string();
    assert!(error.contains("layer `1` without wiring") && error.contains("`wiring` in the sidecar"), "{error}");
}

#[test]
fn contradictions_between_sidecar_and_checkpoint_are_refused_by_field() {
    let Some(cases) = crate::cases_folder("contradictions_between_sidecar_and_checkpoint_are_refused_by_field") else {
        return;
    };
    let folder = cases.join("torchlogix-warp4");
    let checkpoint = Checkpoint::open(&folder.join("model.safetensors")).unwrap();
    let path = folder.join("config.json");
    let good = Sidecar {
        input_format: Some(difflut::config::InputFormat::unsigned(5)),
        ..read_sidecar(&path, Some(&checkpoint)).unwrap()
    };
    let with = |change: &dyn Fn(&mut Sidecar)| {
        let mut sidecar = good.clone();
        change(&mut sidecar);
        import(&checkpoint, Some(Library::Torchlogix), sidecar, &path, None).map(drop).unwrap_err().to_string()
    };
    import(&checkpoint, None, good.clone(), &path, None).unwrap();
    let error = with(&|sidecar| sidecar.head.as_mut().unwrap().classes = Some(7));
    assert!(error.contains("head.classes: 7 do not divide the 300 bits"), "{error}");
    let error = with(&|sidecar| sidecar.nodes.parametrization = Some(difflut::import::Parametrization::Raw));
    assert!(error.contains("2.weight") && error.contains("rank 4"), "{error}");
    let error = with(&|sidecar| sidecar.head.as_mut().unwrap().tau = Some(0.0));
    assert!(error.contains("tau is 0"), "{error}");
    let error = with(&|sidecar| sidecar.layers = Some(vec!["2".into(), "9".into()]));
    assert!(error.contains("`3` of the checkpoint is missing"), "{error}");
    let error = Sidecar::parse(&path, "encodre: {kind: bits}").unwrap_err().to_string();
    assert!(error.contains("encodre"), "{error}");
    let error = import(&checkpoint, Some(Library::TorchDwn), good.clone(), &path, None).unwrap_err().to_string();
    assert!(error.contains("does not look like a checkpoint of torch-dwn"), "{error}");
}

#[test]
fn integers_of_the_golden_samples_give_the_input_format() {
    let Some(cases) = crate::cases_folder("integers_of_the_golden_samples_give_the_input_format") else { return };
    let folder = cases.join("torchlogix-raw");
    let checkpoint = Checkpoint::open(&folder.join("model.safetensors")).unwrap();
    let path = folder.join("config.json");
    let golden = Golden::open(&folder.join("golden.npz"), None).unwrap();
    let sidecar = read_sidecar(&path, Some(&checkpoint)).unwrap();
    let imported = import(&checkpoint, None, sidecar, &path, Some(&golden)).unwrap();
    assert_eq!(*imported.network.input(), difflut::config::InputFormat::unsigned(5), "0 to 16");
}

#[test]
fn fractional_samples_ask_for_the_input_format_and_the_sidecar_states_it() {
    let Some(cases) = crate::cases_folder("fractional_samples_ask_for_the_input_format_and_the_sidecar_states_it")
    else {
        return;
    };
    let folder = cases.join("torchlogix-raw");
    let checkpoint = Checkpoint::open(&folder.join("model.safetensors")).unwrap();
    let path = folder.join("config.json");
    let scratch = tempfile::tempdir().unwrap();
    let scaled = scratch.path().join("golden.npy");
    difflut::files::write_npy(&scaled, &[1, 64], &[0.25f32; 64]).unwrap();
    // A lone array is named `array`; a golden file calls its samples `x`.
    let mut zip = Vec::new();
    write_stored_zip(&mut zip, "x.npy", &std::fs::read(&scaled).unwrap());
    let golden = scratch.path().join("golden.npz");
    std::fs::write(&golden, zip).unwrap();
    let golden = Golden::open(&golden, None).unwrap();
    let sidecar = read_sidecar(&path, Some(&checkpoint)).unwrap();
    let error = import(&checkpoint, None, sidecar.clone(), &path, Some(&golden)).unwrap_err().to_string();
    assert!(error.contains("input_format: {bits: 8, signed: false, scale: 1.0"), "{error}");
    assert!(error.contains("they lie between 0.25 and 0.25"), "{error}");
    let format = difflut::config::InputFormat { scale: 0.0625, ..difflut::config::InputFormat::unsigned(5) };
    let stated = Sidecar { input_format: Some(format), ..sidecar };
    let imported = import(&checkpoint, None, stated, &path, Some(&golden)).unwrap();
    assert_eq!(*imported.network.input(), format);
}

/// A zip archive of one stored file.
fn write_stored_zip(archive: &mut Vec<u8>, name: &str, contents: &[u8]) {
    let mut checksum = u32::MAX;
    for byte in contents {
        checksum ^= u32::from(*byte);
        for _ in 0..8 {
            checksum = if checksum & 1 == 1 { checksum >> 1 ^ 0xedb8_8320 } else { checksum >> 1 };
        }
    }
    let size = contents.len() as u32;
    // Version, flags, method, time, date; then checksum, both sizes, length of the name, extra.
    let mut common = [20u16, 0, 0, 0, 0x21].map(u16::to_le_bytes).concat();
    common.extend([!checksum, size, size].map(u32::to_le_bytes).concat());
    common.extend([name.len() as u16, 0].map(u16::to_le_bytes).concat());
    archive.extend([b"PK\x03\x04".as_slice(), &common, name.as_bytes(), contents].concat());
    let directory = archive.len() as u32;
    let tail = [0u16, 0, 0, 0, 0].map(u16::to_le_bytes).concat();
    let entry = [b"PK\x01\x02\x14\x00".as_slice(), &common, &tail, &[0; 4], name.as_bytes()].concat();
    archive.extend(&entry);
    archive.extend([b"PK\x05\x06".as_slice(), &[0, 0, 0, 0, 1, 0, 1, 0]].concat());
    archive.extend([entry.len() as u32, directory].map(u32::to_le_bytes).concat());
    archive.extend([0, 0]);
}

#[test]
fn real_files_cut_or_changed_anywhere_are_errors_or_other_networks_but_never_a_panic() {
    let Some(cases) =
        crate::cases_folder("real_files_cut_or_changed_anywhere_are_errors_or_other_networks_but_never_a_panic")
    else {
        return;
    };
    for file in [
        "difflut-edge-linear_lut/model.pth",
        "difflut-linear_lut/model_legacy.pth",
        "torchlogix-warp4/model.safetensors",
    ] {
        let path = cases.join(file);
        let bytes = std::fs::read(&path).unwrap();
        let config = path.with_file_name("config.json");
        let try_import = |bytes: Vec<u8>| {
            let Ok(checkpoint) = Checkpoint::from_bytes(&path, bytes) else { return };
            let sidecar = read_sidecar(&config, Some(&checkpoint)).unwrap();
            let sidecar = Sidecar { input_format: Some(difflut::config::InputFormat::unsigned(5)), ..sidecar };
            let _ = import(&checkpoint, None, sidecar, &config, None);
        };
        for cut in (0..bytes.len()).step_by(bytes.len() / 60) {
            try_import(bytes[..cut].to_vec());
        }
        for step in 0..150 {
            let mut changed = bytes.clone();
            // The beginning holds headers and pickles, where changes matter most.
            let place = if step % 2 == 0 { step * 37 % 4096 } else { step * 7919 % bytes.len() };
            changed[place % bytes.len()] ^= 1 << (step % 8);
            try_import(changed);
        }
    }
}

#[test]
fn the_sidecar_of_the_documentation_has_fields_that_exist() {
    let page = include_str!("../../docs/import.md");
    let (_, rest) = page.split_once("```yaml\n").unwrap();
    let (yaml, _) = rest.split_once("```").unwrap();
    let sidecar = Sidecar::parse(std::path::Path::new("docs/import.md"), yaml).unwrap();
    assert_eq!(sidecar.library, Some(Library::Torchlogix));
    assert_eq!(sidecar.modules.len(), 2);
    // What is written is read back.
    let again = Sidecar::parse(std::path::Path::new("again.yaml"), &sidecar.to_yaml()).unwrap();
    assert_eq!(again, sidecar);
}
