//! Stage `real_tokenizers.repair_byte_table`: repair a table that loses some Chinese characters.
//!
//! A bug report:
//!
//! > Most Chinese text works, but some characters become `<unk>`, and what the model writes back
//! > holds `�` there. `文` is fine, `中` is not. English and German are fine,
//! > Spanish is fine but for `í`. The vocabulary file has a token for `中`: it reads `ä¸Ń`. The text that
//! > our table makes of the bytes of `中` is another one, and the vocabulary does not have it.
//!
//! GPT-2 keeps its vocabulary as text, in JSON, although tokens are bytes. So each byte gets a character
//! that can be seen. The function gives this table: index 0 to 255 is the byte, the entry its character.
//!
//! - A byte whose character in Latin-1 (the character with the same number) can be seen in print stands
//!   for itself: 188 of the 256 do. A space, a control character, and whatever else leaves no ink
//!   cannot be seen.
//! - The other 68 get U+0100, U+0101, U+0102 and so on, in the order of the bytes.
//!
//! ```text
//! let table = repair_byte_table();
//! table[b'a' as usize]   ->  'a'
//! table[b' ' as usize]   ->  'Ġ'          U+0120: the 33rd byte that cannot be seen
//! table[b'\n' as usize]  ->  'Ċ'          U+010A
//! table[0xE9]            ->  'é'          U+00E9, a byte that stands for itself
//! table.len()            ->  256
//! ```
//!
//! The order matters twice: GPT-2's first 256 ids are the bytes in the order of their characters in
//! this table, so two entries that are swapped change the ids of a text, and nothing fails.
//!
//! Find the cause and fix it. Before you edit, ask what the bytes of `中` and of `í` have in common.

/// The character of each byte.
pub fn repair_byte_table() -> Vec<char> {
    // BEGIN SOLUTION
    let mut table = Vec::with_capacity(256);
    let mut others = '\u{100}'..;
    for byte in 0..=u8::MAX {
        let is_seen = match byte {
            // The soft hyphen: drawn only where a line breaks.
            0xAD => false,
            0xA1.. => true,
            _ => byte.is_ascii_graphic(),
        };
        if is_seen {
            table.push(char::from(byte));
        } else {
            table.extend(others.next());
        }
    }
    table
    // BEGIN STUB
    // // Delete the next line when you begin: until then the stage is not started.
    // todo!("real_tokenizers.repair_byte_table");
    //
    // let mut table = Vec::with_capacity(256);
    // let mut others = '\u{100}'..;
    // for byte in 0..=u8::MAX {
    //     let is_seen = match byte {
    //         0xA1.. => true,
    //         _ => byte.is_ascii_graphic(),
    //     };
    //     if is_seen {
    //         table.push(char::from(byte));
    //     } else {
    //         table.extend(others.next());
    //     }
    // }
    // table
    // END SOLUTION
}
