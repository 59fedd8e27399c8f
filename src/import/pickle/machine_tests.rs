use proptest::prelude::*;

use super::*;

#[track_caller]
fn refused(bytes: &[u8], expected: &str) {
    let error = read_pickle(bytes).unwrap_err().to_string();
    assert!(error.contains(expected), "{error}");
}

#[test]
fn plain_containers_are_read() {
    // {'a': [1, 2.5, None, True], 'b': (3,)} in protocol 2.
    let bytes =
        b"\x80\x02}(X\x01\x00\x00\x00a](K\x01G\x40\x04\x00\x00\x00\x00\x00\x00N\x88eX\x01\x00\x00\x00bK\x03\x85u.";
    let pickle = read_pickle(bytes).unwrap();
    let entries = pickle.entries(&pickle.root).unwrap();
    assert_eq!(entries[0].0, "a");
    let expected = vec![Value::Int(1), Value::Float(2.5), Value::None, Value::Bool(true)];
    assert_eq!(pickle.object(entries[0].1), Some(&Object::List(expected)));
    assert_eq!(pickle.object(entries[1].1), Some(&Object::Tuple(vec![Value::Int(3)])));
    assert_eq!(pickle.length, bytes.len());
}

#[test]
fn functions_outside_the_list_are_refused_by_name_before_their_arguments_are_looked_at() {
    refused(b"cos\nsystem\n(X\x04\x00\x00\x00echotR.", "`os.system`");
    refused(b"\x80\x04\x8c\x08builtins\x8c\x04eval\x93\x8c\x011\x85R.", "`builtins.eval`");
    refused(b"\x80\x02cposix\nsystem\n.", "byte 16: it asks for `posix.system`");
    refused(b"ctorch._utils\n_rebuild_device_tensor_from_numpy\n.", "_rebuild_device_tensor_from_numpy");
    // A name that only begins or ends like an allowed one.
    refused(b"cdifflogic.difflogic.x\nLogicLayer\n.", "`difflogic.difflogic.x.LogicLayer`");
}

#[test]
fn opcodes_outside_the_list_are_refused_by_name() {
    refused(b"(S'ls'\nios\nsystem\n.", "opcode STRING");
    refused(b"\x82\x01.", "opcode EXT1");
    refused(b"P0\n.", "opcode PERSID");
    refused(b"\x80\x05\x97.", "opcode NEXT_BUFFER");
    refused(b"(ios\nsystem\n.", "opcode INST");
    refused(b"\xff", "opcode 0xff");
}

#[test]
fn records_are_inert_and_keep_their_state() {
    let bytes = b"\x80\x02cdifflogic.difflogic\nGroupSum\n)\x81}X\x01\x00\x00\x00kK\x0asb.";
    let pickle = read_pickle(bytes).unwrap();
    let Some(Object::Record { class, state: Some(state) }) = pickle.object(&pickle.root) else { panic!("a record") };
    assert_eq!(*class, "difflogic.difflogic.GroupSum");
    assert_eq!(pickle.get(state, "k"), Some(&Value::Int(10)));
}

#[test]
fn calling_a_record_or_a_value_is_refused() {
    refused(b"K\x01)R.", "calls something that is no class");
    refused(b"\x80\x02ccollections\nOrderedDict\nK\x01R.", "arguments of a call are no tuple");
    refused(b"\x80\x02ctorch._utils\n_rebuild_tensor_v2\nK\x01\x85R.", "arguments that do not fit");
}

#[test]
fn broken_programs_are_refused() {
    refused(b"", "ends in the middle");
    refused(b".", "empty stack");
    refused(b"t.", "mark that was not set");
    refused(b"h\x07.", "recalls a value");
    refused(b"(K\x01d.", "key without a value");
    refused(b"K\x01K\x02a.", "no container");
    refused(b"X\xff\xff\xff\x7fabc", "ends in the middle");
    refused(b"\x8d\xff\xff\xff\xff\xff\xff\xff\xffabc", "ends in the middle");
    refused(b"\x8b\xff\xff\xff\x7f", "16 bytes in one integer");
    refused(b"X\x01\x00\x00\x00\xff.", "not UTF-8");
    // A mark protects what lies below it.
    refused(b"K\x01(0.", "empty stack");
}

#[test]
fn cycles_and_nested_sharing_cost_no_more_than_their_bytes() {
    // l = []; l.append(l)
    let pickle = read_pickle(b"]q\x00h\x00a.").unwrap();
    assert_eq!(pickle.object(&pickle.root), Some(&Object::List(vec![Value::Object(0)])));
    // t0 = (); t(i+1) = (t(i), t(i)), a million million leaves if written out.
    let mut bytes = vec![b')'];
    for _ in 0..40 {
        bytes.extend(b"2\x86");
    }
    bytes.push(b'.');
    assert_eq!(read_pickle(&bytes).unwrap().objects.len(), 41);
    // Tuples in tuples in tuples: nothing recurses.
    let mut bytes = vec![b')'];
    bytes.extend(std::iter::repeat_n(0x85, 1_000_000));
    bytes.push(b'.');
    assert_eq!(read_pickle(&bytes).unwrap().objects.len(), 1_000_001);
}

#[test]
fn storages_are_named_by_persistent_ids_only() {
    refused(b"K\x01Q.", "not one of a tensor storage");
    refused(
        b"(X\x07\x00\x00\x00storagectorch\nFloatStorage\nX\x01\x00\x00\x000X\x03\x00\x00\x00cpuJ\xff\xff\xff\xfftQ.",
        "not one",
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]
    #[test]
    fn random_programs_never_panic(bytes in prop::collection::vec(prop_oneof![
        any::<u8>(), prop::sample::select(b"(.012NIJKMGXVtl]a}dsuhjqrcRbQ)\x80\x85\x86\x87\x88\x89\x8a\x8c\x8f\x90\x91\x93\x94\x95".to_vec()),
    ], 0..60)) {
        let _ = read_pickle(&bytes);
    }
}
