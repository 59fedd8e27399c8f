//! The binarized network as a safetensors file.
//!
//! | tensor | type, shape | meaning |
//! |---|---|---|
//! | `encoder.feature` | U32 `[bits]` | feature that each encoded bit reads |
//! | `encoder.initial` | U8 `[bits]` | its value below the first toggle, 0 or 1 |
//! | `encoder.toggle_count` | U32 `[bits]` | how many toggles it has |
//! | `encoder.toggles` | U32 `[sum of counts]` | the toggles' float32 bits, bit after bit |
//! | `layers.<i>.wiring` | U32 `[width, fan_in]` | columns of the part before |
//! | `layers.<i>.tables` | U64 `[width, words]` | rows of the truth tables, row 0 in bit 0 |
//!
//! The metadata hold `format`, `version`, `network` (name, features, input format, head) and
//! `training`, the record of how the model was made, where there is one. A network with layers over
//! images has `spatial` too, a description of them ([`Spatial`]); a reader that ignores it reads
//! the same network.

use serde::{Deserialize, Serialize};

use crate::config::InputFormat;
use crate::files::{FileError, TensorFile, TensorFileWriter};
use crate::logic::TruthTable;

use super::{BinarizedNetwork, EncodedBit, Encoder, Head, LutLayer, Spatial};

/// The `format` entry of a binarized network's metadata.
pub const BINARIZED_FORMAT: &str = "difflut-binarized";
/// The `version` entry that this program reads and writes.
pub const BINARIZED_VERSION: &str = "1";

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct NetworkHeader {
    name: String,
    features: usize,
    layers: usize,
    input_format: InputFormat,
    head: Head,
}

impl BinarizedNetwork {
    /// Collects the network into a file; the caller may add more metadata and writes it.
    pub fn to_file(&self) -> TensorFileWriter {
        let mut file = TensorFileWriter::new(BINARIZED_FORMAT, BINARIZED_VERSION);
        let header = NetworkHeader {
            name: self.name().to_owned(),
            features: self.features(),
            layers: self.layers().len(),
            input_format: *self.input(),
            head: *self.head(),
        };
        file.metadata("network", serde_json::to_value(header).unwrap_or_default().to_string());
        if let Some(spatial) = self.spatial() {
            file.metadata("spatial", serde_json::to_value(spatial).unwrap_or_default().to_string());
        }
        let bits = &self.encoder().bits;
        let column = |f: fn(&EncodedBit) -> u32| bits.iter().map(f).collect::<Vec<u32>>();
        file.indices("encoder.feature", &[bits.len()], &column(|bit| bit.feature));
        file.bytes("encoder.initial", &[bits.len()], &bits.iter().map(|bit| u8::from(bit.initial)).collect::<Vec<_>>());
        file.indices("encoder.toggle_count", &[bits.len()], &column(|bit| bit.toggles.len() as u32));
        // Stored by their bits, since a toggle may be infinite (a threshold at the largest float).
        let toggles: Vec<u32> = bits.iter().flat_map(|bit| bit.toggles.iter().map(|toggle| toggle.to_bits())).collect();
        file.indices("encoder.toggles", &[toggles.len()], &toggles);
        for (index, layer) in self.layers().iter().enumerate() {
            file.indices(&format!("layers.{index}.wiring"), &[layer.width(), layer.fan_in], &layer.wiring);
            let words: Vec<u64> = layer.tables.iter().flat_map(|table| table.words().iter().copied()).collect();
            file.words(&format!("layers.{index}.tables"), &[layer.width(), words.len() / layer.width()], &words);
        }
        file
    }

    /// Reads a network and checks everything in it.
    ///
    /// # Errors
    /// [`FileError`] with the file, the field, what was found and what is allowed.
    pub fn from_file(file: &TensorFile) -> Result<Self, FileError> {
        file.check_version(BINARIZED_VERSION)?;
        let header: NetworkHeader = file.json("network")?;
        let width = match file.shape("encoder.feature")?.as_slice() {
            [width] => *width,
            shape => {
                return Err(
                    file.field_error("tensor `encoder.feature`", format!("found shape {shape:?}, expected [bits]"))
                );
            }
        };
        let features = file.indices("encoder.feature", &[width], header.features)?;
        let initial = file.bytes("encoder.initial", &[width])?;
        let counts = file.indices("encoder.toggle_count", &[width], 1 << 31)?;
        let total = counts.iter().map(|&count| count as usize).sum();
        let toggles = file.indices("encoder.toggles", &[total], 1 << 32)?;
        let mut rest = toggles.iter().map(|&bits| f32::from_bits(bits));
        let bits = (0..width)
            .map(|column| EncodedBit {
                feature: features[column],
                initial: initial[column] != 0,
                toggles: rest.by_ref().take(counts[column] as usize).collect(),
            })
            .collect();
        let encoder = Encoder { features: header.features, bits };
        let mut layers: Vec<LutLayer> = Vec::new();
        for index in 0..header.layers {
            let input_width = layers.last().map_or(width, LutLayer::width);
            layers.push(read_layer(file, index, input_width)?);
        }
        let spatial: Option<Spatial> = file.metadata("spatial").map(|_| file.json("spatial")).transpose()?;
        Self::new(header.name, header.input_format, encoder, layers, header.head)
            .map_err(|error| file.field_error("network", error))?
            .with_spatial(spatial)
            .map_err(|error| file.field_error("metadata entry `spatial`", error))
    }
}

fn read_layer(file: &TensorFile, index: usize, input_width: usize) -> Result<LutLayer, FileError> {
    let wiring_name = format!("layers.{index}.wiring");
    let (width, fan_in) = match file.shape(&wiring_name)?.as_slice() {
        [width, fan_in] if (1..=crate::logic::MAX_INPUTS).contains(fan_in) => (*width, *fan_in),
        shape => {
            let problem = format!("found shape {shape:?}, expected [nodes, fan-in] with a fan-in of 1 to 16");
            return Err(file.field_error(&format!("tensor `{wiring_name}`"), problem));
        }
    };
    let wiring = file.indices(&wiring_name, &[width, fan_in], input_width)?;
    let words = if fan_in <= 6 { 1 } else { 1 << (fan_in - 6) };
    let tables = file.words(&format!("layers.{index}.tables"), &[width, words])?;
    let tables = tables.chunks_exact(words).map(|words| TruthTable::from_words(fan_in, words.to_vec())).collect();
    Ok(LutLayer { input_width, fan_in, wiring, tables })
}

#[cfg(test)]
mod tests {
    use super::super::arbitrary::{NetworkShape, random_network};
    use super::*;
    use std::path::Path;

    fn reopen(bytes: Vec<u8>) -> Result<BinarizedNetwork, FileError> {
        BinarizedNetwork::from_file(&TensorFile::from_bytes(Path::new("net.safetensors"), bytes)?)
    }

    #[test]
    fn a_network_survives_its_file() {
        for seed in 0..20 {
            let network = random_network(seed, &NetworkShape::small());
            let bytes = network.to_file().to_bytes().unwrap();
            assert_eq!(reopen(bytes).unwrap(), network);
        }
    }

    #[test]
    fn what_is_known_of_images_survives_the_file_and_may_be_missing() {
        use super::super::arbitrary::{ImageShape, RandomStep, random_image_network};
        let shape = ImageShape {
            image: [1, 4, 5],
            input: InputFormat::unsigned(2),
            bits_per_feature: 2,
            feature_wise: true,
            steps: vec![RandomStep::convolution(2, 2, 3, 1, 1)],
            dense: vec![(2, 6)],
            head: Head::Bits,
        };
        let network = random_image_network(1, &shape);
        let file = network.to_file();
        assert_eq!(reopen(file.to_bytes().unwrap()).unwrap(), network);
        // As a file of the time before it was noted.
        let plain = network.clone().with_spatial(None).unwrap();
        assert_eq!(reopen(plain.to_file().to_bytes().unwrap()).unwrap(), plain);
        for (entry, problem) in [
            ("{\"bits\":3,\"steps\":[]}", ""),
            ("{\"bits\":2,\"steps\":7}", "metadata entry `spatial`"),
            ("{\"bits\":2,\"steps\":[],\"other\":1}", "unknown field `other`"),
            (
                "{\"bits\":2,\"steps\":[{\"image\":[2,4,6],\"window\":[3,3],\"stride\":[1,1],\"padding\":[1,1],\"groups\":[1,1]}]}",
                "step 0: it reads an image of [2, 4, 6] in groups of 2; there are 40 encoded bits",
            ),
            (
                "{\"bits\":2,\"steps\":[{\"image\":[2,4,5],\"window\":[3,9],\"stride\":[1,1],\"padding\":[1,1],\"groups\":[1,1]}]}",
                "no window of [3, 9] fits an image of 4 x 5 with padding [1, 1]",
            ),
            (
                "{\"bits\":2,\"steps\":[{\"image\":[2,4,5],\"window\":[1,1],\"stride\":[1,1],\"padding\":[0,0],\"groups\":[1,1,1,1]}]}",
                "step 0: it has 4 layers; there are 3",
            ),
        ] {
            let mut file = plain.to_file();
            file.metadata("spatial", entry.into());
            match (reopen(file.to_bytes().unwrap()), problem) {
                (Ok(read), "") => assert_eq!(read, plain),
                (read, problem) => {
                    let message = read.unwrap_err().to_string();
                    assert!(message.contains(problem), "{message}");
                }
            }
        }
    }

    #[test]
    fn a_later_version_is_refused_with_both_numbers() {
        let mut file = random_network(1, &NetworkShape::small()).to_file();
        file.metadata("version", "2".into());
        let message = reopen(file.to_bytes().unwrap()).unwrap_err().to_string();
        assert!(message.contains("format version 2") && message.contains("reads version 1"), "{message}");
    }

    #[test]
    fn hostile_changes_are_errors_or_another_valid_network_but_never_a_panic() {
        let bytes = random_network(3, &NetworkShape::small()).to_file().to_bytes().unwrap();
        for position in 0..bytes.len() {
            for change in [1u8, 0x80, 0xff] {
                let mut changed = bytes.clone();
                changed[position] ^= change;
                if let Ok(network) = reopen(changed) {
                    network.predict(&vec![0.0; network.features()]);
                }
            }
        }
    }
}
