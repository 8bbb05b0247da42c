package complaints

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"fmt"
	"strings"
	"time"
)

// Purpose says what a token is good for.
type Purpose byte

// The purposes of a token.
const (
	ForClient Purpose = 'c' // add to the case; bound to no person
	ForStaff  Purpose = 's' // command the case; bound to one person
	ForBounce Purpose = 'b' // return path of one outgoing mail (VERP); Ref is its outbox number
)

// Token is the detail of a recipient address (RFC 5233): complaints+<detail>@.
// The MAC is 128 bits of HMAC-SHA256 over reference, purpose, person and
// expiry, so a token of another case, person or purpose does not verify.
type Token struct {
	Ref     string // case, or outbox number
	Purpose Purpose
	Expiry  int // weeks since 2020-01-01 UTC
	mac     string
}

// Keyring holds the HMAC keys: the first signs, all verify, so that a key can
// be rotated out.
type Keyring [][]byte

var (
	tokenEpoch  = time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	tokenBase32 = base32.StdEncoding.WithPadding(base32.NoPadding)
)

// tokenLife is how long a reply address works: a case with its appeal and the
// firm's long-stop fits into it.
const tokenLife = 104 // weeks

func week(t time.Time) int { return int(t.Sub(tokenEpoch) / (7 * 24 * time.Hour)) }

func mac(key []byte, ref string, p Purpose, person string, expiry int) string {
	h := hmac.New(sha256.New, key)
	fmt.Fprintf(h, "complaintsd token 1\n%s\n%c\n%s\n%d", strings.ToUpper(ref), p, strings.ToLower(person), expiry)
	return strings.ToLower(tokenBase32.EncodeToString(h.Sum(nil)[:16]))
}

// Sign makes the detail for an address: <ref>.<purpose><expiry><mac>, at most
// 45 bytes, lower case, so that it survives every mail system.
func (k Keyring) Sign(ref string, p Purpose, person string, now time.Time) string {
	expiry := week(now) + tokenLife
	return fmt.Sprintf("%s.%c%03x%s", strings.ToLower(ref), p, expiry, mac(k[0], ref, p, person, expiry))
}

// ParseToken reads the detail of an address; false if it has not the form of
// a token. Nothing is verified yet.
func ParseToken(detail string) (Token, bool) {
	ref, rest, ok := strings.Cut(strings.ToLower(detail), ".")
	if !ok || len(rest) != 1+3+26 || ref == "" {
		return Token{}, false
	}
	t := Token{Ref: strings.ToUpper(ref), Purpose: Purpose(rest[0]), mac: rest[4:]}
	if _, err := fmt.Sscanf(rest[1:4], "%03x", &t.Expiry); err != nil {
		return Token{}, false
	}
	switch t.Purpose {
	case ForClient, ForStaff, ForBounce:
		return t, true
	}
	return Token{}, false
}

// Verify reports whether a token was signed by one of the keys for this person
// ("" for purposes bound to none) and has not expired.
func (k Keyring) Verify(t Token, person string, now time.Time) bool {
	if t.Purpose != ForStaff {
		person = ""
	}
	if t.mac == "" || week(now) > t.Expiry {
		return false
	}
	for _, key := range k {
		if hmac.Equal([]byte(mac(key, t.Ref, t.Purpose, person, t.Expiry)), []byte(t.mac)) {
			return true
		}
	}
	return false
}

// Detailed puts a detail into an address: complaints@f → complaints+detail@f.
func Detailed(addr, detail string) string {
	local, domain, _ := strings.Cut(addr, "@")
	return local + "+" + detail + "@" + domain
}

// CaseKeys are what a message says of the case it belongs to, strongest first.
type CaseKeys struct {
	Token      *Token   // from a recipient address; not verified
	MessageIDs []string // that it refers to, newest first
	Ref        string   // reference number in the subject
}

// KeysOf reads the keys of a message. desk is the address of the desk without
// a detail.
func KeysOf(m *Message, desk string) CaseKeys {
	var k CaseKeys
	local, domain, _ := strings.Cut(strings.ToLower(desk), "@")
	for _, r := range m.Recipients() {
		l, d, ok := strings.Cut(strings.ToLower(r), "@")
		detail, found := strings.CutPrefix(l, local+"+")
		if !ok || !found || d != domain {
			continue
		}
		if t, ok := ParseToken(detail); ok {
			k.Token = &t
			break
		}
	}
	for i := len(m.References) - 1; i >= 0 && len(k.MessageIDs) < 50; i-- {
		k.MessageIDs = append(k.MessageIDs, m.References[i])
	}
	k.Ref = FindRef(m.Subject)
	return k
}
