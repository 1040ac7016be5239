//! From bytes to text: decompression, byte order marks, declared and guessed encodings, and what is no text at all.

use std::io::Read;

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, ISO_2022_JP, UTF_8, UTF_16BE, UTF_16LE};

use super::{Format, ReadError};

/// The most bytes that a compressed file may unfold to (64 MiB, as much as an uncompressed file may have).
pub const MAX_UNPACKED_BYTES: u64 = 64 * 1024 * 1024;

/// How many bytes of a page are searched for its declared encoding; the HTML standard asks for 1,024, pages with long
/// comments at the top exist.
const DECLARATION_WITHIN: usize = 4096;

/// Whether bytes begin with gzip's magic number.
pub(super) fn is_packed(bytes: &[u8]) -> bool {
    bytes.starts_with(&[0x1f, 0x8b])
}

/// Decompresses what gzip has packed, `most` bytes at most; anything else is passed through.
pub(super) fn unpack(bytes: &[u8], most: u64) -> Result<std::borrow::Cow<'_, [u8]>, ReadError> {
    if !is_packed(bytes) {
        return Ok(bytes.into());
    }
    let mut unpacked = Vec::new();
    flate2::read::MultiGzDecoder::new(bytes)
        .take(most.saturating_add(1))
        .read_to_end(&mut unpacked)
        .map_err(|error| ReadError::Compressed(error.to_string()))?;
    if unpacked.len() as u64 > most {
        return Err(ReadError::Unpacked(most));
    }
    Ok(unpacked.into())
}

/// The text of `bytes` that came from the web with this `charset` of a `Content-Type`. A byte order mark and valid UTF-8 say
/// more than any label; then the server is believed, then the page or feed itself, and at last it is guessed.
pub(super) fn web_text(bytes: &[u8], charset: Option<&str>) -> Result<String, ReadError> {
    let told = charset.and_then(|label| Encoding::for_label(label.trim().as_bytes()));
    let known = Encoding::for_bom(bytes).is_some() || bare_utf16(bytes).is_some();
    match told.filter(|encoding| *encoding != UTF_8 && !known) {
        // Its bytes are all ASCII, and so always valid UTF-8 as well.
        Some(encoding) if encoding == ISO_2022_JP || std::str::from_utf8(bytes).is_err() => {
            if MAGIC.iter().any(|magic| bytes.starts_with(magic)) {
                return Err(ReadError::Binary);
            }
            checked(encoding.decode_without_bom_handling(bytes).0.into_owned())
        }
        _ => text(bytes, Some(Format::Html)),
    }
}

/// The text of `bytes`. UTF-8 is kept to the byte, its byte order mark included; other encodings are told by their byte
/// order mark, by a page's declaration, or guessed.
pub(super) fn text(bytes: &[u8], format: Option<Format>) -> Result<String, ReadError> {
    if MAGIC.iter().any(|magic| bytes.starts_with(magic)) {
        return Err(ReadError::Binary);
    }
    if let Some((encoding, mark)) = Encoding::for_bom(bytes) {
        let body = if encoding == UTF_8 { bytes } else { &bytes[mark..] };
        return checked(encoding.decode_without_bom_handling(body).0.into_owned());
    }
    if let Some(encoding) = bare_utf16(bytes) {
        return checked(encoding.decode_without_bom_handling(bytes).0.into_owned());
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        return checked(text.to_owned());
    }
    let declared = (format == Some(Format::Html)).then(|| declared(bytes)).flatten().filter(|e| *e != UTF_8);
    let encoding = declared.unwrap_or_else(|| if is_damaged_utf8(bytes) { UTF_8 } else { guess(bytes) });
    checked(encoding.decode_without_bom_handling(bytes).0.into_owned())
}

/// How files begin that a wrong suffix might bring here: PDF, ZIP (and office files), PNG, JPEG, GIF, ELF, SQLite.
const MAGIC: [&[u8]; 7] =
    [b"%PDF-", b"PK\x03\x04", b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"\x7fELF", b"SQLite format 3\0"];

/// UTF-16 without a byte order mark: text of a Western script has a NUL at every other byte, and always the same one.
fn bare_utf16(bytes: &[u8]) -> Option<&'static Encoding> {
    let head = &bytes[..bytes.len().min(4096) & !1];
    if head.len() < 8 {
        return None;
    }
    let nuls = |parity: usize| head.iter().skip(parity).step_by(2).filter(|byte| **byte == 0).count();
    let (even, odd, half) = (nuls(0), nuls(1), head.len() / 2);
    let (many, few) = (half * 7 / 10, half / 50);
    match (even, odd) {
        (_, odd) if odd >= many && even <= few => Some(UTF_16LE),
        (even, _) if even >= many && odd <= few => Some(UTF_16BE),
        _ => None,
    }
}

/// The encoding that a page declares in `<meta charset>` or an XML declaration.
fn declared(bytes: &[u8]) -> Option<&'static Encoding> {
    let head = String::from_utf8_lossy(&bytes[..bytes.len().min(DECLARATION_WITHIN)]).to_ascii_lowercase();
    ["charset", "encoding"].into_iter().find_map(|name| {
        head.match_indices(name).find_map(|(at, _)| {
            let value =
                head[at + name.len()..].trim_start().strip_prefix('=')?.trim_start().trim_start_matches(['"', '\'']);
            let end = value.find(|c: char| !(c.is_ascii_alphanumeric() || "-_:.".contains(c))).unwrap_or(value.len());
            Encoding::for_label(&value.as_bytes()[..end])
        })
    })
}

/// Whether the bytes are UTF-8 but for some damage: far more good sequences than bad ones.
fn is_damaged_utf8(bytes: &[u8]) -> bool {
    let (mut good, mut bad) = (0usize, 0usize);
    for chunk in bytes.utf8_chunks() {
        good += chunk.valid().chars().filter(|c| !c.is_ascii()).count();
        bad += usize::from(!chunk.invalid().is_empty());
    }
    good > 10 * bad
}

fn guess(bytes: &[u8]) -> &'static Encoding {
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    detector.feed(bytes, true);
    detector.guess(None, Utf8Detection::Deny)
}

/// Refuses what decoded but is no text: NULs, control characters, too many characters that could not be decoded.
fn checked(text: String) -> Result<String, ReadError> {
    let (mut all, mut nul, mut control, mut lost) = (0usize, 0usize, 0usize, 0usize);
    for c in text.chars() {
        all += 1;
        match c {
            '\0' => nul += 1,
            '\t' | '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}' => {}
            '\u{fffd}' => lost += 1,
            c if c.is_control() => control += 1,
            _ => {}
        }
    }
    // A stray control character happens in scraped text; one in fifty does not.
    if nul * 1000 > all || control * 50 > all || lost * 10 > all { Err(ReadError::Binary) } else { Ok(text) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str = "“Déjà vu,” said Åsa Öberg – naïve, but not wrong about the cost: £12.";

    #[test]
    fn utf8_is_kept_to_the_byte_with_its_mark_and_its_line_ends() {
        let bytes = "\u{feff}Title\r\n\r\nText – here.\r\n".as_bytes();
        assert_eq!(text(bytes, None).unwrap().as_bytes(), bytes);
    }

    #[test]
    fn utf16_is_read_with_and_without_a_mark() {
        for with_mark in [true, false] {
            let little = |unit: u16| unit.to_le_bytes();
            let big = |unit: u16| unit.to_be_bytes();
            for order in [little as fn(u16) -> [u8; 2], big] {
                let line = "A plain line of text – with a dash.";
                let units = with_mark.then_some(0xfeff).into_iter().chain(line.encode_utf16());
                let bytes: Vec<u8> = units.flat_map(order).collect();
                assert_eq!(text(&bytes, None).unwrap(), line);
            }
        }
    }

    #[test]
    fn an_old_western_encoding_is_guessed() {
        let (bytes, _, lossy) = encoding_rs::WINDOWS_1252.encode(LINE);
        assert!(!lossy);
        assert_eq!(text(&bytes, Some(Format::Text)).unwrap(), LINE);
    }

    #[test]
    fn a_page_is_decoded_as_it_declares() {
        let page = "<html><head><meta charset=\"windows-1251\"></head><p>Новости дня.</p></html>";
        let (bytes, _, _) = encoding_rs::WINDOWS_1251.encode(page);
        assert_eq!(text(&bytes, Some(Format::Html)).unwrap(), page);
    }

    #[test]
    fn a_server_is_believed_before_the_page_and_after_the_bytes() {
        let page = "<meta charset=\"koi8-r\"><p>Новости дня.</p>";
        let (bytes, _, _) = encoding_rs::WINDOWS_1251.encode(page);
        assert_eq!(web_text(&bytes, Some("windows-1251")).unwrap(), page);
        assert_eq!(web_text(page.as_bytes(), Some("windows-1251")).unwrap(), page);
        let marked = format!("\u{feff}{page}");
        assert_eq!(web_text(marked.as_bytes(), Some("utf-16")).unwrap(), marked);
        let (bytes, _, _) = ISO_2022_JP.encode("日本の新聞の記事");
        assert_eq!(web_text(&bytes, Some("iso-2022-jp")).unwrap(), "日本の新聞の記事");
        assert!(matches!(web_text(b"%PDF-1.7 \xff", Some("latin1")), Err(ReadError::Binary)));
    }

    #[test]
    fn one_bad_byte_does_not_turn_utf8_into_another_encoding() {
        let mut bytes = LINE.repeat(3).into_bytes();
        bytes.push(0xff);
        assert!(text(&bytes, None).unwrap().starts_with(LINE));
    }

    #[test]
    fn what_is_no_text_is_refused() {
        for bytes in
            [&b"%PDF-1.7 and so on"[..], b"\0\0\0\x01\0\0\0\x02", b"\x01\x02\x03\x04\x05 abc", b"PK\x03\x04rest"]
        {
            assert!(matches!(text(bytes, None), Err(ReadError::Binary)), "{bytes:?}");
        }
    }

    #[test]
    fn a_compressed_file_is_unpacked_and_a_broken_one_named() {
        use std::io::Write;
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(LINE.as_bytes()).unwrap();
        let packed = encoder.finish().unwrap();
        assert_eq!(&*unpack(&packed, MAX_UNPACKED_BYTES).unwrap(), LINE.as_bytes());
        assert!(matches!(unpack(&packed[..packed.len() / 2], MAX_UNPACKED_BYTES), Err(ReadError::Compressed(_))));
    }
}
