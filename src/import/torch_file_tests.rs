//! Files of torch.save, made here byte by byte.

use proptest::prelude::*;
use zip::CompressionMethod;

use super::*;
use crate::import::archive::tests::zipped;
use crate::import::{Checkpoint, Library, Sidecar, import};

/// Writes the pickles that torch.save writes.
#[derive(Default)]
struct Pickler(Vec<u8>);

impl Pickler {
    fn text(&mut self, text: &str) -> &mut Self {
        self.0.push(b'X');
        self.0.extend((text.len() as u32).to_le_bytes());
        self.0.extend(text.as_bytes());
        self
    }

    fn int(&mut self, value: i32) -> &mut Self {
        self.0.push(b'J');
        self.0.extend(value.to_le_bytes());
        self
    }

    fn raw(&mut self, bytes: &[u8]) -> &mut Self {
        self.0.extend(bytes);
        self
    }

    fn ints(&mut self, values: &[i32]) -> &mut Self {
        self.raw(b"(");
        for &value in values {
            self.int(value);
        }
        self.raw(b"t")
    }

    /// `_rebuild_tensor_v2(storage, offset, shape, strides, False, OrderedDict())`
    fn tensor(
        &mut self,
        class: &str,
        key: &str,
        elements: i32,
        offset: i32,
        shape: &[i32],
        strides: &[i32],
    ) -> &mut Self {
        self.raw(b"ctorch._utils\n_rebuild_tensor_v2\n((").text("storage");
        self.raw(format!("ctorch\n{class}\n").as_bytes()).text(key).text("cpu").int(elements).raw(b"tQ");
        self.int(offset).ints(shape).ints(strides).raw(b"\x89ccollections\nOrderedDict\n)RtR")
    }
}

/// A state dict of `entries`, each name followed by its tensor.
fn state_dict(entries: impl FnOnce(&mut Pickler)) -> Vec<u8> {
    let mut pickler = Pickler::default();
    pickler.raw(b"\x80\x02ccollections\nOrderedDict\n)R(");
    entries(&mut pickler);
    pickler.raw(b"u.");
    pickler.0
}

fn floats(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

fn torch_zip(pickle: &[u8], members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut all: Vec<(&str, &[u8])> = vec![("m/data.pkl", pickle)];
    all.extend(members);
    zipped(CompressionMethod::Stored, &all)
}

fn open(bytes: Vec<u8>) -> Result<Checkpoint, ImportError> {
    Checkpoint::from_bytes(Path::new("m.pth"), bytes)
}

#[track_caller]
fn refused(bytes: Vec<u8>, expected: &str) {
    let error = open(bytes).unwrap_err().to_string();
    assert!(error.contains(expected), "{error}");
}

fn simple() -> Vec<u8> {
    state_dict(|pickler| {
        pickler.text("a.w").tensor("FloatStorage", "0", 6, 0, &[2, 3], &[3, 1]);
        pickler.text("a.t").tensor("FloatStorage", "0", 6, 1, &[2, 2], &[1, 3]);
    })
}

const SIX: [f32; 6] = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];

#[test]
fn tensors_may_share_and_overlap_one_storage() {
    for method in [CompressionMethod::Stored, CompressionMethod::Deflated] {
        let bytes =
            zipped(method, &[("m/data.pkl", &simple()), ("m/data/0", &floats(&SIX)), ("m/byteorder", b"little")]);
        let checkpoint = open(bytes).unwrap();
        assert_eq!(checkpoint.names(), ["a.w", "a.t"]);
        assert_eq!(checkpoint.floats("a.w", &[2, 3]).unwrap(), SIX);
        assert_eq!(checkpoint.floats("a.t", &[2, 2]).unwrap(), [2.0, 5.0, 3.0, 6.0]);
    }
}

#[test]
fn big_endian_storages_are_turned_around_and_other_orders_refused() {
    let big: Vec<u8> = SIX.iter().flat_map(|value| value.to_be_bytes()).collect();
    let checkpoint = open(torch_zip(&simple(), &[("m/data/0", &big), ("m/byteorder", b"big")])).unwrap();
    assert_eq!(checkpoint.floats("a.w", &[2, 3]).unwrap(), SIX);
    refused(torch_zip(&simple(), &[("m/data/0", &big), ("m/byteorder", b"middle")]), "its byte order is `middle`");
}

#[test]
fn storages_must_have_the_bytes_that_the_pickle_states() {
    refused(torch_zip(&simple(), &[]), "member `m/data/0` is missing");
    refused(torch_zip(&simple(), &[("m/data/0", &floats(&SIX[..5]))]), "has 20 bytes; its tensors need 24");
    refused(torch_zip(&simple(), &[("m/data/0", &[0; 4096])]), "states 4096 bytes; at most 24");
    let two = state_dict(|pickler| {
        pickler.text("a").tensor("FloatStorage", "0", 6, 0, &[6], &[1]);
        pickler.text("b").tensor("FloatStorage", "0", 7, 0, &[6], &[1]);
    });
    refused(torch_zip(&two, &[("m/data/0", &floats(&SIX))]), "24 bytes for one tensor and 28 for another");
}

#[test]
fn absurd_shapes_are_refused_without_taking_memory() {
    let view = |elements, offset, shape: &[i32], strides: &[i32]| {
        let pickle = state_dict(|pickler| {
            pickler.text("a").tensor("FloatStorage", "0", elements, offset, shape, strides);
        });
        torch_zip(&pickle, &[("m/data/0", &floats(&SIX))])
    };
    refused(view(6, 0, &[i32::MAX, i32::MAX, i32::MAX], &[1, 1, 1]), "reaches beyond the 24 bytes");
    refused(view(6, 5, &[2], &[1]), "reaches beyond the 24 bytes");
    refused(view(6, i32::MAX, &[1], &[1]), "reaches beyond the 24 bytes");
    refused(view(6, 0, &[i32::MAX], &[0]), "repeats 24 bytes");
    refused(view(6, 0, &[-1], &[1]), "no sizes");
    refused(view(6, 0, &[6], &[-1]), "no sizes");
    refused(view(6, 0, &[2, 3], &[1]), "2 sides and 1 strides");
    refused(view(6, 0, &[1; 17], &[1; 17]), "no sizes");
    refused(view(i32::MAX, 0, &[1], &[1]), "has 24 bytes; its tensors need 8589934588");
}

#[test]
fn code_in_a_checkpoint_is_refused_by_name() {
    let pickle = b"\x80\x02cposix\nsystem\nX\x02\x00\x00\x00ls\x85R.";
    refused(torch_zip(pickle, &[]), "asks for `posix.system`, which is not on the list");
    refused(torch_zip(pickle, &[("m/constants.pkl", b"x")]), "a TorchScript archive is not supported");
}

#[test]
fn a_state_dict_inside_a_training_checkpoint_is_found_with_its_configuration() {
    let mut pickler = Pickler::default();
    pickler.raw(b"\x80\x02}(").text("epoch").int(3);
    pickler.text("config").raw(b"}(").text("k").int(10).text("tau").raw(b"G\x40\x04\0\0\0\0\0\0u");
    pickler.text("model_state").raw(b"}(").text("w").tensor("LongStorage", "0", 2, 0, &[2], &[1]).raw(b"u");
    pickler.text("optimizer").raw(b"}(").text("m").tensor("FloatStorage", "1", 1, 0, &[1], &[1]).raw(b"u");
    pickler.raw(b"u.");
    let longs: Vec<u8> = [7i64, -8].iter().flat_map(|value| value.to_le_bytes()).collect();
    let checkpoint = open(torch_zip(&pickler.0, &[("m/data/0", &longs), ("m/data/1", &floats(&[1.0]))])).unwrap();
    assert_eq!(checkpoint.names(), ["w"]);
    assert_eq!(checkpoint.get("w").unwrap().i64s().unwrap(), [7, -8]);
    assert_eq!(checkpoint.config().unwrap()["tau"], 2.5);
    assert!(checkpoint.extra("optimizer.m").is_some());
    assert_eq!(checkpoint.number("epoch"), Some(3.0));
}

#[test]
fn a_dictionary_that_contains_itself_ends() {
    // d = {}; d['model'] = d
    refused(torch_zip(b"}q\x00X\x05\x00\x00\x00innerh\x00s.", &[]), "no entry of its dictionary holds tensors");
}

fn legacy(pickle: &[u8], system: &[u8], keys: &[u8], storages: &[u8]) -> Vec<u8> {
    let mut bytes = b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.\x80\x02M\xe9\x03.".to_vec();
    for part in [system, pickle, keys, storages] {
        bytes.extend(part);
    }
    bytes
}

const LITTLE: &[u8] = b"\x80\x02}X\x0d\x00\x00\x00little_endian\x88s.";
const BIG: &[u8] = b"\x80\x02}X\x0d\x00\x00\x00little_endian\x89s.";
const KEYS: &[u8] = b"\x80\x02]X\x01\x00\x00\x000a.";

#[test]
fn the_legacy_container_is_read_and_every_truncation_refused() {
    let mut storage = 6u64.to_le_bytes().to_vec();
    storage.extend(floats(&SIX));
    let bytes = legacy(&simple(), LITTLE, KEYS, &storage);
    let checkpoint = open(bytes.clone()).unwrap();
    assert_eq!(checkpoint.floats("a.t", &[2, 2]).unwrap(), [2.0, 5.0, 3.0, 6.0]);
    for cut in 0..bytes.len() {
        assert!(open(bytes[..cut].to_vec()).is_err(), "cut at {cut}");
    }
    refused(legacy(&simple(), BIG, KEYS, &storage), "legacy file of a big-endian machine is not supported");
    refused(legacy(&simple(), LITTLE, b"\x80\x02].", &storage), "storage `0` is missing");
    refused(legacy(&simple(), LITTLE, b"\x80\x02]X\x01\x00\x00\x009a.", &storage), "storage `9` belongs to no tensor");
    refused(legacy(b"cos\nsystem\n.", LITTLE, KEYS, &storage), "`os.system`");
}

#[test]
fn a_zip_is_refused_at_every_truncation() {
    let bytes = torch_zip(&simple(), &[("m/data/0", &floats(&SIX))]);
    for cut in 0..bytes.len() {
        assert!(open(bytes[..cut].to_vec()).is_err(), "cut at {cut}");
    }
}

#[test]
fn a_whole_model_is_read_as_inert_records() {
    // Sequential(LogicLayer(weights, indices), GroupSum(k, tau))
    let mut p = Pickler::default();
    p.raw(b"\x80\x02ctorch.nn.modules.container\nSequential\n)\x81}(").text("_modules").raw(b"}(");
    p.text("0").raw(b"cdifflogic.difflogic\nLogicLayer\n)\x81}(").text("_parameters").raw(b"}(").text("weights");
    p.raw(b"ctorch._utils\n_rebuild_parameter\n")
        .tensor("FloatStorage", "0", 32, 0, &[2, 16], &[16, 1])
        .raw(b"\x88)\x87R");
    p.raw(b"u").text("in_dim").int(2).text("indices").tensor("LongStorage", "1", 2, 0, &[2], &[1]);
    p.tensor("LongStorage", "2", 2, 0, &[2], &[1]).raw(b"\x86ub");
    p.text("1").raw(b"cdifflogic.difflogic\nGroupSum\n)\x81}(").text("k").int(2).text("tau").int(1).raw(b"ub");
    p.raw(b"uub.");
    let mut weights = [0f32; 32];
    weights[1] = 1.0; // AND
    weights[16 + 6] = 1.0; // XOR
    let longs = |values: [i64; 2]| values.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<u8>>();
    let members: [(&str, &[u8]); 3] =
        [("m/data/0", &floats(&weights)), ("m/data/1", &longs([0, 1])), ("m/data/2", &longs([1, 0]))];
    let checkpoint = open(torch_zip(&p.0, &members)).unwrap();
    assert_eq!(checkpoint.classes()[2], ("1".to_owned(), "difflogic.difflogic.GroupSum"));
    let sidecar = Sidecar::parse(Path::new("s.yaml"), "encoder: {kind: bits}").unwrap();
    let imported = import(&checkpoint, None, sidecar, Path::new("s.yaml"), None).unwrap();
    assert_eq!(imported.library, Library::Difflogic);
    assert_eq!(imported.network.predict(&[1.0, 1.0]).layers, [[true, false]]);
    assert_eq!(imported.network.predict(&[1.0, 0.0]).layers, [[false, true]]);
    assert_eq!(imported.network.head().classes(), 2);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]
    #[test]
    fn random_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..200), magic in 0..5usize) {
        let start: &[u8] = [b"".as_slice(), b"PK\x03\x04", b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.\x80\x02M\xe9\x03.", b"\x93NUMPY\x01\x00", b"\x10\0\0\0\0\0\0\0"][magic];
        let mut all = start.to_vec();
        all.extend(bytes);
        let _ = open(all);
    }

    #[test]
    fn changed_files_never_panic(place in any::<prop::sample::Index>(), value in any::<u8>()) {
        let mut bytes = torch_zip(&simple(), &[("m/data/0", &floats(&SIX))]);
        let place = place.index(bytes.len());
        bytes[place] = value;
        if let Ok(checkpoint) = open(bytes) {
            for name in checkpoint.names() {
                let tensor = checkpoint.get(name).unwrap();
                prop_assert!(tensor.f64s().is_none_or(|values| values.len() == tensor.len()));
            }
        }
    }
}

#[test]
fn files_that_are_no_checkpoint_say_what_they_are() {
    let refused = |bytes: &[u8]| Checkpoint::from_bytes(Path::new("w.pkl"), bytes.to_vec()).unwrap_err().to_string();
    // pickle.dumps({"w": 1}, protocol=4)
    let pickle = b"\x80\x04\x95\x0a\x00\x00\x00\x00\x00\x00\x00}\x94\x8c\x01w\x94K\x01s.";
    let message = refused(pickle);
    assert!(message.contains("it is a bare pickle, not what torch.save writes; save the tensors with"), "{message}");
    assert!(refused(b"\x1f\x8b\x08rest").contains("it is compressed with gzip"));
    assert!(refused(b"").contains("it is empty"));
    let message = refused(b"epoch,loss\n1,2\n");
    assert!(message.contains("it begins with \"epoch,loss\\n1\" and is none of these"), "{message}");
    // A header whose first byte happens to be the same is a damaged header of safetensors.
    let mut damaged = 0x280u64.to_le_bytes().to_vec();
    damaged.resize(0x280 + 8, b'{');
    assert!(!refused(&damaged).contains("none of these"));
}
