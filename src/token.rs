//! Tokens: what methods, field names, codings and options are made of.

/// Whether a token may hold this byte: `tchar` (RFC 9110 section 5.6.2).
#[inline]
pub(crate) fn is_tchar(byte: u8) -> bool {
    #[allow(clippy::indexing_slicing)] // 256 entries
    TCHAR[byte as usize]
}

static TCHAR: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0_u8;
    while byte < 128 {
        #[allow(clippy::indexing_slicing, clippy::arithmetic_side_effects)] // evaluated at compile time
        {
            table[byte as usize] = byte.is_ascii_alphanumeric()
                || matches!(
                    byte,
                    b'!' | b'#'
                        | b'$'
                        | b'%'
                        | b'&'
                        | b'\''
                        | b'*'
                        | b'+'
                        | b'-'
                        | b'.'
                        | b'^'
                        | b'_'
                        | b'`'
                        | b'|'
                        | b'~'
                );
            byte += 1;
        }
    }
    table
};

/// Whether this is a token (RFC 9110 section 5.6.2).
#[inline]
pub(crate) fn is_token(bytes: &[u8]) -> bool {
    !bytes.is_empty() && bytes.iter().all(|&b| is_tchar(b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens() {
        let tokens: Vec<u8> = (0..=255).filter(|&b| is_tchar(b)).collect();
        assert_eq!(tokens, b"!#$%&'*+-.0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ^_`abcdefghijklmnopqrstuvwxyz|~");
    }

    #[test]
    fn a_token_is_not_empty_and_of_tchars() {
        for (bytes, token) in
            [(&b"x-Hop"[..], true), (b"*", true), (b"", false), (b"a b", false), (b"a,", false), (b"\xe9", false)]
        {
            assert_eq!(is_token(bytes), token, "{}", bytes.escape_ascii());
        }
    }
}
