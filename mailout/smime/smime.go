// Package smime signs a composed mail (RFC 8551), so that whoever gets a
// letter can check that it comes from the firm and that nothing in it was
// changed on its way.
//
//  1. Load reads the certificate, those above it, and the key, from PEM.
//  2. Sign takes a whole mail, moves its MIME entity into multipart/signed
//     (RFC 1847) and adds a detached signature (CMS SignedData, RFC 5652).
//
// The mail library can sign too, but only what it writes in the same breath:
// with boundaries drawn by chance, a signing time from its own clock, and one
// certificate above the signer's. Here the same mail, key and time give the
// same bytes.
package smime

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"time"
)

// Signer is a certificate with its key.
type Signer struct {
	cert  *x509.Certificate
	chain []*x509.Certificate // the signer's first
	key   crypto.Signer
}

// Load reads a signer: certificates as PEM blocks in any order, and the key
// as PKCS #8, PKCS #1 or SEC 1. RSA and ECDSA are known to every mail program;
// other keys are refused. The signer's certificate is the one of the key.
func Load(certificates, key []byte) (*Signer, error) {
	s := &Signer{}
	block, _ := pem.Decode(key)
	if block == nil {
		return nil, errors.New("the key is not in PEM")
	}
	var err error
	if s.key, err = parseKey(block); err != nil {
		return nil, err
	}
	public := s.key.Public().(interface{ Equal(crypto.PublicKey) bool })
	for block, certificates = pem.Decode(certificates); block != nil; block, certificates = pem.Decode(certificates) {
		if block.Type != "CERTIFICATE" {
			continue
		}
		c, err := x509.ParseCertificate(block.Bytes)
		switch {
		case err != nil:
			return nil, fmt.Errorf("certificate: %w", err)
		case public.Equal(c.PublicKey):
			s.cert, s.chain = c, slices.Insert(s.chain, 0, c)
		default:
			s.chain = append(s.chain, c)
		}
	}
	if s.cert == nil {
		return nil, errors.New("there is no certificate of this key")
	}
	return s, nil
}

func parseKey(b *pem.Block) (crypto.Signer, error) {
	if b.Headers["DEK-Info"] != "" || b.Type == "ENCRYPTED PRIVATE KEY" {
		return nil, errors.New("the key is encrypted: the daemon cannot ask for a pass phrase")
	}
	if k, err := x509.ParsePKCS8PrivateKey(b.Bytes); err == nil {
		switch k := k.(type) {
		case *rsa.PrivateKey:
			return k, nil
		case *ecdsa.PrivateKey:
			return k, nil
		}
		return nil, fmt.Errorf("a key of the kind %T is not used for mail: RSA or ECDSA", k)
	}
	if k, err := x509.ParsePKCS1PrivateKey(b.Bytes); err == nil {
		return k, nil
	}
	if k, err := x509.ParseECPrivateKey(b.Bytes); err == nil {
		return k, nil
	}
	return nil, errors.New("the key cannot be read")
}

// Expires is the last moment at which the certificate is valid.
func (s *Signer) Expires() time.Time { return s.cert.NotAfter }

// Fit says what is wrong with the certificate for mail from an address at a
// time, or nil: readers warn of a signature whose certificate is out of date,
// is not for mail, or names another sender (RFC 8550 section 3).
func (s *Signer) Fit(from string, at time.Time) error {
	named := slices.ContainsFunc(s.cert.EmailAddresses, func(a string) bool { return strings.EqualFold(a, from) })
	mail := len(s.cert.ExtKeyUsage)+len(s.cert.UnknownExtKeyUsage) == 0 ||
		slices.ContainsFunc(s.cert.ExtKeyUsage, func(u x509.ExtKeyUsage) bool { return u == x509.ExtKeyUsageEmailProtection || u == x509.ExtKeyUsageAny })
	switch {
	case at.Before(s.cert.NotBefore):
		return fmt.Errorf("the certificate is valid only from %s", s.cert.NotBefore.Format(time.DateOnly))
	case at.After(s.cert.NotAfter):
		return fmt.Errorf("the certificate was valid until %s", s.cert.NotAfter.Format(time.DateOnly))
	case !mail || s.cert.KeyUsage != 0 && s.cert.KeyUsage&(x509.KeyUsageDigitalSignature|x509.KeyUsageContentCommitment) == 0:
		return errors.New("the certificate is not for signing mail")
	case !named:
		return fmt.Errorf("the certificate names %s, not %s", strings.Join(append(s.cert.EmailAddresses, s.cert.Subject.CommonName), ", "), from)
	}
	return nil
}

// Sign gives the mail with a signature of the time at. raw is a whole mail:
// lines ended by CRLF, 7-bit, so that no relay has a reason to write it anew.
func (s *Signer) Sign(raw []byte, at time.Time) ([]byte, error) {
	head, body, ok := bytes.Cut(raw, []byte("\r\n\r\n"))
	if !ok {
		return nil, errors.New("sign: the mail has no body")
	}
	outer, inner := part(head)
	if len(inner) == 0 {
		return nil, errors.New("sign: the mail has no content type")
	}
	entity := slices.Concat(inner, []byte("\r\n"), body)
	signature, err := s.detached(entity, at)
	if err != nil {
		return nil, fmt.Errorf("sign: %w", err)
	}
	sum := sha256.Sum256(entity)
	boundary := "=_s" + hex.EncodeToString(sum[:])[:48] // neither quoted-printable nor base64 can hold =_
	var b bytes.Buffer
	b.Grow(len(raw) + 2*len(signature) + 1<<10)
	b.Write(outer)
	fmt.Fprintf(&b, "Content-Type: multipart/signed; protocol=\"application/pkcs7-signature\";\r\n micalg=sha-256; boundary=\"%s\"\r\n\r\n", boundary)
	fmt.Fprintf(&b, "--%s\r\n%s\r\n--%s\r\n", boundary, entity, boundary)
	b.WriteString("Content-Type: application/pkcs7-signature; name=\"smime.p7s\"\r\nContent-Transfer-Encoding: base64\r\n" +
		"Content-Disposition: attachment; filename=\"smime.p7s\"\r\n\r\n")
	for code := base64.StdEncoding.EncodeToString(signature); code != ""; {
		n := min(76, len(code))
		b.WriteString(code[:n] + "\r\n")
		code = code[n:]
	}
	fmt.Fprintf(&b, "--%s--\r\n", boundary)
	return b.Bytes(), nil
}

// part parts the fields of a header that describe the content from the others.
func part(head []byte) (outer, inner []byte) {
	mime := false
	for _, line := range bytes.Split(head, []byte("\r\n")) {
		if len(line) > 0 && line[0] != ' ' && line[0] != '\t' {
			mime = len(line) > 8 && strings.EqualFold(string(line[:8]), "content-")
		}
		if mime {
			inner = append(append(inner, line...), "\r\n"...)
		} else {
			outer = append(append(outer, line...), "\r\n"...)
		}
	}
	return outer, inner
}

var (
	oidData          = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 1}
	oidSignedData    = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 2}
	oidContentType   = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 3}
	oidMessageDigest = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 4}
	oidSigningTime   = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 5}
	oidSHA256        = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 1}
	oidRSA           = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 1}
	oidECDSA         = asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 2} // with SHA-256
)

// The types of RFC 5652 section 5, as far as one signer with signed attributes
// needs them.
type (
	contentInfo struct {
		Type    asn1.ObjectIdentifier
		Content asn1.RawValue `asn1:"optional"`
	}
	signedData struct {
		Version      int
		Digests      []pkix.AlgorithmIdentifier `asn1:"set"`
		Encap        contentInfo
		Certificates asn1.RawValue
		Signers      []signerInfo `asn1:"set"`
	}
	signerInfo struct {
		Version   int
		ID        issuerAndSerial
		Digest    pkix.AlgorithmIdentifier
		Attrs     []attribute `asn1:"set,tag:0"`
		Algorithm pkix.AlgorithmIdentifier
		Signature []byte
	}
	issuerAndSerial struct {
		Issuer asn1.RawValue
		Serial *big.Int
	}
	attribute struct {
		Type   asn1.ObjectIdentifier
		Values []any `asn1:"set"`
	}
)

// detached signs content that is not in the signature itself.
func (s *Signer) detached(content []byte, at time.Time) ([]byte, error) {
	digest := sha256.Sum256(content)
	attrs := []attribute{{oidContentType, []any{oidData}}, {oidSigningTime, []any{at.UTC().Truncate(time.Second)}}, {oidMessageDigest, []any{digest[:]}}}
	signed, err := asn1.MarshalWithParams(attrs, "set") // what is signed has the plain tag of a SET (5.4)
	if err != nil {
		return nil, err
	}
	hash := sha256.Sum256(signed)
	signature, err := s.key.Sign(nil, hash[:], crypto.SHA256) // both kinds of key need no chance
	if err != nil {
		return nil, err
	}
	how := pkix.AlgorithmIdentifier{Algorithm: oidRSA, Parameters: asn1.NullRawValue}
	if _, ok := s.key.(*ecdsa.PrivateKey); ok {
		how = pkix.AlgorithmIdentifier{Algorithm: oidECDSA}
	}
	var certificates []byte
	for _, c := range s.chain {
		certificates = append(certificates, c.Raw...)
	}
	sha := pkix.AlgorithmIdentifier{Algorithm: oidSHA256}
	inner, err := asn1.Marshal(signedData{
		Version: 1, Digests: []pkix.AlgorithmIdentifier{sha}, Encap: contentInfo{Type: oidData},
		Certificates: asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: 0, IsCompound: true, Bytes: certificates},
		Signers: []signerInfo{{Version: 1, ID: issuerAndSerial{asn1.RawValue{FullBytes: s.cert.RawIssuer}, s.cert.SerialNumber},
			Digest: sha, Attrs: attrs, Algorithm: how, Signature: signature}},
	})
	if err != nil {
		return nil, err
	}
	return asn1.Marshal(contentInfo{oidSignedData, asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: 0, IsCompound: true, Bytes: inner}})
}
