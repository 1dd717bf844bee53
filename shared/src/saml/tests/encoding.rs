//! Stage 1: from a form field to text.

use std::io::Write;

use flate2::{
    Compression,
    write::{DeflateEncoder, GzEncoder, ZlibEncoder},
};

use super::*;

#[test]
fn only_base64_of_utf8_within_the_limit_is_decoded() {
    assert_eq!(decode("PGEvPg=="), Ok("<a/>".to_owned()));
    assert_eq!(decode("PGEv\r\nPg=="), Ok("<a/>".to_owned()));
    for bad in ["PGEvPg", "PGEv-g==", "%50", "PGEvPg===", "PGEv*Pg=="] {
        assert_eq!(decode(bad), Err(ResponseError::NotBase64), "{bad}");
    }
    assert_eq!(decode(&STANDARD.encode([0xff, 0xfe, 0x3c, 0x00])), Err(ResponseError::NotUtf8));
    assert!(matches!(decode(&"A".repeat(MAX_ENCODED_LEN + 4)), Err(ResponseError::TooLarge { .. })));
}

#[test]
fn a_response_encoded_twice_is_not_unwrapped() {
    assert_eq!(refusal(&STANDARD.encode(draft().sign(idp()))), ResponseError::NotXml);
}

#[test]
fn nothing_is_inflated() {
    let xml = draft().sign(idp());
    let best = Compression::best();
    let mut raw = DeflateEncoder::new(Vec::new(), best);
    let mut zlib = ZlibEncoder::new(Vec::new(), best);
    let mut gzip = GzEncoder::new(Vec::new(), best);
    for encoder in [&mut raw as &mut dyn Write, &mut zlib, &mut gzip] {
        encoder.write_all(xml.as_bytes()).unwrap();
    }
    for compressed in [raw.finish(), zlib.finish(), gzip.finish()] {
        assert_eq!(decode(&STANDARD.encode(compressed.unwrap())), Err(ResponseError::NotUtf8));
    }
}
