//! Stage 1: from a form field to text.

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
