//! The profile, rule by rule, and the canonical form, case by case.

use crate::{
    Child, Document, Error, MAX_ALL_ATTRIBUTES, MAX_ATTRIBUTES, MAX_DEPTH, MAX_ELEMENTS, MAX_NAMESPACES, MAX_NODES,
};

fn canonical(text: &str) -> String {
    String::from_utf8(Document::parse(text).unwrap().root().canonical(None, &[])).unwrap()
}

fn refused(text: &str) -> Error {
    Document::parse(text).map(drop).expect_err(text)
}

fn is_malformed(text: &str) -> bool {
    matches!(refused(text), Error::NotWellFormed { .. })
}

fn text(xml: &str) -> String {
    let document = Document::parse(xml).unwrap();
    document
        .root()
        .children()
        .filter_map(|child| if let Child::Text(text) = child { Some(text) } else { None })
        .collect()
}

#[test]
fn what_is_not_well_formed_is_refused() {
    for bad in [
        "",
        "x",
        "<",
        "<a",
        "<a>",
        "</a>",
        "<a></b>",
        "<a></a",
        "<a/><b/>",
        "<a/>x",
        "x<a/>",
        "< a/>",
        "<a b/>",
        "<a b=/>",
        "<a b=c/>",
        "<a b='c/>",
        "<a b='c'd='e'/>",
        "<a b='<'/>",
        "<a b='1' b='2'/>",
        "<a>&x;</a>",
        "<a>&amp</a>",
        "<a>&</a>",
        "<a>&#0;</a>",
        "<a>&#x;</a>",
        "<a>&#;</a>",
        "<a>&#xD800;</a>",
        "<a>&#xFFFE;</a>",
        "<a>&#x110000;</a>",
        "<a>&#99999999999;</a>",
        "<a>&#X41;</a>",
        "<a>\u{1}</a>",
        "<a b='\u{1f}'/>",
        "<a>\u{fffe}</a>",
        "<a b='\u{ffff}'/>",
        "<a><![CDATA[\u{1}]]></a>",
        "<a><!-- \u{ffff} --></a>",
        "<a>]]></a>",
        "<a><!-- -- --></a>",
        "<a><!-- x</a>",
        "<a><!--></a>",
        "<a><![CDATA[x</a>",
        "<![CDATA[x]]><a/>",
        "<a></a b='c'>",
        "<a><!x></a>",
        "<1a/>",
        "<-a/>",
        "<:a/>",
        "<a:/>",
        "<a:b:c xmlns:a='urn:a'/>",
        "<\u{e9}/>",
    ] {
        assert!(is_malformed(bad), "{bad}");
    }
}

#[test]
fn what_has_no_place_in_a_saml_message_is_refused_by_name() {
    for dtd in
        ["<!DOCTYPE a><a/>", "<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", "<?xml version='1.0'?>\n<!DOCTYPE a><a/>"]
    {
        assert_eq!(refused(dtd), Error::DocumentType, "{dtd}");
    }
    for instruction in ["<?x y?><a/>", "<a><?x?></a>", "<a/><?x?>", "<a>text<?x?>text</a>"] {
        assert_eq!(refused(instruction), Error::ProcessingInstruction, "{instruction}");
    }
    for declaration in [
        "<?xml version='1.1'?><a/>",
        "<?xml version='1.0' encoding='UTF-16'?><a/>",
        "<?xml version='1.0' standalone='maybe'?><a/>",
        "<?xml encoding='UTF-8'?><a/>",
    ] {
        assert_eq!(refused(declaration), Error::Declaration, "{declaration}");
    }
    assert!(is_malformed("<?xml version='1.0' standalone='yes' encoding='UTF-8'?><a/>"), "out of order");
    assert!(is_malformed("<?xml x:version='1.0'?><a/>"), "a declaration has no namespaces");
    assert!(is_malformed("<?xml version='&#49;.0'?><a/>"), "there are no references in a declaration");
    for fine in [
        "<?xml version='1.0' encoding=\"utf-8\" standalone='no' ?><a/>",
        "\u{feff}<a/>",
        " <!-- x --> <a/> <!-- y --> ",
    ] {
        assert_eq!(canonical(fine), "<a></a>", "{fine}");
    }
}

#[test]
fn namespaces_are_declared_once_and_mean_something() {
    for bad in [
        "<a:b/>",
        "<b a:c=''/>",
        "<a xmlns:xmlns='urn:x'/>",
        "<a xmlns:xml='urn:x'/>",
        "<a xmlns:b='http://www.w3.org/XML/1998/namespace'/>",
        "<a xmlns:b='http://www.w3.org/2000/xmlns/'/>",
        "<a xmlns='http://www.w3.org/2000/xmlns/'/>",
        "<xmlns:a/>",
        "<xml:a/>",
        "<a xmlns='urn:a' xmlns='urn:b'/>",
        "<a xmlns:b='urn:b' xmlns:c='urn:b' b:x='' c:x=''/>",
    ] {
        assert!(is_malformed(bad), "{bad}");
    }
    for bad in ["", "relative", "../x", "urn: x", "urn:", ":x", "1:x", "urn:\u{e9}", "urn:&#120;", "urn:a&amp;b"] {
        assert_eq!(refused(&format!("<a xmlns:b='{bad}'/>")), Error::Namespace, "{bad}");
        assert_eq!(refused(&format!("<a xmlns='{bad}'/>")), Error::Namespace, "{bad}");
    }
    let document = Document::parse("<a xmlns='urn:a'><b xmlns='urn:b' x='1' xml:x='2'/><c/></a>").unwrap();
    let [a, b, c] = document.root().descendants().collect::<Vec<_>>().try_into().unwrap();
    assert!(a.is("urn:a", "a") && b.is("urn:b", "b") && c.is("urn:a", "c"), "a declaration ends with its element");
    assert_eq!(b.attribute("x"), Some("1"), "an attribute without a prefix is in no namespace");
    assert_eq!(b.attributes()[1].namespace(), Some("http://www.w3.org/XML/1998/namespace"));
}

#[test]
fn everything_is_bounded() {
    let nested = |depth: usize| format!("{}{}", "<a>".repeat(depth), "</a>".repeat(depth));
    assert!(Document::parse(&nested(MAX_DEPTH)).is_ok());
    assert_eq!(refused(&nested(MAX_DEPTH + 1)), Error::TooMany { what: "levels" });
    let elements = |count: usize| format!("<a>{}</a>", "<b/>".repeat(count - 1));
    assert!(Document::parse(&elements(MAX_ELEMENTS)).is_ok());
    assert_eq!(refused(&elements(MAX_ELEMENTS + 1)), Error::TooMany { what: "elements" });
    let nodes = |count: usize| format!("<a>{}</a>", "<!---->".repeat(count - 1));
    assert!(Document::parse(&nodes(MAX_NODES)).is_ok());
    assert_eq!(refused(&nodes(MAX_NODES + 1)), Error::TooMany { what: "nodes" });
    let attributes = |count: usize| (0..count).map(|n| format!(" a{n}=''")).collect::<String>();
    assert!(Document::parse(&format!("<a{}/>", attributes(MAX_ATTRIBUTES))).is_ok());
    assert_eq!(refused(&format!("<a{}/>", attributes(MAX_ATTRIBUTES + 1))), Error::TooMany { what: "attributes" });
    let tags = |count: usize| format!("<a>{}</a>", "<b c='' d=''/>".repeat(count / 2));
    assert!(Document::parse(&tags(MAX_ALL_ATTRIBUTES)).is_ok());
    assert_eq!(refused(&tags(MAX_ALL_ATTRIBUTES + 2)), Error::TooMany { what: "attributes" });
    let scope = |count: usize| {
        let declared =
            |range: std::ops::Range<usize>| range.map(|n| format!(" xmlns:a{n}='urn:x'")).collect::<String>();
        format!("<a{}><b{}/></a>", declared(0..16), declared(16..count))
    };
    assert!(Document::parse(&scope(MAX_NAMESPACES)).is_ok());
    assert_eq!(refused(&scope(MAX_NAMESPACES + 1)), Error::TooMany { what: "namespaces" });
    assert!(matches!(refused(&format!("<{}/>", "a".repeat(129))), Error::TooMany { .. }));
}

#[test]
fn text_is_what_xml_says_it_is() {
    assert_eq!(text("<a>x&lt;y&amp;&gt;&quot;&apos;&#65;&#x42;\u{e9}</a>"), "x<y&>\"'AB\u{e9}");
    assert_eq!(text("<a>1\r\n2\r3\n4&#13;5</a>"), "1\n2\n3\n4\r5");
    assert_eq!(text("<a><![CDATA[<&]]]]><![CDATA[>\r\n]]></a>"), "<&]]>\n");
    assert_eq!(text("<a>usr-1<!-- x -->.evil</a>"), "usr-1.evil");
    assert_eq!(text("<a>] ]] ]></a>"), "] ]] ]>", "only ]]> is special");
    let document = Document::parse("<a b=' x\r\ny\tz\n&#10;&lt;\"' c=\"'\"/>").unwrap();
    assert_eq!(document.root().attribute("b"), Some(" x y z \n<\""));
    assert_eq!(document.root().attribute("c"), Some("'"));
}

#[test]
fn the_canonical_form_is_that_of_the_recommendation() {
    for (xml, expected) in [
        ("<a  c='1'   b='2' />", r#"<a b="2" c="1"></a>"#),
        ("<a>&lt;&amp;&gt;\"'&#13;\t</a>", "<a>&lt;&amp;&gt;\"'&#xD;\t</a>"),
        ("<a b='&lt;&amp;>&quot;&#9;&#10;&#13;'/>", r#"<a b="&lt;&amp;>&quot;&#x9;&#xA;&#xD;"></a>"#),
        ("<a><!-- x -->y<![CDATA[<z>]]></a>", "<a>y&lt;z&gt;</a>"),
        ("<a xmlns='urn:a' xmlns:unused='urn:u'><b/></a>", r#"<a xmlns="urn:a"><b></b></a>"#),
        (
            "<a xmlns:z='urn:z' xmlns:y='urn:y' z:k='1' y:k='2' k='3'/>",
            r#"<a xmlns:y="urn:y" xmlns:z="urn:z" k="3" y:k="2" z:k="1"></a>"#,
        ),
        (
            "<a:a xmlns:a='urn:1'><b xmlns:a='urn:2'><a:c/></b><a:d/></a:a>",
            r#"<a:a xmlns:a="urn:1"><b><a:c xmlns:a="urn:2"></a:c></b><a:d></a:d></a:a>"#,
        ),
        ("<a xml:lang='en' xmlns:xml='http://www.w3.org/XML/1998/namespace'/>", r#"<a xml:lang="en"></a>"#),
    ] {
        assert_eq!(canonical(xml), expected, "{xml}");
    }
}

#[test]
fn a_part_is_canonical_with_the_declarations_it_uses_and_without_what_is_left_out() {
    let document = Document::parse("<a:r xmlns:a='urn:a' xmlns='urn:d'><a:s>1<x>2</x>3</a:s></a:r>").unwrap();
    let [_, s, x] = document.root().descendants().collect::<Vec<_>>().try_into().unwrap();
    let form = |except, inclusive: &[&str]| String::from_utf8(s.canonical(except, inclusive)).unwrap();
    assert_eq!(form(None, &[]), r#"<a:s xmlns:a="urn:a">1<x xmlns="urn:d">2</x>3</a:s>"#);
    assert_eq!(form(Some(x), &[]), r#"<a:s xmlns:a="urn:a">13</a:s>"#);
    assert_eq!(form(None, &["#default"]), r#"<a:s xmlns="urn:d" xmlns:a="urn:a">1<x>2</x>3</a:s>"#);
    assert_eq!(form(None, &["nobody"]), form(None, &[]));
}

#[test]
fn an_inclusive_prefix_follows_its_meaning_down_the_tree() {
    let document = Document::parse("<r xmlns:p='urn:1'><s><t xmlns:p='urn:2'><u/></t><v/></s></r>").unwrap();
    let s = document.root().descendants().nth(1).unwrap();
    let form = String::from_utf8(s.canonical(None, &["p"])).unwrap();
    assert_eq!(form, r#"<s xmlns:p="urn:1"><t xmlns:p="urn:2"><u></u></t><v></v></s>"#);
}
