//! Columns of other libraries, in and out, by Arrow's C data interface: pyarrow, polars, DuckDB and pandas
//! speak it, and none of them is needed here.
//!
//! # The idea
//!
//! A column of texts is one run of bytes and one list of places where texts end. Whoever has one gives
//! pointers to them in a struct, with a function that lets them go; Python passes the struct in a
//! *capsule*. So a million texts arrive as two pointers, not as a million objects, and their ids leave
//! likewise.
//!
//! ```text
//! "hi", "", "ho"     bytes h i h o     offsets 0 2 2 4
//! [[7], [], [8, 9]]  values 7 8 9      offsets 0 1 1 3
//! ```
//!
//! # What is trusted, and what is not
//!
//! The interface has no lengths of buffers, so lengths and offsets of whoever gives a column are believed,
//! as everybody believes them who uses it. Texts are checked to be UTF-8, offsets not to go back, formats to
//! be those that are asked for.
//!
//! One file, though long: what is unsafe here is sound by what the two halves, in and out, agree upon.

use std::ffi::{CStr, c_char, c_int, c_void};
use std::ptr::{self, NonNull};
use std::sync::Arc;

use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use pyo3::types::{PyCapsule, PyTuple};

use crate::errors;

/// `struct ArrowSchema` of the interface.
#[repr(C)]
#[derive(Debug)]
struct Schema {
    format: *const c_char,
    name: *const c_char,
    metadata: *const c_char,
    flags: i64,
    n_children: i64,
    children: *mut *mut Schema,
    dictionary: *mut Schema,
    release: Option<unsafe extern "C" fn(*mut Schema)>,
    private_data: *mut c_void,
}

/// `struct ArrowArray`.
#[repr(C)]
#[derive(Debug)]
struct Array {
    length: i64,
    null_count: i64,
    offset: i64,
    n_buffers: i64,
    n_children: i64,
    buffers: *mut *const c_void,
    children: *mut *mut Array,
    dictionary: *mut Array,
    release: Option<unsafe extern "C" fn(*mut Array)>,
    private_data: *mut c_void,
}

/// `struct ArrowArrayStream`.
#[repr(C)]
#[derive(Debug)]
struct Stream {
    get_schema: Option<unsafe extern "C" fn(*mut Stream, *mut Schema) -> c_int>,
    get_next: Option<unsafe extern "C" fn(*mut Stream, *mut Array) -> c_int>,
    get_last_error: Option<unsafe extern "C" fn(*mut Stream) -> *const c_char>,
    release: Option<unsafe extern "C" fn(*mut Stream)>,
    private_data: *mut c_void,
}

/// What a struct of the interface is before somebody fills it, and after it was moved away.
trait Empty: Sized {
    const EMPTY: Self;
    const NAME: &'static CStr;
}

impl Empty for Schema {
    const EMPTY: Self = Self {
        format: ptr::null(),
        name: ptr::null(),
        metadata: ptr::null(),
        flags: 0,
        n_children: 0,
        children: ptr::null_mut(),
        dictionary: ptr::null_mut(),
        release: None,
        private_data: ptr::null_mut(),
    };
    const NAME: &'static CStr = c"arrow_schema";
}

impl Empty for Array {
    const EMPTY: Self = Self {
        length: 0,
        null_count: 0,
        offset: 0,
        n_buffers: 0,
        n_children: 0,
        buffers: ptr::null_mut(),
        children: ptr::null_mut(),
        dictionary: ptr::null_mut(),
        release: None,
        private_data: ptr::null_mut(),
    };
    const NAME: &'static CStr = c"arrow_array";
}

impl Empty for Stream {
    const EMPTY: Self = Self {
        get_schema: None,
        get_next: None,
        get_last_error: None,
        release: None,
        private_data: ptr::null_mut(),
    };
    const NAME: &'static CStr = c"arrow_array_stream";
}

macro_rules! released_on_drop {
    ($($name:ident)*) => {
        $(
            impl Drop for $name {
                fn drop(&mut self) {
                    if let Some(release) = self.release {
                        #[expect(unsafe_code, reason = "the interface is one of C")]
                        // SAFETY: who filled the struct gave the function for it; it is called once,
                        // since it clears itself, and a struct that was moved away has none.
                        unsafe { release(self) }
                    }
                }
            }

            #[expect(unsafe_code, reason = "the interface has pointers")]
            // SAFETY: the interface lets a struct be moved to and released by any thread, and what it
            // points to is not written to while it is there.
            unsafe impl Send for $name {}
        )*
    };
}

released_on_drop! { Schema Array Stream }

#[expect(unsafe_code, reason = "the interface has pointers")]
// SAFETY: what an array points to is read and never written to while it is there.
unsafe impl Sync for Array {}

/// Moves a struct out of its capsule.
fn take<T: Empty>(capsule: &Bound<'_, PyAny>) -> PyResult<T> {
    let capsule = capsule.cast::<PyCapsule>().map_err(|_| {
        errors::wrong_type(
            "what the column gave",
            capsule,
            "a `PyCapsule`",
            "its library is broken",
        )
    })?;
    let there: NonNull<T> = capsule.pointer_checked(Some(T::NAME))?.cast();
    #[expect(unsafe_code, reason = "the interface is one of C")]
    // SAFETY: a capsule of this name holds a struct of this kind, says the interface. What is left in its
    // place is empty, so the capsule releases nothing when it goes, and no second one can take it.
    Ok(unsafe { ptr::replace(there.as_ptr(), T::EMPTY) })
}

// --- in ------------------------------------------------------------------------------------------

/// How the elements of a column lie in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Layout {
    /// Offsets of 32 bits, then bytes.
    Text,
    /// Offsets of 64 bits, then bytes.
    LargeText,
    /// Sixteen bytes a text: a short one itself, or where it is.
    TextView,
    /// Offsets of 32 bits into a column of `u32`.
    List,
    /// Offsets of 64 bits into a column of `u32`.
    LargeList,
}

impl Layout {
    fn of(schema: &Schema) -> Result<Self, String> {
        let format = format(schema);
        Ok(match format.as_str() {
            _ if !schema.dictionary.is_null() => return Err(format!("{format}, in a dictionary")),
            "u" => Self::Text,
            "U" => Self::LargeText,
            "vu" => Self::TextView,
            "+l" | "+L" => {
                #[expect(unsafe_code, reason = "the interface is one of C")]
                // SAFETY: a list has one child, says the interface; both pointers are checked.
                let child = unsafe {
                    (schema.n_children == 1 && !schema.children.is_null())
                        .then(|| (*schema.children).as_ref())
                        .flatten()
                };
                match child.map(self::format).as_deref() {
                    Some("I") if format == "+l" => Self::List,
                    Some("I") => Self::LargeList,
                    other => return Err(format!("{format} of {}", other.unwrap_or("nothing"))),
                }
            }
            _ => return Err(format),
        })
    }
}

fn format(schema: &Schema) -> String {
    if schema.format.is_null() {
        return String::new();
    }
    #[expect(unsafe_code, reason = "the interface is one of C")]
    // SAFETY: the format of a schema that was not released is a string of C.
    let format = unsafe { CStr::from_ptr(schema.format) };
    format.to_string_lossy().into_owned()
}

/// A column of texts or of lists of ids that another library made.
#[derive(Debug)]
pub(crate) struct Column {
    chunks: Vec<Chunk>,
    /// How many elements the chunks before each have.
    begins: Vec<usize>,
    len: usize,
}

#[derive(Debug)]
struct Chunk {
    array: Array,
    layout: Layout,
}

/// Why an element cannot be had.
#[derive(Debug)]
pub(crate) struct BadElement {
    /// Its index.
    pub(crate) index: usize,
    /// What is wrong with it.
    pub(crate) what: &'static str,
}

impl Column {
    /// The column behind an object that speaks the interface, or `None` if it does not.
    pub(crate) fn import(name: &str, object: &Bound<'_, PyAny>) -> PyResult<Option<Self>> {
        let py = object.py();
        let mut arrays = Vec::new();
        let schema: Schema;
        if object.hasattr("__arrow_c_array__")? {
            let pair = object.call_method0("__arrow_c_array__")?;
            let pair = pair.cast::<PyTuple>().map_err(|_| {
                errors::wrong_type("what the column gave", &pair, "two capsules", "")
            })?;
            schema = take(&pair.get_item(0)?)?;
            arrays.push(take::<Array>(&pair.get_item(1)?)?);
        } else if object.hasattr("__arrow_c_stream__")? {
            let mut stream: Stream = take(&object.call_method0("__arrow_c_stream__")?)?;
            let mut made = Schema::EMPTY;
            let get_schema = stream.get_schema.ok_or_else(released)?;
            #[expect(unsafe_code, reason = "the interface is one of C")]
            // SAFETY: the stream was not released, and the schema is empty and ours.
            let code = unsafe { get_schema(&raw mut stream, &raw mut made) };
            check(&mut stream, code)?;
            schema = made;
            loop {
                py.check_signals()?;
                let mut array = Array::EMPTY;
                let get_next = stream.get_next.ok_or_else(released)?;
                #[expect(unsafe_code, reason = "the interface is one of C")]
                // SAFETY: as above.
                let code = unsafe { get_next(&raw mut stream, &raw mut array) };
                check(&mut stream, code)?;
                if array.release.is_none() {
                    break;
                }
                arrays.push(array);
            }
        } else {
            return Ok(None);
        }
        let layout = Layout::of(&schema).map_err(|got| {
            errors::wrong_type(
                name,
                object,
                &format!("a column of strings or of lists of uint32, got the Arrow format `{got}`"),
                "cast it: `.cast(pyarrow.string())`, `.cast(polars.String)`",
            )
        })?;
        let (mut begins, mut len) = (Vec::new(), 0);
        let mut chunks = Vec::new();
        for array in arrays {
            let chunk = Chunk { array, layout };
            let buffers = layout.buffers();
            let valid = chunk.array.length >= 0
                && chunk.array.offset >= 0
                && chunk.array.n_buffers >= buffers
                && !chunk.array.buffers.is_null();
            if !valid {
                return Err(errors::value(
                    format!("{name} has an Arrow array that breaks the interface's rules"),
                    "its library is broken",
                ));
            }
            begins.push(len);
            len += chunk.array.length as usize;
            chunks.push(chunk);
        }
        Ok(Some(Self { chunks, begins, len }))
    }

    /// How many elements there are.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Whether the elements are texts, and not lists.
    pub(crate) fn has_texts(&self) -> bool {
        let text = |chunk: &Chunk| !matches!(chunk.layout, Layout::List | Layout::LargeList);
        self.chunks.first().is_none_or(text)
    }

    fn chunk(&self, index: usize) -> Option<(&Chunk, usize)> {
        let at = self.begins.partition_point(|&begin| begin <= index).checked_sub(1)?;
        let within = index - self.begins[at];
        (index < self.len).then(|| (&self.chunks[at], within))
    }

    /// A text; `None` where the column has a null.
    pub(crate) fn text(&self, index: usize) -> Result<Option<&str>, BadElement> {
        let bad = |what| BadElement { index, what };
        let (chunk, within) = self.chunk(index).ok_or(bad("is beyond the end"))?;
        if chunk.is_null(within) {
            return Ok(None);
        }
        let bytes = chunk.bytes(within).ok_or(bad("has offsets that break Arrow's rules"))?;
        std::str::from_utf8(bytes).map(Some).map_err(|_| bad("is not UTF-8"))
    }

    /// A list of ids; `None` where the column has a null.
    pub(crate) fn list(&self, index: usize) -> Result<Option<&[u32]>, BadElement> {
        let bad = |what| BadElement { index, what };
        let (chunk, within) = self.chunk(index).ok_or(bad("is beyond the end"))?;
        if chunk.is_null(within) {
            return Ok(None);
        }
        chunk.ids(within).map(Some).ok_or(bad("has offsets that break Arrow's rules"))
    }
}

fn released() -> PyErr {
    errors::value("the Arrow stream was read already", "make a new one for each call")
}

/// What a stream says of a call that failed.
fn check(stream: &mut Stream, code: c_int) -> PyResult<()> {
    if code == 0 {
        return Ok(());
    }
    let mut text = format!("error {code}");
    if let Some(get_last_error) = stream.get_last_error {
        #[expect(unsafe_code, reason = "the interface is one of C")]
        // SAFETY: the stream was not released; what it gives is null or a string of C, until the next call.
        unsafe {
            let message = get_last_error(stream);
            if !message.is_null() {
                text = CStr::from_ptr(message).to_string_lossy().into_owned();
            }
        }
    }
    Err(PyRuntimeError::new_err(format!("the Arrow stream failed: {text}")))
}

impl Layout {
    /// How many buffers an array has at least.
    fn buffers(self) -> i64 {
        match self {
            Self::Text | Self::LargeText => 3,
            Self::TextView | Self::List | Self::LargeList => 2,
        }
    }
}

#[expect(unsafe_code, reason = "the interface is one of C")]
impl Chunk {
    /// A buffer that is there.
    fn buffer<T>(&self, at: usize) -> Option<*const T> {
        // SAFETY: `import` checked how many buffers there are; `at` is below.
        let buffer = unsafe { *self.array.buffers.add(at) };
        (!buffer.is_null()).then_some(buffer.cast())
    }

    fn is_null(&self, within: usize) -> bool {
        let Some(bits) = self.buffer::<u8>(0).filter(|_| self.array.null_count != 0) else {
            return false;
        };
        let bit = self.array.offset as usize + within;
        // SAFETY: the buffer has a bit for each element, says the interface, and `within` is below length.
        unsafe { *bits.add(bit / 8) >> (bit % 8) & 1 == 0 }
    }

    /// Where an element begins and ends.
    fn range(&self, within: usize) -> Option<(usize, usize)> {
        let at = self.array.offset as usize + within;
        // SAFETY: the buffer has one offset more than elements, and `within` is below length.
        let (from, to) = unsafe {
            match self.layout {
                Layout::Text | Layout::List => {
                    let offsets = self.buffer::<i32>(1)?.add(at);
                    (i64::from(*offsets), i64::from(*offsets.add(1)))
                }
                _ => {
                    let offsets = self.buffer::<i64>(1)?.add(at);
                    (*offsets, *offsets.add(1))
                }
            }
        };
        (0 <= from && from <= to).then_some((from as usize, to as usize))
    }

    fn bytes(&self, within: usize) -> Option<&[u8]> {
        if self.layout != Layout::TextView {
            let (from, to) = self.range(within)?;
            let Some(bytes) = self.buffer::<u8>(2) else {
                return (from == to).then_some(&[]);
            };
            // SAFETY: offsets are within the bytes, says the interface; they do not go back, as `range`
            // checked. The slice lives as long as `self`, which keeps the array.
            return Some(unsafe { std::slice::from_raw_parts(bytes.add(from), to - from) });
        }
        let at = self.array.offset as usize + within;
        // SAFETY: the buffer has sixteen bytes an element: a length, then the text if it has at most twelve
        // bytes, else four bytes of it, the number of its buffer, and the place in there. That the number is
        // of a buffer is checked; the last buffer has the lengths of the others.
        unsafe {
            let view = self.buffer::<u8>(1)?.add(16 * at);
            let number = |at: usize| view.add(at).cast::<i32>().read_unaligned();
            let length = usize::try_from(number(0)).ok()?;
            if length <= 12 {
                return Some(std::slice::from_raw_parts(view.add(4), length));
            }
            let (buffer, from) =
                (usize::try_from(number(8)).ok()?, usize::try_from(number(12)).ok()?);
            if buffer as i64 + 3 > self.array.n_buffers {
                return None;
            }
            let bytes = self.buffer::<u8>(2 + buffer)?;
            Some(std::slice::from_raw_parts(bytes.add(from), length))
        }
    }

    fn ids(&self, within: usize) -> Option<&[u32]> {
        let (from, to) = self.range(within)?;
        // SAFETY: a list has a child, of format `I` as `Layout::of` checked, so of two buffers; what offsets
        // of the list mean is counted from the child's own offset. The checks are those that can be made.
        unsafe {
            if self.array.n_children != 1 || self.array.children.is_null() {
                return None;
            }
            let child = (*self.array.children).as_ref()?;
            if to as i64 > child.length || child.n_buffers < 2 || child.buffers.is_null() {
                return None;
            }
            let values: *const u32 = (*child.buffers.add(1)).cast();
            if values.is_null() {
                return (from == to).then_some(&[]);
            }
            let first = values.add(usize::try_from(child.offset).ok()? + from);
            Some(std::slice::from_raw_parts(first, to - from))
        }
    }
}

// --- out -----------------------------------------------------------------------------------------

/// The numbers of a buffer, shared by whoever reads them.
#[derive(Debug, Clone)]
pub(crate) enum Buffer {
    /// All elements are there.
    NoNulls,
    /// Bits or texts.
    Bytes(Arc<Vec<u8>>),
    /// Offsets.
    I32(Arc<Vec<i32>>),
    /// Ids.
    U32(Arc<Vec<u32>>),
    /// Counts.
    U64(Arc<Vec<u64>>),
}

impl Buffer {
    fn pointer(&self) -> *const c_void {
        match self {
            Self::NoNulls => ptr::null(),
            Self::Bytes(buffer) => buffer.as_ptr().cast(),
            Self::I32(buffer) => buffer.as_ptr().cast(),
            Self::U32(buffer) => buffer.as_ptr().cast(),
            Self::U64(buffer) => buffer.as_ptr().cast(),
        }
    }
}

/// A column of ours: its type, its buffers, its children.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub(crate) format: &'static CStr,
    pub(crate) name: &'static CStr,
    pub(crate) length: usize,
    pub(crate) nulls: usize,
    pub(crate) buffers: Vec<Buffer>,
    pub(crate) children: Vec<Node>,
}

/// The flag of the interface for a column that may have nulls.
const NULLABLE: i64 = 2;

/// What our structs own, as their `private_data`.
struct Owned<T> {
    /// Kept for the pointers into them.
    _buffers: Vec<Buffer>,
    pointers: Vec<*const c_void>,
    children: Vec<*mut T>,
}

impl<T> Drop for Owned<T> {
    fn drop(&mut self) {
        for &child in &self.children {
            #[expect(unsafe_code, reason = "the interface is one of C")]
            // SAFETY: each is of `Box::into_raw`, and ours alone; a child that a reader moved away is empty.
            drop(unsafe { Box::from_raw(child) });
        }
    }
}

macro_rules! release {
    ($name:ident, $struct:ty) => {
        #[expect(unsafe_code, reason = "the interface is one of C")]
        unsafe extern "C" fn $name(it: *mut $struct) {
            // SAFETY: called by the interface's rules, once and with a struct that `export` filled; its
            // `private_data` is of `Box::into_raw`.
            unsafe {
                drop(Box::from_raw((*it).private_data.cast::<Owned<$struct>>()));
                (*it).private_data = ptr::null_mut();
                (*it).release = None;
            }
        }
    };
}

release!(release_schema, Schema);
release!(release_array, Array);

impl Node {
    fn schema(&self) -> Schema {
        let children: Vec<*mut Schema> =
            self.children.iter().map(|child| Box::into_raw(Box::new(child.schema()))).collect();
        let mut owned = Box::new(Owned { _buffers: Vec::new(), pointers: Vec::new(), children });
        let mut schema = Schema::EMPTY;
        schema.format = self.format.as_ptr();
        schema.name = self.name.as_ptr();
        // As most columns elsewhere, so that types are equal whether nulls came or not.
        schema.flags = NULLABLE;
        schema.n_children = owned.children.len() as i64;
        schema.children = owned.children.as_mut_ptr();
        schema.release = Some(release_schema);
        schema.private_data = Box::into_raw(owned).cast();
        schema
    }

    fn array(&self) -> Array {
        let children: Vec<*mut Array> =
            self.children.iter().map(|child| Box::into_raw(Box::new(child.array()))).collect();
        let pointers = self.buffers.iter().map(Buffer::pointer).collect();
        let mut owned = Box::new(Owned { _buffers: self.buffers.clone(), pointers, children });
        let mut array = Array::EMPTY;
        array.length = self.length as i64;
        array.null_count = self.nulls as i64;
        array.n_buffers = owned.pointers.len() as i64;
        array.buffers = owned.pointers.as_mut_ptr();
        array.n_children = owned.children.len() as i64;
        array.children = owned.children.as_mut_ptr();
        array.release = Some(release_array);
        array.private_data = Box::into_raw(owned).cast();
        array
    }
}

/// A column that Rust made, for any library that speaks Arrow: `pyarrow.array(it)`, `polars.Series(it)`.
#[pyclass(frozen, module = "rust_for_ai")]
#[derive(Debug)]
pub(crate) struct ArrowArray(pub(crate) Node);

#[pymethods]
impl ArrowArray {
    /// The type of the column, in a capsule.
    fn __arrow_c_schema__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyCapsule>> {
        PyCapsule::new_with_value(py, self.0.schema(), Schema::NAME)
    }

    /// The type and the column, in two capsules; nothing is copied.
    ///
    /// Another type than the column's own cannot be had: `requested_schema` is a wish, says Arrow.
    #[pyo3(signature = (requested_schema = None))]
    fn __arrow_c_array__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<(Bound<'py, PyCapsule>, Bound<'py, PyCapsule>)> {
        let _ = requested_schema;
        let array = PyCapsule::new_with_value(py, self.0.array(), Array::NAME)?;
        Ok((self.__arrow_c_schema__(py)?, array))
    }

    fn __len__(&self) -> usize {
        self.0.length
    }

    fn __repr__(&self) -> String {
        let kind = if self.0.children.len() == 1 { "lists of uint32" } else { "words and counts" };
        format!("<rust_for_ai.ArrowArray: {} {kind}>", self.0.length)
    }
}
