//! What may not be shown as it is, wherever foreign text is shown.
//!
//! A character that cannot be seen, or that changes how those around it are seen, makes a line look like another: a terminal
//! obeys it, a name passes for a second one, a word reads backwards.

/// Whether this is a control character (`Cc`), the end of a line or paragraph (`Zl`, `Zp`), or has the property `Bidi_Control` or
/// `Default_Ignorable_Code_Point` of Unicode 16.0.0 (`PropList.txt`, `DerivedCoreProperties.txt`). The unassigned ones that
/// are reserved to be ignorable are among them.
pub(crate) fn is_unprintable(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{2028}' | '\u{2029}'
            // Bidi_Control, which is Default_Ignorable_Code_Point as well.
            | '\u{61c}' | '\u{200e}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
            // Default_Ignorable_Code_Point.
            | '\u{ad}' | '\u{34f}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200d}' | '\u{2060}'..='\u{2065}' | '\u{206a}'..='\u{206f}' | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fff8}' | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}'
        )
}

#[cfg(test)]
mod tests {
    use super::is_unprintable;

    /// The first and the last of each range of Unicode 16.0.0, as its files have them.
    const BIDI_CONTROL: [(u32, u32); 4] = [(0x61c, 0x61c), (0x200e, 0x200f), (0x202a, 0x202e), (0x2066, 0x2069)];
    const DEFAULT_IGNORABLE_CODE_POINT: [(u32, u32); 17] = [
        (0xad, 0xad),
        (0x34f, 0x34f),
        (0x61c, 0x61c),
        (0x115f, 0x1160),
        (0x17b4, 0x17b5),
        (0x180b, 0x180f),
        (0x200b, 0x200f),
        (0x202a, 0x202e),
        (0x2060, 0x206f),
        (0x3164, 0x3164),
        (0xfe00, 0xfe0f),
        (0xfeff, 0xfeff),
        (0xffa0, 0xffa0),
        (0xfff0, 0xfff8),
        (0x1bca0, 0x1bca3),
        (0x1d173, 0x1d17a),
        (0xe0000, 0xe0fff),
    ];
    const CONTROLS: [(u32, u32); 2] = [(0, 0x1f), (0x7f, 0x9f)];
    const SEPARATORS: [(u32, u32); 1] = [(0x2028, 0x2029)];

    #[test]
    fn it_is_what_unicode_says_and_nothing_else() {
        let ranges = [&BIDI_CONTROL[..], &DEFAULT_IGNORABLE_CODE_POINT, &CONTROLS, &SEPARATORS].concat();
        for c in '\0'..=char::MAX {
            let n = u32::from(c);
            let expected = ranges.iter().any(|(first, last)| (*first..=*last).contains(&n));
            assert_eq!(is_unprintable(c), expected, "U+{n:04X}");
        }
    }
}
