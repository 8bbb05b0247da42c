package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// path makes a path of the configuration absolute to the file's folder.
func (k *checker) path(p string) string {
	if p == "" || filepath.IsAbs(p) {
		return p
	}
	return filepath.Join(k.dir, p)
}

// credential is path, but a credential of systemd with that name comes first.
func (k *checker) credential(p string) string {
	if k.credentials != "" && filepath.IsLocal(p) {
		c := filepath.Join(k.credentials, p)
		if _, err := os.Stat(c); err == nil {
			return c
		}
	}
	return k.path(p)
}

// file gives the path and notes a mistake if it cannot be opened.
func (k *checker) file(key, p string) string {
	p = k.path(p)
	if !k.files {
		return p
	}
	f, err := os.Open(p)
	if err != nil {
		k.add(key, "%s cannot be read (%v): name a file that the daemon may read", p, reason(err))
		return p
	}
	f.Close()
	return p
}

// secret reads the password in a file, its text without the final line end,
// and says which file that was.
func (k *checker) secret(key, p string) (Secret, string) {
	if p == "" || !k.files {
		return "", ""
	}
	p = k.credential(p)
	s, err := ReadSecret(p)
	if err != nil {
		k.add(key, "%v", err)
		return "", ""
	}
	return s, p
}

// ReadSecret reads a password as it stands in its file now.
func ReadSecret(p string) (Secret, error) {
	b, err := os.ReadFile(p)
	if err != nil {
		return "", fmt.Errorf("%s cannot be read (%v): write the password into it and let only the daemon read it", p, reason(err))
	}
	text := strings.TrimRight(string(b), "\r\n")
	if text == "" || strings.ContainsAny(text, "\r\n\x00") {
		return "", fmt.Errorf("%s must hold the password and nothing else, on one line", p)
	}
	return Secret(text), nil
}

// reason is the error without the path, which is named already.
func reason(err error) error {
	if p, ok := errors.AsType[*fs.PathError](err); ok {
		return p.Err
	}
	return err
}
