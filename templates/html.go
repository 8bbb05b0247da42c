package templates

import (
	"html"
	"strings"
)

// The styles stand in the elements themselves: QQ Mail, Outlook and most web
// mail drop style sheets. Nothing here loads anything from elsewhere.
const (
	styleBody   = "margin:0;padding:16px;background:#ffffff;color:#1f2328;font-size:15px;line-height:1.7;font-family:'PingFang SC','Microsoft YaHei','Noto Sans CJK SC','Segoe UI',Helvetica,Arial,sans-serif"
	styleBox    = "max-width:680px;overflow-wrap:anywhere;word-break:break-word"
	stylePara   = "margin:0 0 14px 0"
	styleHead   = "margin:22px 0 10px 0;font-size:15px;font-weight:bold;color:#7a1f1f"
	styleList   = "margin:0 0 14px 0;padding-left:22px"
	styleQuote  = "margin:0 0 14px 0;padding:8px 14px;border-left:3px solid #c9ced6;background:#f6f7f9"
	styleTable  = "border-collapse:collapse;margin:0 0 14px 0"
	styleKey    = "padding:2px 16px 2px 0;text-align:left;vertical-align:top;font-weight:normal;color:#59636e;white-space:nowrap"
	styleValue  = "padding:2px 0;text-align:left;vertical-align:top;overflow-wrap:anywhere;word-break:break-word"
	styleCell   = "padding:5px 10px;text-align:left;vertical-align:top;border:1px solid #d1d9e0;overflow-wrap:anywhere;word-break:break-word"
	styleHeader = styleCell + ";background:#f6f7f9"
	styleCode   = "font-family:Consolas,Menlo,'Courier New',monospace;font-size:14px;color:#1f2328;background:#f3f4f6;padding:1px 6px"
	styleHint   = "font-size:14px;color:#59636e"
	stylePage   = "display:block;width:100%;max-width:640px;height:auto;margin:0 0 10px 0;border:1px solid #c9ced6"
	styleLink   = "color:#0b57a4;text-decoration:underline"
)

// html writes the HTML part: the same words as the text part, well-formed as
// XML too, so that a test can read it.
func (d *document) html(lang string) string {
	code := "zh-CN"
	if lang == "en" {
		code = "en"
	}
	w := htmlWriter{&strings.Builder{}}
	w.WriteString("<!DOCTYPE html>\n<html lang=\"" + code + "\">\n<head>\n<meta charset=\"utf-8\"/>\n" +
		"<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n")
	w.element("title", "", d.subject)
	w.WriteString("</head>\n<body style=\"" + styleBody + "\">\n<div style=\"" + styleBox + "\">\n")
	for _, b := range d.blocks {
		w.block(b)
	}
	w.WriteString("</div>\n</body>\n</html>\n")
	return w.String()
}

type htmlWriter struct{ *strings.Builder }

func (w htmlWriter) open(name, style string) {
	w.WriteString("<" + name)
	if style != "" {
		w.WriteString(" style=\"" + style + "\"")
	}
	w.WriteString(">")
}

func (w htmlWriter) text(s string) { w.WriteString(html.EscapeString(s)) }

func (w htmlWriter) element(name, style, s string) {
	w.open(name, style)
	w.text(s)
	w.WriteString("</" + name + ">\n")
}

// lines writes rows with a break between them, in one element.
func (w htmlWriter) lines(name, style string, rows [][]string) {
	w.open(name, style)
	for i, r := range rows {
		if i > 0 {
			w.WriteString("<br/>\n")
		}
		w.text(r[0])
	}
	w.WriteString("</" + name + ">\n")
}

func (w htmlWriter) block(b block) {
	switch b.kind {
	case heading:
		w.element("h3", styleHead, b.rows[0][0])
	case item:
		w.open("ul", styleList)
		w.WriteString("\n")
		for _, r := range b.rows {
			w.element("li", "", r[0])
		}
		w.WriteString("</ul>\n")
	case quotation:
		w.lines("blockquote", styleQuote, b.rows)
	case row, headRow:
		w.table(b)
	case action:
		for _, r := range b.rows {
			w.action(r)
		}
	case picture:
		for _, r := range b.rows {
			w.open("p", stylePara)
			w.WriteString("<img src=\"cid:" + html.EscapeString(r[0]) + "\" alt=\"" + html.EscapeString(strings.Join(r[1:], " ")) + "\" width=\"640\" style=\"" + stylePage + "\"/></p>\n")
		}
	case step:
		for _, r := range b.rows {
			w.open("p", stylePara)
			w.open("code", styleCode)
			w.text(r[0])
			w.WriteString("</code><br/>\n")
			w.text(strings.Join(r[1:], " "))
			w.WriteString("</p>\n")
		}
	default:
		w.lines("p", stylePara, b.rows)
	}
}

func (w htmlWriter) table(b block) {
	w.open("table", styleTable)
	w.WriteString("\n")
	facts := b.kind == row && len(b.rows[0]) == 2
	for i, r := range b.rows {
		w.WriteString("<tr>")
		for j, c := range r {
			name, style := "td", styleCell
			switch {
			case facts && j == 0:
				name, style = "th", styleKey
			case facts:
				style = styleValue
			case i == 0 && b.kind == headRow:
				name, style = "th", styleHeader
			}
			if c == "" {
				c = "—"
			}
			w.open(name, style)
			w.text(c)
			w.WriteString("</" + name + ">")
		}
		w.WriteString("</tr>\n")
	}
	w.WriteString("</table>\n")
}

// action writes a command: its label as a link that opens a ready mail, and
// under it the same lines for whoever prefers to copy them.
func (w htmlWriter) action(r []string) {
	w.open("p", stylePara)
	if strings.HasPrefix(r[3], "mailto:") {
		w.WriteString("<a href=\"" + html.EscapeString(r[3]) + "\" style=\"" + styleLink + "\">")
		w.text(r[0])
		w.WriteString("</a>")
	} else {
		w.text(r[0])
	}
	w.WriteString("<br/>\n")
	w.open("code", styleCode)
	w.text(r[1])
	w.WriteString("</code>")
	for s := range strings.SplitSeq(r[2], "\n") {
		if s != "" {
			name, style := "span", styleHint
			if strings.HasPrefix(s, "#") {
				name, style = "code", styleCode
			}
			w.WriteString("<br/>\n")
			w.open(name, style)
			w.text(s)
			w.WriteString("</" + name + ">")
		}
	}
	w.WriteString("</p>\n")
}
