package verify

import (
	"bytes"
	"crypto/x509"
	"sync"
	"testing"
)

func TestCache(t *testing.T) {
	c := Cache{Size: 2}
	var all [][]byte
	for range 6 {
		all = append(all, issue(t, "x", nil, leaf).Raw)
	}
	first, err := c.Parse(all[0])
	if err != nil {
		t.Fatal(err)
	}
	if again, _ := c.Parse(all[0]); again != first {
		t.Error("it was parsed twice")
	}
	for _, der := range all {
		if _, err := c.Parse(der); err != nil {
			t.Fatal(err)
		}
		c.Parse(all[0]) // stays because it is asked for
	}
	if again, _ := c.Parse(all[0]); again != first {
		t.Error("it was forgotten though it was asked for all the time")
	}
	if n := len(c.young) + len(c.old); n > 4 {
		t.Errorf("%d are kept", n)
	}
	if _, err := c.Parse([]byte{0x30}); err == nil {
		t.Error("garbage was parsed")
	}
}

// The bytes are the caller's: when they change, the certificate does not.
func TestCacheOwnsBytes(t *testing.T) {
	c := Cache{Size: 2}
	der := issue(t, "x", nil, leaf).Raw
	want, buf := bytes.Clone(der), bytes.Clone(der)
	cert, err := c.Parse(buf)
	if err != nil {
		t.Fatal(err)
	}
	clear(buf)
	if again, _ := c.Parse(want); again != cert || !bytes.Equal(cert.Raw, want) {
		t.Error("the certificate changed with the buffer")
	}
}

func TestCacheConcurrently(t *testing.T) {
	c := Cache{Size: 3}
	var all [][]byte
	for range 8 {
		all = append(all, issue(t, "x", nil, leaf).Raw)
	}
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			for i := range 200 {
				if cert, err := c.Parse(all[(g+i)%len(all)]); err != nil || !bytes.Equal(cert.Raw, all[(g+i)%len(all)]) {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
}

func BenchmarkParse(b *testing.B) {
	der := issue(b, "a.example", issue(b, "Root", nil, ca), leaf).Raw
	b.Run("parse", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			x509.ParseCertificate(der)
		}
	})
	b.Run("cached", func(b *testing.B) {
		b.ReportAllocs()
		c := Cache{Size: 16}
		for b.Loop() {
			c.Parse(der)
		}
	})
}

func BenchmarkChain(b *testing.B) {
	root := issue(b, "Root", nil, ca)
	inter := issue(b, "Intermediate", root, ca)
	r := Request{Chain: chain(issue(b, "a.example", inter, leaf), inter), Roots: pool(root), Name: "a.example", Now: now}
	b.Run("good", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			Chain(r)
		}
	})
	bad := r
	bad.Name = "b.example"
	b.Run("wrong name", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			Chain(bad)
		}
	})
}
