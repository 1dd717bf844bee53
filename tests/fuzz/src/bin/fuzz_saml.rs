//! libFuzzer's way in: `tests/fuzz/run`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::everything(data));
