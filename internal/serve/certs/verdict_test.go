package certs

import (
	"crypto/x509"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"github.com/handsel-tls/handsel/internal/tlstest"
)

// What is noted of a certificate is what would be found out now: when dates pass, when
// an older version has stored it, and when it is gone.
func TestVerdict(t *testing.T) {
	now := time.Now()
	s, db := openStore(t, filepath.Join(t.TempDir(), "x.db"), Options{Now: func() time.Time { return now }})
	key := tlstest.NewKey("P-256")
	der := tlstest.Root().Leaf(key, []string{"a.example", "b.example"}, func(c *x509.Certificate) { c.NotBefore, c.NotAfter = now.Add(-time.Hour), now.AddDate(0, 2, 0) })[0]
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Add(&Pair{Chain: []*x509.Certificate{leaf}, Key: key}, "test"); err != nil {
		t.Fatal(err)
	}
	id := ThumbprintOf(leaf)
	raw := func() (b []byte) {
		db.View(func(tx *bbolt.Tx) error { b = slices.Clone(tx.Bucket(bucketVerdicts).Get(id.bytes())); return nil })
		return b
	}
	same := func(when string) {
		t.Helper()
		v, err := s.Verdict(id)
		_, notices, bad := s.Show(string(id))
		if err != nil || bad != nil || !slices.Equal(v.Names, leaf.DNSNames) || !slices.Equal(v.Notices, notices) || v.Staple {
			t.Errorf("%s: %+v (%v), and %v (%v) is found", when, v, err, notices, bad)
		}
	}
	has := func(code NoticeCode) bool {
		v, _ := s.Verdict(id)
		return slices.ContainsFunc(v.Notices, func(n Notice) bool { return n.Code == code })
	}
	same("at first")
	first := raw()
	if first == nil || has(ExpiresSoon) || !has(MissingIntermediate) {
		t.Error("what is noted at first:", first)
	}
	if now = leaf.NotAfter.AddDate(0, 0, -7); !has(ExpiresSoon) {
		t.Error("it does not end soon")
	}
	same("before its end")
	if now = leaf.NotAfter.Add(time.Minute); !has(Expired) {
		t.Error("it has not ended")
	}
	same("after its end")
	if err := s.Review([]Thumbprint{id, "00"}); err != nil || slices.Equal(raw(), first) {
		t.Error("what has grown old stays:", err)
	}
	if n, err := parseNoted(raw()); err != nil || !n.until.IsZero() || n.made.Unix() != now.Unix() {
		t.Errorf("%+v %v", n, err)
	}
	db.Update(func(tx *bbolt.Tx) error { return tx.Bucket(bucketVerdicts).Delete(id.bytes()) })
	same("of an older version")
	if err := s.Review([]Thumbprint{id}); err != nil || raw() == nil {
		t.Error("nothing is noted:", err)
	}
	if _, err := s.Remove(string(id)); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Verdict(id); err == nil || raw() != nil {
		t.Error("what is noted outlives the certificate:", err)
	}
}

func FuzzNoted(f *testing.F) {
	n := noted{Verdict{[]string{"a.example", ""}, true, []Notice{{Expired, "it has"}}}, time.Unix(1, 0), time.Unix(2, 0)}
	whole := n.append(nil)
	f.Add(whole)
	for i := range whole {
		if _, err := parseNoted(whole[:i]); err == nil {
			f.Errorf("%d bytes are enough", i)
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		n, err := parseNoted(b)
		if err != nil {
			return
		}
		again, err := parseNoted(n.append(nil))
		if err != nil || again.made != n.made || again.until != n.until || !slices.Equal(again.Names, n.Names) || !slices.Equal(again.Notices, n.Notices) {
			t.Errorf("%+v is read as %+v (%v)", n, again, err)
		}
	})
}
