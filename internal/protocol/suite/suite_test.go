package suite

import (
	"crypto/tls"
	"strings"
	"testing"

	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/schedule"
)

// A suite's registered name says what it consists of.
func TestRowsSayWhatTheNamesSay(t *testing.T) {
	seen := map[iana.Suite]bool{}
	for _, p := range All() {
		name := p.ID.String()
		if seen[p.ID] {
			t.Errorf("%s is there twice", name)
		}
		seen[p.ID] = true
		if got, ok := Of(p.ID); !ok || got != p {
			t.Errorf("%s: Of gives %+v", name, got)
		}
		if got := nameOf(p); got != name {
			t.Errorf("%s has the row of %s", name, got)
		}
		hash := schedule.SHA256
		if strings.HasSuffix(name, "SHA384") {
			hash = schedule.SHA384
		}
		if p.Hash != hash {
			t.Errorf("%s: the hash is %v", name, p.Hash)
		}
		if p.AEAD() != (strings.Contains(name, "GCM") || strings.Contains(name, "POLY1305")) || p.CBC() != strings.Contains(name, "CBC") {
			t.Errorf("%s: AEAD is %v", name, p.AEAD())
		}
		low, high := iana.TLS12, iana.TLS12 // RFC 5246, appendix A.5; RFC 5288; RFC 5289
		switch {
		case !strings.Contains(name, "_WITH_"):
			low, high = iana.TLS13, iana.TLS13
		case strings.HasSuffix(name, "CBC_SHA"), strings.Contains(name, "RC4"):
			low = iana.SSL30
			if strings.Contains(name, "ECDHE") || strings.Contains(name, "PSK") { // RFC 8422, section 5.1, and RFC 4279: TLS 1.0 and above
				low = iana.TLS10
			}
		}
		if p.MinVersion != low || p.MaxVersion != high {
			t.Errorf("%s: from %v to %v", name, p.MinVersion, p.MaxVersion)
		}
	}
	if _, ok := Of(iana.TLS_FALLBACK_SCSV); ok {
		t.Error("a signaling value is no suite")
	}
}

// nameOf puts the name together from the row.
func nameOf(p Params) string {
	var b strings.Builder
	b.WriteString("TLS_")
	switch p.KeyExchange {
	case ECDHE:
		b.WriteString("ECDHE_" + map[Auth]string{RSAKey: "RSA", ECDSAKey: "ECDSA"}[p.Auth] + "_WITH_")
	case RSA:
		b.WriteString("RSA_WITH_")
	case PSK:
		b.WriteString("PSK_WITH_")
	case ECDHEPSK:
		b.WriteString("ECDHE_PSK_WITH_")
	case DHE:
		b.WriteString("DHE_" + map[Auth]string{RSAKey: "RSA", DSSKey: "DSS"}[p.Auth] + "_WITH_")
	}
	bits := map[int]string{16: "128", 32: "256"}[p.KeyLen]
	switch p.Cipher {
	case AESGCM:
		b.WriteString("AES_" + bits + "_GCM_")
	case ChaCha20Poly1305:
		b.WriteString("CHACHA20_POLY1305_")
	case AESCBC:
		b.WriteString("AES_" + bits + "_CBC_")
	case TripleDESCBC:
		b.WriteString("3DES_EDE_CBC_")
	case RC4:
		b.WriteString("RC4_" + bits + "_")
	}
	switch {
	case p.MAC == MD5:
		b.WriteString("MD5")
	case p.MAC == SHA1:
		b.WriteString("SHA")
	case p.Hash == schedule.SHA384:
		b.WriteString("SHA384")
	default:
		b.WriteString("SHA256")
	}
	return b.String()
}

// What the standard library implements, apart from ciphers that are not here.
func TestNothingOfTheStandardLibraryIsMissing(t *testing.T) {
	for _, s := range append(tls.CipherSuites(), tls.InsecureCipherSuites()...) {
		p, ok := Of(iana.Suite(s.ID))
		if !ok {
			t.Errorf("%s is missing", s.Name)
			continue
		}
		for _, v := range s.SupportedVersions {
			if v := iana.Version(v); v < p.MinVersion || v > p.MaxVersion {
				t.Errorf("%s is not for %v", s.Name, v)
			}
		}
	}
}

// The MAC of a suite that is not AEAD is that of its name.
func TestMACSize(t *testing.T) {
	for _, p := range All() {
		want := 0
		if !p.AEAD() {
			name := p.ID.String()
			want = map[string]int{"MD5": 16, "SHA": 20, "SHA256": 32, "SHA384": 48}[name[strings.LastIndexByte(name, '_')+1:]]
		}
		if got := p.MAC.Size(); got != want {
			t.Errorf("%v: the MAC has %d bytes, want %d", p.ID, got, want)
		}
	}
}

func BenchmarkOf(b *testing.B) {
	for b.Loop() {
		if _, ok := Of(iana.TLS_RSA_WITH_AES_256_CBC_SHA256); !ok { // the last row
			b.Fatal("missing")
		}
	}
}
