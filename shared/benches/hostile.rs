//! Documents as expensive as we could make them within the size limit (threats.md D2).

use shared::saml::MAX_ENCODED_LEN;

/// What fits into the limit as XML: base64 makes four characters of three bytes, and a browser breaks the lines.
const SIZE: usize = MAX_ENCODED_LEN / 4 * 3 * 30 / 31 - 100;

/// Each with a name. `genuine` is a signed response: some are expensive only as far as a signature is looked at.
pub(crate) fn inputs(genuine: &str) -> Vec<(&'static str, String)> {
    let fill = |unit: &str| unit.repeat(SIZE / unit.len());
    let inside = |at: &str, unit: &str| {
        let room = SIZE - genuine.len() - 20;
        genuine.replacen(at, &format!("{}{at}", unit.repeat(room / unit.len())), 1)
    };
    let attributes: String = (0..SIZE / 12).map(|n| format!(" a{n:06}=''")).collect();
    let namespaces: String = (0..SIZE / 24).map(|n| format!(" xmlns:a{n:06}='urn:x'")).collect();
    let full_tag: String = (0..23).map(|n| format!(" a{n:02}=''")).collect();
    let full_scope: String = (0..23).map(|n| format!(" xmlns:a{n:02}='urn:x{n}'")).collect();
    let nested: String = (0..20).map(|n| format!("<x{n}{full_scope}>")).collect();
    vec![
        ("attributes", format!("<a{attributes}/>")),
        ("namespaces", format!("<a{namespaces}/>")),
        ("depth", fill("<a>")),
        ("elements", format!("<a>{}</a>", fill("<b/>"))),
        ("comments", format!("<a>{}</a>", fill("<!---->"))),
        ("CDATA sections", format!("<a>{}</a>", fill("<![CDATA[]]>"))),
        ("references", format!("<a>{}</a>", fill("&#65;"))),
        ("text", format!("<a>{}</a>", fill("x"))),
        ("open quotes", fill("<a b='")),
        ("open tags", fill("<")),
        (
            "1,000 full tags",
            format!("<a>{}</a>", format!("<b{full_tag}/>").repeat(SIZE / (full_tag.len() + 4).max(96))),
        ),
        ("full scopes", format!("{nested}{}", fill("<b/>").get(..3_000).unwrap_or_default())),
        ("signed, then a long text", inside("</Subject>", "x")),
        ("signed, then many comments", inside("</Subject>", "<!---->")),
        ("signed, then many references", inside("</NameID>", "&#65;")),
        ("signed, then many elements", inside("<Conditions", "<b></b>")),
        ("signed, a long digest", inside("</ds:DigestValue>", "A")),
        ("signed, a long signature", inside("</ds:SignatureValue>", "A")),
    ]
}
