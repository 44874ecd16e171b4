//! Where in a valid GGUF file the lengths, types, dimensions and offsets stand.
//!
//! A second reader of the format, which trusts its file: it knows nothing of the one that is tested.

/// A field of a file.
pub(super) struct Field {
    /// Its first byte.
    pub(super) at: usize,
    pub(super) kind: Kind,
}

/// What stands there.
#[derive(Debug)]
pub(super) enum Kind {
    Magic,
    Version,
    /// Of tensors, pairs, or elements.
    Count,
    /// Of a text.
    Length,
    /// Of a key or of a tensor's name.
    NameLength,
    /// A key or a tensor's name.
    Name(String),
    Type,
    ElementType,
    Bool,
    /// So many bytes of text.
    Text(usize),
    /// The value of `general.alignment`.
    Alignment,
    /// How many there are.
    Dimensions,
    Dimension(u64),
    Format(u32),
    Offset(u64),
}

struct Walk<'a> {
    bytes: &'a [u8],
    at: usize,
    fields: Vec<Field>,
}

impl Walk<'_> {
    fn mark(&mut self, kind: Kind) {
        self.fields.push(Field { at: self.at, kind });
    }

    fn u32(&mut self) -> u32 {
        let bytes = self.bytes[self.at..].first_chunk().expect("a valid file");
        self.at += 4;
        u32::from_le_bytes(*bytes)
    }

    fn u64(&mut self) -> u64 {
        let bytes = self.bytes[self.at..].first_chunk().expect("a valid file");
        self.at += 8;
        u64::from_le_bytes(*bytes)
    }

    fn count(&mut self) -> u64 {
        self.mark(Kind::Count);
        self.u64()
    }

    fn text(&mut self) {
        self.mark(Kind::Length);
        let length = self.u64() as usize;
        self.mark(Kind::Text(length));
        self.at += length;
    }

    fn name(&mut self) -> String {
        self.mark(Kind::NameLength);
        let length = self.u64() as usize;
        let name = String::from_utf8_lossy(&self.bytes[self.at..self.at + length]).into_owned();
        self.mark(Kind::Name(name.clone()));
        self.at += length;
        name
    }

    fn value(&mut self, kind: u32, name: &str) {
        match kind {
            4 if name == "general.alignment" => self.mark(Kind::Alignment),
            7 => self.mark(Kind::Bool),
            _ => {}
        }
        self.at += match kind {
            0 | 1 | 7 => 1,
            2 | 3 => 2,
            4..=6 => 4,
            8 => return self.text(),
            9 => {
                self.mark(Kind::ElementType);
                let kind = self.u32();
                let count = self.count();
                return (0..count).for_each(|_| self.value(kind, ""));
            }
            _ => 8,
        };
    }
}

/// All fields of a valid file in their order, and how many of its bytes it needs: beyond the last tensor, or
/// the last pair where there are no tensors, is padding.
pub(super) fn fields(bytes: &[u8]) -> (Vec<Field>, usize) {
    let mut walk = Walk { bytes, at: 0, fields: Vec::new() };
    walk.mark(Kind::Magic);
    walk.u32();
    walk.mark(Kind::Version);
    walk.u32();
    let (tensors, pairs) = (walk.count(), walk.count());
    for _ in 0..pairs {
        let name = walk.name();
        walk.mark(Kind::Type);
        let kind = walk.u32();
        walk.value(kind, &name);
    }
    for _ in 0..tensors {
        walk.name();
        walk.mark(Kind::Dimensions);
        for _ in 0..walk.u32() {
            let at = walk.at;
            let dim = walk.u64();
            walk.fields.push(Field { at, kind: Kind::Dimension(dim) });
        }
        let at = walk.at;
        let format = walk.u32();
        walk.fields.push(Field { at, kind: Kind::Format(format) });
        let at = walk.at;
        let offset = walk.u64();
        walk.fields.push(Field { at, kind: Kind::Offset(offset) });
    }
    // The files here end with the padding of their last tensor, which is less than an alignment.
    let end = if tensors == 0 { walk.at } else { bytes.len() - 64 };
    (walk.fields, end)
}
