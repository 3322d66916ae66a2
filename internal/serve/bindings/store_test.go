package bindings

import (
	"encoding/json"
	"errors"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"go.etcd.io/bbolt"

	"github.com/handsel-tls/handsel/internal/protocol/iana"
)

func TestStore(t *testing.T) {
	path := filepath.Join(t.TempDir(), "test.db")
	db, err := bbolt.Open(path, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	s, err := NewStore(db)
	if err != nil {
		t.Fatal(err)
	}
	full := Binding{must(t, "*.api.example.com:443"), Settings{
		Site: "api", Certificates: []string{"aa", "bb"}, Policy: "compatible",
		MinVersion: iana.TLS12, MaxVersion: iana.TLS12,
		Suites:     []iana.Suite{iana.SSL_CK_DES_64_CBC_WITH_MD5},
		ClientAuth: ClientAuthRequire, ClientCAs: []string{"ca.pem"},
		RawKey: "raw.pem", ClientKeys: []string{"clients.pem"}, PSKFile: "x.psk", PSKHint: "x", ClientAuthPaths: []string{"/private/"}, Renegotiation: true, NoHTTP2: true, NoTickets: true, NoStapling: true, NoCompression: true, RecordSizeLimit: 4096, EarlyData: true, SSL2: true, Reject: true,
	}}
	plain := Binding{Key: must(t, "*:443")}
	for _, b := range []Binding{plain, full} {
		if err := s.Add(b); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Add(plain); !errors.Is(err, ErrExists) || !strings.Contains(err.Error(), "binding 0.0.0.0:443: there is a binding") {
		t.Error(err)
	}

	// Everything is there after the database was closed.
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if db, err = bbolt.Open(path, 0o600, nil); err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if s, err = NewStore(db); err != nil {
		t.Fatal(err)
	}
	list, err := s.List()
	if err != nil || !reflect.DeepEqual(list, []Binding{full, plain}) {
		t.Fatalf("%+v, %v", list, err)
	}

	full.Settings.Site = "new"
	if err := s.Set(full); err != nil {
		t.Fatal(err)
	}
	if got, err := s.Get(full.Key); err != nil || got.Settings.Site != "new" {
		t.Errorf("%+v, %v", got, err)
	}
	if table, err := s.Table(Options{}); err != nil || table.Len() != 2 {
		t.Error(err)
	}
	if got, err := s.Remove(full.Key); err != nil || !reflect.DeepEqual(got, full) {
		t.Errorf("%+v, %v", got, err)
	}
	if _, err := s.Remove(full.Key); !errors.Is(err, ErrNotFound) {
		t.Error(err)
	}
	if _, err := s.Get(full.Key); !errors.Is(err, ErrNotFound) {
		t.Error(err)
	}
	if err := s.Set(Binding{}); err == nil {
		t.Error("a binding without a key is stored")
	}
	if err := s.Set(Binding{plain.Key, Settings{MinVersion: iana.TLS13, MaxVersion: iana.TLS12}}); err == nil {
		t.Error("a binding without versions is stored")
	}
}

// TestStoreDamaged: a record that cannot be read is named, and can be removed.
func TestStoreDamaged(t *testing.T) {
	db, err := bbolt.Open(filepath.Join(t.TempDir(), "test.db"), 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	s, err := NewStore(db)
	if err != nil {
		t.Fatal(err)
	}
	key := must(t, "a.example:443")
	if err := db.Update(func(tx *bbolt.Tx) error { return tx.Bucket(bucket).Put([]byte(key.String()), []byte("{")) }); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Table(Options{}); err == nil || !strings.Contains(err.Error(), "binding a.example:443 in ") {
		t.Error(err)
	}
	if b, err := s.Remove(key); err != nil || b.Key != key {
		t.Error(b, err)
	}
}

func TestJSON(t *testing.T) {
	b := Binding{must(t, "A.example:443"), Settings{
		MinVersion: iana.TLS12, ClientAuth: ClientAuthRequest, Suites: []iana.Suite{iana.TLS_AES_128_GCM_SHA256},
	}}
	const want = `{"key":"a.example:443","min_version":"TLS 1.2","suites":["TLS_AES_128_GCM_SHA256"],"client_auth":"request"}`
	got, err := json.Marshal(b)
	if err != nil || string(got) != want {
		t.Errorf("%s, %v", got, err)
	}
	for in, want := range map[string]string{
		`{"key":"a.example"}`:                             "the port is missing",
		`{"key":"a.example:1","min_version":"9"}`:         "min_version: no version",
		`{"key":"a.example:1","max_version":"x"}`:         "max_version: no version",
		`{"key":"a.example:1","suites":["x"]}`:            "suites: no",
		`{"key":"a.example:1","client_auth":"perhaps"}`:   "write none, request, require",
		`{"key":"a.example:1","certificates":"notalist"}`: "certificates",
	} {
		if err := json.Unmarshal([]byte(in), &b); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", in, err, want)
		}
	}
}

func TestEffectivePolicy(t *testing.T) {
	for _, test := range []struct {
		s    Settings
		want string
	}{
		{Settings{}, "modern TLS 1.3 TLS 1.2"},
		{Settings{Policy: "compatible", MaxVersion: iana.TLS12}, "compatible TLS 1.2"},
		{Settings{MinVersion: iana.TLS13}, "modern TLS 1.3"},
		{Settings{Policy: "none"}, `no policy is called "none"`},
		{Settings{MinVersion: iana.TLS13, MaxVersion: iana.TLS12}, "the lowest version TLS 1.3 is above the highest, TLS 1.2"},
		{Settings{MaxVersion: iana.TLS10}, "policy modern has no version up to TLS 1.0"},
	} {
		p, err := test.s.EffectivePolicy()
		got := ""
		if err != nil {
			got = err.Error()
		} else {
			got = p.Name
			for _, v := range p.Versions {
				got += " " + v.String()
			}
		}
		if !strings.HasPrefix(got, test.want) {
			t.Errorf("%+v: %s, want %s", test.s, got, test.want)
		}
	}
	one := Settings{Suites: []iana.Suite{iana.TLS_RSA_WITH_AES_128_CBC_SHA}}
	if p, err := one.EffectivePolicy(); err != nil || !reflect.DeepEqual(p.Suites, one.Suites) {
		t.Error(p, err)
	}
}

func TestParseVersion(t *testing.T) {
	for in, want := range map[string]iana.Version{
		"1.3": iana.TLS13, "TLS 1.2": iana.TLS12, "tls1.1": iana.TLS11, "TLSv1": iana.TLS10, "TLSv1.0": iana.TLS10,
		"SSL 3.0": iana.SSL30, "ssl3": iana.SSL30,
	} {
		if got, err := ParseVersion(in); err != nil || got != want {
			t.Errorf("%s: %v, %v", in, got, err)
		}
	}
	for _, in := range []string{"", "1.4", "3", "tls", "SSLv2"} {
		if got, err := ParseVersion(in); err == nil {
			t.Errorf("%q is %v", in, got)
		}
	}
}

func TestNames(t *testing.T) {
	for _, n := range []NoMatch{NoMatchReset, NoMatchUnrecognizedName, NoMatchDefault} {
		text, _ := n.MarshalText()
		var again NoMatch
		if err := again.UnmarshalText(text); err != nil || again != n {
			t.Error(n, again, err)
		}
	}
	n := NoMatchDefault
	if err := n.UnmarshalText(nil); err != nil || n != NoMatchReset {
		t.Error(n, err)
	}
	if err := n.UnmarshalText([]byte("drop")); err == nil {
		t.Error("drop is accepted")
	}
	for i := range uint8(12) {
		for _, s := range []string{Kind(i).String(), Rule(i).String(), Outcome(i).String(), NoMatch(i).String(), ClientAuth(i).String()} {
			if s == "" {
				t.Error(i)
			}
		}
	}
}
