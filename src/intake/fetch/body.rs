//! Bodies: unpacked as they come, and never held beyond what was asked for.

use std::io::{self, Write};

use brotli_decompressor::DecompressorWriter;
use flate2::write::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};

/// What is asked for in `Accept-Encoding`, and all that [`Body`] unpacks.
pub(super) const CODINGS: &str = "gzip, deflate, br";

/// Room for what a brotli stream gives at a time, in bytes.
const BROTLI_BUFFER: usize = 16 * 1024;

/// How a brotli stream begins whose window may be larger than 16 MiB. RFC 7932, 9.1 has no such beginning; the decoder knows
/// it as an extension, and would make room of up to 1 GiB.
const LARGE_WINDOW: u8 = 0b001_0001;
const LARGE_WINDOW_MASK: u8 = 0b111_1111;

/// Why a body is not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum BodyError {
    /// Longer than the limit, on the wire or unpacked.
    TooLarge,
    /// Compressed in a way that was not asked for, or damaged.
    Coding(String),
}

/// A body that is being received.
pub(super) struct Body {
    coding: Coding,
    /// Made when the first byte is there.
    decoder: Option<Decoder>,
    wire: usize,
    limit: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Coding {
    Plain,
    Gzip,
    Deflate,
    Brotli,
}

enum Decoder {
    Plain(Bounded),
    Gzip(MultiGzDecoder<Bounded>),
    Zlib(ZlibDecoder<Bounded>),
    Deflate(DeflateDecoder<Bounded>),
    Brotli(Box<DecompressorWriter<Bounded>>),
}

impl Body {
    /// A body with this `Content-Encoding`, of at most `limit` bytes.
    pub(super) fn new(coding: &str, limit: usize) -> Result<Self, BodyError> {
        let coding = match coding.trim().to_ascii_lowercase().as_str() {
            "" | "identity" => Coding::Plain,
            "gzip" | "x-gzip" => Coding::Gzip,
            "deflate" => Coding::Deflate,
            "br" => Coding::Brotli,
            // Several at once are a way to multiply a bomb, and nobody needs them.
            other => return Err(BodyError::Coding(format!("“{}” was not asked for", super::shown::plain(other)))),
        };
        Ok(Self { coding, decoder: None, wire: 0, limit })
    }

    /// Takes the next bytes from the wire.
    pub(super) fn push(&mut self, bytes: &[u8]) -> Result<(), BodyError> {
        let Some(first) = bytes.first() else { return Ok(()) };
        self.wire = self.wire.saturating_add(bytes.len());
        let (coding, limit) = (self.coding, self.limit);
        if self.decoder.is_none() && coding == Coding::Brotli && first & LARGE_WINDOW_MASK == LARGE_WINDOW {
            return Err(BodyError::Coding("its brotli window is larger than HTTP's".to_owned()));
        }
        let decoder = self.decoder.get_or_insert_with(|| Decoder::new(coding, *first, limit));
        decoder.write(bytes).map_err(|error| decoder.failed(&error))?;
        if self.wire > limit { Err(BodyError::TooLarge) } else { Ok(()) }
    }

    /// The whole body, once the wire has ended. No bytes are an empty body, whatever they were to be packed with.
    pub(super) fn finish(self) -> Result<Vec<u8>, BodyError> {
        let Some(mut decoder) = self.decoder else { return Ok(Vec::new()) };
        decoder.end().map_err(|error| decoder.failed(&error))?;
        Ok(std::mem::take(&mut decoder.sink().bytes))
    }

    /// What has come so far, for those to whom a part is enough.
    pub(super) fn so_far(self) -> Vec<u8> {
        let Some(mut decoder) = self.decoder else { return Vec::new() };
        // A stream that is cut does not end well; what the decoder still holds comes out all the same.
        let _ = decoder.end();
        std::mem::take(&mut decoder.sink().bytes)
    }
}

impl Decoder {
    fn new(coding: Coding, first: u8, limit: usize) -> Self {
        let sink = Bounded { bytes: Vec::new(), limit, full: false };
        match coding {
            Coding::Plain => Self::Plain(sink),
            Coding::Gzip => Self::Gzip(MultiGzDecoder::new(sink)),
            // What is called deflate is a zlib stream (RFC 9110, 8.4.1.2), though some servers leave zlib's wrapping out.
            // A zlib stream's first byte names method 8 and a window of at most 32 KiB (RFC 1950, 2.2).
            Coding::Deflate if first & 0x0f == 8 && first >> 4 <= 7 => Self::Zlib(ZlibDecoder::new(sink)),
            Coding::Deflate => Self::Deflate(DeflateDecoder::new(sink)),
            Coding::Brotli => Self::Brotli(Box::new(DecompressorWriter::new(sink, BROTLI_BUFFER))),
        }
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::Plain(sink) => sink.write_all(bytes),
            Self::Gzip(decoder) => decoder.write_all(bytes),
            Self::Zlib(decoder) => write_until_end(decoder, bytes),
            Self::Deflate(decoder) => write_until_end(decoder, bytes),
            Self::Brotli(decoder) => write_until_end(decoder, bytes),
        }
    }

    fn end(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(_) => Ok(()),
            Self::Gzip(decoder) => decoder.try_finish(),
            Self::Zlib(decoder) => decoder.try_finish(),
            Self::Deflate(decoder) => decoder.try_finish(),
            Self::Brotli(decoder) => decoder.close(),
        }
    }

    fn sink(&mut self) -> &mut Bounded {
        match self {
            Self::Plain(sink) => sink,
            Self::Gzip(decoder) => decoder.get_mut(),
            Self::Zlib(decoder) => decoder.get_mut(),
            Self::Deflate(decoder) => decoder.get_mut(),
            Self::Brotli(decoder) => decoder.get_mut(),
        }
    }

    fn failed(&mut self, error: &io::Error) -> BodyError {
        if self.sink().full { BodyError::TooLarge } else { BodyError::Coding(super::shown::plain(&error.to_string())) }
    }
}

/// Writes all of `bytes`, or until the stream has ended; what follows its end is nobody's.
fn write_until_end(decoder: &mut impl Write, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        match decoder.write(bytes)? {
            0 => break,
            taken => bytes = bytes.get(taken..).unwrap_or_default(),
        }
    }
    Ok(())
}

/// Bytes up to a limit; writing more is an error.
struct Bounded {
    bytes: Vec<u8>,
    limit: usize,
    full: bool,
}

impl Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let room = self.limit.saturating_sub(self.bytes.len());
        self.bytes.extend_from_slice(bytes.get(..room).unwrap_or(bytes));
        self.full |= bytes.len() > room;
        if self.full { Err(io::Error::other("larger than the limit")) } else { Ok(bytes.len()) }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use flate2::Compression;
    use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
    use proptest::prelude::*;

    use super::*;

    /// 64 MiB of zeros in 102 bytes, made with the reference encoder (quality 9, a window of 22 bits).
    const BROTLI_ZEROS: &[u8] = &[
        203, 255, 255, 63, 0, 36, 0, 226, 177, 64, 114, 239, 255, 248, 255, 255, 7, 128, 4, 64, 28, 22, 128, 238, 253,
        31, 255, 255, 255, 0, 144, 0, 136, 195, 2, 208, 189, 255, 227, 255, 255, 31, 0, 18, 0, 113, 88, 0, 186, 247,
        127, 252, 255, 255, 3, 64, 2, 32, 14, 11, 64, 247, 254, 143, 255, 255, 127, 0, 72, 0, 196, 97, 1, 232, 222,
        255, 241, 255, 255, 15, 0, 9, 128, 56, 44, 0, 221, 251, 191, 252, 255, 255, 3, 32, 1, 16, 135, 5, 160, 123,
        255, 7,
    ];

    fn unpacked(coding: &str, packed: &[u8], limit: usize, piece: usize) -> Result<Vec<u8>, BodyError> {
        let mut body = Body::new(coding, limit)?;
        for bytes in packed.chunks(piece.max(1)) {
            body.push(bytes)?;
        }
        body.finish()
    }

    fn packed(coding: &str, bytes: &[u8]) -> Vec<u8> {
        let level = Compression::fast();
        match coding {
            "gzip" => {
                let mut encoder = GzEncoder::new(Vec::new(), level);
                encoder.write_all(bytes).unwrap();
                encoder.finish().unwrap()
            }
            "zlib" => {
                let mut encoder = ZlibEncoder::new(Vec::new(), level);
                encoder.write_all(bytes).unwrap();
                encoder.finish().unwrap()
            }
            _ => {
                let mut encoder = DeflateEncoder::new(Vec::new(), level);
                encoder.write_all(bytes).unwrap();
                encoder.finish().unwrap()
            }
        }
    }

    #[test]
    fn every_coding_that_is_asked_for_is_unpacked_in_pieces_of_any_size() {
        let text = "The ferry sails again. ".repeat(500).into_bytes();
        for piece in [1, 7, 4096, usize::MAX] {
            assert_eq!(unpacked("", &text, 1 << 20, piece), Ok(text.clone()));
            assert_eq!(unpacked("GZIP", &packed("gzip", &text), 1 << 20, piece), Ok(text.clone()));
            assert_eq!(unpacked("deflate", &packed("zlib", &text), 1 << 20, piece), Ok(text.clone()));
            assert_eq!(unpacked("deflate", &packed("raw", &text), 1 << 20, piece), Ok(text.clone()));
        }
    }

    #[test]
    fn a_gzip_body_of_several_members_is_one_body() {
        let two = [packed("gzip", b"one "), packed("gzip", b"two")].concat();
        assert_eq!(unpacked("gzip", &two, 100, 5), Ok(b"one two".to_vec()));
    }

    #[test]
    fn bombs_stop_at_the_limit() {
        let zeros = vec![0; 8 << 20];
        for (coding, bomb) in [("gzip", packed("gzip", &zeros)), ("deflate", packed("zlib", &zeros))] {
            assert!(bomb.len() < 1 << 20);
            assert_eq!(unpacked(coding, &bomb, 1 << 20, 4096), Err(BodyError::TooLarge), "{coding}");
        }
        assert_eq!(unpacked("br", BROTLI_ZEROS, 1 << 20, 4096), Err(BodyError::TooLarge));
    }

    #[test]
    fn the_limit_is_to_the_byte_and_counts_the_wire_too() {
        assert_eq!(unpacked("", b"12345", 5, 2), Ok(b"12345".to_vec()));
        assert_eq!(unpacked("", b"123456", 5, 2), Err(BodyError::TooLarge));
        // Stored and not compressed, packed is longer than unpacked.
        assert_eq!(unpacked("gzip", &packed("gzip", b"12345"), 5, 2), Err(BodyError::TooLarge));
    }

    #[test]
    fn damaged_and_cut_bodies_are_refused() {
        let gzip = packed("gzip", &b"The ferry sails again. ".repeat(50));
        let cut = &gzip[..gzip.len() - 4];
        assert!(matches!(unpacked("gzip", cut, 1 << 20, 100), Err(BodyError::Coding(_))));
        for coding in ["gzip", "br", "deflate"] {
            let refused = unpacked(coding, b"\xffthis is not compressed at all", 1 << 20, 100);
            assert!(matches!(refused, Err(BodyError::Coding(_))), "{coding}: {refused:?}");
            assert_eq!(unpacked(coding, b"", 100, 1), Ok(Vec::new()));
        }
        for coding in ["zstd", "gzip, gzip", "br,gzip", "compress", "\u{1b}[2J"] {
            assert!(matches!(Body::new(coding, 100), Err(BodyError::Coding(_))), "{coding}");
        }
    }

    #[test]
    fn a_window_beyond_the_standards_is_refused_before_it_is_made() {
        // The stream header of the “large window” extension: 0x11, then 30 as the window's size in bits.
        let refused = unpacked("br", &[0x11, 0x1e, 0, 0, 0, 0], 1 << 20, 100);
        assert!(matches!(refused, Err(BodyError::Coding(_))), "{refused:?}");
    }

    #[test]
    fn a_part_is_to_be_had_where_a_part_is_enough() {
        let packed = packed("gzip", &[b'x'; 500_000]);
        let mut body = Body::new("gzip", packed.len() + 100).unwrap();
        assert_eq!(body.push(&packed), Err(BodyError::TooLarge));
        assert_eq!(body.so_far(), vec![b'x'; packed.len() + 100]);
        let mut body = Body::new("gzip", 1000).unwrap();
        assert_eq!(body.push(&packed[..20]), Ok(()));
        assert!(body.so_far().iter().all(|byte| *byte == b'x'));
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_neither_panic_nor_outgrow_the_limit(
            coding in prop::sample::select(vec!["", "gzip", "deflate", "br"]),
            bytes in prop::collection::vec(any::<u8>(), 0..400),
            piece in 1usize..50,
        ) {
            if let Ok(body) = unpacked(coding, &bytes, 1000, piece) {
                prop_assert!(body.len() <= 1000);
            }
        }
    }
}
