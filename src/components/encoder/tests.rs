//! All eight encoders: fitting, the reference's bits, and the integers of the hardware.

use super::*;
use crate::components::registry::ENCODERS;
use crate::config::{EncoderType, InputFormat};
use proptest::prelude::*;

fn fit(config: &EncoderConfig, values: &[f32], columns: usize) -> Result<Box<dyn Encoder>, ComponentError> {
    (ENCODERS.get(config.name.name()).unwrap().fit)(config, Samples::new(values, columns)?)
}

fn own() -> Vec<EncoderType> {
    EncoderType::NAMES.iter().filter_map(|name| EncoderType::from_name(name)).collect()
}

fn bits(encoder: &dyn Encoder, features: &[f32]) -> Vec<u8> {
    let mut bits = vec![false; encoder.width()];
    encoder.encode(features, &mut bits);
    bits.into_iter().map(u8::from).collect()
}

#[test]
fn thermometer_thresholds_split_the_range_of_each_feature_or_of_all() {
    let values = [0.0, -8.0, 16.0, 8.0];
    let mut config = EncoderConfig::new(EncoderType::Thermometer, 3);
    assert_eq!(fit(&config, &values, 2).unwrap().fitted(), [[4.0, 8.0, 12.0, -4.0, 0.0, 4.0]]);
    (config.num_bits, config.feature_wise) = (2, false);
    assert_eq!(fit(&config, &values, 2).unwrap().fitted(), [[0.0, 8.0, 0.0, 8.0]]);
}

#[test]
fn the_thermometers_step_is_rounded_before_it_is_multiplied() {
    // 3 * (1 / 7) and (3 * 1) / 7 differ in the last bit of float32.
    let encoder = fit(&EncoderConfig::new(EncoderType::Thermometer, 6), &[0.0, 1.0], 1).unwrap();
    assert_eq!(encoder.fitted()[0][2].to_bits(), 0x3edb_6db8);
}

#[test]
fn each_encoder_writes_its_own_code() {
    let values: Vec<f32> = (0..8).map(|x| x as f32).collect();
    let code =
        |name, num_bits, x: f32| bits(fit(&EncoderConfig::new(name, num_bits), &values, 1).unwrap().as_ref(), &[x]);
    assert_eq!(code(EncoderType::Binary, 3, 6.0), [1, 1, 0]);
    assert_eq!(code(EncoderType::Gray, 3, 6.0), [1, 0, 1]);
    assert_eq!(code(EncoderType::SignMagnitude, 4, -3.0), [1, 0, 1, 1]);
    assert_eq!(code(EncoderType::Onehot, 4, 2.0), [0, 1, 0, 0]);
    assert_eq!(code(EncoderType::DistributiveThermometer, 3, 4.5), [1, 1, 0]);
    assert_eq!(code(EncoderType::GaussianThermometer, 3, 3.6), [1, 1, 0]);
    assert_eq!(code(EncoderType::Thermometer, 3, 3.6), [1, 1, 0]);
    assert_eq!(code(EncoderType::Logarithmic, 2, 7.0), [1, 1]);
}

#[test]
fn values_that_are_no_numbers_are_refused_with_their_place() {
    let message = Samples::new(&[0.0, 1.0, f32::NAN, 1.0], 2).unwrap_err().to_string();
    assert_eq!(message, "sample 1, feature 0 is NaN; features must be finite numbers");
    assert!(matches!(Samples::new(&[], 2), Err(ComponentError::NothingToFit { rows: 0, columns: 2 })));
    assert!(matches!(Samples::new(&[], 0), Err(ComponentError::NothingToFit { .. })));
    for name in own() {
        let outcome = fit(&EncoderConfig::new(name, 2), &[-3e38, 3e38], 1);
        let fits = matches!(name, EncoderType::DistributiveThermometer | EncoderType::SignMagnitude);
        assert!(outcome.is_ok() == fits || name == EncoderType::GaussianThermometer, "{name:?}");
    }
}

#[test]
fn a_restored_encoder_is_the_fitted_one() {
    let values: Vec<f32> = (0..60).map(|i| ((i * 37) % 23) as f32 - 7.5).collect();
    for name in own() {
        for feature_wise in [true, false] {
            let config = EncoderConfig { feature_wise, ..EncoderConfig::new(name, 3) };
            let kind = ENCODERS.get(name.name()).unwrap();
            let fitted = fit(&config, &values, 3).unwrap();
            let tensors = (kind.tensors)(&config, 3);
            for (tensor, values) in tensors.iter().zip(fitted.fitted()) {
                assert_eq!(tensor.shape.iter().product::<usize>(), values.len(), "{name:?} {}", tensor.name);
            }
            let arrays = fitted.fitted().into_iter().map(<[f32]>::to_vec).collect();
            let restored = (kind.restore)(&config, 3, arrays).unwrap();
            assert_eq!(restored.binarize(), fitted.binarize(), "{name:?}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    /// The float formula, the toggles and the integers of the hardware, for every code.
    #[test]
    fn the_integers_encode_like_the_formula_over_the_whole_range(
        num_bits in 2usize..=6, width in 1u32..=10, signed in any::<bool>(), scale in 0.01f64..4.0,
        offset in -20f64..20.0, samples in prop::collection::vec(any::<u16>(), 2..40), feature_wise in any::<bool>(),
    ) {
        let format = InputFormat { bits: width, signed, scale, offset };
        let span = format.max_code() - format.min_code() + 1;
        let values: Vec<f32> =
            samples.iter().map(|&sample| format.value(format.min_code() + i64::from(sample) % span)).collect();
        for name in own() {
            let config = EncoderConfig { feature_wise, ..EncoderConfig::new(name, num_bits) };
            let encoder = fit(&config, &values, 1).unwrap();
            let integers = encoder.binarize().to_integer(&format);
            for code in format.min_code()..=format.max_code() {
                let expected = bits(encoder.as_ref(), &[format.value(code)]);
                let found: Vec<u8> = integers.iter().map(|bit| u8::from(bit.value(code))).collect();
                prop_assert_eq!(found, expected, "{:?} at {}", name, code);
            }
        }
    }
}

/// The folder of the reference cases, or a note that the test was skipped.
fn reference(test: &str, case: &str) -> Option<std::path::PathBuf> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/reference/cases").join(case);
    if folder.is_dir() {
        return Some(folder);
    }
    crate::testing::skipped(test, &format!("{} is not there", folder.display()));
    None
}

#[test]
fn fits_and_bits_are_those_of_the_reference() {
    for name in own() {
        let case = format!("difflut-encoder-{}", name.name());
        let Some(folder) = reference("fits_and_bits_are_those_of_the_reference", &case) else { continue };
        let golden: std::collections::HashMap<_, _> =
            crate::files::read_npz(&folder.join("golden.npz")).unwrap().into_iter().collect();
        let config: serde_json::Value =
            serde_json::from_str(&std::fs::read_to_string(folder.join("config.json")).unwrap()).unwrap();
        let state = std::fs::read(folder.join("encoder.safetensors")).unwrap();
        let state = safetensors::SafeTensors::deserialize(&state).unwrap();
        for (set, of) in config["sets"].as_object().unwrap() {
            // The synthetic samples are fitted once for every number of bits.
            let stem = |what: &str| {
                let own = format!("{what}_{set}");
                if golden.contains_key(&own) { own } else { format!("{what}_digits4") }
            };
            let samples = &golden[&stem("fit")];
            let config = EncoderConfig::new(name, of["num_bits"].as_u64().unwrap() as usize);
            let encoder = fit(&config, &samples.values, samples.columns).unwrap();
            let kind = ENCODERS.get(name.name()).unwrap();
            for (tensor, fitted) in (kind.tensors)(&config, samples.columns).iter().zip(encoder.fitted()) {
                let expected = state.tensor(&format!("{set}.{}", tensor.name)).unwrap();
                let expected: Vec<f32> = bytemuck::pod_collect_to_vec(expected.data());
                assert_eq!(fitted, expected, "{} {set} {}", name.name(), tensor.name);
            }
            let (inputs, expected) = (&golden[&stem("x")], &golden[&format!("bits_{set}")]);
            let binarized = encoder.binarize();
            for (row, (x, expected)) in
                inputs.values.chunks(inputs.columns).zip(expected.values.chunks(expected.columns)).enumerate()
            {
                let expected: Vec<u8> = expected.iter().map(|&bit| bit as u8).collect();
                assert_eq!(bits(encoder.as_ref(), x), expected, "{} {set} row {row}", name.name());
                let toggled: Vec<u8> = binarized.encode(x).into_iter().map(u8::from).collect();
                assert_eq!(toggled, expected, "{} {set} row {row}, toggles", name.name());
            }
        }
    }
}
