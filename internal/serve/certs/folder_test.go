package certs

import (
	"crypto/x509"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// handClock is a time that goes on when it is told to.
type handClock struct{ now atomic.Int64 }

func newHandClock() *handClock {
	c := &handClock{}
	c.now.Store(noon.Unix())
	return c
}

func (c *handClock) Now() time.Time      { return time.Unix(c.now.Load(), 0) }
func (c *handClock) add(d time.Duration) { c.now.Add(int64(d / time.Second)) }

// pairFor makes a certificate for a host name.
func pairFor(t *testing.T, host string) *Pair {
	t.Helper()
	i := issue(t, nil, host, newEC(t), nil)
	return &Pair{Chain: []*x509.Certificate{i.cert}, Key: i.key}
}

// later has a file look as if it had been written later than it was.
func later(t *testing.T, path string) {
	t.Helper()
	when := time.Now().Add(time.Hour)
	if err := os.Chtimes(path, when, when); err != nil {
		t.Fatal(err)
	}
}

// found gives the name in the certificate that a folder has for a host.
func found(f *Folder, host string) string {
	path, ok := f.Has(host)
	if !ok {
		return ""
	}
	c, err := f.Certificate(path)
	if err != nil {
		return "error: " + err.Error()
	}
	return c.Leaf.DNSNames[0]
}

// eventually waits for what is noticed in the background.
func eventually(t *testing.T, c *handClock, what string, is func() bool) {
	t.Helper()
	for range 500 {
		if is() {
			return
		}
		c.add(lookAgain)
		time.Sleep(2 * time.Millisecond)
	}
	t.Error(what)
}

func TestFolder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "share")
	if _, err := NewFolder(dir, "", Options{}); !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	write := func(file string, data []byte) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, file), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	pfx := func(host, password string) []byte {
		t.Helper()
		p := pairFor(t, host)
		data, err := p.PFX(password)
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	write("WWW.example.com.PFX", pfx("www.example.com", "secret"))
	write("_.example.com.pfx", pfx("*.example.com", "secret"))
	write("other.example.pfx", pfx("other.example", "another"))
	together := pairFor(t, "pem.example")
	text, err := together.PEM(true)
	if err != nil {
		t.Fatal(err)
	}
	write("pem.example.pem", text)
	apart := pairFor(t, "apart.example")
	if text, err = apart.PEM(false); err != nil {
		t.Fatal(err)
	}
	write("apart.example.crt", text)
	write("apart.example.key", []byte(pemKey(t, apart.Key)))
	write("notes.txt", []byte("not a certificate"))

	c := newHandClock()
	f, err := NewFolder(dir, "secret", Options{Now: c.Now})
	if err != nil {
		t.Fatal(err)
	}
	for host, want := range map[string]string{
		"www.example.com": "www.example.com", "_.example.com": "*.example.com", "pem.example": "pem.example", "apart.example": "apart.example",
		"notes": "", "_.example": "", "": "", "..": "",
		"other.example": "error: " + filepath.Join(dir, "other.example.pfx") + ": does not open: the password is not right",
	} {
		if got := found(f, host); got != want {
			t.Errorf("%q: %q, want %q", host, got, want)
		}
	}
	open, err := NewFolder(dir, "", Options{Now: c.Now})
	if err != nil {
		t.Fatal(err)
	}
	if got := found(open, "www.example.com"); !strings.Contains(got, "is encrypted, and the folder has no password; name the file with it: central_password_file") {
		t.Error(got)
	}
	// A file is replaced, another is put there, one goes.
	write("WWW.example.com.PFX", pfx("new.example.com", "secret"))
	later(t, filepath.Join(dir, "WWW.example.com.PFX"))
	write("late.example.pfx", pfx("late.example", "secret"))
	os.Remove(filepath.Join(dir, "pem.example.pem"))
	eventually(t, c, "the new file is not read", func() bool { return found(f, "www.example.com") == "new.example.com" })
	eventually(t, c, "the other file is not found", func() bool { return found(f, "late.example") == "late.example" })
	eventually(t, c, "the file that is gone is still there", func() bool { return found(f, "pem.example") == "" })
	// The folder goes, as one of another computer may.
	if err := os.Rename(dir, dir+".away"); err != nil {
		t.Fatal(err)
	}
	for range 20 {
		c.add(lookAgain)
		if got := found(f, "www.example.com"); got != "new.example.com" {
			t.Fatal(got)
		}
		time.Sleep(time.Millisecond)
	}
	if got := found(f, "apart.example"); got != "apart.example" {
		t.Error(got)
	}
	// It comes again, with another certificate.
	if err := os.Rename(dir+".away", dir); err != nil {
		t.Fatal(err)
	}
	write("back.example.pfx", pfx("back.example", "secret"))
	eventually(t, c, "what came with the folder is not found", func() bool { return found(f, "back.example") == "back.example" })
}

// A file that cannot be used is looked at again.
func TestFolderWithBrokenFile(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "a.example.pem")
	if err := os.WriteFile(file, []byte("-----BEGIN "), 0o600); err != nil {
		t.Fatal(err)
	}
	c := newHandClock()
	f, err := NewFolder(dir, "", Options{Now: c.Now})
	if err != nil {
		t.Fatal(err)
	}
	if got := found(f, "a.example"); len(got) < 6 || got[:6] != "error:" {
		t.Fatal(got)
	}
	p := pairFor(t, "a.example")
	text, err := p.PEM(true)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	later(t, file)
	c.add(lookAgain)
	if got := found(f, "a.example"); got != "a.example" {
		t.Error(got)
	}
}
