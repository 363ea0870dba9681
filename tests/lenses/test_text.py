"""Texts and bodies: laws, limits, and the journey of a body through all three calendars."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.lenses import named
from engine.lenses.html import Body
from engine.lenses.text import Constant, Folded, Plain, Text
from tests.lenses.samples import context, examples

HERE = context()
DIALECTS = ["google", "graph", "plain"]
texts = st.text(st.sampled_from("aZ é\u0301\u00e9\n\r\t<>&\"';/\u00a0👍🏽\u200d0"), max_size=40)
_words = st.sampled_from(
    ["a", " ", "  ", "\n", "\r\n", "&nbsp;", "&amp;", "&lt;b&gt;", "x y", "ü", "<", "> ", "\t", "1<2"]
)
_tags = st.sampled_from(
    ["p", "b", "i", "u", "strong", "em", "div", "span", "ul", "ol", "li", "h2", "table", "td", "pre", "script"]
)
_tagged = lambda inner: st.builds(  # noqa: E731 - hypothesis wants a function here
    lambda tag, body: f"<{tag}>{''.join(body)}</{tag}>", _tags, st.lists(inner, max_size=4)
)
_links = st.builds(
    lambda to: f'<a href="{to}">link</a>',
    st.sampled_from(["https://e.org/?a=1&amp;b", "javascript:x", "mailto:a@e.org"]),
)
pages = st.lists(
    st.recursive(
        _words | _links | st.sampled_from(["<br>", "<br/>\r\n", "<hr>", "<p>", "</b>"]), _tagged, max_leaves=12
    ),
    max_size=6,
).map("".join)


@pytest.mark.parametrize(
    "lens", [Text(), Text(7), Folded("lower"), Folded("trim"), Folded("one_line"), Plain()], ids=repr
)
@given(a=texts, s=texts)
@examples(120)
def test_text_laws(lens, a, s):
    assert lens.put(lens.get(a, HERE), a, HERE) in (a, a or None)
    for old in (None, a):
        written = lens.put(s, old, HERE)
        shown = lens.get(written, HERE)
        assert lens.get(lens.put(shown, written, HERE), HERE) == shown
        assert lens.put(shown, written, HERE) == written
        assert lens.get(lens.put(s, written, HERE), HERE) == shown


@pytest.mark.parametrize("dialect", DIALECTS)
@given(a=texts | pages, s=texts | pages)
@examples(120)
def test_body_laws(dialect, a, s):
    lens = Body(dialect)
    shared = lens.get(a, HERE)
    assert lens.put(shared, a, HERE) == a or (not a and shared is None)
    for other in DIALECTS:
        given_body = Body(other).get(s, HERE)
        for old in (None, a):
            written = lens.put(given_body, old, HERE)
            shown = lens.get(written, HERE)
            assert lens.put(shown, written, HERE) == written
            assert lens.put(given_body, written, HERE) == written
            if dialect != "plain":
                assert shown == given_body


@given(texts)
@examples(200)
def test_plain_text_survives_every_calendar(text):
    """Written as text, through Google's and Microsoft's HTML and back: not a character is lost."""
    shared = Body("plain").get(text, HERE)
    for dialect in ("google", "graph"):
        back = Body(dialect).get(Body(dialect).put(shared, None, HERE), HERE)
        assert Body("plain").put(back, text, HERE) == text or shared is None
        assert Body("plain").put(back, None, HERE) == Body("plain").put(shared, None, HERE)


PAGE = (
    '<html><head>\r\n<meta http-equiv="Content-Type" content="text/html; charset=utf-8">\r\n<style>p {margin:0}</style>'
    "</head>\r\n<body>\r\n{}\r\n</body>\r\n</html>\r\n"
)


@pytest.mark.parametrize(
    ("inner", "shared"),
    [
        ("Hello", "Hello"),
        ("one<br>\r\ntwo &amp;&nbsp;three", "one<br>two &amp; three"),
        ("<div>one</div><div><br></div>\r\n<div>two</div>", "one<br><br>two"),
        ("<p>one</p>\r\n<p>&nbsp;</p>\r\n<p>two</p>", "<p>one</p><p>two</p>"),
        ("<p class=MsoNormal>only <span style='color:red'>one</span></p>", "only one"),
        (
            "<ul>\r\n<li>a</li>\r\n<li>b<ol><li>c</li></ol></li>\r\n</ul>",
            "<ul><li>a</li><li>b<ol><li>c</li></ol></li></ul>",
        ),
        ("<strong>a <em>b</em></strong>", "<b>a <i>b</i></b>"),
        ('<a href="https://e.org/?a=1&amp;b=2" target=x>go</a>', '<a href="https://e.org/?a=1&amp;b=2">go</a>'),
        ('<a href="javascript:alert(1)">go</a><script>x()</script>', "go"),
        ("<h1>Title</h1>text", "<p><b>Title</b></p>text"),
        ("&nbsp;", None),
        ("<ul><li>" * 3000 + "deep", "<ul><li>" * 9 + "deep" + "</li></ul>" * 9),
    ],
)
def test_outlooks_page_unwraps(inner, shared):
    page = PAGE.replace("{}", inner)
    lens = Body("graph")
    assert lens.get(page, HERE) == shared
    assert lens.put(shared, page, HERE) == page


@pytest.mark.parametrize(
    ("description", "shared"),
    [
        ("plain\ntext", "plain<br>text"),
        ("1 < 2 & <ann@e.org>", "1 &lt; 2 &amp; &lt;ann@e.org&gt;"),
        ("Tom &amp; Jerry", "Tom &amp; Jerry"),
        ("<p>a</p>\n<ul>\n<li>b</li>\n</ul>\nc", "<p>a</p><ul><li>b</li></ul>c"),
        ("one<br>\ntwo\nthree", "one<br>two<br>three"),
        ("  indented", "  indented"),
    ],
)
def test_google_descriptions(description, shared):
    assert Body("google").get(description, HERE) == shared


def test_google_gets_plain_text_where_that_says_it_all():
    assert Body("google").put("a &amp; b<br>c &lt; d", None, HERE) == "a & b\nc < d"
    assert Body("google").put("&lt;b&gt;", None, HERE) == "&lt;b&gt;"
    assert Body("google").put("<b>x</b>", None, HERE) == "<b>x</b>"


def test_outlook_keeps_spaces():
    assert Body("graph").put("a  b<br> c", None, HERE) == "a \u00a0b<br>\u00a0c"


def test_text_for_people():
    shared = '<p>Plan</p><ol><li>one</li><li>two<ul><li>x</li></ul></li></ol>see <a href="https://e.org">here</a>'
    text = "Plan\n1. one\n2. two\n  - x\nsee here (https://e.org)"
    assert Body("plain").put(shared, None, HERE) == text


def test_the_poorer_side_keeps_its_text_and_the_richer_its_page():
    rich = "<p>Agenda</p><p><b>Budget</b></p>"
    text = Body("plain").put(rich, None, HERE)
    assert text == "Agenda\n\nBudget"
    assert Body("plain").put(rich, text + "\n", HERE) == text + "\n"
    page = PAGE.replace("{}", rich)
    assert Body("graph").put(Body("graph").get(page, HERE), page, HERE) == page


def test_clip_counts_characters_and_joins_nothing_apart():
    assert Text(5).put("x" * 9, None, HERE) == "xxxxx"
    assert Text(3).put("ab👍🏽", None, HERE) == "ab"
    assert Text(3).put("abc\u0323x", None, HERE) == "ab"
    assert Text(5).put("abcdefgh", "abcde", HERE) == "abcde"
    assert len(Body("plain", 10).put("x" * 30, None, HERE)) == 10


def test_constant_is_one_way():
    assert Constant("x").get("y", HERE) is None and Constant("x").put(None, "y", HERE) == "x"
    assert named({"constant": "x"}).klass == "one-way"
