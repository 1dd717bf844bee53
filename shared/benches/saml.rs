//! What a SAML response costs, in processor time: a genuine one of 25 attributes from the form field to the person, and the
//! worst that fits into the size limit. With the feature `engine-samael` also what libxmlsec1, the C library, takes for the
//! signature alone.
#![expect(clippy::expect_used, reason = "a benchmark fails loudly")]

mod cpu_time;
mod hostile;

use std::hint::black_box;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use cpu_time::CpuTime;
use criterion::{Criterion, criterion_group, criterion_main};
use shared::{
    identity::Identity,
    marketplace::{IdpKey, LegacyCryptography, Marketplace, SignatureAlgorithm},
    saml::{self, Document, Expectations, UnverifiedResponse},
    testing::{IdentityProvider, ResponseDraft, acme},
};

const NOW: &str = "2030-01-15T10:00:30Z";
const REQUEST: &str = "_3c6f0b5e-77a4-4c1b-9a53-0d4d7f2f9e10";
/// How many attributes a hub sends (protocol.md §3.7).
const ATTRIBUTES: usize = 25;

/// A marketplace and a genuine response of it.
struct Subject {
    marketplace: Marketplace,
    xml: String,
}

impl Subject {
    fn new() -> Self {
        let idp = IdentityProvider::generate();
        let key = IdpKey::from_pem(idp.certificate_pem(), None).expect("a certificate");
        let marketplace = Marketplace { idp_keys: vec![key], ..acme() };
        let now = NOW.parse().expect("an instant");
        let draft = ResponseDraft::genuine(&marketplace.idp_sso_url, &marketplace.acs_url, REQUEST, now);
        let missing = ATTRIBUTES - draft.assertion.matches("<Attribute ").count();
        let more: String = (0..missing)
            .map(|n| {
                format!(
                    "<Attribute Name=\"extra_{n}\"><AttributeValue>value of attribute {n}</AttributeValue></Attribute>"
                )
            })
            .collect();
        let draft = draft.replacing("</AttributeStatement>", &format!("{more}</AttributeStatement>"));
        Self { xml: draft.sign(&idp), marketplace }
    }

    fn consume(&self, field: &str) -> Option<Identity> {
        let expected = Expectations { request_ids: &[REQUEST.to_owned()], now: NOW.parse().expect("an instant") };
        let assertion = saml::accept(field, &self.marketplace, &expected).ok()?;
        Identity::try_from(&assertion).ok()
    }
}

/// Base64 as it comes out of a browser: a line break every 60 characters.
fn field(xml: &str) -> String {
    let encoded = STANDARD.encode(xml);
    let lines: Vec<&str> =
        (0..encoded.len()).step_by(60).filter_map(|at| encoded.get(at..encoded.len().min(at + 60))).collect();
    lines.join("\r\n")
}

fn consume(criterion: &mut Criterion<CpuTime>) {
    let subject = Subject::new();
    let genuine = field(&subject.xml);
    assert!(subject.consume(&genuine).is_some(), "the genuine response is refused");
    let mut group = criterion.benchmark_group("consume");
    group.bench_function("valid, 25 attributes", |bencher| bencher.iter(|| subject.consume(black_box(&genuine))));
    group.finish();

    let mut group = criterion.benchmark_group("refuse");
    for (name, xml) in hostile::inputs(&subject.xml) {
        let encoded = field(&xml);
        assert!(encoded.len() <= saml::MAX_ENCODED_LEN, "{name}: not within the limit");
        assert!(subject.consume(&encoded).is_none(), "{name}: accepted");
        group.bench_function(name, |bencher| bencher.iter(|| subject.consume(black_box(&encoded))));
    }
    group.finish();
}

/// Where the time of a genuine response goes, and what others take for the signature.
fn stages(criterion: &mut Criterion<CpuTime>) {
    let subject = Subject::new();
    let (genuine, keys) = (field(&subject.xml), &subject.marketplace.idp_keys);
    let legacy = LegacyCryptography::default();
    let document = Document::parse(&subject.xml).expect("it parses");
    let response = UnverifiedResponse::of(&document).expect("it has the right structure");
    let signed = response.verify(keys, legacy).expect("it verifies");

    let mut group = criterion.benchmark_group("stage");
    group.bench_function("1 decode", |bencher| bencher.iter(|| saml::decode(black_box(&genuine)).map(|xml| xml.len())));
    group.bench_function("2 parse", |bencher| {
        bencher.iter(|| Document::parse(black_box(&subject.xml)).map(|document| document.root().local_name().len()));
    });
    group
        .bench_function("2 structure", |bencher| bencher.iter(|| UnverifiedResponse::of(black_box(&document)).is_ok()));
    group.bench_function("3 signature", |bencher| bencher.iter(|| black_box(&response).verify(keys, legacy).is_ok()));
    group
        .bench_function("3 of that: canonicalization", |bencher| bencher.iter(|| black_box(&signed).canonical().len()));
    group.bench_function("4 reading", |bencher| bencher.iter(|| black_box(&signed).read().is_ok()));
    group.finish();

    let mut group = criterion.benchmark_group("verify");
    group.bench_function("ours, parsing included", |bencher| {
        bencher.iter(|| {
            let document = Document::parse(black_box(&subject.xml)).expect("it parses");
            let response = UnverifiedResponse::of(&document).expect("it has the right structure");
            response.verify(keys, legacy).is_ok()
        });
    });
    #[cfg(feature = "engine-samael")]
    group.bench_function("libxmlsec1, by samael", |bencher| {
        bencher.iter(|| saml::engine_samael::signed_text(black_box(&subject.xml), keys, legacy).expect("it verifies"));
    });
    let message = signed.canonical();
    group.bench_function("floor: one RSA-2048 verification", |bencher| {
        let [key] = keys.as_slice() else { return };
        bencher.iter(|| key.verifies(SignatureAlgorithm::RsaSha256, black_box(b"message"), &[0x42; 256]));
    });
    group.bench_function("floor: SHA-256 of the assertion", |bencher| {
        bencher.iter(|| aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, black_box(&message)));
    });
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default().with_measurement(CpuTime);
    targets = consume, stages
}
criterion_main!(benches);
