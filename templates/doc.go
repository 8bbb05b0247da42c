// Package templates holds the words of the desk: every mail that it sends and
// the fixed phrases of its letters, in Chinese and in English.
//
// A mail is written as a mail, in one file for each language, and both of its
// forms come from that one source, so that they cannot disagree:
//
//  1. Mails parses the files of mail/zh and mail/en and makes every value that
//     a template prints pass through a filter, as html/template does: control
//     and direction characters go, and what is left is marked as a literal.
//  2. Render runs a template, which gives a short document: a subject line, a
//     blank line, and blocks told apart by the first characters of a line.
//  3. The document is read into blocks. A literal is never read as markup: a
//     client who writes “- ”, “> ” or “| ” has written just that.
//  4. The blocks are written out twice, as plain text and as HTML without
//     scripts or style sheets; its only pictures are parts of the same mail.
//
// The blocks of a document:
//
//	text            a paragraph; lines that follow one another are joined
//	== text         a heading
//	- text          an item of a list
//	> text          a quotation; the lines of a literal are kept
//	| key | value   a row of a table; left out if the value is empty
//	|= a | b | c    the heading row of a table
//	: text          a line that is kept as a line
//	! label | command | text | link   a command ready to send
//	$ command | effect                a command and what it does or did
//	@ id | words    a picture that the mail holds under this Content-ID
//	                (RFC 2392), and what it shows; not in the text part
//
// The package imports nothing of ours: what a mail may speak of is the view
// that its caller hands over.
package templates
