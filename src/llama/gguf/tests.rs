//! Files that are read as they were written, and files that are refused, each with its message.
//!
//! `tests/mutations.rs` breaks files by the hundred; here stand the smallest ones for each message.

use std::io::Write;

use super::*;

/// A small file with a key of each kind and three tensors.
fn small() -> Vec<u8> {
    let mut writer = Writer::new();
    writer
        .set("general.architecture", "llama")
        .set("count", 7_u32)
        .set("below", -1_i32)
        .set("real", 0.5_f32)
        .set("yes", true)
        .set("texts", vec!["a".to_owned(), String::new(), "é".to_owned()])
        .set("reals", vec![1.0_f32, -2.0])
        .set("integers", vec![-1_i32, 1])
        .set("byte", Value::U8(9))
        .set("large", Value::I64(1 << 40))
        .set("bools", Value::Bools(vec![true, false]))
        .tensor("a", &[4, 3], Format::F32)
        .tensor("b", &[32], Format::Q4_0)
        .tensor("c", &[256, 2], Format::Q6K);
    let mut file = Vec::new();
    let mut body = writer.begin(&mut file).expect("a valid file");
    for byte in 0..48 + 18 + 420 {
        body.write_all(&[byte as u8]).expect("room");
    }
    body.finish().expect("all bytes");
    file
}

#[test]
fn what_is_written_is_read() {
    let file = small();
    let gguf = Gguf::parse(&file).expect("a valid file");
    assert_eq!(gguf.version(), 3);
    assert_eq!(gguf.str("general.architecture"), Ok("llama"));
    assert_eq!(gguf.u32("count"), Ok(7));
    assert_eq!(gguf.u64("byte"), Ok(9));
    assert_eq!(gguf.u64("large"), Ok(1 << 40));
    assert_eq!(gguf.f32("real"), Ok(0.5));
    assert_eq!(gguf.bool("yes"), Ok(true));
    assert_eq!(gguf.strings("texts").map(<[String]>::len), Ok(3));
    assert_eq!(gguf.f32s("reals"), Ok(&[1.0, -2.0][..]));
    assert_eq!(gguf.i32s("integers"), Ok(&[-1, 1][..]));
    assert_eq!(gguf.get("bools"), Some(&Value::Bools(vec![true, false])));
    assert_eq!(gguf.opt_u32("nothing"), Ok(None));
    assert_eq!(gguf.opt_u32("count"), Ok(Some(7)));
    assert_eq!(gguf.values().count(), 11);

    let b = gguf.tensor("b").expect("it is there");
    assert_eq!((b.dims.as_slice(), b.format, b.rows()), (&[32][..], Format::Q4_0, (32, 1)));
    assert_eq!(b.range.start % 32, 0);
    assert_eq!(file[b.range.clone()].first(), Some(&48));
    let c = gguf.tensor("c").expect("it is there");
    assert_eq!((c.elements(), c.rows(), c.range.len()), (512, (256, 2), 420));
    assert_eq!(file[c.range.clone()].first(), Some(&66));
    assert_eq!(c.range.end, file.len() - (32 - 420 % 32));
}

#[test]
fn errors_name_the_key_the_expected_and_the_got() {
    let gguf = Gguf::parse(&small()).expect("a valid file");
    let cases = [
        (
            gguf.u32("below").map(drop),
            "key `below`: expected an integer from 0 to 4294967295, got -1 (i32)",
        ),
        (
            gguf.u32("large").map(drop),
            "key `large`: expected an integer from 0 to 4294967295, got 1099511627776 (i64)",
        ),
        (gguf.u32("nothing").map(drop), "the file has no key `nothing`"),
        (gguf.f32("count").map(drop), "key `count`: expected a number of type f32, got 7 (u32)"),
        (
            gguf.opt_str("reals").map(drop),
            "key `reals`: expected a string, got 2 elements of type f32",
        ),
        (gguf.tensor("d").map(drop), "the file has no tensor `d`"),
    ];
    for (result, message) in cases {
        assert_eq!(result.map_err(|error| error.to_string()), Err(message.to_owned()));
    }
}

/// A file of these parts, behind magic and version.
fn file(parts: &[&[u8]]) -> Vec<u8> {
    [&b"GGUF\x03\0\0\0"[..], &parts.concat()].concat()
}

fn n(number: u64) -> [u8; 8] {
    number.to_le_bytes()
}

fn t(text: &str) -> Vec<u8> {
    [&n(text.len() as u64), text.as_bytes()].concat()
}

/// One tensor `a`, up to and with its offset, and 64 bytes of room.
fn tensor(dims: &[u64], format: u32, offset: u64) -> Vec<u8> {
    let dims_bytes: Vec<u8> = dims.iter().flat_map(|dim| dim.to_le_bytes()).collect();
    let count = (dims.len() as u32).to_le_bytes();
    let head =
        file(&[&n(1), &n(0), &t("a"), &count, &dims_bytes, &format.to_le_bytes(), &n(offset)]);
    let start = head.len().next_multiple_of(32);
    [head.clone(), vec![0; start + 64 - head.len()]].concat()
}

#[test]
fn broken_files_are_errors_with_their_place() {
    let u32_ = |x: u32| x.to_le_bytes();
    let pair = |key: &str, rest: &[&[u8]]| file(&[&n(0), &n(1), &t(key), &rest.concat(), &[0; 16]]);
    let cases: Vec<(Vec<u8>, &str)> = vec![
        (vec![], "byte 0, header: expected 4 bytes of a magic, got 0, then the file ends"),
        (b"<htm".to_vec(), "byte 0, header: expected the magic \"GGUF\", got \"<htm\""),
        (b"GGUF\x04\0\0\0".to_vec(), "byte 4, header: expected version 2 or 3, got version 4"),
        (
            b"GGUF\0\0\0\x03".to_vec(),
            "byte 4, header: expected version 2 or 3, got version 3 of a big-endian file",
        ),
        (
            file(&[&n(u64::MAX), &n(0)]),
            "byte 8, header: expected tensors up to 0, as many as the rest of the file can hold, got 18446744073709551615",
        ),
        (
            file(&[&n(0), &n(1 << 40)]),
            "byte 16, header: expected pairs up to 0, as many as the rest of the file can hold, got 1099511627776",
        ),
        (
            file(&[&n(0), &n(1), &n(u64::MAX), &[0; 16]]),
            "byte 32, metadata pair 0: expected 18446744073709551615 bytes of a key, got 16, then the file ends",
        ),
        (
            pair("", &[]),
            "byte 24, metadata pair 0: expected a key of 1 to 65535 bytes, got 0 bytes",
        ),
        (
            pair("k", &[&u32_(13)]),
            "byte 33, key `k`: expected a type from 0 (u8) to 12 (f64), got 13",
        ),
        (pair("k", &[&u32_(7), &[2]]), "byte 37, key `k`: expected a bool, 0 or 1, got 2"),
        (
            pair("k", &[&u32_(8), &n(2), &[b'a', 0xff]]),
            "byte 46, key `k`: expected a text in UTF-8, got the byte 0xff",
        ),
        (
            pair("k", &[&u32_(9), &u32_(9), &n(1)]),
            "byte 37, key `k`: expected a list of numbers or of strings, got a list of lists",
        ),
        (
            pair("k", &[&u32_(9), &u32_(10), &n(1 << 61)]),
            "byte 41, key `k`: expected elements up to 2, as many as the rest of the file can hold, got 2305843009213693952",
        ),
        (
            file(&[&n(0), &n(2), &t("k"), &u32_(0), &[1], &t("k"), &u32_(0), &[1]]),
            "byte 38, key `k`: expected each key once, got it a second time",
        ),
        (
            pair("general.alignment", &[&u32_(4), &u32_(24)]),
            "byte 49, key `general.alignment`: expected a power of two of type u32, got 24 (u32)",
        ),
        (tensor(&[], 0, 0), "byte 33, tensor `a`: expected 1 to 4 dimensions, got 0"),
        (tensor(&[1; 5], 0, 0), "byte 33, tensor `a`: expected 1 to 4 dimensions, got 5"),
        (
            tensor(&[32], 20, 0),
            "byte 45, tensor `a`: expected a format that is read here, got IQ4_NL (20)",
        ),
        (
            tensor(&[48], 2, 0),
            "byte 37, tensor `a`: expected rows of whole blocks of 32, as in Q4_0, got rows of 48",
        ),
        (
            tensor(&[0], 0, 0),
            "byte 37, tensor `a`: expected rows of whole blocks of 1, as in F32, got rows of 0",
        ),
        (
            tensor(&[1 << 40, 1 << 40], 0, 0),
            "byte 37, tensor `a`: expected dimensions from 1 on, whose product can be counted, got [1099511627776, 1099511627776]",
        ),
        (
            tensor(&[4], 0, 16),
            "byte 49, tensor `a`: expected a multiple of the alignment 32 as offset, got 16",
        ),
        (
            tensor(&[17], 0, 0),
            "byte 49, tensor `a`: expected an offset with room for 68 bytes, got 0; the file ends 64 bytes after the start of the data",
        ),
        (
            tensor(&[4], 0, u64::MAX - 31),
            "byte 49, tensor `a`: expected an offset with room for 16 bytes, got 18446744073709551584; the file ends 64 bytes after the start of the data",
        ),
    ];
    for (bytes, message) in cases {
        assert_eq!(Gguf::parse(&bytes).map_err(|error| error.to_string()), Err(message.to_owned()));
    }
    assert!(Gguf::parse(&tensor(&[16], 0, 0)).is_ok());
    // A first dimension so large that its bytes cannot be counted.
    assert!(Gguf::parse(&tensor(&[u64::MAX], 0, 0)).is_err());
}

#[test]
fn a_file_cut_anywhere_before_its_end_is_an_error() {
    let file = small();
    let data_end = Gguf::parse(&file).expect("a valid file").tensors()[2].range.end;
    for length in 0..data_end {
        assert!(Gguf::parse(&file[..length]).is_err(), "cut to {length} bytes");
    }
}

#[test]
fn tensors_that_overlap_are_refused() {
    let mut file = small();
    let b = file.windows(9).position(|w| w == [1, 0, 0, 0, 0, 0, 0, 0, b'b']).expect("it is there");
    // Name, count of dimensions, one dimension, format.
    let offset = b + 9 + 4 + 8 + 4;
    assert_eq!(file[offset..offset + 8], n(64));
    file[offset..offset + 8].copy_from_slice(&n(32));
    assert_eq!(
        Gguf::parse(&file).map_err(|error| error.to_string()),
        Err(format!(
            "byte {offset}, tensor `b`: expected an offset behind other tensors, got one inside of tensor `a`"
        ))
    );
}

#[test]
fn a_writer_refuses_what_no_reader_takes() {
    let mut twice = Writer::new();
    twice.set("k", 1_u32).set("k", 2_u32);
    let mut odd = Writer::new();
    odd.tensor("t", &[31], Format::Q4_0);
    let mut empty = Writer::new();
    empty.tensor("t", &[], Format::F32);
    for writer in [twice, odd, empty] {
        assert!(writer.begin(Vec::new()).is_err(), "{writer:?}");
    }
    let mut writer = Writer::new();
    writer.tensor("t", &[1], Format::F32);
    let mut body = writer.begin(Vec::new()).expect("a valid file");
    body.write_all(&[1, 2, 3]).expect("room");
    assert!(body.finish().is_err(), "a byte is missing");
    let mut body = writer.begin(Vec::new()).expect("a valid file");
    assert!(body.write_all(&[1, 2, 3, 4, 5]).is_err(), "a byte too much");
}

#[test]
fn a_map_gives_the_bytes_of_the_file() {
    let path = std::env::temp_dir().join(format!("gguf-map-{}.gguf", std::process::id()));
    std::fs::write(&path, small()).expect("a folder for temporary files");
    let file = File::open(&path).expect("a valid file");
    let c = file.gguf().tensor("c").expect("it is there").clone();
    let before = file.bytes(&c).to_vec();
    file.release(&c);
    assert_eq!(file.bytes(&c), before);
    assert_eq!(before.first(), Some(&66));
    std::fs::remove_file(&path).expect("it is ours");
    let gone = File::open(&path).expect_err("no file").to_string();
    assert!(gone.starts_with(&path.display().to_string()), "{gone}");
}
