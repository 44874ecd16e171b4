//! Five hundred broken model files: each is an error, none ends the process, none makes it allocate more
//! than the file's size allows.
//!
//! A model file comes from a stranger. Here two valid ones, one of them nothing but metadata, are broken at
//! places that a reader of our own finds (it knows where the lengths, counts, types, dimensions and offsets
//! stand), in ways that no file can be valid after:
//!
//! * cut off before the end of the last tensor;
//! * another magic, another version;
//! * a length, a count, a dimension or an offset that is absurd, one beyond the rest of the file, or 0;
//! * a type of a value that does not exist, a format that does not or that takes more room;
//! * a key or a tensor twice, an offset between two alignments or inside of another tensor;
//! * a text that is not UTF-8, a bool that is neither.
//!
//! Then random bytes are changed, where a file may stay valid: whatever comes out must be an error or a
//! file whose tensors lie in it.
//!
//! The allocator of this program counts, so that a reader that believes a length is found out before the
//! machine is. The last test shows that each of these demands can fail.
//!
//! `cargo test --test mutations`; a plain `cargo test` leaves it out.

#[path = "mutations/counting.rs"]
mod counting;
#[path = "mutations/fields.rs"]
mod fields;

use std::collections::HashSet;
use std::mem::discriminant;
use std::panic::{AssertUnwindSafe, catch_unwind};

use fields::{Field, Kind, fields};
use rust_for_ai::llama::gguf::{Gguf, TensorInfo, Value, Writer};
use rust_for_ai::llama::quant::Format;
use rust_for_ai::llama::synthetic::{Shape, Synthetic, vocabulary};

const BROKEN: usize = 500;
const FLIPPED: usize = 2_000;

/// How many bytes a reader may hold at once for a file of this size. Texts of no bytes take 8 in the file and
/// 24 in memory, a list that grows holds its old and its new place, and errors quote a little: ours takes up
/// to 6.3 times the size.
fn allowed(size: usize) -> usize {
    8 * size + 4_096
}

/// What reads a file: the tensors that it found, or a message.
type Read<'a> = &'a dyn Fn(&[u8]) -> Found;

type Found = Result<Vec<TensorInfo>, String>;

fn ours(bytes: &[u8]) -> Found {
    Gguf::parse(bytes).map(|gguf| gguf.tensors().to_vec()).map_err(|error| error.to_string())
}

// --- the files -----------------------------------------------------------------------------------

/// A small model with tensors in three formats.
fn model() -> Vec<u8> {
    let model = Synthetic {
        shape: Shape { layers: 1, dim: 256, ffn: 256, ..Shape::tiny() },
        vocabulary: vocabulary(280).expect("room for the bytes"),
        format: Format::Q4_0,
        output: Format::Q6K,
        seed: 4,
    };
    model.write(Vec::new()).expect("memory takes all")
}

/// No tensors, and a value of each type; most of it are texts of no bytes, which take the most memory.
fn metadata() -> Vec<u8> {
    let mut writer = Writer::new();
    writer
        .set("general.architecture", "llama")
        .set("general.alignment", 64_u32)
        .set("u8", Value::U8(1))
        .set("i8", Value::I8(-1))
        .set("u16", Value::U16(1))
        .set("i16", Value::I16(-1))
        .set("i32", -1_i32)
        .set("u64", 1_u64)
        .set("i64", Value::I64(-1))
        .set("f32", 0.5_f32)
        .set("f64", Value::F64(0.5))
        .set("yes", true)
        .set("no", false)
        .set("bools", Value::Bools(vec![true; 9]))
        .set("u8s", Value::U8s((0..99).collect()))
        .set("u16s", Value::U16s((0..9).collect()))
        .set("f64s", Value::F64s(vec![0.5; 9]))
        .set("some", vec!["a".to_owned(), "é".to_owned()])
        .set("texts", vec![String::new(); 3_000]);
    writer.begin(Vec::new()).and_then(|body| body.finish()).expect("memory takes all")
}

// --- the mutations -------------------------------------------------------------------------------

/// xorshift64*, as everywhere in this project.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let high = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 32;
        high as usize % bound
    }
}

/// A file that cannot be valid, and what was done to it.
struct Broken {
    how: String,
    bytes: Vec<u8>,
}

/// Breaks the file once for each way that there is at a field.
fn broken_at(file: &[u8], fields: &[Field], field: &Field) -> Vec<Broken> {
    let mut all = Vec::new();
    let mut put = |what: String, new: &[u8]| {
        let mut bytes = file.to_vec();
        bytes[field.at..field.at + new.len()].copy_from_slice(new);
        if bytes != file {
            let how = format!("byte {}: {:?} becomes {what}", field.at, field.kind);
            all.push(Broken { how, bytes });
        }
    };
    // A length and what it counts have to fit behind it; this is one more than could.
    let left = (file.len() - field.at - 8) as u64;
    let absurd = [u64::MAX, 1 << 63, (1 << 63) - 1, 1 << 40, left + 1];
    match &field.kind {
        Kind::Magic => {
            [*b"GGML", *b"FUGG", *b"ggjt", [0; 4]].iter().for_each(|x| put(format!("{x:?}"), x))
        }
        Kind::Version => {
            for version in [0, 1, 4, 0x0300_0000, u32::MAX] {
                put(format!("{version}"), &u32::to_le_bytes(version));
            }
        }
        Kind::Count | Kind::Length => {
            absurd.iter().for_each(|x| put(x.to_string(), &x.to_le_bytes()));
        }
        Kind::NameLength => {
            // 0 is no name, either.
            absurd.iter().chain(&[0]).for_each(|x| put(x.to_string(), &x.to_le_bytes()));
        }
        Kind::Type => {
            for kind in [13, 99, 1 << 31, u32::MAX] {
                put(kind.to_string(), &u32::to_le_bytes(kind));
            }
        }
        Kind::ElementType => {
            // 9 is a list.
            for kind in [9, 13, u32::MAX] {
                put(kind.to_string(), &u32::to_le_bytes(kind));
            }
        }
        Kind::Bool => put("2".to_owned(), &[2]),
        Kind::Text(length) if *length > 0 => {
            for at in [0, length / 2, length - 1] {
                let mut text = file[field.at..field.at + length].to_vec();
                text[at] = 0xff;
                put(format!("{text:?}"), &text);
            }
        }
        Kind::Text(_) => {}
        Kind::Name(name) => {
            // The name of another one of the same length, which is then there twice.
            let same = |other: &&Field| matches!(&other.kind, Kind::Name(other) if other.len() == name.len() && other != name);
            let nearest = fields.iter().filter(same).min_by_key(|it| it.at.abs_diff(field.at));
            if let Some(Field { kind: Kind::Name(other), .. }) = nearest {
                // Keys and tensors have names of their own kind.
                if other.starts_with("blk.") == name.starts_with("blk.") {
                    put(other.clone(), other.as_bytes());
                }
            }
            let mut no_text = name.as_bytes().to_vec();
            no_text[0] = 0xc0;
            put("no UTF-8".to_owned(), &no_text);
        }
        Kind::Alignment => {
            for alignment in [0, 3, 48, u32::MAX] {
                put(alignment.to_string(), &u32::to_le_bytes(alignment));
            }
        }
        Kind::Dimensions => {
            for count in [0, 5, u32::MAX] {
                put(count.to_string(), &u32::to_le_bytes(count));
            }
        }
        Kind::Dimension(dim) => {
            for dim in [0, dim * 2, dim + 256, 1 << 40, 1 << 63, u64::MAX] {
                put(dim.to_string(), &dim.to_le_bytes());
            }
        }
        Kind::Format(format) => {
            // 4 and 5 were taken back, the next are not read here, and the last does not exist; F32 takes
            // more room than the quantized ones.
            for format in [4, 5, 9, 15, 20, 24, 28, 99, u32::MAX] {
                put(format.to_string(), &u32::to_le_bytes(format));
            }
            if *format != 0 {
                put("F32".to_owned(), &[0; 4]);
            }
        }
        Kind::Offset(offset) => {
            for other in [offset + 1, offset + 16, 1 << 40, u64::MAX - 31, u64::MAX] {
                put(other.to_string(), &other.to_le_bytes());
            }
            let another = |other: &&Field| matches!(other.kind, Kind::Offset(x) if x != *offset);
            if let Some(Field { kind: Kind::Offset(other), .. }) = fields.iter().find(another) {
                put("the offset of another tensor".to_owned(), &other.to_le_bytes());
            }
        }
    }
    all
}

/// As many broken files as asked for, no two alike: first cuts, then fields in a random order, each in one
/// of its ways.
fn broken(file: &[u8], count: usize, random: &mut Random) -> Vec<Broken> {
    let (fields, end) = fields(file);
    // Every kind of field comes up as often as another one, however many a file has of each.
    let mut kinds: Vec<Vec<&Field>> = Vec::new();
    for field in &fields {
        let same = |kind: &Vec<&Field>| discriminant(&kind[0].kind) == discriminant(&field.kind);
        match kinds.iter_mut().find(|kind| same(kind)) {
            Some(kind) => kind.push(field),
            None => kinds.push(vec![field]),
        }
    }
    let mut seen = HashSet::new();
    let mut all = Vec::new();
    while all.len() < count {
        let mut ways = if all.len() < count / 5 {
            let length = random.below(end);
            let how = format!("cut to {length} bytes");
            vec![Broken { how, bytes: file[..length].to_vec() }]
        } else {
            let kind = &kinds[random.below(kinds.len())];
            broken_at(file, &fields, kind[random.below(kind.len())])
        };
        if !ways.is_empty() {
            let one = ways.swap_remove(random.below(ways.len()));
            if seen.insert(one.how.clone()) {
                all.push(one);
            }
        }
    }
    all
}

// --- the demands ---------------------------------------------------------------------------------

/// Reads a file, and sees to it that the reader neither panics nor takes too much memory.
fn guarded(read: Read<'_>, how: &str, bytes: &[u8]) -> Result<Found, String> {
    let (result, peak) = counting::peak(|| catch_unwind(AssertUnwindSafe(|| read(bytes))));
    let result = result.map_err(|_| format!("{how}: the reader panics"))?;
    if peak > allowed(bytes.len()) {
        return Err(format!("{how}: {peak} bytes were allocated for a file of {}", bytes.len()));
    }
    Ok(result)
}

/// Each of the broken files is an error with a message.
fn refuses_broken_files(read: Read<'_>) -> Result<usize, String> {
    let mut random = Random(2_024);
    let mut count = 0;
    for (file, share) in [(model(), 350), (metadata(), 150)] {
        if let Err(message) = guarded(read, "the whole file", &file)? {
            return Err(format!("the whole file is refused: {message}"));
        }
        for Broken { how, bytes } in broken(&file, share, &mut random) {
            match guarded(read, &how, &bytes)? {
                Err(message) if !message.is_empty() => count += 1,
                Err(_) => return Err(format!("{how}: the error has no message")),
                Ok(_) => return Err(format!("{how}: the file passes for a valid one")),
            }
        }
    }
    Ok(count)
}

/// A file with random changes is an error, or all of its tensors lie in it.
fn survives_random_changes(read: Read<'_>) -> Result<usize, String> {
    let mut random = Random(7);
    let files = [model(), metadata()];
    let mut valid = 0;
    for number in 0..FLIPPED {
        let mut bytes = files[number % 2].clone();
        let (fields, _) = fields(&bytes);
        let head = fields.last().map_or(bytes.len(), |field| field.at + 8);
        for _ in 0..=random.below(4) {
            let at = random.below(head);
            bytes[at] = match random.below(3) {
                0 => bytes[at] ^ 1 << random.below(8),
                1 => [0, 1, 0x7f, 0x80, 0xff][random.below(5)],
                _ => random.below(256) as u8,
            };
        }
        if random.below(4) == 0 {
            bytes.truncate(random.below(bytes.len()));
        }
        let how = format!("random file {number}");
        if let Ok(tensors) = guarded(read, &how, &bytes)? {
            valid += 1;
            for TensorInfo { name, dims, format, range } in tensors {
                let elements: u64 = dims.iter().product();
                let size = usize::try_from(elements).ok().and_then(|n| format.bytes(n));
                if bytes.get(range.clone()).map(<[u8]>::len) != size || size.is_none() {
                    return Err(format!("{how}: tensor {name} is not in the file"));
                }
            }
        }
    }
    Ok(valid)
}

#[test]
fn five_hundred_broken_files_are_errors() {
    assert_eq!(refuses_broken_files(&ours), Ok(BROKEN));
}

#[test]
fn two_thousand_random_changes_do_no_harm() {
    let valid = survives_random_changes(&ours).expect("no harm");
    // Were it none or all of them, the changes would be at the wrong places.
    assert!((FLIPPED / 20..FLIPPED * 19 / 20).contains(&valid), "{valid} files stayed valid");
}

/// A reader with a fault: everything else it does as ours.
fn faulty(fault: fn(&[u8], Found) -> Found) -> impl Fn(&[u8]) -> Found {
    move |bytes| fault(bytes, ours(bytes))
}

#[test]
fn faulty_readers_do_not_get_through() {
    let number = |bytes: &[u8], at: usize| {
        bytes
            .get(at..at + 8)
            .map_or(0, |bytes| u64::from_le_bytes(*bytes.first_chunk().expect("8 bytes")))
    };
    let believes_the_count = move |bytes: &[u8]| {
        // Room for all pairs at once; the machine would not give more.
        let pairs = number(bytes, 16).min(1 << 20) as usize;
        drop(std::hint::black_box(Vec::<[u64; 4]>::with_capacity(pairs)));
        ours(bytes)
    };
    let believes_the_offset = |bytes: &[u8]| {
        let mut tensors = ours(bytes)?;
        if let Some(last) = tensors.last_mut() {
            last.range.end += 1;
        }
        Ok(tensors)
    };
    let slices = |bytes: &[u8]| {
        assert!(bytes.len() > 100, "such a short file");
        ours(bytes)
    };
    let accepts = faulty(|_, result| result.or(Ok(Vec::new())));
    let accepts_overlaps = faulty(|_, result| match result {
        Err(message) if message.contains("behind other tensors") => Ok(Vec::new()),
        other => other,
    });
    let accepts_bools = faulty(|_, result| match result {
        Err(message) if message.contains("a bool") => Ok(Vec::new()),
        other => other,
    });
    let silent = faulty(|_, result| result.map_err(|_| String::new()));
    let refuses = faulty(|_, _| Err("no".to_owned()));
    let readers: [(&str, Read<'_>, &str); 7] = [
        ("believes the count", &believes_the_count, "bytes were allocated"),
        ("slices", &slices, "the reader panics"),
        ("accepts all", &accepts, "passes for a valid one"),
        ("accepts overlaps", &accepts_overlaps, "passes for a valid one"),
        ("accepts bools", &accepts_bools, "passes for a valid one"),
        ("is silent", &silent, "has no message"),
        ("refuses all", &refuses, "the whole file is refused"),
    ];
    std::panic::set_hook(Box::new(|_| ()));
    for (name, read, expected) in readers {
        let problem = refuses_broken_files(read).expect_err(name);
        assert!(problem.contains(expected), "{name}: {problem}");
    }
    let problem = survives_random_changes(&believes_the_offset).expect_err("believes the offset");
    assert!(problem.contains("is not in the file"), "{problem}");
}
