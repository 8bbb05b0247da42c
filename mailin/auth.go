package mailin

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"complaints"

	"github.com/emersion/go-message"
	"github.com/emersion/go-msgauth/dkim"
)

// authResults is an Authentication-Results field (RFC 8601 2.2).
type authResults struct {
	id      string
	results []authResult
}

// authResult is one resinfo: dmarc=pass header.from=firm.example. The names of
// properties are ptype.property in lower case.
type authResult struct {
	method, result string
	properties     map[string]string
}

// authScanner reads the tokens of RFC 8601.
type authScanner struct {
	s   string
	pos int
}

var errAuth = errors.New("not RFC 8601")

// skip passes over white space and comments, which may hold comments. A
// quotation mark in a comment is refused: the writer put a foreign address in
// there, and whether the comment ends within it depends on who reads.
func (a *authScanner) skip() error {
	for a.pos < len(a.s) {
		switch a.s[a.pos] {
		case ' ', '\t', '\r', '\n':
			a.pos++
		case '(':
			text, n := skipComment(a.s[a.pos:])
			if n == len(a.s)-a.pos && !strings.HasSuffix(a.s, ")") || strings.Contains(text, `"`) {
				return fmt.Errorf("%w: a comment", errAuth)
			}
			a.pos += n
		default:
			return nil
		}
	}
	return nil
}

func (a *authScanner) peek() byte {
	if a.pos < len(a.s) {
		return a.s[a.pos]
	}
	return 0
}

// value reads atoms and quoted-strings that stand together, as in a mailbox:
// "a; b"@c.example. It ends at white space, a comment or one of the stops.
func (a *authScanner) value(stops string) (string, error) {
	var b strings.Builder
	for a.pos < len(a.s) {
		c := a.s[a.pos]
		if c <= ' ' || c == '(' || c == 0x7f || strings.IndexByte(stops, c) >= 0 {
			break
		}
		if c != '"' {
			b.WriteByte(c)
			a.pos++
			continue
		}
		a.pos++
		for closed := false; !closed; a.pos++ {
			switch {
			case a.pos >= len(a.s):
				return "", fmt.Errorf("%w: a quoted string without end", errAuth)
			case a.s[a.pos] == '"':
				closed = true
			case a.s[a.pos] == '\\' && a.pos+1 < len(a.s):
				a.pos++
				b.WriteByte(a.s[a.pos])
			default:
				b.WriteByte(a.s[a.pos])
			}
		}
	}
	return b.String(), nil
}

// keyword are the characters of a method, or of ptype.property.
const keyword = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./"

// pair reads name=value with comments wherever RFC 8601 lets them stand, and
// “none”, which has no value.
func (a *authScanner) pair() (name, value string, err error) {
	start := a.pos
	if name, err = a.value("=;"); err != nil {
		return
	}
	if name == "" || strings.Trim(a.s[start:a.pos], keyword) != "" {
		return "", "", fmt.Errorf("%w: a name", errAuth)
	}
	if err = a.skip(); err != nil {
		return
	}
	if a.peek() != '=' {
		if !strings.EqualFold(name, "none") {
			err = fmt.Errorf("%w: no value", errAuth)
		}
		return strings.ToLower(name), "", err
	}
	a.pos++
	if err = a.skip(); err != nil {
		return
	}
	value, err = a.value(";")
	return strings.ToLower(name), value, err
}

// parseAuthResults reads a whole field. A field with anything in it that RFC
// 8601 does not allow is an error: half-understood fields are not believed.
func parseAuthResults(v string) (authResults, error) {
	a := &authScanner{s: v}
	var out authResults
	if err := a.skip(); err != nil {
		return out, err
	}
	var err error
	if out.id, err = a.value(";="); err != nil {
		return out, err
	}
	if err = a.skip(); err != nil {
		return out, err
	}
	if a.peek() >= '0' && a.peek() <= '9' { // the version
		if version, err := a.value(";="); err != nil || version != "1" {
			return out, fmt.Errorf("%w: the version", errAuth)
		}
		if err = a.skip(); err != nil {
			return out, err
		}
	}
	for a.peek() == ';' {
		a.pos++
		res := authResult{properties: map[string]string{}}
		for {
			if err := a.skip(); err != nil {
				return out, err
			}
			if c := a.peek(); c == 0 || c == ';' {
				break
			}
			name, value, err := a.pair()
			if err != nil {
				return out, err
			}
			if res.method == "" {
				res.method, _, _ = strings.Cut(name, "/")
				res.result = strings.ToLower(value)
				continue
			}
			if _, twice := res.properties[name]; twice {
				return out, fmt.Errorf("%w: %s twice", errAuth, name)
			}
			res.properties[name] = value
		}
		if res.method != "" && res.method != "none" {
			out.results = append(out.results, res)
		}
	}
	if a.pos < len(a.s) || out.id == "" {
		return out, fmt.Errorf("%w: no results", errAuth)
	}
	return out, nil
}

// authenticate fills in what our own hosts, or our own verification, say of
// the sender.
//
// An Authentication-Results field is believed if no more than Position
// Received fields, those of our own hosts, stand above it, and if it begins,
// letter for letter, with the configured authserv-id and “;”. With Position 0
// the field stands above all Received fields, where no stranger can write.
// With more, a stranger's fields may stand there too if he gives the mail to
// us himself: our MX drops those in its own name, but not in every spelling of
// it, so that other spellings are never ours. Of all fields believed there
// must be exactly one dmarc result, and it must be about the From domain.
func (r *reader) authenticate(h message.Header, raw []byte) {
	var dmarc, submitters []string
	received := 0
	for f := h.Fields(); f.Next() && received <= max(r.Position, 0); {
		switch f.Key() {
		case "Received":
			received++
		case "Authentication-Results":
			if r.AuthservID == "" || !strings.HasPrefix(f.Value(), r.AuthservID+";") {
				continue
			}
			res, err := parseAuthResults(f.Value())
			if err != nil || res.id != r.AuthservID {
				r.problem("Authentication-Results of %s is not believed: %v", r.AuthservID, err)
				continue
			}
			for _, one := range res.results {
				switch {
				case one.method == "dmarc":
					dmarc = append(dmarc, r.dmarcResult(one))
				case one.method == "auth" && one.result == "pass" && one.properties["smtp.auth"] != "":
					submitters = append(submitters, clean(one.properties["smtp.auth"]))
				}
			}
		}
	}
	auth := &r.m.Auth
	switch len(dmarc) {
	case 0:
	case 1:
		auth.DMARC = dmarc[0]
	default: // one of the fields is not our server's: nothing in them counts
		r.problem("%d dmarc results, none counts", len(dmarc))
		submitters = nil
	}
	if len(submitters) == 1 {
		auth.Submitter = submitters[0]
	}
	if auth.DMARC != "" || auth.Submitter != "" {
		auth.By = r.AuthservID
	}
	if r.VerifyDKIM != nil && r.m.Hold == "" && h.Has("Dkim-Signature") {
		domains, away := r.VerifyDKIM(raw)
		auth.DKIM = append(auth.DKIM, domains...)
		if len(auth.DKIM) > 0 && auth.By == "" {
			auth.By = "dkim"
		}
		_, domain, _ := strings.Cut(r.m.From.Addr, "@")
		if auth.Away = slices.Contains(away, domain) && !slices.Contains(domains, domain) && auth.DMARC != "pass" && auth.Submitter == ""; auth.Away {
			r.problem("the DNS could not be asked for the DKIM key of %s", domain)
		}
	}
}

// dmarcResult gives the result if it is about the domain that the From field
// names, "" otherwise.
func (r *reader) dmarcResult(one authResult) string {
	from, named := one.properties["header.from"]
	_, domain, _ := strings.Cut(r.m.From.Addr, "@")
	if i := strings.LastIndexByte(from, '@'); i >= 0 {
		from = from[i+1:]
	}
	if r.m.Froms != 1 || named && !strings.EqualFold(strings.TrimSuffix(from, "."), domain) {
		r.problem("a dmarc result that is not about the From domain")
		return ""
	}
	return clean(one.result)
}

// signedFields are what a signature must cover to count: who writes, about what
// case, and when. Without them a mail that was once signed could be sent again
// as another one (RFC 6376 section 8.15); for the same reason a mail that has
// one of them twice counts as unsigned: which of the two was signed is not the
// one that is read.
var signedFields = []string{"From", "Subject", "Date"}

// Verifier gives the domains (d=) of the signatures of a mail that verify, and
// those whose key could not be asked for just now.
type Verifier func(raw []byte) (domains, away []string)

// DKIMDomains verifies the DKIM signatures of a mail (RFC 6376), the first max
// of them, and gives the signing domains (d=) in lower case. A signature counts
// if it covers the signedFields that the mail has, and To where there is one.
// lookupTXT asks the DNS, and must end by itself; away are the domains for whose
// key it gave a net.Error that is temporary: a later try may verify them.
func DKIMDomains(raw []byte, lookupTXT func(domain string) ([]string, error), max int) (domains, away []string) {
	quiet := &reader{Desk: Desk{Limits: Limits{}.WithDefaults()}, m: &complaints.Message{}}
	h, _ := quiet.header(raw, nil)
	if len(h.Values("From")) != 1 || quiet.m.Hold != "" {
		return nil, nil
	}
	must := []string{"From"}
	for _, name := range slices.Concat(signedFields[1:], []string{"To"}) {
		switch len(h.Values(name)) {
		case 0:
		case 1:
			must = append(must, name)
		default:
			return nil, nil
		}
	}
	// signatures are over CRLF; mail stores may keep bare LF
	if !bytes.Contains(raw, []byte("\r\n")) {
		raw = bytes.ReplaceAll(raw, []byte("\n"), []byte("\r\n"))
	}
	verified, err := dkim.VerifyWithOptions(bytes.NewReader(raw), &dkim.VerifyOptions{LookupTXT: lookupTXT, MaxVerifications: max})
	if err != nil && !errors.Is(err, dkim.ErrTooManySignatures) {
		return nil, nil
	}
	for _, v := range verified {
		open := slices.ContainsFunc(must, func(name string) bool {
			return !slices.ContainsFunc(v.HeaderKeys, func(k string) bool { return strings.EqualFold(strings.TrimSpace(k), name) })
		})
		switch d := strings.ToLower(v.Domain); {
		case open:
		case v.Err == nil && !slices.Contains(domains, d):
			domains = append(domains, d)
		case dkim.IsTempFail(v.Err) && !slices.Contains(away, d):
			away = append(away, d)
		}
	}
	return domains, away
}

// doubtful is a command folder that proves nobody, and why.
func doubtful(zh, en string, args ...any) *complaints.Place {
	return &complaints.Place{Doubt: fmt.Sprintf(en, args...), DoubtZh: fmt.Sprintf(zh, args...)}
}

// CommandFolder is what is to be known of one before the desk relies on it.
type CommandFolder struct {
	Name   string
	Owner  string   // "": nobody's
	Others []string // who else may put mail there, as the server names them
	Asked  bool     // the server has said who may (RFC 4314)
	Err    error    // it is not there, or the desk cannot take mail out of it
}

// CommandFolders looks at the folder of everybody who may command, and at those
// that are nobody's. Nothing is changed.
func (s *Server) CommandFolders(ctx context.Context) ([]CommandFolder, error) {
	t := s.withDefaults()
	t.ReadOnly = true
	c, err := t.connect(ctx)
	if err != nil {
		return nil, err
	}
	defer c.close()
	owners, err := s.Owners(ctx)
	if err != nil {
		return nil, err
	}
	places, err := c.places(ctx)
	if err != nil {
		return nil, err
	}
	var all []CommandFolder
	for _, owner := range owners {
		f := CommandFolder{Name: s.commandFolder(owner), Owner: owner}
		switch p := places[f.Name]; {
		case p == nil:
			f.Err = ErrNoFolder
		case p.Doubt != "":
			f.Err = errors.New(p.Doubt)
		default:
			if f.Err = c.open(f.Name); f.Err == nil {
				f.Err = c.mayTake(f.Name)
			}
			if f.Err == nil {
				f.Others, f.Asked, f.Err = c.writers(f.Name, owner)
			}
		}
		if f.Err != nil && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		all = append(all, f)
		delete(places, f.Name)
	}
	for _, name := range slices.Sorted(maps.Keys(places)) {
		all = append(all, CommandFolder{Name: name, Err: errors.New(places[name].Doubt)})
	}
	return all, nil
}

// commandFolder is the name of somebody's command folder.
func (s *Server) commandFolder(addr string) string {
	local, _, _ := strings.Cut(addr, "@")
	return strings.NewReplacer("%u", addr, "%n", local).Replace(s.Commands)
}
