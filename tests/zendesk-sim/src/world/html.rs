//! Comment texts: HTML to plain text and back, as roughly as a help desk needs it.

/// Plain text of HTML: breaks and paragraphs become lines, tags vanish, entities are read.
pub(crate) fn to_plain(html: &str) -> String {
    let mut plain = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(start) = rest.find('<') {
        let (text, tail) = rest.split_at(start);
        plain.push_str(text);
        let Some(end) = tail.find('>') else {
            rest = tail;
            break;
        };
        let (tag, after) = tail.split_at(end + 1);
        let name = tag.trim_matches(['<', '>', '/', ' ']).to_ascii_lowercase();
        if name == "br" || (tag.starts_with("</") && matches!(name.as_str(), "p" | "div" | "li")) {
            plain.push('\n');
        }
        rest = after;
    }
    plain.push_str(rest);
    let entities = [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#39;", "'"),
        ("&#123;", "{"),
        ("&#125;", "}"),
        ("&nbsp;", " "),
        ("&amp;", "&"),
    ];
    let text = entities
        .iter()
        .fold(plain, |text, (entity, sign)| text.replace(entity, sign));
    text.trim_end().to_owned()
}

/// HTML of plain text.
pub(crate) fn to_html(plain: &str) -> String {
    let text = plain
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('\n', "<br>");
    format!("<div class=\"zd-comment\" dir=\"auto\"><p dir=\"auto\">{text}</p></div>")
}

/// Cuts at a number of bytes without breaking a character.
pub(crate) fn cut(text: &str, bytes: usize) -> &str {
    let mut end = text.len().min(bytes);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn html_reads_as_text() {
        assert_eq!(to_plain("a<br>b &amp; <b>c</b> &lt;d&gt;"), "a\nb & c <d>");
        assert_eq!(to_plain("open <tag"), "open <tag");
        assert_eq!(to_plain(&to_html("x < y\nz")), "x < y\nz");
        assert_eq!(cut("aé", 2), "a");
    }
}
