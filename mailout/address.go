package mailout

import (
	"errors"
	"fmt"
	"net/mail"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
)

// maxAddr is the longest address that a path can carry (RFC 5321 section
// 4.5.3.1.3: 256 octets with its brackets).
const maxAddr = 254

var errAddress = errors.New("not a mail address")

// path writes an addr-spec as it stands in a header and in a MAIL or RCPT
// command, brackets included; an empty one is the null path <>. A local part
// that needs quotes gets them; a domain in national script is written in its
// ASCII form (RFC 5891), so that only the local part can need SMTPUTF8.
func path(addr string) (string, error) {
	if addr == "" {
		return "<>", nil
	}
	if !utf8.ValidString(addr) || strings.ContainsFunc(addr, func(r rune) bool { return unicode.IsControl(r) || turns(r) }) {
		return "", fmt.Errorf("%w: it holds control characters", errAddress)
	}
	if strings.Contains(addr, "=?") {
		return "", fmt.Errorf("%w: it looks like an encoded word, which some reader would decode", errAddress)
	}
	// A quoted local part loses its quotes here and gets them back below.
	if a, err := mail.ParseAddress("<" + addr + ">"); err == nil {
		addr = a.Address
	} else if strings.ContainsAny(addr, " \"\\<>()[],;:") {
		return "", fmt.Errorf("%w: it holds characters that no address has", errAddress)
	}
	i := strings.LastIndexByte(addr, '@')
	if i < 1 || i == len(addr)-1 {
		return "", fmt.Errorf("%w: it wants a name and a domain around one @", errAddress)
	}
	local, domain := addr[:i], addr[i+1:]
	if !strings.HasPrefix(domain, "[") {
		ascii, err := idna.Lookup.ToASCII(domain)
		switch {
		case err == nil:
			domain = ascii
		case !isASCII(domain):
			return "", fmt.Errorf("%w: domain: %v", errAddress, err)
		case strings.ContainsFunc(domain, func(r rune) bool { return r != '.' && r != '-' && r != '_' && !isAlnum(r) }):
			return "", fmt.Errorf("%w: its domain holds characters that no domain has", errAddress)
		}
	}
	p := (&mail.Address{Address: local + "@" + domain}).String()
	if len(p) > maxAddr+2 {
		return "", fmt.Errorf("%w: it is longer than %d octets", errAddress, maxAddr)
	}
	return p, nil
}

func isAlnum(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9'
}

func isASCII[T string | []byte](s T) bool {
	for i := 0; i < len(s); i++ {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
