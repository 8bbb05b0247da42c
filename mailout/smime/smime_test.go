package smime

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var day = time.Date(2026, 11, 24, 10, 0, 0, 0, time.UTC)

const desk = "complaints@firm.example"

// authority makes a root, an authority below it, and the desk's certificate
// below that, and gives the desk's PEM files and the root's.
func authority(t *testing.T, key crypto.Signer, change func(*x509.Certificate)) (certificates, private, root []byte) {
	t.Helper()
	issue := func(name string, n int64, ca bool, public crypto.PublicKey, parent *x509.Certificate, signer crypto.Signer) *x509.Certificate {
		c := &x509.Certificate{SerialNumber: big.NewInt(n), Subject: pkix.Name{CommonName: name}, NotBefore: day.AddDate(-1, 0, 0), NotAfter: day.AddDate(1, 0, 0),
			KeyUsage: x509.KeyUsageCertSign, IsCA: ca, BasicConstraintsValid: true}
		if !ca {
			c.KeyUsage, c.ExtKeyUsage, c.EmailAddresses = x509.KeyUsageDigitalSignature, []x509.ExtKeyUsage{x509.ExtKeyUsageEmailProtection}, []string{desk}
			if change != nil {
				change(c)
			}
		}
		if parent == nil {
			parent = c
		}
		der, err := x509.CreateCertificate(rand.Reader, c, parent, public, signer)
		if err != nil {
			t.Fatal(err)
		}
		c, err = x509.ParseCertificate(der)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	fresh := func() *ecdsa.PrivateKey {
		k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	top, middle := fresh(), fresh()
	rootCert := issue("Root", 1, true, top.Public(), nil, top)
	between := issue("Mail CA", 2, true, middle.Public(), rootCert, top)
	own := issue("明理律师事务所", 3, false, key.Public(), between, middle)
	for _, c := range []*x509.Certificate{between, own} { // the signer's own need not come first
		certificates = append(certificates, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})...)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return certificates, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: rootCert.Raw})
}

const letter = "From: <complaints@firm.example>\r\nTo: <zhang@client.example>\r\nSubject: Result\r\nMIME-Version: 1.0\r\n" +
	"Content-Type: multipart/mixed;\r\n boundary=\"=_x\"\r\n\r\n--=_x\r\nContent-Type: text/plain\r\n\r\nThe letter is attached. \r\n\r\n" +
	"--=_x\r\nContent-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\n\r\nJVBERi0=\r\n--=_x--\r\n"

// OpenSSL, which knows nothing of this package, verifies the signature up to
// the root, and finds a change of one letter.
func TestOpenSSLVerifies(t *testing.T) {
	openssl, err := exec.LookPath("openssl")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("openssl is missing: apt-get install openssl")
		}
		t.Skip("openssl is missing: apt-get install openssl")
	}
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	curve, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for name, key := range map[string]crypto.Signer{"rsa": rsaKey, "ecdsa": curve} {
		t.Run(name, func(t *testing.T) {
			certificates, private, root := authority(t, key, nil)
			s, err := Load(certificates, private)
			if err != nil {
				t.Fatal(err)
			}
			if err := s.Fit(desk, day); err != nil {
				t.Error(err)
			}
			signed, err := s.Sign([]byte(letter), day)
			if err != nil {
				t.Fatal(err)
			}
			if again, err := s.Sign([]byte(letter), day); err != nil || !bytes.Equal(signed, again) {
				t.Errorf("the second signing gives other bytes (%v)", err)
			}
			dir := t.TempDir()
			ca := filepath.Join(dir, "ca.pem")
			if err := os.WriteFile(ca, root, 0o600); err != nil {
				t.Fatal(err)
			}
			verify := func(raw []byte) (string, error) {
				in := filepath.Join(dir, "mail.eml")
				if err := os.WriteFile(in, raw, 0o600); err != nil {
					t.Fatal(err)
				}
				cmd := exec.Command(openssl, "cms", "-verify", "-in", in, "-CAfile", ca, "-attime", "1795600800", "-purpose", "smimesign")
				var log bytes.Buffer
				cmd.Stderr = &log
				content, err := cmd.Output()
				return string(content) + log.String(), err
			}
			content, err := verify(signed)
			if err != nil || !strings.Contains(content, "The letter is attached. \r\n") || !strings.Contains(content, "boundary=\"=_x\"") {
				t.Errorf("OpenSSL: %v\n%s", err, content)
			}
			if said, err := verify(bytes.Replace(signed, []byte("is attached"), []byte("is attachee"), 1)); err == nil {
				t.Errorf("a change was not seen: %s", said)
			}
			if bytes.Count(signed, []byte("MIME-Version")) != 1 || !bytes.HasPrefix(signed, []byte("From: ")) {
				t.Errorf("the header is\n%s", signed[:300])
			}
		})
	}
}

func TestLoadRefuses(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	certificates, private, root := authority(t, key, nil)
	_, other, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(other)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name              string
		certificates, key []byte
		want              string
	}{
		{"no PEM", certificates, []byte("secret"), "not in PEM"},
		{"another key's certificate", root, private, "no certificate of this key"},
		{"ed25519", certificates, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), "RSA or ECDSA"},
		{"encrypted", certificates, pem.EncodeToMemory(&pem.Block{Type: "ENCRYPTED PRIVATE KEY", Bytes: der}), "encrypted"},
		{"broken", certificates, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: []byte{1}}), "cannot be read"},
	} {
		if _, err := Load(tt.certificates, tt.key); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}

// A signature that a mail program would warn of is worse than none.
func TestFit(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name, from, want string
		at               time.Time
		change           func(*x509.Certificate)
	}{
		{"another sender", "info@firm.example", "not info@firm.example", day, nil},
		{"too early", desk, "only from", day.AddDate(-2, 0, 0), nil},
		{"too late", desk, "was valid until", day.AddDate(2, 0, 0), nil},
		{"a server's", desk, "not for signing", day, func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth} }},
		{"for encryption", desk, "not for signing", day, func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageKeyEncipherment }},
	} {
		certificates, private, _ := authority(t, key, tt.change)
		s, err := Load(certificates, private)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Fit(tt.from, tt.at); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}
