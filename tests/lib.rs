//! Nothing here: the tests are in `integration/`.
