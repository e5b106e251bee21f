//! Frames of HTTP/3 (RFC 9114 section 7.2) and field sections of QPACK (RFC 9204 section 4.5), without a dynamic table.

/// A variable-length integer (RFC 9000 section 16).
pub fn varint(n: u64) -> Vec<u8> {
    match n {
        0..=0x3f => vec![n as u8],
        0x40..=0x3fff => (n as u16 | 0x4000).to_be_bytes().to_vec(),
        _ => (n | 0xc000_0000_0000_0000).to_be_bytes().to_vec(),
    }
}

pub fn frame(kind: u64, payload: &[u8]) -> Vec<u8> {
    [varint(kind), varint(payload.len() as u64), payload.to_vec()].concat()
}

pub fn data(payload: &[u8]) -> Vec<u8> {
    frame(0x0, payload)
}

/// HEADERS, of literal fields with literal names.
pub fn headers(fields: &[(&str, &str)]) -> Vec<u8> {
    let mut section = vec![0, 0];
    for (name, value) in fields {
        string(&mut section, 0x20, 3, name.as_bytes());
        string(&mut section, 0, 7, value.as_bytes());
    }
    frame(0x1, &section)
}

/// A string with its length in the last so many bits of its first byte (RFC 7541 section 5.1).
fn string(out: &mut Vec<u8>, first: u8, bits: u32, bytes: &[u8]) {
    let most = (1_usize << bits) - 1;
    if bytes.len() < most {
        out.push(first | bytes.len() as u8);
    } else {
        out.push(first | most as u8);
        let mut rest = bytes.len() - most;
        while rest >= 128 {
            out.push((rest % 128) as u8 | 128);
            rest /= 128;
        }
        out.push(rest as u8);
    }
    out.extend_from_slice(bytes);
}

/// A head with that status, and no more.
pub fn head(status: &str) -> Vec<u8> {
    headers(&[(":status", status)])
}

/// A head that announces so many bytes.
pub fn sized(length: usize) -> Vec<u8> {
    headers(&[(":status", "200"), ("content-length", &length.to_string())])
}

/// A control stream with these settings.
pub fn control(settings: &[(u64, u64)]) -> Vec<u8> {
    let payload: Vec<u8> = settings.iter().flat_map(|(name, value)| [varint(*name), varint(*value)].concat()).collect();
    [varint(0), frame(0x4, &payload)].concat()
}

pub fn goaway(stream: u64) -> Vec<u8> {
    frame(0x7, &varint(stream))
}
