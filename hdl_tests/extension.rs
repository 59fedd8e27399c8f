//! Components of another crate, by the example that shows how.

#[path = "../examples/custom_node.rs"]
#[allow(dead_code, reason = "its main is not called here")]
mod custom_node;

#[test]
fn a_crates_own_node_encoder_and_model_type_train_and_become_hardware() {
    let folder = tempfile::tempdir().unwrap();
    let accuracy = custom_node::run(folder.path()).unwrap();
    assert!(accuracy > 0.75, "{accuracy}");
    let files = |folder: &std::path::Path| -> Vec<String> {
        let entries = std::fs::read_dir(folder).unwrap().flatten();
        let mut names: Vec<String> = entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    };
    let names = files(&folder.path().join("hardware"));
    assert!(
        names.iter().any(|name| name.ends_with(".v")) && names.iter().any(|name| name.ends_with(".h")),
        "{names:?}"
    );
}
