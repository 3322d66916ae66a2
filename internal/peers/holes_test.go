package peers

import (
	stdtls "crypto/tls"
	"strings"
	"testing"
)

// A hole is a part of the matrix that cannot be tested against a peer.
type hole struct {
	peer   string // "" for all
	role   role   // of the peer; either for both
	is     func(cell) bool
	reason string
}

func hybrid(c cell) bool  { return c.group == stdtls.X25519MLKEM768 }
func edwards(c cell) bool { return c.key == "Ed25519" }
func cbcSHA384(c cell) bool {
	return c.version == stdtls.VersionTLS12 && suiteOf(c.suite).gnutls == "+AES-256-CBC:+SHA384"
}

// strength orders groups by the size of their numbers, in bits.
var strength = map[stdtls.CurveID]int{
	stdtls.X25519: 255, stdtls.CurveP256: 256, stdtls.CurveP384: 384, stdtls.CurveP521: 521,
}

func keyBits(suite uint16) int {
	if name := shortName(suite); strings.Contains(name, "AES_256") || strings.Contains(name, "CHACHA20") {
		return 256
	}
	return 128
}

// holes are what is left out of the matrix and why. A row that matches no cell
// fails TestHoles.
var holes = []hole{
	{"OpenSSL", either, hybrid, "OpenSSL 3.0, that of Debian 12, does not have the group"},
	{"GnuTLS", either, hybrid, "GnuTLS 3.7, that of Debian 12, does not have the group"},
	{"NSS", either, hybrid, "the tools of NSS 3.87, that of Debian 12, have no name for the group"},
	{"NSS", either, edwards, "NSS 3.87 takes no Ed25519 certificates"},
	{"NSS", asServer, func(c cell) bool {
		return c.version == stdtls.VersionTLS12 && strength[c.group] < strength[curveOf(c.key)] &&
			keyBits(c.suite) == 256
	}, "for a suite of 256 bits selfserv takes the curve of its certificate if that is the stronger one"},
	{"Go", either, func(c cell) bool {
		return c.version == stdtls.VersionTLS13 && c.suite != stdtls.TLS_AES_128_GCM_SHA256
	}, "crypto/tls does not let the suites of TLS 1.3 be chosen; the other peers have them"},
	{"Go", either, func(c cell) bool {
		return cbcSHA384(c) || shortName(c.suite) == "RSA_WITH_AES_256_CBC_SHA256"
	}, "crypto/tls does not have the suite"},
}

// impossible gives the reason why a cell cannot be tested against the peer in
// the role, "" if it can.
func impossible(peer string, r role, c cell) string {
	if !hasSuite(c.suite) {
		return "the package under test does not have the suite"
	}
	for _, h := range holes {
		if (h.peer == "" || h.peer == peer) && (h.role == either || h.role == r) && h.is(c) {
			return h.reason
		}
	}
	return ""
}

// TestHoles shows how much of the matrix is tested and what is not.
func TestHoles(t *testing.T) {
	for _, h := range holes {
		used := false
		for _, c := range cells() {
			used = used || h.is(c)
		}
		if !used {
			t.Errorf("no cell is in the hole %q of %s: take the row out of holes", h.reason, h.peer)
		}
	}
	for _, p := range peersOfMatrix {
		for _, r := range []role{asServer, asClient} {
			run, reasons := 0, make(map[string]int)
			for _, c := range cells() {
				if why := impossible(p.name(), r, c); why != "" {
					reasons[why]++
				} else {
					run++
				}
			}
			t.Logf("%-10s %s: %d cells", p.name(), r, run)
			for why, n := range reasons {
				t.Logf("%21s not %d: %s", "", n, why)
			}
		}
	}
}
